using System.CommandLine;
using Pursuit.Cli.Datasets;
using Pursuit.Cli.Help;
using Pursuit.Cli.Output;
using Pursuit.Data;
using Pursuit.Jobs;
using Pursuit.Mpi;
using Pursuit.Tokenization.ExampleEncoding;
using Spectre.Console;

namespace Pursuit.Cli.Commands;

/// <summary><c>pursuit inspect</c>: what a model reads of a file's examples, and an audit of all of them.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        var files = new Argument<string[]>("files")
        {
            Description = $"The records, as {CommonOptions.RecordFiles}.",
            Arity = ArgumentArity.OneOrMore,
            CustomParser = RecordPaths.Parse,
        };
        var id = new ListedOption<string?>(
            "--id", OptionGroup.Output, "ID", "Print the example with this id, or with a content id that begins with these six or "
                + "more digits.")
        { IsCommon = true };
        var count = new ListedOption<int>(
            "--count", OptionGroup.Output, "COUNT", "Number of examples to print.")
        { DefaultValueFactory = _ => 3, IsCommon = true };
        var model = CommonOptions.Model();
        var maxLength = CommonOptions.MaxLength();
        var templateSet = CommonOptions.TemplateSet();
        var split = CommonOptions.Split();
        var shape = CommonOptions.Shape();
        var records = new RecordOptions();
        var preference = CommonOptions.Preference();
        var strict = CommonOptions.Strict();
        var dedup = DedupCommandOptions.Dedup();
        var set = DedupCommandOptions.Set();
        var json = CommonOptions.Json();
        var command = new ToolCommand("inspect", "Prints examples as a model reads them, with the trained tokens marked, and audits "
            + "all of them.")
        {
            Example = "inspect pool.jsonl --model DIR",
        };
        command.Add(files);
        Option[] options = [id, count, model, maxLength, templateSet, split, shape, .. records.All, preference, strict, dedup, set, json];
        foreach (var option in options) command.Add(option);
        command.Action = JobAction.Answer((parsed, cancellationToken) => Run(
            records.Of(parsed, new PoolOptions
            {
                Paths = parsed.GetValue(files)!,
                Shape = CommonOptions.ShapeOf(parsed.GetValue(shape)),
                Preference = CommonOptions.PreferenceOf(parsed.GetValue(preference)),
                Strict = parsed.GetValue(strict),
                NearDuplicates = DedupCommandOptions.OnlyOf(parsed.GetValue(dedup), parsed.GetValue(set)!),
                Threads = LaunchedCores.Own,
            }),
            ModelEncoder.LoadWithin(BundledModel.OrGiven(parsed.GetValue(model)), parsed.GetValue(maxLength), parsed.GetValue(templateSet)),
            parsed.GetValue(id),
            parsed.GetValue(count),
            parsed.GetValue(json),
            cancellationToken));
        return command;
    }

    private static int Run(
        PoolOptions options, ExampleEncoder encoder, string? id, int count, bool json, CancellationToken cancellationToken)
    {
        if (count < 0) throw PursuitException.At("--count", $"{count}", "0 or more");
        using var progress = new ProgressPrinter();
        using var pool = Pool.Open(options, PoolReport.To(progress, "reading"), cancellationToken);
        if (id is not null)
        {
            progress.Dispose();
            Show(pool, encoder, [Find(pool, id)], json, cancellationToken);
            return CommandLine.Done;
        }

        var (_, audit) = TokenCounting.Compute(pool, encoder, options.Threads, progress, cancellationToken);
        progress.Dispose();
        if (json)
        {
            Terminal.Json(new { Input = Counts(pool), Audit = audit });
            return CommandLine.Done;
        }

        Show(pool, encoder, [.. Enumerable.Range(0, Math.Min(count, pool.Count))], json, cancellationToken);
        PrintInput(pool);
        Terminal.AnswerLines(AuditText.Render(audit));
        return CommandLine.Done;
    }

    private static void PrintInput(Pool pool)
    {
        var ledger = pool.Ledger;
        Terminal.Answer($"Read {ledger.RowCount:N0} rows: {ledger.PoolCount:N0} examples, {ledger.DuplicateCount:N0} exact duplicates, "
            + (ledger.FilteredCount > 0 ? $"{ledger.FilteredCount:N0} filtered, " : "") + $"{ledger.QuarantinedCount:N0} invalid records");
        foreach (var note in pool.Notes) Terminal.Answer(MessageText.Shortened($"  {note}"));
        foreach (var (reason, rows) in ledger.ReasonCounts) Terminal.Answer(MessageText.Shortened($"  invalid: {rows:N0} x {reason}"));
        foreach (var record in ledger.Quarantined().Take(5))
            Terminal.Answer(
                MessageText.Shortened($"  invalid: {RecordPlace.Of(record.File, record.Line, record.RowGroup)}: {record.Reason}"));
        if (ledger.RepeatedUserIdCount > 0)
            Terminal.Answer($"  {ledger.RepeatedUserIdCount:N0} ids are on more than one record; their content ids differ");
    }

    private static object Counts(Pool pool) => new
    {
        Rows = pool.Ledger.RowCount,
        Examples = pool.Ledger.PoolCount,
        Duplicates = pool.Ledger.DuplicateCount,
        NearDuplicates = pool.Ledger.NearDuplicateCount,
        Filtered = pool.Ledger.FilteredCount,
        Quarantined = pool.Ledger.QuarantinedCount,
        pool.Notes,
        Reasons = pool.Ledger.ReasonCounts.Select(r => new { r.Reason, r.Count }),
    };

    private static int Find(Pool pool, string id)
    {
        for (var position = 0; position < pool.Count; position++)
            if (pool.UserId(position) == id) return position;
        var matches = Enumerable.Range(0, pool.Count)
            .Where(p => id.Length >= 6 && pool.ContentIds[p].ToString().StartsWith(id, StringComparison.OrdinalIgnoreCase))
            .Take(2)
            .ToArray();
        return matches switch
        {
            [var only] => only,
            [_, _] => throw PursuitException.At("--id", $"several content ids begin with '{id}'", "one", "Give more digits."),
            _ => throw PursuitException.At(
                "--id", $"none of the {pool.Count:N0} examples has the id '{id}'", "an id, or at least six digits of a content id"),
        };
    }

    private static void Show(
        Pool pool, ExampleEncoder encoder, IReadOnlyList<int> positions, bool json, CancellationToken cancellationToken)
    {
        foreach (var example in pool.Read(positions, cancellationToken))
        {
            var locator = example.Locator;
            var file = pool.Sources[locator.Source].Path;
            var place = pool.Place(locator);
            var contentId = example.ContentId.ToString();
            if (encoder.TryEncode(example, out var refusal) is not { } encoded)
            {
                if (json) Terminal.Json(new { example.Id, ContentId = contentId, File = file, locator.Line, Refused = refusal });
                else ShowRefused(example, place, refusal!);
                continue;
            }

            var segments = ExampleView.Segments(encoder.Tokenizer, encoded);
            if (json)
            {
                Terminal.Json(new
                {
                    example.Id,
                    ContentId = contentId,
                    encoded.Ids,
                    encoded.Trained,
                    encoded.SupervisedTokens,
                    encoded.Truncation,
                    Segments = segments,
                });
                continue;
            }

            Terminal.Answer(Heading(example, place));
            Terminal.Answer($"-- {encoded.Ids.Length:N0} tokens, {encoded.SupervisedTokens:N0} trained{Cut(encoded.Truncation)}");
            Print(segments);
        }
    }

    /// <summary>An example that the template refuses: it is never chosen, and the audit counts it.</summary>
    private static void ShowRefused(Example example, string place, string refusal)
    {
        Terminal.Answer(Heading(example, place));
        Terminal.Answer($"-- refused: {refusal}");
        Terminal.Answer();
    }

    private static string Heading(Example example, string place) =>
        $"-- {example.Id ?? "(no id)"}  {example.ContentId}  {place}";

    private static string Cut(Truncation cut) => cut.IsCut
        ? $"; cut from {cut.FullLength:N0}: {cut.PromptTokensCut:N0} of the prompt, {cut.AnswerTokensCut:N0} of the answer"
        : "";

    /// <summary>Trained words in green on a terminal with colours, in brackets elsewhere.</summary>
    private static void Print(IReadOnlyList<ExampleSegment> segments)
    {
        var console = Terminal.ForResult;
        if (console.Profile.Capabilities.ColorSystem == ColorSystem.NoColors)
        {
            Terminal.AnswerLines(ExampleView.WithBrackets(segments) + "\n");
            Terminal.Answer();
            return;
        }

        foreach (var segment in segments)
        {
            var style = segment.IsTrained ? new Style(Color.Green, decoration: Decoration.Bold) : new Style(Color.Grey);
            console.Write(new Text(Terminal.Visible(segment.Text), style));
        }

        console.WriteLine();
        console.WriteLine();
    }
}
