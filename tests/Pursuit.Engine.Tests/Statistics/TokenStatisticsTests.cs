using Pursuit.Data;
using Pursuit.Engine.Models;
using Pursuit.Engine.Statistics;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection.Features;
using Pursuit.TestKit;
using Pursuit.Tokenization;
using Pursuit.Tokenization.Training;

namespace Pursuit.Engine.Tests.Statistics;

/// <summary>The whole way from records to token statistics: what changes them, what doesn't, and what survives a kill.</summary>
public sealed class TokenStatisticsTests : IDisposable
{
    private static readonly string[] Words =
    [
        "the", "river", "runs", "under", "a", "stone", "bridge", "and", "court", "orders", "are", "final", "seven",
        "green", "bottles", "fall",
    ];

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_document_within_one_window_is_one_plain_forward_and_a_longer_one_is_its_windows()
    {
        var model = Model(context: 24);
        string[] texts = ["a stone bridge", "x", string.Join(' ', Enumerable.Repeat("the river runs under a stone bridge and", 12))];
        using var pool = Open(texts);
        var (statistics, report) = Make(
            "plain", pool, new StatisticsRecipe { Model = model, Options = new ProbeOptions { Overlap = 0.5 }, Threads = 1 });
        using (statistics)
        {
            using var decoder = Decoder.Load(model);
            using var worker = new DecoderWorker(decoder);
            var begin = Tokenizer.Load(model).TokenToId("<|endoftext|>")!.Value;
            for (var i = 0; i < pool.Count; i++)
            {
                var row = statistics.Read(0, i);
                row.Tokens.ToArray().ShouldBe(Tokenizer.Load(model).Encode(texts[i], addSpecialTokens: false));
                int[] all = [begin, .. row.Tokens];
                var expected = new double[row.Tokens.Length];
                foreach (var window in ScoringWindows.Cut(all.Length, 24, 12))
                {
                    var batch = Batch.Pack([(all[window.Start..(window.Start + window.Length)], null)]).Whole(LossReduction.ExampleSum);
                    var logits = new float[batch.Tokens * decoder.Config.VocabularySize];
                    worker.Logits(batch, logits);
                    for (var t = window.FirstScored; t < window.Start + window.Length; t++)
                    {
                        var line = logits.AsSpan((t - 1 - window.Start) * decoder.Config.VocabularySize, decoder.Config.VocabularySize)
                            .ToArray();
                        expected[t - 1] = line[all[t]] - Math.Log(line.Sum(x => Math.Exp((double)x)));
                    }
                }

                for (var t = 0; t < expected.Length; t++)
                    ((double)row.LogProbability[t]).ShouldBe(expected[t], 2e-5, $"text {i}, token {t}");
            }

            statistics.Read(0, 1).Tokens.Length.ShouldBe(1); // a document of one token has a score
            report.Tokens.ShouldBe(Enumerable.Range(0, pool.Count).Sum(i => (long)statistics.Read(0, i).Tokens.Length));
            statistics.UnigramCounts.Sum().ShouldBe(report.Tokens);
        }
    }

    [Fact]
    public void Threads_and_micro_batches_change_no_byte()
    {
        var model = Model(context: 24);
        using var pool = Open(Texts(300));
        var one = Bytes(Make("one", pool, new StatisticsRecipe { Model = model, Threads = 1 }));
        Bytes(Make("two", pool, new StatisticsRecipe { Model = model, Threads = 2, Options = new ProbeOptions { MicroBatch = 131 } }))
            .ShouldBe(one);
    }

    [Fact]
    public void A_stopped_run_continues_to_the_same_bytes()
    {
        var model = Model(context: 24);
        using var pool = Open(Texts(1100)); // two shards
        var recipe = new StatisticsRecipe { Model = model, Threads = 2 };
        var whole = Bytes(Make("whole", pool, recipe));
        using var stop = new CancellationTokenSource();
        Should.Throw<OperationCanceledException>(() => Make("stopped", pool, recipe, new StopAfter(stop, 1024), stop.Token));
        var first = TokenStatisticsShard.PathOf(_directory.PathOf("stopped/stages/token-statistics"), 0);
        var written = File.GetLastWriteTimeUtc(first);
        Bytes(Make("stopped", pool, recipe)).ShouldBe(whole);
        File.GetLastWriteTimeUtc(first).ShouldBe(written, "a finished shard stays");
    }

    [Fact]
    public void What_the_length_limit_leaves_nothing_of_has_no_statistics_and_one_token_has_some()
    {
        var model = Model(context: 24);
        using var pool = Open(["x", "the river"]);
        var (statistics, report) = Make("short", pool, new StatisticsRecipe { Model = model, MaxLength = 2 });
        using (statistics)
        {
            statistics.Read(0, 0).LogProbability.Length.ShouldBe(1);
            float.IsFinite(statistics.Read(0, 0).LogProbability[0]).ShouldBeTrue();
            statistics.Read(0, 1).Tokens.Length.ShouldBeInRange(1, 2);
            report.Unscored.ShouldBe(0);
        }
    }

