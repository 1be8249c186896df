using Pursuit.Data;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Selection;
using Pursuit.Tokenization;

namespace Pursuit.Engine.Proof;

/// <summary>The pool's examples as token ids, encoded once for all trainings.</summary>
internal sealed class ProofExamples
{
    private readonly TrainingExample?[] _examples;

    private ProofExamples(TrainingExample?[] examples, int refused) => (_examples, Refused) = (examples, refused);

    /// <summary>Examples of the pool.</summary>
    public int Count => _examples.Length;

    /// <summary>Examples that the template won't print.</summary>
    public int Refused { get; }

    /// <summary>Mean tokens of an example with something to learn.</summary>
    public double MeanTokens => _examples.OfType<TrainingExample>().Select(e => e.Tokens.Length).DefaultIfEmpty(0).Average();

    /// <summary>Tokens of all examples with something to learn.</summary>
    public long TotalTokens => _examples.OfType<TrainingExample>().Sum(e => (long)e.Tokens.Length);

    /// <summary>Their supervised tokens.</summary>
    public long TotalSupervised => _examples.OfType<TrainingExample>().Sum(e => (long)e.Supervised.Count(s => s));

    /// <summary>Encodes a pool.</summary>
    public static ProofExamples Encode(Pool pool, ExampleEncoder encoder, int threads, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        const int Block = 1024;
        var examples = new TrainingExample?[pool.Count];
        var (start, refused) = (0, 0);
        foreach (var block in pool.Read(cancellationToken).Chunk(Block))
        {
            var first = start;
            Parallel.For(0, block.Length, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken }, i =>
            {
                try
                {
                    var encoded = encoder.Encode(block[i]);
                    if (!encoded.AllMasked) examples[first + i] = new TrainingExample(encoded.Ids, encoded.Trained, 1, 1, Place(pool, block[i]));
                }
                catch (PursuitException)
                {
                    Interlocked.Increment(ref refused); // counted, told, and never trained on
                }
            });
            progress?.Report(new WorkProgress("encoding the pool", start += block.Length, pool.Count, "examples"));
        }

        return examples.Any(e => e is not null)
            ? new ProofExamples(examples, refused)
            : throw PursuitException.At(string.Join(", ", pool.Sources.Select(s => s.Path)), $"{pool.Count:N0} examples, none with a token to learn", "at least one with an assistant's answer that fits in --max-length");
    }

    /// <summary>What a training on chosen rows sees, and how many of them teach nothing.</summary>
    /// <param name="rows">The chosen rows.</param>
    /// <param name="use">What of them counts.</param>
    /// <param name="epochs">Passes, for repeats: all of them are one pass over the repeated rows.</param>
    public (IReadOnlyList<TrainingExample> Examples, int WithoutAnswer) Of(IReadOnlyList<RankedRow> rows, ProofUse use, int epochs)
    {
        var repeats = use == ProofUse.Repeats ? Repeats.FromWeights(rows, epochs) : null;
        var examples = new List<TrainingExample>(rows.Count);
        for (var i = 0; i < rows.Count; i++)
        {
            if (_examples[rows[i].Position] is { } example)
                examples.Add(example with { Weight = use == ProofUse.Weights ? (float)rows[i].Weight : 1, Repeats = repeats?[i] ?? 1 });
        }

        return (examples, rows.Count - examples.Count);
    }

    /// <summary>The whole pool.</summary>
    public (IReadOnlyList<TrainingExample> Examples, int WithoutAnswer) All()
    {
        TrainingExample[] all = [.. _examples.OfType<TrainingExample>()];
        return (all, Count - all.Length);
    }

    /// <summary>Batches for at least a number of steps.</summary>
    public static ExampleBatches Batches(IReadOnlyList<TrainingExample> examples, int batchExamples, long steps, ulong seed)
    {
        var slots = examples.Sum(e => (long)e.Repeats);
        var perEpoch = (slots + batchExamples - 1) / batchExamples;
        return new ExampleBatches(examples, batchExamples, null, checked((int)((steps + perEpoch - 1) / perEpoch)), LossReduction.ExampleMean, seed);
    }

    private static string Place(Pool pool, Example example) => FormattableString.Invariant($"{pool.Sources[example.Locator.Source].Path}, line {example.Locator.Line}");
}
