using Pursuit.Numerics;
using Pursuit.Selection.Features;

namespace Pursuit.Selection.Pursuits;

/// <summary>
/// The scores of a pass over a screen: every row's within bounds, and exactly where it may be among the best. What <see cref="Best"/> gives
/// is what a pass over the rows themselves gives, to the last bit; most rows are never read for it.
/// </summary>
internal sealed class ScreenedScores : IScoredRows
{
    private readonly GradientRows _rows;
    private readonly IReadOnlyList<ContentId> _contentIds;
    private readonly float[] _rhs;
    private readonly IdentificationRule _rule;
    private readonly int _threads;
    private readonly Action<int, bool> _countRead;
    private readonly CancellationToken _cancellationToken;

    // A row whose bounds are equal was scored exactly.
    private readonly float[] _least;
    private readonly float[] _most;
    private bool _looked;

    private ScreenedScores(GradientRows rows, IReadOnlyList<ContentId> contentIds, float[] rhs, IdentificationRule rule, int threads, Action<int, bool> countRead, CancellationToken cancellationToken)
    {
        (_rows, _contentIds, _rhs, _rule, _threads, _countRead, _cancellationToken) = (rows, contentIds, rhs, rule, threads, countRead, cancellationToken);
        (_least, _most) = (new float[rows.Count], new float[rows.Count]);
    }

    /// <summary>Makes a pass over the screen.</summary>
    /// <param name="screen">The rows' picture.</param>
    /// <param name="rows">phi.</param>
    /// <param name="contentIds">The order of ties.</param>
    /// <param name="rhs">R, [columns, D].</param>
    /// <param name="rule">What makes scores of products.</param>
    /// <param name="removed">Rows that have no score.</param>
    /// <param name="threads">At most this many.</param>
    /// <param name="countRead">Told at each look how many rows were read again, and whether it is the pass's first.</param>
    /// <param name="cancellationToken">Stops between shards, also later.</param>
    public static ScreenedScores Of(RowScreen screen, GradientRows rows, IReadOnlyList<ContentId> contentIds, float[] rhs, IdentificationRule rule, ReadOnlySpan<int> removed, int threads, Action<int, bool> countRead, CancellationToken cancellationToken)
    {
        var scored = new ScreenedScores(rows, contentIds, rhs, rule, threads, countRead, cancellationToken);
        var columns = rule.Columns;
        screen.Scan(
            rhs,
            columns,
            threads,
            (products, off, first, count) =>
            {
                for (var r = 0; r < count; r++)
                {
                    var norm = rows.Norms[first + r];
                    if (norm > 0) (scored._least[first + r], scored._most[first + r]) = rule.Between(products.Slice(r * columns, columns), norm, off[r]);
                }
            },
            cancellationToken);
        scored.Remove(removed);
        return scored;
    }

    /// <inheritdoc/>
    public Candidate[] Best(int count)
    {
        // A row whose score is surely below so many others' need not be known.
        var sure = TopK.Largest(_least, count, above: 0);
        ReadAgain(sure.Length < count || sure.Length == 0 ? 0 : _least[sure[^1]]);
        var best = new TopK(count, (a, b) => _contentIds[(int)a].CompareTo(_contentIds[(int)b]));
        for (var i = 0; i < _most.Length; i++)
            if (_most[i] > 0 && _least[i] == _most[i]) best.Offer(i, _most[i]);
        return [.. best.ToSorted().Select(row => new Candidate((int)row.Row, row.Score, []))];
    }

    /// <inheritdoc/>
    public void Remove(ReadOnlySpan<int> positions)
    {
        foreach (var position in positions) _least[position] = _most[position] = 0;
    }

    /// <inheritdoc/>
    public IPassGains Gains(ReadOnlySpan<int> support, ReadOnlySpan<int> barred) => LaterGains.Of(_rhs, _rule, support, barred);

    /// <summary>Scores exactly what may reach a score: row by row, or all in order where those are many.</summary>
    private void ReadAgain(float score)
    {
        var open = new List<int>();
        for (var i = 0; i < _most.Length; i++)
            if (_most[i] > 0 && _most[i] >= score && _least[i] < _most[i]) open.Add(i);
        var all = open.Count > _rows.Count / 8;
        _countRead(all ? _rows.Count : open.Count, !_looked);
        _looked = true;
        if (all) _rows.ScanTiles(_rhs, _rule.Columns, _threads, Know, _cancellationToken);
        else _rows.ScanSome([.. open], _rhs, _rule.Columns, _threads, Know, _cancellationToken);

        void Know(Span<double> products, int first, int rows)
        {
            for (var r = 0; r < rows; r++)
                if (_least[first + r] < _most[first + r]) _least[first + r] = _most[first + r] = _rule.Score(products.Slice(r * _rule.Columns, _rule.Columns), _rows.Norms[first + r]);
        }
    }
}
