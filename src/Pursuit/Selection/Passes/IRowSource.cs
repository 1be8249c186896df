using Pursuit.Selection.Features;

namespace Pursuit.Selection.Passes;

/// <summary>
/// Where passes over gradient rows are made: by this process alone (<see cref="OwnRows"/>), or by several that share the rows. Both give
/// the
/// same bits: a row's products depend on that row alone, lists are merged in one total order, and sums are in fixed point.
/// </summary>
internal interface IRowSource
{
    /// <summary>The processes that share the rows.</summary>
    ITeam Team { get; }

    /// <summary>The rows' number, the same in every process of the team.</summary>
    int Number { get; }

    /// <summary><see cref="GradientRows.Scan"/>.</summary>
    void Scan(GradientRows rows, float[] rhs, int count, double[] scores, int threads, CancellationToken cancellationToken);

    /// <summary><see cref="GradientRows.Gather"/>.</summary>
    void Gather(GradientRows rows, ReadOnlySpan<int> positions, Span<float> destination);

    /// <summary>Sums of all rows by group, in fixed point, [groups, Dimension].</summary>
    /// <param name="rows">What is summed.</param>
    /// <param name="group">Each row's group, [rows]; negative for none.</param>
    /// <param name="groups">How many groups.</param>
    /// <param name="unit">What 1 is in the sums.</param>
    /// <param name="threads">At most this many.</param>
    /// <param name="cancellationToken">Stops between shards.</param>
    long[] Sums(GradientRows rows, IReadOnlyList<int> group, int groups, double unit, int threads, CancellationToken cancellationToken);

    /// <summary>A pass that scores every row.</summary>
    IScoredRows Score(GradientRows rows, ScorePass pass);

    /// <summary>The source of the same rows less a mean row.</summary>
    IRowSource Minus(float[] mean);

    /// <summary>Bounds the bytes of rows fetched from elsewhere that are kept, so that no row travels twice.</summary>
    void KeepFetched(long bytes);
}

/// <summary>A pass that scores every row of a pool.</summary>
/// <param name="ContentIds">The order of ties, [pool].</param>
/// <param name="Rhs">R, [columns, D].</param>
/// <param name="Rule">What makes scores of products.</param>
/// <param name="Excluded">Positions of rows that have no score.</param>
/// <param name="Threads">At most this many; the scores don't depend on it.</param>
/// <param name="CancellationToken">Stops between shards.</param>
internal sealed record ScorePass(
    IReadOnlyList<ContentId> ContentIds, float[] Rhs, IScoreRule Rule, int[] Excluded, int Threads, CancellationToken CancellationToken)
{
    /// <summary>Products that come with a row; 0 for none.</summary>
    public int KeptColumns => Rule.KeepsProducts ? Rule.Columns : 0;
}

/// <summary>
/// A pool's features whose passes several processes make, each over its own shards; to methods they are features like any other.
/// </summary>
internal interface ISharedFeatures : IDenseFeatures
{
    /// <summary>The processes; this is rank 0.</summary>
    ITeam Team { get; }

    /// <summary>Has every process make gradient rows of its features.</summary>
    IRowSource Open(RowConstruction construction);
}

/// <summary>Rows that this process reads, all that a pass needs of them.</summary>
internal sealed class OwnRows : IRowSource
{
    private OwnRows()
    {
    }

    /// <summary>The only one: it holds nothing.</summary>
    public static OwnRows Instance { get; } = new();

    public ITeam Team => TeamOfOne.Instance;

    public int Number => 0;

    public void Scan(GradientRows rows, float[] rhs, int count, double[] scores, int threads, CancellationToken cancellationToken) =>
        rows.ScanOwn(rhs, count, scores, rows.Own.First, threads, cancellationToken);

    public void Gather(GradientRows rows, ReadOnlySpan<int> positions, Span<float> destination) => rows.GatherHere(positions, destination);

    public long[] Sums(
        GradientRows rows, IReadOnlyList<int> group, int groups, double unit, int threads, CancellationToken cancellationToken) =>
        RowSums.ComputeOwn(rows, group, groups, unit, threads, cancellationToken);

    public IScoredRows Score(GradientRows rows, ScorePass pass) => ScoredRows.Make(rows, pass);

    public IRowSource Minus(float[] mean) => this;

    public void KeepFetched(long bytes)
    {
        // Nothing is fetched.
    }
}
