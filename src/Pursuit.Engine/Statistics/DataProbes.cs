using System.Globalization;
using System.Text;
using System.Text.Json;
using Pursuit.Data;
using Pursuit.Engine.Training;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection.Features;
using Pursuit.Storage;
using Pursuit.Tokenization;
using Pursuit.Tokenization.Training;

namespace Pursuit.Engine.Statistics;

/// <summary>
/// Two small decoders trained from scratch on random shards of a pool's halves, and their statistics of what they haven't seen. The
/// tokenizer they share is trained on a sample of the whole pool: it knows words, not which follows which.
/// </summary>
internal sealed class DataProbes
{
    private const string EndOfText = "<|endoftext|>";
    private const int TokenizerSampleBytes = 8_000_000;

    /// <summary>Tokens of a training step: few, for a small model has more of many steps than of large ones.</summary>
    private const int TrainingBatch = 4096;

    private const int TrainingMicroBatch = 1024;

    private const double LearningRate = 0.003;

    /// <summary>Bytes of a token, generously: a shard holds at least as many tokens as are trained on, where the half has them.</summary>
    private const int BytesPerToken = 5;

    private readonly StatisticsRecipe _recipe;
    private readonly RunDirectory _run;
    private readonly IProgress<WorkProgress>? _progress;

    public DataProbes(StatisticsRecipe recipe, RunDirectory run, IProgress<WorkProgress>? progress) =>
        (_recipe, _run, _progress) = (recipe, run, progress);

    private ProbeOptions Options => _recipe.Options;

    /// <summary>Trains the probes and scores the pool, or reads what was made.</summary>
    public ComputedStatistics Score(Pool pool, CancellationToken cancellationToken)
    {
        var split = CrossFit.Split(pool, Options.CommonSlice, _recipe.Seed, _recipe.Threads, _progress, cancellationToken);
        var tokenizer = TrainTokenizer(pool, cancellationToken);
        var stores = new List<ITokenStatistics>();
        var fingerprint = NewFingerprint();
        StatisticsReport? report = null;
        try
        {
            for (var probe = 0; probe < split.Halves.Length; probe++)
            {
                var directory = Train(pool, split, probe, tokenizer, cancellationToken);
                var model = ScoringModel.Open(directory, _recipe, asText: true);
                var positions = split.ScoredBy(probe);
                var own = model.AddTo(
                    new Fingerprint("token-statistics/1").Add("pool", pool.Fingerprint).Add("rows", string.Join(',', positions)));
                var stage = _run.OpenStage(StageName(probe), own, TokenStatisticsStore.IsShard);
                var (statistics, made) = new TokenStatisticsMaker(
                    model,
                    false,
                    _recipe.Threads,
                    _progress)
                { OnDamage = _run.OnDamage }.Run(stage, pool, positions, string.Create(
                        CultureInfo.InvariantCulture, $"scoring tokens, probe {probe + 1}"), cancellationToken);
                stores.Add(statistics);
                AddProbe(fingerprint, probe, own.Hash);
                report = report?.With(made) ?? made;
            }

            return new ComputedStatistics(
                new CrossFittedStatistics(pool.Count, stores, [split.ScoredBy(0), split.ScoredBy(1)]), fingerprint.Hash, report!);
        }
        catch
        {
            foreach (var store in stores) store.Dispose();
            throw;
        }
    }

    /// <summary>The stage with a probe's statistics of what it hasn't seen.</summary>
    internal static string StageName(int probe) => string.Create(CultureInfo.InvariantCulture, $"probe-{probe + 1}-statistics");

    /// <summary>The fingerprint that every probe's is added to.</summary>
    internal static Fingerprint NewFingerprint() => new("data-probes/1");

    /// <summary>Adds a probe's.</summary>
    internal static void AddProbe(Fingerprint fingerprint, int probe, string statistics) =>
        fingerprint.Add(string.Create(CultureInfo.InvariantCulture, $"probe {probe + 1}"), statistics);

