using System.Diagnostics;
using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text.Json;
using Pursuit.Data;
using Pursuit.Engine.Adapters;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Runs;
using Pursuit.Selection.Features;
using Pursuit.Storage;
using Pursuit.Tokenization;

namespace Pursuit.Engine.Features;

/// <summary>
/// The stage that makes a store of examples' gradient trajectories: shard by shard, each at every checkpoint while its examples are
/// at hand, each under its final name only when whole. A killed stage goes on with the shards that are missing.
/// </summary>
internal sealed class StoreMaker
{
    /// <summary>The store's directory within the stage.</summary>
    public const string StoreName = "store";

    private const string ReportName = "report.json";
    private const int CosineShards = 8;

    private readonly GradientFeatures.Probe _probe;
    private readonly Trajectory _trajectory;
    private readonly string _trajectoryPath;
    private readonly GradientSide _side;
    private readonly int _threads;
    private readonly IProgress<WorkProgress>? _progress;

    public StoreMaker(GradientFeatures.Probe probe, Trajectory trajectory, string trajectoryPath, GradientSide side, int threads, IProgress<WorkProgress>? progress) =>
        (_probe, _trajectory, _trajectoryPath, _side, _threads, _progress) = (probe, trajectory, trajectoryPath, side, threads, progress);

    private GradientFeatureOptions Options => _probe.Options;

    private int Checkpoints => _trajectory.Checkpoints.Count;

    /// <summary>Makes the store, or reads what was made.</summary>
    public GradientReport Run(RunStage stage, Pool pool, string what, string id, CancellationToken cancellationToken)
    {
        if (!stage.IsComplete)
        {
            var report = Make(stage, pool, what, id, cancellationToken);
            AtomicFile.Write(stage.PathOf(ReportName), s => JsonSerializer.Serialize(s, report, RunJson.Indented));
            stage.Complete();
        }

        return JsonSerializer.Deserialize<GradientReport>(File.ReadAllBytes(stage.PathOf(ReportName)), RunJson.Indented)!;
    }

    /// <summary>Reads the losses that a finished stage kept beside its store.</summary>
    public static ExampleLosses Losses(RunStage stage, int rows, int checkpoints)
    {
        var (facts, losses, done) = (new ShardFacts(stage, checkpoints), new float[(long)rows * checkpoints], 0);
        for (var shard = 0; done < losses.Length; shard++)
        {
            var (_, _, own) = facts.Read(shard);
            own.CopyTo(losses, done);
            done += own.Length;
        }

        return new ExampleLosses(checkpoints, losses);
    }

