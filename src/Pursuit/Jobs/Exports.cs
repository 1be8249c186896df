using Pursuit.Data;
using Pursuit.Jobs.Export;
using Pursuit.Selection;
using Pursuit.Tokenization;
using Pursuit.Tokenization.ChatTemplates;
using static System.FormattableString;

namespace Pursuit.Jobs;

/// <summary>
/// A selection's files for trainers: what is impossible is found before the work, and what doesn't fit is left out of one file alone.
/// </summary>
internal static class Exports
{
    private const int Named = 3;
    private const string Fits = "";

    /// <summary>Looks through a pool for what its trainers' files can't hold, before anything is computed.</summary>
    /// <param name="options">The job.</param>
    /// <param name="pool">The pool.</param>
    /// <param name="cancellationToken">Stops between records.</param>
    /// <exception cref="PursuitException">
    /// The pool mixes kinds of records, a trainer takes none of it, or a dataset_info.json is unfit.
    /// </exception>
    public static void RequirePossible(SelectJobOptions options, Pool pool, CancellationToken cancellationToken)
    {
        if (options.Formats.Count == 0) return;
        if (options.Formats.Contains(TrainerFormat.LlamaFactory))
            LlamaFactoryLayout.ReadConfiguration(TrainerFiles.Beside(options.Out, TrainerFormat.LlamaFactory).ConfigurationPath);
        var survey = new ExportSurvey();
        var faults = options.Formats.ToDictionary(format => format, _ => new Dictionary<string, int>());
        foreach (var row in pool.Read(cancellationToken).Select(ExportRow.Of))
        {
            survey.Add(row);
            var alone = new ExportSurvey();
            alone.Add(row);
            foreach (var (format, own) in faults)
            {
                var fault = row.Fault ?? TrainerLayouts.Of(format, alone).Fault(row) ?? Fits;
                own[fault] = own.GetValueOrDefault(fault) + 1;
            }
        }

        RequireOneKind(survey);
        foreach (var (format, own) in faults.Where(f => !f.Value.ContainsKey(Fits)))
        {
            var reasons = own.OrderByDescending(r => r.Value).ThenBy(r => r.Key, StringComparer.Ordinal).Take(Named)
                .Select(r => Invariant($"{r.Value:N0} x {r.Key}"));
            throw PursuitException.At(
                $"{ApiName.Format} {TrainerFiles.Word(format)}",
                Invariant($"none of the pool's {pool.Count:N0} records can be read as it is meant: {string.Join("; ", reasons)}"),
                "records that the trainer takes (docs/formats/trainers.md)",
                $"Choose another {ApiName.Format}, or none: the records themselves are always written.");
        }
    }

    /// <summary>Writes the files of every trainer.</summary>
    /// <param name="options">The job.</param>
    /// <param name="pool">Where the records are.</param>
    /// <param name="rows">The chosen, best first.</param>
    /// <param name="repeats">Copies of each. [rows]</param>
    /// <param name="cancellationToken">Stops between records.</param>
    /// <returns>What each holds, in short and row by row.</returns>
    public static (IReadOnlyList<ExportSummary> Summaries, IReadOnlyList<ExportedRows> Rows) Write(
        SelectJobOptions options, Pool pool, IReadOnlyList<RankedRow> rows, IReadOnlyList<int> repeats, CancellationToken cancellationToken)
    {
        var (summaries, exported) = (new List<ExportSummary>(), new List<ExportedRows>());
        foreach (var format in options.Formats)
        {
            IEnumerable<Example> Read(IReadOnlyList<int> numbers) =>
                pool.Read([.. numbers.Select(i => rows[i].Position)], cancellationToken);
            var export = TrainerExport.Plan(format, rows.Count, Read);
            var lines = export.Write(options.Out, repeats);
            exported.Add(new ExportedRows(TrainerFiles.Word(format), lines, export.LeftOut));
            var summary = ExportSummary.Of(export, pool, rows);
            var note = export.NeedsGenerationMarks ? MarksNote(options.ModelDirectory) : null;
            summaries.Add(note is null ? summary : summary with { Notes = [.. summary.Notes, note] });
        }

        return (summaries, exported);
    }

    /// <summary>What is to be said where loss on the assistant's turns alone is asked of a template that doesn't mark them.</summary>
    private static string? MarksNote(string? modelDirectory)
    {
        if (modelDirectory is null) return null;
        const string Remedy =
            "TRL takes loss on the assistant's turns alone by such marks; from version 1.1 on it puts marked templates in for"
                + " the families it knows, and stops on others: give it a template that has them (chat_template_path)";
        try
        {
            var template = ChatTemplate.Load(modelDirectory, TokenizerConfig.Load(modelDirectory));
            return template.MarksAnswers ? null : $"the chat template of {modelDirectory} has no {{% generation %}} marks. {Remedy}";
        }
        catch (PursuitException e)
        {
            return $"whether the chat template of {modelDirectory} has {{% generation %}} marks can't be seen ({e.Message}). {Remedy}";
        }
    }

    private static void RequireOneKind(ExportSurvey survey)
    {
        if (survey.Count(survey.Kind) == survey.Rows) return;
        var kinds = Enum.GetValues<ExportKind>().Where(k => survey.Count(k) > 0)
            .Select(k => Invariant($"{Plural(k)} ({survey.Count(k):N0})"));
        throw PursuitException.At(
            ApiName.Format,
            $"the pool mixes {string.Join(" and ", kinds)}",
            "one kind: trainers read one layout per file",
            $"Select from each kind apart, or without {ApiName.Format}.");
    }

    private static string Plural(ExportKind kind) => kind switch
    {
        ExportKind.Text => "texts",
        ExportKind.Preference => "preferences",
        _ => "conversations",
    };
}