    private string TrainTokenizer(Pool pool, CancellationToken cancellationToken)
    {
        var stage = _run.OpenStage(
            "probe-tokenizer",
            new Fingerprint("probe-tokenizer/1").Add("pool", pool.Fingerprint).Add(
                "vocabulary", Options.Vocabulary).Add("bytes", TokenizerSampleBytes).Add("seed", _recipe.Seed));
        if (stage.IsComplete) return stage.FullPath;
        _progress?.Report(new WorkProgress("training the probes' tokenizer", 0, 0, "MB"));
        var texts = Sample(pool, [.. Enumerable.Range(0, pool.Count)], "probe/tokenizer", TokenizerSampleBytes, cancellationToken);
        BpeTrainer.Train(
            texts,
            new BpeTrainingOptions
            {
                VocabularySize = Options.Vocabulary,
                SpecialTokens = [EndOfText],
                BosToken = EndOfText,
                EosToken = EndOfText,
            },
            null,
            cancellationToken).Save(stage.FullPath);
        stage.Complete();
        return stage.FullPath;
    }

    /// <summary>Trains one probe; returns its directory.</summary>
    private string Train(Pool pool, CrossFit split, int probe, string tokenizer, CancellationToken cancellationToken)
    {
        var fingerprint = new Fingerprint("probe/1")
            .Add("pool", pool.Fingerprint)
            .Add("half", string.Join(',', split.Halves[probe]))
            .Add("tokenizer", Tokenizer.Load(tokenizer).Fingerprint)
            .Add("shape", JsonSerializer.Serialize(Options.Shape, RunJson.Compact))
            .Add("tokens", Options.Tokens)
            .Add("seed", _recipe.Seed);
        var stage = _run.OpenStage(string.Create(CultureInfo.InvariantCulture, $"probe-{probe + 1}"), _recipe.Device.AddTo(fingerprint));
        var directory = stage.PathOf("model");
        if (stage.IsComplete) return directory;
        var corpus = stage.PathOf("shard.jsonl");
        // Drawn again where a training goes on, to the same bytes: what stands there may not be whole.
        var texts = Sample(pool, split.Halves[probe], "probe/shard", (long)Options.Tokens * BytesPerToken, cancellationToken);
        AtomicFile.Write(corpus, stream => WriteTexts(texts, stream));

        var options = new PretrainOptions
        {
            Corpus = new PoolOptions { Paths = [corpus], Threads = _recipe.Threads },
            Tokenizer = tokenizer,
            Out = directory,
            Shape = Options.Shape,
            Tokens = Options.Tokens,
            BatchTokens = Math.Max(Options.Context, TrainingBatch),
            LearningRate = LearningRate,
            Seed = new SeededRandom(_recipe.Seed, "probe/training", (ulong)probe).NextUInt64(),
            Workers = new DecoderPoolOptions { Threads = _recipe.Threads, MicroBatchTokens = TrainingMicroBatch },
            Device = _recipe.Device,
        };
        using (var own = RunDirectory.Open(stage.PathOf("training")))
        {
            var named = _progress is null
                ? null
                : new Named(_progress, string.Create(CultureInfo.InvariantCulture, $"training probe {probe + 1}"));
            new PretrainJob(options, named) { OnDamage = damage => _run.OnDamage?.Invoke(damage) }.Run(own, cancellationToken);
        }

        stage.Complete();
        return directory;
    }

    /// <summary>
    /// Random texts of some positions until there are so many bytes: random by seed and content, whatever the pool's order.
    /// </summary>
    private IEnumerable<string> Sample(
        Pool pool, IReadOnlyList<int> positions, string purpose, long bytes, CancellationToken cancellationToken)
    {
        int[] order =
        [
            .. positions.OrderBy(i => SeededRandom.ForExample(_recipe.Seed, purpose, pool.ContentIds[i])).ThenBy(i => pool.ContentIds[i]),
        ];
        long taken = 0;
        var any = false;
        foreach (var text in pool.Read(order, cancellationToken).Select(ExampleText.Of))
        {
            if (text.Length == 0) continue;
            yield return text;
            any = true;
            taken += Encoding.UTF8.GetByteCount(text);
            if (taken >= bytes) yield break;
        }

        if (!any) throw PursuitException.At(ApiName.Pool, $"no text in {positions.Count:N0} examples", "texts to train a probe on");
    }

    private static void WriteTexts(IEnumerable<string> texts, Stream stream)
    {
        foreach (var text in texts)
        {
            JsonSerializer.Serialize(stream, new { Text = text }, RunJson.Compact);
            stream.WriteByte((byte)'\n');
        }
    }

    /// <summary>Tells a training's progress under the probe's name.</summary>
    private sealed class Named(IProgress<WorkProgress> inner, string name) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => inner.Report(value with { Work = $"{name}: {value.Work}" });
    }
}
