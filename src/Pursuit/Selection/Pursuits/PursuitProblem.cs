using System.Runtime.InteropServices;
using Pursuit.Selection.Features;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Pursuits;

/// <summary>What a pursuit works on, and the count of what it read.</summary>
internal sealed class PursuitProblem
{
    // A row that points toward the residual by less than this cosine of the target's length doesn't: it is rounding.
    private const double Rounding = 1e-6;

    private readonly double _ridge;

    /// <summary>Sets up rows, target and ridge; the ridge is fixed once for the whole run.</summary>
    /// <param name="rows">phi.</param>
    /// <param name="target">B.</param>
    /// <param name="contentIds">The order of ties.</param>
    /// <param name="lambda">The ridge, as a multiple of the mean squared row norm.</param>
    /// <param name="batch">Examples of a training batch whose noise counts; 0 for none.</param>
    /// <param name="context">
    /// Threads, and what keeps passes and fits. Passes go over a screen where its memory was planned with one.
    /// </param>
    /// <param name="screen">Holds such a screen; null keeps it in memory.</param>
    public PursuitProblem(
        GradientRows rows,
        PursuitTarget target,
        IReadOnlyList<ContentId> contentIds,
        double lambda,
        int batch,
        SelectionContext context,
        RowsOnDevice? screen = null)
    {
        if (context.Memory is { Screens: true } memory) Screening = new Screening(rows, context.Threads, memory, screen);
        Journal = context.Journal;
        Memory = context.Memory;
        Gains = new PursuitGains();
        Batch = batch;
        Rows = rows;
        Target = target;
        ContentIds = contentIds;
        Threads = context.Threads;
        // Summed in order of size, so that no order of rows changes the last bit.
        var squares = rows.Norms.Select(n => n * n).ToArray();
        Array.Sort(squares);
        _ridge = lambda * squares.Sum() / squares.Length;
        Excluded = new bool[rows.Count];
        Energy = GradientRows.Dot(target.Scaled, target.Scaled);
    }

    private PursuitProblem(PursuitProblem other, PursuitTarget target)
    {
        Journal = other.Journal;
        Memory = other.Memory;
        Screening = other.Screening;
        Rows = other.Rows;
        Target = target;
        ContentIds = other.ContentIds;
        Threads = other.Threads;
        Batch = other.Batch;
        _ridge = other._ridge;
        Excluded = (bool[])other.Excluded.Clone();
        Energy = GradientRows.Dot(target.Scaled, target.Scaled);
    }

    /// <summary>The same target on other rows, without a journal and without rows excluded.</summary>
    /// <param name="other">Whose target, ridge and batch.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="contentIds">Their order of ties.</param>
    private PursuitProblem(PursuitProblem other, GradientRows rows, IReadOnlyList<ContentId> contentIds)
    {
        Memory = other.Memory;
        Rows = rows;
        Target = other.Target;
        ContentIds = contentIds;
        Threads = other.Threads;
        Batch = other.Batch;
        _ridge = other._ridge;
        Excluded = new bool[rows.Count];
        Energy = other.Energy;
        Gains = new PursuitGains();
    }

    /// <summary>phi.</summary>
    public GradientRows Rows { get; }

    /// <summary>B.</summary>
    public PursuitTarget Target { get; }

    /// <summary>The order of ties.</summary>
    public IReadOnlyList<ContentId> ContentIds { get; }

    /// <summary>At most this many threads.</summary>
    public int Threads { get; }

    /// <summary>lam.</summary>
    public double Lambda => _ridge;

    /// <summary>1/b for training in batches of b; 0 for none.</summary>
    public double BatchNoise => Batch > 0 ? 1.0 / Batch : 0;

    /// <summary>Examples of a training batch whose noise counts; 0 for none.</summary>
    public int Batch { get; }

    /// <summary>sum_j ||B_j||^2.</summary>
    public double Energy { get; }

    /// <summary>Rows that may not be chosen, [rows].</summary>
    public bool[] Excluded { get; }

    /// <summary>What each identification saw; null where nobody will ask.</summary>
    public PursuitGains? Gains { get; }

    /// <summary>Keeps what passes and fits give; null where nothing does.</summary>
    public PursuitJournal? Journal { get; }

    /// <summary>What was planned for; null for no bound.</summary>
    public PursuitMemory? Memory { get; }

    /// <summary>Passes over a screen; null where none is kept.</summary>
    private Screening? Screening { get; }

    /// <summary>Passes over the store so far.</summary>
    public int Passes { get; private set; }

    /// <summary>Bytes that passes and single rows come to so far; a screen spares some (<see cref="PursuitMemory.BytesSpared"/>).</summary>
    public long BytesRead { get; private set; }

    /// <summary>The same pool, another target; gains aren't kept.</summary>
    public PursuitProblem For(PursuitTarget target) => new(this, target);

