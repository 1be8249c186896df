using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Pursuit.Tokenization;
using Pursuit.Tokenization.Training;

namespace Pursuit.Benchmarks;

/// <summary>
/// `tokenizer TEXT TOKENIZER...`: encoding speed on one thread, and `tokenizer-train TEXT VOCABULARY OUT`: training time.
/// The digest is over every id, so that benchmarks/tokenizer.mjs, which times the reference on the same text, verifies it.
/// </summary>
internal static class TokenizerBenchmark
{
    private const int BlockCharacters = 4096;
    private const int Rounds = 5;

    /// <summary>Times encoding with each tokenizer.</summary>
    public static int Encode(string[] args)
    {
        if (args.Length < 2) return Usage("tokenizer TEXT TOKENIZER...");
        var blocks = TextBlocks.Read([args[0]], BlockCharacters).ToArray();
        var megabytes = blocks.Sum(block => (long)Encoding.UTF8.GetByteCount(block)) / 1e6;
        Console.WriteLine($"{Measure.Machine()}; {megabytes:F1} MB in {blocks.Length} blocks, one thread, best of {Rounds}");
        Console.WriteLine("| tokenizer | MB/s by the clock | MB/s of processor time | the same with spans | tokens | SHA-256 of the ids |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var path in args[1..])
        {
            var tokenizer = Tokenizer.Load(path);
            var ids = new List<int>();
            var spans = new List<TokenSpan>();
            var digest = Digest(tokenizer, blocks, out var tokens);
            var wall = Measure.Alternate(Rounds, () => EncodeAll(tokenizer, blocks, ids, null))[0];
            var plain = BestProcessorSeconds(() => EncodeAll(tokenizer, blocks, ids, null));
            var spanned = BestProcessorSeconds(() => EncodeAll(tokenizer, blocks, ids, spans));
            Console.WriteLine($"| {Path.GetFileName(path.TrimEnd('/'))} ({tokenizer.VocabularySize}) | {megabytes / wall:F1} | "
                + $"{megabytes / plain:F1} | {megabytes / spanned:F1} | {tokens} | {digest[..16]} |");
        }

        return 0;
    }

    /// <summary>Times training.</summary>
    public static int Train(string[] args)
    {
        if (args.Length != 3 || !int.TryParse(args[1], out var vocabulary)) return Usage("tokenizer-train TEXT VOCABULARY OUT");
        var start = Stopwatch.GetTimestamp();
        var counting = TimeSpan.Zero;
        var progress = new Watcher(report =>
        {
            if (report.Stage == "counting words") counting = Stopwatch.GetElapsedTime(start);
        });
        var processor = Environment.CpuUsage.TotalTime;
        var trained = BpeTrainer.Train(TextBlocks.Read([args[0]]), new BpeTrainingOptions { VocabularySize = vocabulary }, progress);
        trained.Save(args[2]);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Console.WriteLine(Measure.Machine());
        Console.WriteLine($"{new FileInfo(args[0]).Length / 1e6:F1} MB, vocabulary {trained.VocabularySize}, {trained.MergeCount} merges: "
            + $"{seconds:F2} s by the clock (reading and counting words {counting.TotalSeconds:F2} s), "
            + $"{(Environment.CpuUsage.TotalTime - processor).TotalSeconds:F2} s of processor time");
        return 0;
    }

    private static int Usage(string expected)
    {
        Console.Error.WriteLine($"expected: {expected}");
        return 2;
    }

    private static void EncodeAll(Tokenizer tokenizer, string[] blocks, List<int> ids, List<TokenSpan>? spans)
    {
        foreach (var block in blocks)
        {
            ids.Clear();
            spans?.Clear();
            tokenizer.Encode(block, false, ids, spans);
        }
    }

    /// <summary>Processor time of the whole process: stands a machine that others use, as the clock doesn't.</summary>
    private static double BestProcessorSeconds(Action work)
    {
        var best = double.PositiveInfinity;
        for (var round = 0; round < Rounds; round++)
        {
            var start = Environment.CpuUsage.TotalTime;
            work();
            best = Math.Min(best, (Environment.CpuUsage.TotalTime - start).TotalSeconds);
        }

        return best;
    }

    private static string Digest(Tokenizer tokenizer, string[] blocks, out long tokens)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        tokens = 0;
        foreach (var block in blocks)
        {
            var ids = tokenizer.Encode(block, false);
            tokens += ids.Length;
            hash.AppendData(MemoryMarshal.AsBytes<int>(ids));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private sealed class Watcher(Action<BpeTrainingProgress> report) : IProgress<BpeTrainingProgress>
    {
        public void Report(BpeTrainingProgress value) => report(value);
    }
}
