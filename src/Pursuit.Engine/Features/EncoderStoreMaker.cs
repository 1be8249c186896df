using System.Numerics.Tensors;
using Pursuit.Data;
using Pursuit.Distribution;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Storage;

namespace Pursuit.Engine.Features;

/// <summary>
/// Makes a store of a sentence encoder's vectors. A text goes through the model alone, on one thread: so its vector has the same bits
/// whatever else is encoded, in whatever order, and no time goes into padding. The longest go first, so that threads end together.
/// </summary>
internal sealed class EncoderStoreMaker(
    ISentenceEncoder encoder, EncoderOptions options, string prefix, int threads, StageShare share, IProgress<WorkProgress>? progress)
{
    private const int ReportEvery = 64; // texts between two reports of progress

    /// <summary>What of an example the encoder reads.</summary>
    public static string TextOf(Example example, EncoderText text) => text == EncoderText.All || example.IsText
        ? ExampleText.Of(example)
        : string.Join(
            '\n',
            example.Turns.Where(turn => (turn.Role == Turn.Assistant) == (text == EncoderText.Answer)).Select(turn => turn.Content));

    /// <summary>A text's tokens; null for one that is empty, which has no vector.</summary>
    public static EncoderTokens? Tokenize(ISentenceEncoder encoder, string text, string prefix)
    {
        if (string.IsNullOrWhiteSpace(text)) return null;
        var tokens = encoder.Tokenize(text, prefix);
        return tokens.Ids.Count > tokens.PooledFrom ? tokens : null;
    }

    /// <summary>Makes the store, or reads what was made.</summary>
    public EmbeddingReport? Run(RunStage stage, Pool pool, string what, string id, CancellationToken cancellationToken) => ShardLoop.Run(
        null, stage, pool, $"encoding {what}", threads, share, progress, loop => Make(loop, id, cancellationToken));

    private EmbeddingReport? Make(ShardLoop loop, string id, CancellationToken cancellationToken)
    {
        using var session = encoder.Start();
        var facts = new ShardFacts(loop.Stage, "lengths", 3);
        var manifest = loop.Manifest("encoder", [new FeatureBlock("encoder", session.Dimension)], id, encoder.Facts.Parts) with
        {
            Dtype = options.Precision == EmbeddingPrecision.F32 ? "F32" : "BF16",
        };
        var made = loop.MakeShardsOfRecords(manifest, facts, shard => MakeShard(shard, session, cancellationToken), cancellationToken);
        if (made is not var (totals, _)) return null;
        using var store = FeatureStore.Open(loop.StorePath, verifyChecksums: false);
        return new EmbeddingReport
        {
            Encoder = encoder.Facts.Name,
            Pool = encoder.Facts.Pooling,
            Layer = 0,
            Layers = 0,
            PooledTokens = options.Text.ToString().ToLowerInvariant(),
            Norm = options.Norm.ToString().ToLowerInvariant(),
            Dimension = session.Dimension,
            MaxLength = encoder.Facts.MaxLength,
            Cut = (int)totals[1],
            WithoutTokens = (int)totals[2],
            Tokens = totals[0],
            Seconds = loop.Seconds,
            Bytes = store.ByteLength,
        };
    }

    private ShardFeatures MakeShard(ShardRecords shard, IEncoderSession session, CancellationToken cancellationToken)
    {
        var (count, dimension) = (shard.Examples.Length, session.Dimension);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken };
        var tokens = new EncoderTokens?[count];
        Parallel.For(0, count, parallel, i => tokens[i] = Tokenize(encoder, TextOf(shard.Examples[i], options.Text), prefix));
        var (rows, norms) = (new float[count * dimension], new float[count]);
        var work = Enumerable.Range(0, count).Where(i => tokens[i] is not null).OrderByDescending(i => tokens[i]!.Ids.Count).ToArray();
        var total = Math.Max(1, work.Sum(i => (long)tokens[i]!.Ids.Count));
        var (done, texts, next) = (0L, 0, -1);
        Parallel.For(0, Math.Min(threads, work.Length), parallel, _ =>
        {
            for (var at = Interlocked.Increment(ref next); at < work.Length; at = Interlocked.Increment(ref next))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var row = rows.AsSpan(work[at] * dimension, dimension);
                session.Encode(tokens[work[at]]!, row);
                norms[work[at]] = Scale(row, () => shard.Place(work[at]));
                var sofar = Interlocked.Add(ref done, tokens[work[at]]!.Ids.Count);
                if (Interlocked.Increment(ref texts) % ReportEvery == 0) shard.Progress((double)sofar / total);
            }
        });
        long[] facts =
        [
            work.Sum(i => (long)tokens[i]!.Ids.Count), work.LongCount(i => tokens[i]!.IsCut), count - work.Length,
        ];
        return new ShardFeatures([rows], norms, facts, []);
    }

    private float Scale(Span<float> row, Func<string> place)
    {
        var squares = 0.0;
        foreach (var value in row) squares += (double)value * value;
        var norm = Math.Sqrt(squares);
        if (!double.IsFinite(norm))
            throw PursuitException.At(
                place(), "a vector that isn't finite", "finite numbers", "Look at that record and at the encoder's weights.");
        if (options.Norm == EmbeddingNorm.Raw || norm == 0) return (float)norm;
        for (var k = 0; k < row.Length; k++) row[k] = (float)(row[k] / norm);
        return TensorPrimitives.Norm<float>(row);
    }
}