    /// <summary>The same target, of which passes read a part of the pool.</summary>
    public PursuitProblem Within(RowRange part) => new(this, Rows.Within(part), ContentIds);

    /// <summary>The same target on some rows alone, numbered by themselves.</summary>
    public PursuitProblem Some(int[] positions) => new(this, Rows.Some(positions), Array.ConvertAll(positions, p => ContentIds[p]));

    /// <summary>An empty support of this problem.</summary>
    public SupportSet NewSupport() => new(Rows, Target, Lambda, BatchNoise, Threads, Journal, Memory);

    /// <summary>
    /// Scores every row against the residual (<see cref="IdentificationRule"/>); none for rows that are excluded or in the support.
    /// </summary>
    /// <param name="residual">R, [J, D].</param>
    /// <param name="support">Rows already in.</param>
    /// <param name="cancellationToken">Stops between shards.</param>
    public IScoredRows Identify(float[] residual, SupportSet support, CancellationToken cancellationToken)
    {
        var penalties = Enumerable.Range(0, Target.Groups).Select(j => BatchNoise > 0 ? BatchNoise * support.Mass(j) : 0).ToArray();
        var excluded = Enumerable.Range(0, Excluded.Length).Where(i => Excluded[i]).ToArray();
        var rule = Rule(penalties);
        var scored = Score(residual, rule, [.. excluded, .. support.Positions], cancellationToken);
        // Even with a screen, where a journal has what a pass without one left.
        Gains?.Add(() => Screening is null || Journal?.Next == JournalKind.Gains
            ? scored.Gains(support.Positions, excluded)
            : LaterGains.Owe(residual, rule, support.Positions, excluded));
        return scored;
    }

    /// <summary>How rows are scored.</summary>
    /// <param name="penalties">S_j / b, [J].</param>
    public IdentificationRule Rule(double[] penalties) =>
        new(penalties, Rounding * Math.Sqrt(Energy), Rows.Construction.Normalization == RowNormalization.None);

    /// <summary>Computes the gains that screened passes owe.</summary>
    public void FinishGains(CancellationToken cancellationToken)
    {
        if (Gains is not null) Screening?.Finish(Gains, cancellationToken);
    }

    /// <summary>One counted pass that scores every row.</summary>
    /// <param name="rhs">[columns, D].</param>
    /// <param name="rule">What makes scores of products.</param>
    /// <param name="excluded">Positions of rows that have no score.</param>
    /// <param name="cancellationToken">Stops between shards.</param>
    public IScoredRows Score(float[] rhs, IScoreRule rule, int[] excluded, CancellationToken cancellationToken)
    {
        Passes++;
        BytesRead += Rows.PassBytes;
        var pass = new ScorePass(ContentIds, rhs, rule, excluded, Threads, cancellationToken);
        return Journal is null ? Make() : new JournaledScores(Journal, Question(pass), pass.KeptColumns, Make);

        IScoredRows Make() => Screening is not null && rule is IdentificationRule identification
            ? Screening.Score(pass, identification)
            : Rows.Source.Score(Rows, pass);
    }

    /// <summary>One counted pass.</summary>
    public void Scan(float[] rhs, int count, double[] products, CancellationToken cancellationToken)
    {
        Rows.Scan(rhs, count, products, Threads, cancellationToken);
        Passes++;
        BytesRead += Rows.PassBytes;
    }

    private static byte[] Question(ScorePass pass) => PursuitJournal.Digest(w =>
    {
        pass.Rule.Write(w);
        w.Write(MemoryMarshal.AsBytes(pass.Rhs.AsSpan()));
        w.Write(MemoryMarshal.AsBytes(pass.Excluded.AsSpan()));
    });

    /// <summary>Counts rows read one by one.</summary>
    public void CountGathered(long rows) => BytesRead += rows * Rows.RowBytes;

    /// <summary>Counts what pursuits side by side on parts of the store read.</summary>
    public void CountParts(int passes, long bytes)
    {
        Passes += passes;
        BytesRead += bytes;
    }

    /// <summary>Counts what a problem on the same store read.</summary>
    public void CountReadBy(PursuitProblem other)
    {
        Passes += other.Passes;
        BytesRead += other.BytesRead;
    }

    /// <summary>min over s >= 0 of ||b - s sum|| / ||b||, b the uniform target: what equal weights leave.</summary>
    public double UniformResidual(ReadOnlySpan<double> sum)
    {
        double product = 0, square = 0, energy = 0;
        for (var k = 0; k < sum.Length; k++)
        {
            product += sum[k] * Target.Uniform[k];
            square += sum[k] * sum[k];
            energy += (double)Target.Uniform[k] * Target.Uniform[k];
        }

        if (!(product > 0) || !(square > 0)) return 1;
        return Math.Sqrt(Math.Max(0, 1 - product * product / (square * energy)));
    }
}
