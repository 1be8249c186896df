using Pursuit.Numerics;
using Pursuit.Selection.Features;

namespace Pursuit.Selection.Pursuits;

/// <summary>A row that a pass found worth choosing.</summary>
/// <param name="Position">Its position in the pool.</param>
/// <param name="Score">Its score, above zero.</param>
/// <param name="Products">Its products with the right-hand sides, where the rule keeps them; else empty.</param>
internal readonly record struct Candidate(int Position, float Score, double[] Products);

/// <summary>The scores that a pass gave, wherever the rows are.</summary>
internal interface IScoredRows
{
    /// <summary>Up to <paramref name="count"/> rows with a score above zero, best first, equal scores by content id.</summary>
    Candidate[] Best(int count);

    /// <summary>Takes rows out of the running.</summary>
    void Remove(ReadOnlySpan<int> positions);

    /// <summary>Every row's score as it stands now, or why it has none.</summary>
    /// <param name="support">Rows that were chosen already.</param>
    /// <param name="barred">Rows that can't be chosen.</param>
    IPassGains Gains(ReadOnlySpan<int> support, ReadOnlySpan<int> barred);
}

/// <summary>The scores of the rows that this process reads: a top-k fused into the pass, whose products don't outlive their tile.</summary>
internal sealed class ScoredRows : IScoredRows
{
    private readonly IReadOnlyList<ContentId> _contentIds;
    private readonly RowRange _own;
    private readonly int _columns;
    private readonly float[] _scores;
    private readonly double[] _products;

    private ScoredRows(RowRange own, IReadOnlyList<ContentId> contentIds, IScoreRule rule)
    {
        (_own, _contentIds) = (own, contentIds);
        _columns = rule.KeepsProducts ? rule.Columns : 0;
        _scores = new float[own.Count];
        _products = new double[(long)own.Count * _columns];
    }

    /// <summary>Makes a pass over a process's own rows.</summary>
    /// <param name="rows">phi.</param>
    /// <param name="contentIds">The order of ties.</param>
    /// <param name="rhs">R, [columns, D].</param>
    /// <param name="rule">What makes scores of products.</param>
    /// <param name="removed">Rows that have no score.</param>
    /// <param name="threads">At most this many.</param>
    /// <param name="cancellationToken">Stops between shards.</param>
    public static ScoredRows Of(GradientRows rows, IReadOnlyList<ContentId> contentIds, float[] rhs, IScoreRule rule, ReadOnlySpan<int> removed, int threads, CancellationToken cancellationToken) =>
        Of(rows, contentIds, rule, removed, visit => rows.ScanTiles(rhs, rule.Columns, threads, visit, cancellationToken));

    /// <summary>Takes what a pass gives that <paramref name="scan"/> makes.</summary>
    public static ScoredRows Of(GradientRows rows, IReadOnlyList<ContentId> contentIds, IScoreRule rule, ReadOnlySpan<int> removed, Action<ProductVisitor> scan)
    {
        var scored = new ScoredRows(rows.Own, contentIds, rule);
        var columns = rule.Columns;
        scan((products, first, count) =>
        {
            for (var r = 0; r < count; r++)
            {
                if (rows.Norms[first + r] == 0) continue;
                scored._scores[first - rows.Own.First + r] = rule.Score(products.Slice(r * columns, columns), rows.Norms[first + r]);
            }

            if (rule.KeepsProducts) products.CopyTo(scored._products.AsSpan((first - rows.Own.First) * columns));
        });
        scored.Remove(removed);
        return scored;
    }

    /// <inheritdoc/>
    public Candidate[] Best(int count)
    {
        var best = TopK.Largest(_scores, count, (a, b) => _contentIds[_own.First + (int)a].CompareTo(_contentIds[_own.First + (int)b]), above: 0);
        return Array.ConvertAll(best, i => new Candidate(_own.First + i, _scores[i], _columns == 0 ? [] : _products.AsSpan(i * _columns, _columns).ToArray()));
    }

    /// <inheritdoc/>
    public void Remove(ReadOnlySpan<int> positions)
    {
        foreach (var position in positions)
            if (_own.Contains(position)) _scores[position - _own.First] = 0;
    }

    /// <inheritdoc/>
    public IPassGains Gains(ReadOnlySpan<int> support, ReadOnlySpan<int> barred) => new GainsHere(Noted(support, barred));

    /// <summary>The scores as they are kept: with why a row has none.</summary>
    public float[] Noted(ReadOnlySpan<int> support, ReadOnlySpan<int> barred)
    {
        var noted = (float[])_scores.Clone();
        Mark(barred, PursuitGains.Barred);
        Mark(support, PursuitGains.Chosen);
        return noted;

        void Mark(ReadOnlySpan<int> positions, float mark)
        {
            foreach (var position in positions)
                if (_own.Contains(position)) noted[position - _own.First] = mark;
        }
    }
}