    private GradientReport Make(RunStage stage, Pool pool, string what, string id, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        using var decoder = Decoder.Load(_probe.Model);
        using var adapters = Options.Kind == GradientKind.Lora ? Warmup.CreateAdapters(decoder, Options) : null;
        decoder.Adapters = adapters;
        using var workers = new DecoderPool(decoder, new DecoderPoolOptions { Threads = _threads, MicroBatchTokens = Options.MicroBatch });
        var extractors = Enumerable.Range(0, Checkpoints).Select(t => new GradientExtractor(decoder, workers, Options, PathOf(t), _side)).ToArray();
        try
        {
            var manifest = Manifest(pool, extractors[0].Dimension, id);
            var writer = new FeatureStoreWriter(stage.PathOf(StoreName), manifest);
            var facts = new ShardFacts(stage, Checkpoints);
            for (var shard = 0; shard < manifest.ShardCount; shard++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!facts.Has(shard) || !writer.HasShard(shard))
                    MakeShard(shard, manifest, writer, facts, pool, what, decoder, adapters, extractors, cancellationToken);
            }

            writer.Complete();
            return Report(stage, facts, manifest, [.. extractors.Select(e => e.EpsilonShare)], Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
        finally
        {
            foreach (var extractor in extractors) extractor.Dispose();
        }
    }

    private FeatureManifest Manifest(Pool pool, int dimension, string id) =>
        FeatureManifest.Create("gradient-trajectory", pool.Count, [.. _trajectory.Checkpoints.Select(c => new FeatureBlock(c.Name, dimension, c.MeanLearningRate))]) with
        {
            Normalisation = "row",
            Preconditioning = Options.Preconditioning.ToString().ToLowerInvariant(),
            ProjectionSeed = Options.ProjectionSeed,
            Fingerprints = new Dictionary<string, string>
            {
                ["pool"] = pool.Fingerprint,
                ["model"] = _probe.Fingerprint,
                ["tokenizer"] = _probe.Encoder.Tokenizer.Fingerprint,
                ["template"] = _probe.Encoder.Template.Fingerprint,
            },
            Id = id,
        };

    private void MakeShard(int shard, FeatureManifest manifest, FeatureStoreWriter writer, ShardFacts facts, Pool pool, string what, Decoder decoder, LoraAdapters? adapters, GradientExtractor[] extractors, CancellationToken cancellationToken)
    {
        var (start, count, dimension) = (shard * FeatureManifest.ShardRows, manifest.RowsIn(shard), manifest.Blocks[0].Dim);
        var examples = Encode(pool.Read(start, count, cancellationToken).ToArray(), cancellationToken);
        var blocks = new ReadOnlyMemory<float>[Checkpoints];
        var norms = new float[count * Checkpoints];
        var losses = new float[count * Checkpoints];
        for (var t = 0; t < Checkpoints; t++)
        {
            Report(start, count, t, pool.Count, what);
            Load(t, decoder, adapters);
            var rows = new float[count * dimension];
            var own = new double[count];
            extractors[t].Extract(examples, rows, own, cancellationToken);
            Normalise(rows, dimension, t, norms, i => $"{pool.Sources[pool.Locator(start + i).Source].Path}, line {pool.Locator(start + i).Line}");
            for (var i = 0; i < count; i++) losses[i * Checkpoints + t] = (float)own[i];
            blocks[t] = rows;
        }

        facts.Write(shard, losses, examples);
        writer.WriteShard(shard, blocks, norms);
        Report(start + count, 0, 0, pool.Count, what);
    }

    private void Report(int start, int count, int checkpoint, int total, string what) =>
        _progress?.Report(new WorkProgress($"gradients of {what}", start + (double)count * checkpoint / Checkpoints, total, "examples"));

    private EncodedExample[] Encode(Example[] examples, CancellationToken cancellationToken)
    {
        var encoded = new EncodedExample[examples.Length];
        Parallel.For(0, examples.Length, new ParallelOptions { MaxDegreeOfParallelism = _threads, CancellationToken = cancellationToken }, i =>
            encoded[i] = _probe.Encoder.TryEncode(examples[i], out _) ?? new EncodedExample { ContentId = examples[i].ContentId, Ids = [], Trained = [], SupervisedTokens = 0, Truncation = default });
        return encoded;
    }

    private void Load(int checkpoint, Decoder decoder, LoraAdapters? adapters)
    {
        // Reading the weights once per shard costs a hundred-thousandth of the shard's own work, whatever the model's size.
        if (PathOf(checkpoint) is not { } path) return;
        if (adapters is null) decoder.Restore(path);
        else adapters.ReadWeights(path);
    }

    private string? PathOf(int checkpoint) =>
        _trajectory.Checkpoints[checkpoint].Directory is { } directory ? Path.Combine(_trajectoryPath, directory) : null;

    private void Normalise(float[] rows, int dimension, int checkpoint, float[] norms, Func<int, string> place)
    {
        for (var i = 0; i < rows.Length / dimension; i++)
        {
            var row = rows.AsSpan(i * dimension, dimension);
            var norm = TensorPrimitives.Norm<float>(row);
            if (!float.IsFinite(norm))
                throw PursuitException.At(place(i), $"a gradient that isn't finite at checkpoint '{_trajectory.Checkpoints[checkpoint].Name}'", "finite gradients", "Lower the warm-up's rate (--set features.learning-rate=1e-4), or look at that record.");
            norms[i * Checkpoints + checkpoint] = norm;
            if (norm > 0) TensorPrimitives.Multiply(row, 1 / norm, row);
        }
    }

    private GradientReport Report(RunStage stage, ShardFacts facts, FeatureManifest manifest, double?[] epsilonShares, double seconds)
    {
        var totals = facts.Total(manifest.ShardCount);
        using var store = FeatureStore.Open(stage.PathOf(StoreName), verifyChecksums: false);
        var cosines = Cosines(store);
        return new GradientReport
        {
            Kind = Options.Kind.ToString().ToLowerInvariant(),
            Preconditioning = manifest.Preconditioning,
            Dimension = manifest.Blocks[0].Dim,
            Checkpoints = [.. _trajectory.Checkpoints.Select((c, t) => new CheckpointReport(c.Name, c.MeanLearningRate, totals.MeanLosses[t], t == 0 ? null : cosines[t - 1], epsilonShares[t]))],
            LearningRate = _trajectory.LearningRate,
            WarmupRows = _side == GradientSide.Pool ? _trajectory.WarmupRows : [],
            WithoutAnswer = totals.WithoutAnswer,
            Tokens = totals.Tokens * Checkpoints + (_side == GradientSide.Pool ? _trajectory.Tokens : 0),
            Seconds = seconds + (_side == GradientSide.Pool ? _trajectory.Seconds : 0),
            Bytes = store.ByteLength,
        };
    }

    /// <summary>Mean cosine of the same example's features at neighbouring checkpoints, over a few shards spread through the store.</summary>
    private double[] Cosines(FeatureStore store)
    {
        var (shards, dimension) = (store.Manifest.ShardCount, store.Manifest.Blocks[0].Dim);
        var (sums, counts) = (new double[Checkpoints - 1], new long[Checkpoints - 1]);
        float[] a = new float[dimension], b = new float[dimension];
        for (var s = 0; s < Math.Min(CosineShards, shards); s++)
        {
            var shard = (int)((long)s * shards / Math.Min(CosineShards, shards));
            var norms = store.Norms(shard);
            for (var i = 0; i < store.Manifest.RowsIn(shard); i++)
                for (var t = 0; t + 1 < Checkpoints; t++)
                {
                    if (norms[i * Checkpoints + t] == 0 || norms[i * Checkpoints + t + 1] == 0) continue;
                    store.ReadRows(t, (long)shard * FeatureManifest.ShardRows + i, 1, a);
                    store.ReadRows(t + 1, (long)shard * FeatureManifest.ShardRows + i, 1, b);
                    sums[t] += TensorPrimitives.Dot<float>(a, b);
                    counts[t]++;
                }
        }

        return [.. sums.Select((sum, t) => counts[t] > 0 ? sum / counts[t] : 0)];
    }

    /// <summary>What a shard's examples cost and lost, kept beside the store while it is made and after.</summary>
    private sealed class ShardFacts(RunStage stage, int checkpoints)
    {
        public bool Has(int shard) => File.Exists(PathOf(shard));

        /// <summary>Little-endian: tokens (int64), examples without an answer (int64), then losses [rows, checkpoints] (float32).</summary>
        public void Write(int shard, float[] losses, EncodedExample[] examples) => AtomicFile.Write(PathOf(shard), s =>
        {
            s.Write(MemoryMarshal.AsBytes<long>([examples.Sum(e => e.AllMasked ? 0 : (long)e.Ids.Length), examples.LongCount(e => e.AllMasked)]));
            s.Write(MemoryMarshal.AsBytes<float>(losses));
        });

        public (long Tokens, long WithoutAnswer, float[] Losses) Read(int shard)
        {
            var bytes = File.ReadAllBytes(PathOf(shard)).AsSpan();
            var head = MemoryMarshal.Cast<byte, long>(bytes[..16]);
            return (head[0], head[1], MemoryMarshal.Cast<byte, float>(bytes[16..]).ToArray());
        }

        public (long Tokens, int WithoutAnswer, double?[] MeanLosses) Total(int shards)
        {
            var (tokens, without, rows, sums) = (0L, 0L, 0L, new double[checkpoints]);
            for (var shard = 0; shard < shards; shard++)
            {
                var (ownTokens, ownWithout, losses) = Read(shard);
                tokens += ownTokens;
                without += ownWithout;
                rows += losses.Length / checkpoints;
                for (var i = 0; i < losses.Length; i++) sums[i % checkpoints] += losses[i];
            }

            return (tokens, (int)without, [.. sums.Select(s => rows > without ? s / (rows - without) : (double?)null)]);
        }

        private string PathOf(int shard) => stage.PathOf(string.Create(CultureInfo.InvariantCulture, $"losses-{shard:D5}.bin"));
    }
}
