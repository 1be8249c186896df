using Pursuit.Selection.Features;

namespace Pursuit.Selection.Pursuits;

/// <summary>Passes that go over a screen: the first over the rows themselves makes it, every later one looks at the few rows it can't tell from the best.</summary>
/// <param name="rows">phi, all read by this process.</param>
/// <param name="contentIds">The order of ties.</param>
/// <param name="threads">At most this many.</param>
/// <param name="memory">Told how many rows were read again.</param>
internal sealed class Screening(GradientRows rows, IReadOnlyList<ContentId> contentIds, int threads, PursuitMemory memory)
{
    private RowScreen? _screen;

    /// <summary>Computes the gains that passes owe.</summary>
    /// <param name="gains">Those that were kept.</param>
    /// <param name="cancellationToken">Stops between shards.</param>
    public void Finish(PursuitGains gains, CancellationToken cancellationToken)
    {
        if (LaterGains.Compute(gains, rows, threads, cancellationToken)) memory.CountSpared(-rows.PassBytes);
    }

    /// <summary>Makes a pass.</summary>
    /// <param name="rhs">R, [columns, D].</param>
    /// <param name="rule">What makes scores of products.</param>
    /// <param name="removed">Rows that have no score.</param>
    /// <param name="cancellationToken">Stops between shards.</param>
    public IScoredRows Score(float[] rhs, IdentificationRule rule, ReadOnlySpan<int> removed, CancellationToken cancellationToken)
    {
        if (_screen is not null) return ScreenedScores.Of(_screen, rows, contentIds, rhs, rule, removed, threads, CountRead, cancellationToken);
        RowScreen? screen = null;
        var scored = ScoredRows.Of(rows, contentIds, rule, removed, visit => screen = RowScreen.Make(rows, rhs, rule.Columns, threads, visit, cancellationToken));
        _screen = screen;
        return scored;

        void CountRead(int read, bool first)
        {
            memory.CountScreened(first ? rows.Count : 0, read);
            memory.CountSpared((first ? rows.PassBytes : 0) - read * rows.RowBytes);
        }
    }
}
