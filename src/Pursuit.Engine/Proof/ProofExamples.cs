using Pursuit.Data;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Selection;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Engine.Proof;

/// <summary>The pool's examples as token ids, encoded once for all trainings.</summary>
internal sealed class ProofExamples : ProofMaterial
{
    private readonly TrainingExample?[] _examples;
    private readonly ProveOptions _options;

    private ProofExamples(TrainingExample?[] examples, int refused, ProveOptions options) =>
        (_examples, Refused, _options) = (examples, refused, options);

    /// <inheritdoc/>
    public override int Count => _examples.Length;

    /// <summary>Examples that the template won't print.</summary>
    public override int Refused { get; }

    /// <inheritdoc/>
    public override double StepTokens => _options.BatchExamples * _examples.OfType<TrainingExample>().Average(e => e.Tokens.Length);

    /// <inheritdoc/>
    public override long EpochSteps => (_examples.OfType<TrainingExample>().Count() + _options.BatchExamples - 1) / _options.BatchExamples;

    /// <inheritdoc/>
    public override long TotalTokens => _examples.OfType<TrainingExample>().Sum(e => (long)e.Tokens.Length);

    /// <inheritdoc/>
    public override long TotalSupervised => _examples.OfType<TrainingExample>().Sum(e => (long)e.Supervised.Count(s => s));

    /// <summary>Encodes a pool.</summary>
    public static ProofExamples Encode(
        Pool pool, ExampleEncoder encoder, ProveOptions options, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        const int Block = 1024;
        var examples = new TrainingExample?[pool.Count];
        var (start, refused) = (0, 0);
        foreach (var block in pool.Read(cancellationToken).Chunk(Block))
        {
            var first = start;
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Workers.Threads, CancellationToken = cancellationToken };
            Parallel.For(0, block.Length, parallel, i =>
            {
                try
                {
                    var encoded = encoder.Encode(block[i]);
                    if (!encoded.AllMasked)
                        examples[first + i] = new TrainingExample(encoded.Ids, encoded.Trained, 1, 1, Place(pool, block[i]));
                }
                catch (PursuitException)
                {
                    Interlocked.Increment(ref refused); // counted, told, and never trained on
                }
            });
            progress?.Report(new WorkProgress("encoding the pool", start += block.Length, pool.Count, "examples"));
        }

        return examples.Any(e => e is not null)
            ? new ProofExamples(examples, refused, options)
            : throw PursuitException.At(
                string.Join(", ", pool.Sources.Select(s => s.Path)),
                $"{pool.Count:N0} examples, none with a token to learn",
                $"at least one with an assistant's answer that fits in {ApiName.MaxLength}");
    }

    /// <inheritdoc/>
    public override ProofData? Choose(IReadOnlyList<RankedRow>? rows, long steps, ulong seed)
    {
        TrainingExample[] examples = rows is null ? [.. _examples.OfType<TrainingExample>()] : [.. Chosen(rows)];
        if (examples.Length == 0) return null;
        var slots = examples.Sum(e => (long)e.Repeats);
        var perEpoch = (slots + _options.BatchExamples - 1) / _options.BatchExamples;
        var batches = new ExampleBatches(
            examples, _options.BatchExamples, null, checked((int)((steps + perEpoch - 1) / perEpoch)), LossReduction.ExampleMean, seed);
        var given = rows?.Count ?? Count;
        return new ProofData(batches, given, given - examples.Length, EffectiveSize(examples.Select(e => (double)e.Weight * e.Repeats)));
    }

    private IEnumerable<TrainingExample> Chosen(IReadOnlyList<RankedRow> rows)
    {
        // With repeats all passes are one pass over the repeated rows.
        var repeats = _options.Use == ProofUse.Repeats ? Repeats.FromWeights(rows, _options.Epochs) : null;
        for (var i = 0; i < rows.Count; i++)
        {
            if (_examples[rows[i].Position] is { } example)
                yield return example with
                {
                    Weight = _options.Use == ProofUse.Weights ? (float)rows[i].Weight : 1,
                    Repeats = repeats?[i] ?? 1,
                };
        }
    }

    private static string Place(Pool pool, Example example) =>
        FormattableString.Invariant($"{pool.Sources[example.Locator.Source].Path}, line {example.Locator.Line}");
}
