using System.Text.Json;
using Pursuit.Runs;
using Pursuit.Storage;

namespace Pursuit.Engine.Features;

/// <summary>With what a run's gradient features are made; kept in the run, so that targets can follow later in the same way.</summary>
public sealed record FeatureRecipe
{
    /// <summary>The recipe's name in a run's directory.</summary>
    public const string FileName = "gradient-recipe.json";

    /// <summary>The probe model's directory.</summary>
    public required string Model { get; init; }

    /// <summary>Tokens an example is cut to; the model's longest sequence where that is less.</summary>
    public required int MaxLength { get; init; }

    /// <summary>How.</summary>
    public required GradientFeatureOptions Options { get; init; }

    /// <summary>Threads; no feature depends on them.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>True where a directory is a run with gradient features.</summary>
    public static bool IsIn(string directory) => File.Exists(Path.Combine(directory, FileName));

    /// <summary>Reads a run's recipe.</summary>
    /// <exception cref="PursuitException">It can't be read.</exception>
    public static FeatureRecipe Read(string directory)
    {
        var path = Path.Combine(directory, FileName);
        try
        {
            return JsonSerializer.Deserialize<FeatureRecipe>(File.ReadAllBytes(path), RunJson.Indented)
                ?? throw PursuitException.At(path, "null", "a recipe of gradient features");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw PursuitException.At(path, $"the recipe can't be read ({e.Message})", "what 'pursuit features' or 'pursuit select' wrote there", "Compute the features again.", e);
        }
    }

    /// <summary>Keeps the recipe in a run.</summary>
    public void Write(RunDirectory run) =>
        AtomicFile.Write(run.PathOf(FileName), s => JsonSerializer.Serialize(s, this with { Model = Path.GetFullPath(Model) }, RunJson.Indented));
}
