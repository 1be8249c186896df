using System.CommandLine;
using System.Text;
using Pursuit.Cli.Help;
using Pursuit.Cli.Output;
using Pursuit.Data;
using Pursuit.Jobs;
using Pursuit.Storage;
using Pursuit.Tokenization;
using Pursuit.Tokenization.Training;

namespace Pursuit.Cli.Commands;

/// <summary><c>pursuit tokenizer train</c>: learns a byte-level BPE from a corpus.</summary>
internal static class TokenizerCommand
{
    public static Command Create() => new("tokenizer", "Trains tokenizers.") { CreateTrain() };

    private static ToolCommand CreateTrain()
    {
        var usual = new BpeTrainingOptions();
        var files = new Argument<string[]>("files")
        {
            Description = $"The corpus: .txt files, or records as {CommonOptions.RecordFiles}.",
            Arity = ArgumentArity.OneOrMore,
        };
        var vocabulary = new ListedOption<int>("--vocab", OptionGroup.Tokenizer, "ENTRIES", "Vocabulary size, special tokens included.")
        {
            DefaultValueFactory = _ => usual.VocabularySize,
            IsCommon = true,
        };
        var pattern = WordOption.Of("--pattern", OptionGroup.Tokenizer, "How text is split into words before merging.", usual.Pattern);
        var special = new ListedOption<string[]>("--special", OptionGroup.Tokenizer, "TOKENS", "Special tokens; the first ends a text.")
        {
            DefaultValueFactory = _ => [.. usual.SpecialTokens],
        };
        var output = new ListedOption<string>(
            "--out", OptionGroup.Output, "DIR", "The directory that gets tokenizer.json and tokenizer_config.json.")
        { Required = true };
        var shape = CommonOptions.Shape();
        var records = new RecordOptions();
        var json = CommonOptions.Json();
        var command = new ToolCommand("train", "Trains a byte-level BPE tokenizer on a corpus.")
        {
            Example = "tokenizer train "
            + "corpus.jsonl --vocab 8192 --out tokenizer"
        };
        command.Add(files);
        foreach (var option in (Option[])[vocabulary, pattern, special, output, shape, .. records.All, json]) command.Add(option);
        command.Action = new JobAction(Files, _ => null, (parsed, _, cancellationToken) => Train(
            parsed.GetValue(files)!,
            new BpeTrainingOptions
            {
                VocabularySize = parsed.GetValue(vocabulary),
                Pattern = parsed.GetValue(pattern),
                SpecialTokens = parsed.GetValue(special)!,
                EosToken = parsed.GetValue(special)!.FirstOrDefault(),
            },
            records.Of(parsed, new PoolOptions { Paths = [], Shape = CommonOptions.ShapeOf(parsed.GetValue(shape)) }),
            parsed.GetValue(output)!,
            parsed.GetValue(json),
            cancellationToken));
        return command;

        JobFiles Files(ParseResult parsed) => new JobFiles()
            .ReadsRecords("files", parsed.GetValue(files)!)
            .WritesInto(output.Name, parsed.GetValue(output)!, [Tokenizer.FileName, TokenizerConfig.FileName]);
    }

    private static int Train(
        string[] files, BpeTrainingOptions options, PoolOptions reading, string output, bool json, CancellationToken cancellationToken)
    {
        options.Validate();
        using var progress = new ProgressPrinter();
        var trained = BpeTrainer.Train(
            Texts(files, reading, progress, cancellationToken), options, new TrainingReport(progress), cancellationToken);
        trained.Save(output);
        progress.Dispose();
        Terminal.Line($"Learned {trained.VocabularySize:N0} entries by {trained.MergeCount:N0} merges; "
            + $"wrote tokenizer.json and tokenizer_config.json to {output}");
        if (json) Terminal.Json(new { trained.VocabularySize, Merges = trained.MergeCount, Directory = Path.GetFullPath(output) });
        return CommandLine.Done;
    }

    private static IEnumerable<string> Texts(
        string[] files, PoolOptions reading, ProgressPrinter progress, CancellationToken cancellationToken)
    {
        foreach (var file in files.Where(IsPlainText))
        {
            foreach (var line in PlainLines(file))
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return line;
            }
        }

        string[] records = [.. files.Where(f => !IsPlainText(f))];
        if (records.Length == 0) yield break;
        using var pool = Pool.Open(
            reading with { Paths = records }, PoolReport.To(progress, "reading the corpus"), cancellationToken);
        foreach (var example in pool.Read(cancellationToken))
        {
            if (example.Text is { } text) yield return text;
            foreach (var turn in example.Turns) yield return turn.Content;
        }
    }

    private static bool IsPlainText(string file) => file.EndsWith(".txt", StringComparison.OrdinalIgnoreCase);

    /// <summary>A text file's lines with their ends, so that line breaks are learned too.</summary>
    private static IEnumerable<string> PlainLines(string file)
    {
        using var reader = Open(file);
        while (true)
        {
            string? line;
            try
            {
                line = reader.ReadLine();
            }
            catch (DecoderFallbackException e)
            {
                throw PursuitException.At(file, $"bytes that aren't UTF-8 ({e.Message})", "UTF-8 text", null, e);
            }

            if (line is null) yield break;
            yield return line + "\n";
        }
    }

    private static StreamReader Open(string file)
    {
        try
        {
            var stream = Disk.OpenToRead(file, FileShare.Read, FileOptions.SequentialScan);
            return new StreamReader(stream, new UTF8Encoding(false, throwOnInvalidBytes: true));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PursuitException.At(file, $"the file can't be read ({e.Message})", "a text file", null, e);
        }
    }

    private sealed class TrainingReport(IProgress<WorkProgress> progress) : IProgress<BpeTrainingProgress>
    {
        public void Report(BpeTrainingProgress value) => progress.Report(new WorkProgress(value.Stage, value.Done, value.Total, "steps"));
    }
}
