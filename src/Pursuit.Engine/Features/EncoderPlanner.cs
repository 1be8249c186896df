using System.Diagnostics;
using Pursuit.Data;
using Pursuit.Storage;

namespace Pursuit.Engine.Features;

/// <summary>Tells the cost of a sentence encoder's vectors before they are made, from a random sample of the pool.</summary>
internal static class EncoderPlanner
{
    private const int Sample = 2048;
    private const double WarmingSeconds = 0.3;
    private const double CalibrationSeconds = 1.2;

    /// <summary>Bytes of memory that a thread's intermediate values take, about, for each token and number of a vector.</summary>
    private const long BytesPerTokenAndNumber = 64;

    /// <summary>Plans.</summary>
    /// <param name="encoder">The encoder.</param>
    /// <param name="options">How they are made.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="pool">The pool, or a sample of it.</param>
    /// <param name="request">What is planned for.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="PursuitException">No example of the sample has a text.</exception>
    public static CostPlan Plan(
        ISentenceEncoder encoder, EncoderOptions options, int threads, Pool pool, PlanRequest request, CancellationToken cancellationToken)
    {
        var sample = Tokens(encoder, options, pool, ofPool: true, cancellationToken);
        if (sample.Count == 0)
        {
            var (lacking, expected) = EncoderFeatures.NothingToRead;
            throw PursuitException.At("the pool", $"{Math.Min(Sample, pool.Count)} random examples, none with {lacking}", expected);
        }

        var poolBytes = Enumerable.Range(0, pool.Count).Sum(i => (long)pool.Locator(i).Length);
        var examples = request.Examples > 0 ? request.Examples : pool.Count;
        var meanTokens = (double)sample.Sum(t => (long)t.Ids.Count) / Math.Min(Sample, pool.Count);
        var target = request.Target is { } wanted ? Tokens(encoder, options, wanted, ofPool: false, cancellationToken) : [];
        var before = Process.GetCurrentProcess().WorkingSet64;
        using var session = encoder.Start();
        var rate = Rate(session, sample, threads, cancellationToken);
        var stored = options.Precision == EmbeddingPrecision.F32 ? sizeof(float) : sizeof(ushort);
        return new CostPlan
        {
            Examples = examples,
            ExamplesAtHand = pool.Count,
            PoolBytes = (long)(poolBytes * ((double)examples / pool.Count)),
            TokensPerExample = meanTokens,
            Kind = CostPlan.Encoder,
            Checkpoints = 1,
            Dimension = session.Dimension,
            Threads = threads,
            PoolTokens = (long)(meanTokens * examples),
            TargetTokens = (long)(target.Count == 0 ? 0 : target.Average(t => t.Ids.Count) * request.Target!.Count),
            FeatureRate = rate,
            ReadSeconds = request.ReadSeconds * examples / pool.Count,
            Rates = MachineRates.Measure(session.Dimension, threads),
            StoreBytes = ((long)examples + (request.Target?.Count ?? 0)) * (session.Dimension * stored + sizeof(float)),
            ModelMemory = Math.Max(0, Process.GetCurrentProcess().WorkingSet64 - before),
            ThreadMemory = (long)encoder.Facts.MaxLength * session.Dimension * BytesPerTokenAndNumber,
            ShardMemory = (long)session.Dimension * Math.Min(FeatureManifest.ShardRows, examples) * (sizeof(float) + stored),
        };
    }

    private static List<EncoderTokens> Tokens(
        ISentenceEncoder encoder, EncoderOptions options, Pool pool, bool ofPool, CancellationToken cancellationToken)
    {
        var prefix = options.PrefixFor(encoder.Facts, ofPool);
        var rows = Enumerable.Range(0, pool.Count)
            .OrderBy(i => SeededRandom.ForExample(0, "plan/sample", pool.ContentIds[i])).Take(Sample).Order().ToArray();
        return
        [
            .. pool.Read(rows, cancellationToken)
                .Select(example => EncoderStoreMaker.Tokenize(encoder, EncoderStoreMaker.TextOf(example, options.Text), prefix))
                .OfType<EncoderTokens>(),
        ];
    }

    /// <summary>Tokens a second, after some that warm up the code.</summary>
    private static double Rate(IEncoderSession session, List<EncoderTokens> sample, int threads, CancellationToken cancellationToken)
    {
        Encode(WarmingSeconds);
        var clock = Stopwatch.StartNew();
        var tokens = Encode(CalibrationSeconds);
        return tokens / clock.Elapsed.TotalSeconds;

        long Encode(double seconds)
        {
            var (done, next, timer) = (0L, -1, Stopwatch.StartNew());
            Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, _ =>
            {
                var vector = new float[session.Dimension];
                do
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var text = sample[Interlocked.Increment(ref next) % sample.Count];
                    session.Encode(text, vector);
                    Interlocked.Add(ref done, text.Ids.Count);
                }
                while (timer.Elapsed.TotalSeconds < seconds);
            });
            return done;
        }
    }
}
