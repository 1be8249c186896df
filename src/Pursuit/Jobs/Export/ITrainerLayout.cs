using System.Text.Json.Nodes;

namespace Pursuit.Jobs.Export;

/// <summary>
/// How one trainer's file lays out records of one kind, by the rules of the trainer's own loader (docs/formats/trainers.md).
/// </summary>
internal interface ITrainerLayout
{
    /// <summary>Fields that hold the messages, or one message.</summary>
    IReadOnlyList<string> MessageFields { get; }

    /// <summary>What a record without tools has in the column of tools, where others have some.</summary>
    JsonNode? NoTools { get; }

    /// <summary>Why the trainer would drop the record, or read it otherwise than it is meant; null where it takes it.</summary>
    string? Fault(ExportRow row);

    /// <summary>The record, without the fields it has no value for.</summary>
    /// <param name="row">A record without a fault.</param>
    JsonObject Write(ExportRow row);

    /// <summary>The configuration's text.</summary>
    /// <param name="files">Where the data and the configuration stand.</param>
    /// <param name="columns">What the data has.</param>
    /// <exception cref="PursuitException">A configuration that stands there can't be added to.</exception>
    string Configuration(TrainerFiles files, ExportColumns columns);

    /// <summary>What a person should know of the file.</summary>
    IEnumerable<string> Notes(ExportColumns columns);
}

/// <summary>Makes layouts.</summary>
internal static class TrainerLayouts
{
    /// <summary>The layout for what is to be written.</summary>
    public static ITrainerLayout Of(TrainerFormat format, ExportSurvey survey) => format switch
    {
        TrainerFormat.Trl => new TrlLayout(survey),
        TrainerFormat.Axolotl => new AxolotlLayout(survey.Kind),
        _ => new LlamaFactoryLayout(survey.Kind),
    };
}