    [Fact]
    public void No_probe_scores_what_it_saw_or_a_copy_of_it()
    {
        var random = new SeededRandom(4, "test/copies");
        var texts = Enumerable.Range(0, 160).Select(i => Text(random, 60 + random.NextInt(60), i)).ToList();
        var originals = texts.Count;
        for (var i = 0; i < 40; i++)
        {
            var words = texts[i].Split(' ');
            texts.Add(i % 2 == 0
                ? string.Join(' ', words.Select((w, k) => k == words.Length / 2 ? "changed" : w)) // a word is another
                : string.Join(' ', words.Take(words.Length * 2 / 3))); // a part
        }

        using var pool = Open(texts);
        pool.Count.ShouldBe(texts.Count);
        var options =
            new ProbeOptions { Vocabulary = 300, Width = 8, Heads = 2, Layers = 1, Context = 16, Tokens = 2000, CommonSlice = 0.1 };
        using var run = RunDirectory.Open(_directory.PathOf("probes"));
        var made = new StatisticsSource(new StatisticsRecipe { Options = options, Seed = 3 }, run, null)
            .OfPool(pool, answersAlone: false, TestContext.Current.CancellationToken);
        using var statistics = made.Features;
        statistics.Probes.ShouldBe(2);
        var both = 0;
        for (var probe = 0; probe < 2; probe++)
        {
            using var shard = Pool.Open(
                new PoolOptions { Paths = [_directory.PathOf($"probes/stages/probe-{probe + 1}/shard.jsonl")] }, null,
                TestContext.Current.CancellationToken);
            var seen = shard.Read(TestContext.Current.CancellationToken).Select(e => texts.IndexOf(e.Text!)).ToHashSet();
            seen.ShouldNotContain(-1);
            seen.Count.ShouldBeGreaterThan(10);
            for (var i = 0; i < texts.Count; i++)
            {
                if (!statistics.Has(probe, i)) continue;
                seen.ShouldNotContain(i);
                var copy = i < 40 ? originals + i : i >= originals ? i - originals : i;
                seen.ShouldNotContain(copy, $"{i} is scored by probe {probe}, which saw its copy");
            }
        }

        for (var i = 0; i < texts.Count; i++)
        {
            (statistics.Has(0, i) || statistics.Has(1, i)).ShouldBeTrue();
            if (statistics.Has(0, i) && statistics.Has(1, i)) both++;
        }

        both.ShouldBeInRange(5, 60); // the common slice
    }

    [Fact]
    public void A_pool_too_small_to_cross_fit_is_refused_with_its_numbers()
    {
        using var pool = Open(Texts(12));
        using var run = RunDirectory.Open(_directory.PathOf("small"));
        Should.Throw<PursuitException>(
            () => new StatisticsSource(new StatisticsRecipe(), run, null).OfPool(pool, false, TestContext.Current.CancellationToken))
            .Message.ShouldContain("12 examples");
    }

    [Fact]
    public void Answers_alone_need_a_model()
    {
        using var pool = Open(Texts(12));
        using var run = RunDirectory.Open(_directory.PathOf("answers"));
        Should.Throw<PursuitException>(
            () => new StatisticsSource(new StatisticsRecipe(), run, null)
                .OfPool(pool, answersAlone: true, TestContext.Current.CancellationToken)).Message
            .ShouldContain("Model");
    }

    private static string[] Texts(int count)
    {
        var random = new SeededRandom(1, "test/texts");
        return [.. Enumerable.Range(0, count).Select(i => Text(random, 1 + random.NextInt(12), i))];
    }

    private static string Text(SeededRandom random, int words, int number) =>
        $"{number} "
            + string.Join(' ', Enumerable.Range(0, words).Select(_ => $"{Words[random.NextInt(Words.Length)]}{random.NextInt(30)}"));

    private Pool Open(IReadOnlyList<string> texts)
    {
        var path = _directory.Write(
            $"pool-{texts.Count}.jsonl",
            string.Concat(texts.Select(t => System.Text.Json.JsonSerializer.Serialize(new { text = t }) + "\n")));
        return Pool.Open(new PoolOptions { Paths = [path] }, null, TestContext.Current.CancellationToken);
    }

    /// <summary>A random model with a tokenizer of its own.</summary>
    private string Model(int context)
    {
        var directory = _directory.PathOf("model");
        if (Directory.Exists(directory)) return directory;
        BpeTrainer.Train(
            Texts(200), new BpeTrainingOptions { VocabularySize = 320, BosToken = "<|endoftext|>" }, null,
            TestContext.Current.CancellationToken)
            .Save(directory);
        var vocabulary = Tokenizer.Load(directory).VocabularySize;
        using var decoder = TinyModel.Create(
            TinyModel.Config with { VocabularySize = vocabulary, MaximumPositions = context, BeginToken = 0, EndTokens = [0] });
        decoder.Save(directory);
        return directory;
    }

    private (ITokenStatistics Statistics, StatisticsReport Report) Make(
        string name, Pool pool, StatisticsRecipe recipe, IProgress<WorkProgress>? progress = null, CancellationToken? token = null)
    {
        using var run = RunDirectory.Open(_directory.PathOf(name));
        var made = new StatisticsSource(recipe, run, progress)
            .OfPool(pool, answersAlone: false, token ?? TestContext.Current.CancellationToken);
        return (made.Features, made.Report);
    }

    private static string Bytes((ITokenStatistics Statistics, StatisticsReport Report) made)
    {
        using var statistics = made.Statistics;
        return string.Join('\n', Directory.EnumerateFiles(statistics.Name, "statistics-*").Order(StringComparer.Ordinal)
            .Select(f => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(f)))));
    }

    /// <summary>Stops once so many examples are done.</summary>
    private sealed class StopAfter(CancellationTokenSource stop, int examples) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value)
        {
            if (value.Done >= examples) stop.Cancel();
        }
    }
}
