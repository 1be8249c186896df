using System.Diagnostics;
using Pursuit.Data;
using Pursuit.Runs;
using Pursuit.Tokenization;

namespace Pursuit.Engine.Features;

/// <summary>A random sample of a pool, tokenized, from which a plan tells lengths and rates.</summary>
/// <param name="Examples">Its examples.</param>
internal sealed record CostSample(IReadOnlyList<EncodedExample> Examples)
{
    private const int Size = 512;
    private const double CalibrationSeconds = 0.7;

    /// <summary>What the runtime, the pool's index and the tokenizer take beside what is counted.</summary>
    public const long BaseBytes = 150L << 20;

    /// <summary>Takes a sample.</summary>
    public static CostSample Of(Pool pool, ExampleEncoder encoder, CancellationToken cancellationToken)
    {
        // In the order of the files, which is how compressed ones are read without being unpacked.
        var rows = Enumerable.Range(0, pool.Count).OrderBy(i => SeededRandom.ForExample(0, "plan/sample", pool.ContentIds[i])).Take(Size).Order().ToArray();
        return new CostSample([.. pool.Read(rows, cancellationToken).Select(e => encoder.TryEncode(e, out _)).OfType<EncodedExample>()]);
    }

    /// <summary>Mean tokens that go through the model for an example.</summary>
    /// <param name="used">Whether an example goes through it at all.</param>
    public double MeanTokens(Func<EncodedExample, bool> used) => Examples.Select(e => used(e) ? (double)e.Ids.Length : 0).DefaultIfEmpty(0).Average();

    /// <summary>The examples that go through the model, in parts of two micro-batches per thread.</summary>
    /// <param name="used">Whether an example goes through it.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="microBatch">Tokens of a micro-batch.</param>
    /// <param name="expected">What the pool should have, where none does.</param>
    /// <exception cref="PursuitException">None does.</exception>
    public EncodedExample[][] Parts(Func<EncodedExample, bool> used, int threads, int microBatch, (string Lacking, string Expected) expected)
    {
        EncodedExample[] kept = [.. Examples.Where(used)];
        return kept.Length > 0
            ? [.. kept.Chunk(Math.Max(1, 2 * threads * microBatch / Math.Max(1, (int)kept.Average(e => e.Ids.Length))))]
            : throw PursuitException.At("the pool", $"{Size} random examples, none with {expected.Lacking}", expected.Expected, "Look at them with 'pursuit inspect'.");
    }

    /// <summary>Tokens a second, after a first part that warms up the code.</summary>
    public static double Rate(EncodedExample[][] parts, Action<EncodedExample[]> run)
    {
        run(parts[0]);
        var (tokens, clock) = (0L, Stopwatch.StartNew());
        for (var i = 1; tokens == 0 || clock.Elapsed.TotalSeconds < CalibrationSeconds; i++)
        {
            var part = parts[i % parts.Length];
            run(part);
            tokens += part.Sum(e => (long)e.Ids.Length);
        }

        return tokens / clock.Elapsed.TotalSeconds;
    }
}
