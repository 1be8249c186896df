using System.Globalization;
using Pursuit.Data;
using Pursuit.Engine.Models;
using Pursuit.Jobs;
using Pursuit.Selection;
using Pursuit.Selection.Dsir;
using Pursuit.Selection.Features;
using Pursuit.Selection.Zip;
using Pursuit.TestKit.Reference;

namespace Pursuit.Benchmarks;

/// <summary>
/// `information`: scoring tokens against the engine's plain forward pass, the words of a pool against DSIR's plain twin, and ZIP's
/// rounds. Processor seconds over all threads, so that a busy machine changes little.
/// </summary>
internal static class InformationBenchmark
{
    public static int Run(string[] arguments)
    {
        Console.WriteLine(Measure.Machine());
        Scoring();
        foreach (var path in arguments.Where(File.Exists)) Texts(path, zip: arguments.Contains("zip"));
        return 0;
    }

    private static void Scoring()
    {
        Console.WriteLine("\n| width, layers, vocabulary | losses, CPU s | statistics, CPU s | of the forward rate |\n|---|---|---|---|");
        foreach (var (width, vocabulary) in new[] { (128, 4096), (288, 8192), (288, 32768), (512, 49152) })
        {
            var config = EngineBenchmark.Config(width) with { VocabularySize = vocabulary };
            using var decoder = Decoder.Create(config, seed: 1);
            using var worker = new DecoderWorker(decoder);
            var batch = Batch.Pack([.. Enumerable.Range(0, 16)
                .Select(e => ((int[])[.. Enumerable.Range(e * 128, 128).Select(i => (i * 7919 + i / 13) % vocabulary)], (bool[]?)null))])
                .Whole(LossReduction.ExampleSum);
            var losses = new double[batch.Examples];
            var predictions = new TokenPrediction[batch.Labels];
            var seconds = Measure.AlternateProcessorTime(
                7, () => worker.Losses(batch, losses), () => worker.Predictions(batch, predictions));
            var mean = -predictions[..batch.LabelOffsets[1]].Average(p => (double)p.LogProbability);
            if (Math.Abs(mean - losses[0]) > 1e-4 * losses[0])
                throw new InvalidOperationException($"the statistics' loss {mean} isn't the loss {losses[0]}");
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {width}, {config.Layers}, {vocabulary} | {seconds[0]:F3} | {seconds[1]:F3} | {seconds[0] / seconds[1]:F2} |"));
        }
    }

    private static void Texts(string path, bool zip)
    {
        using var pool = Pool.Open(new PoolOptions { Paths = [path], Threads = Environment.ProcessorCount }, null, CancellationToken.None);
        var texts = pool.Read(CancellationToken.None).Select(ExampleText.Of).ToArray();
        // The plain twin's regular expression knows the basic plane alone.
        var plain = texts.Where(t => !t.Any(char.IsSurrogate)).Take(100).ToArray();
        var megabytes = texts.Sum(t => (long)System.Text.Encoding.UTF8.GetByteCount(t)) / 1e6;
        var problem = new SelectionProblem
        {
            ContentIds = pool.ContentIds.ToArray(),
            Budget = Budget.Parse("5%"),
            Texts = new TextInputs { Pool = new MemoryTexts(texts), Target = new MemoryTexts(texts[..64]) },
        };
        Console.WriteLine(FormattableString.Invariant($"\n{Path.GetFileName(path)}: {texts.Length:N0} examples, {megabytes:F1} MB of ")
            + "text\n\n| what | MB/s | core seconds | MB/s per core |\n|---|---|---|---|");
        foreach (var hash in new[] { GramHash.Fast, GramHash.Sha256 })
        {
            var options = new DsirOptions { Hash = hash, Resample = false };
            var selector = new DsirSelector(options);
            var few = problem with
            {
                ContentIds = [.. problem.ContentIds.Take(plain.Length)],
                Texts = new TextInputs { Pool = new MemoryTexts(plain), Target = new MemoryTexts(plain[..20]) },
            };
            var expected = ReferenceDsir.LogWeights(plain, plain[..20], options);
            var got = selector.Scores(few, SelectionContext.Default);
            var differ = Enumerable.Range(0, plain.Length)
                .Count(i => Math.Abs(got[i] - expected[i]) > 1e-9 * Math.Max(1, Math.Abs(expected[i])));
            if (differ > 0) throw new InvalidOperationException($"{differ} weights differ from the twin's");
            Row($"dsir, {hash.ToString().ToLowerInvariant()}: count and weigh texts in memory", () => selector.Scores(
                problem, SelectionContext.Default));
        }

        var fromFile = problem with { Texts = problem.Texts with { Pool = new Reading(pool) } };
        Row("dsir, fast: the same from the file, read twice", () => new DsirSelector(new DsirOptions { Resample = false })
            .Scores(fromFile, SelectionContext.Default));
        if (!zip) return;

        Console.WriteLine("\n| zip to 5% | rounds | seconds | core seconds | ratio |\n|---|---|---|---|---|");
        foreach (var compressor in new[] { ZipCompressor.Libz, ZipCompressor.Managed })
        {
            var (start, before) = (System.Diagnostics.Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
            // The managed compressor for a tenth of the budget: each round costs the same.
            var part = compressor == ZipCompressor.Libz ? problem : problem with { Budget = Budget.Parse("0.5%") };
            var details = (ZipDetails)new ZipSelector(new ZipOptions { Compressor = compressor })
                .Select(part, CancellationToken.None).Details!;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {compressor.ToString().ToLowerInvariant()}{(part == problem ? "" : " (to 0.5%)")} | {details.Rounds} | "
                    + $"{System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds:F1} | "
                    + $"{(Environment.CpuUsage.TotalTime - before).TotalSeconds:F1} | {(double)details.Bytes / details.Compressed:F3} |"));
        }

        void Row(string name, Action action)
        {
            var cores = double.PositiveInfinity;
            var seconds = Measure.Alternate(3, () =>
            {
                var before = Environment.CpuUsage.TotalTime;
                action();
                cores = Math.Min(cores, (Environment.CpuUsage.TotalTime - before).TotalSeconds);
            })[0];
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"| {name} | {megabytes / seconds:F0} | {cores:F2} | {megabytes / cores:F0} |"));
        }
    }

    /// <summary>A pool's texts, read from its file each time.</summary>
    private sealed class Reading(Pool pool) : ITextFeatures
    {
        public int Count => pool.Count;

        public IEnumerable<string> Read(CancellationToken cancellationToken) => pool.Read(cancellationToken).Select(ExampleText.Of);
    }
}
