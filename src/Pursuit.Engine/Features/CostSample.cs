using System.Diagnostics;
using Pursuit.Data;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Engine.Features;

/// <summary>
/// A random sample of a pool, tokenized, from which a plan tells lengths and rates. The rest of the pool is taken to have as many tokens a
/// byte as the sample: records' lengths in bytes are known of all.
/// </summary>
internal sealed class CostSample
{
    private const int Size = 4096;
    private const double WarmingSeconds = 0.4;
    private const double CalibrationSeconds = 1.2;

    /// <summary>
    /// What a process takes beside what is counted: the runtime, the tokenizer, and texts that the collector hasn't taken back
    /// (benchmarks/results/scale.md).
    /// </summary>
    public const long BaseBytes = 32L << 20;

    /// <summary>
    /// The same of the process that plans and decides: it has a sample's texts and tokens besides, and more that the collector hasn't taken
    /// back.
    /// </summary>
    public const long FirstBaseBytes = 80L << 20;

    private readonly Pool _pool;
    private readonly Dictionary<int, EncodedExample> _encoded;
    private readonly EncodedExample[] _shuffled;

    private CostSample(Pool pool, int[] rows, EncodedExample?[] encoded)
    {
        _pool = pool;
        _encoded = rows.Zip(encoded).Where(p => p.Second is not null).ToDictionary(p => p.First, p => p.Second!);
        SampledBytes = rows.Sum(r => (long)pool.Locator(r).Length);
        IsWhole = rows.Length == pool.Count;
        // By hash, not by place: neighbours in a file are often of one kind and length.
        _shuffled = [.. encoded.OfType<EncodedExample>().OrderBy(e => SeededRandom.ForExample(0, "plan/order", e.ContentId))];
        for (var i = 0; i < pool.Count; i++) PoolBytes += pool.Locator(i).Length;
    }

    /// <summary>Bytes of all the pool's records.</summary>
    public long PoolBytes { get; }

    /// <summary>Bytes of the sample's.</summary>
    private long SampledBytes { get; }

    /// <summary>True where the sample is the whole pool.</summary>
    private bool IsWhole { get; }

    /// <summary>Takes a sample.</summary>
    public static CostSample Take(Pool pool, ExampleEncoder encoder, int threads, CancellationToken cancellationToken)
    {
        // In the order of the files, which is how compressed ones are read without being unpacked.
        var rows = Enumerable.Range(0, pool.Count).OrderBy(
            i => SeededRandom.ForExample(0, "plan/sample", pool.ContentIds[i])).Take(Size).Order().ToArray();
        Example[] examples = [.. pool.Read(rows, cancellationToken)];
        var encoded = new EncodedExample?[examples.Length];
        Parallel.For(
            0,
            encoded.Length,
            new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken },
            i => encoded[i] = encoder.TryEncode(examples[i], out _));
        return new CostSample(pool, rows, encoded);
    }

    /// <summary>Tokens that go through the model for some of the pool's rows; for all where none are named.</summary>
    /// <param name="used">Whether an example goes through it at all.</param>
    /// <param name="rows">The rows; null: all.</param>
    public double Tokens(Func<EncodedExample, bool> used, IReadOnlyList<int>? rows = null)
    {
        long Known(int row) => _encoded.TryGetValue(row, out var example) && used(example) ? example.Ids.Length : 0;
        if (IsWhole) return (rows ?? [.. Enumerable.Range(0, _pool.Count)]).Sum(Known);
        var bytes = rows?.Sum(r => (long)_pool.Locator(r).Length) ?? PoolBytes;
        return _encoded.Keys.Sum(Known) * ((double)bytes / SampledBytes);
    }

    /// <summary>The examples that go through the model, in parts of several micro-batches per thread.</summary>
    /// <param name="used">Whether an example goes through it.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="microBatch">Tokens of a micro-batch.</param>
    /// <param name="expected">What the pool should have, where none does.</param>
    /// <exception cref="PursuitException">None does.</exception>
    public EncodedExample[][] Parts(
        Func<EncodedExample, bool> used, int threads, int microBatch, (string Lacking, string Expected) expected)
    {
        const int MicroBatchesPerThread = 4;
        EncodedExample[] kept = [.. _shuffled.Where(used)];
        return kept.Length > 0
            ? [.. kept.Chunk(Math.Max(1, MicroBatchesPerThread * threads * microBatch / Math.Max(1, (int)kept.Average(e => e.Ids.Length))))]
            : throw PursuitException.At(
                "the pool",
                $"{Math.Min(Size, _pool.Count)} random examples, none with {expected.Lacking}",
                expected.Expected,
                $"Look at them with {ApiName.DatasetAudit}.");
    }

    /// <summary>Tokens a second, after some parts that warm up the code.</summary>
    public static double Rate(EncodedExample[][] parts, Action<EncodedExample[]> run)
    {
        var next = 0;
        var clock = Stopwatch.StartNew();
        do run(parts[next++ % parts.Length]);
        while (clock.Elapsed.TotalSeconds < WarmingSeconds);
        var tokens = 0L;
        clock.Restart();
        while (tokens == 0 || clock.Elapsed.TotalSeconds < CalibrationSeconds)
        {
            var part = parts[next++ % parts.Length];
            run(part);
            tokens += part.Sum(e => (long)e.Ids.Length);
        }

        return tokens / clock.Elapsed.TotalSeconds;
    }
}
