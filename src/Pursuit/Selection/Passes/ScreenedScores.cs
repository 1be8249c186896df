using Pursuit.Numerics;

namespace Pursuit.Selection.Passes;

/// <summary>
/// Passes that go over a screen: the first over the rows themselves makes it, every later one looks at the few rows it can't tell from
/// the best.
/// </summary>
/// <param name="rows">phi, all read by this process.</param>
/// <param name="threads">At most this many.</param>
/// <param name="memory">Told how many rows were read again.</param>
/// <param name="onDevice">Holds the screen; null keeps it in memory.</param>
internal sealed class Screening(GradientRows rows, int threads, PursuitMemory memory, RowsOnDevice? onDevice)
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
    /// <param name="pass">What is scored.</param>
    /// <param name="rule">The pass's rule.</param>
    public IScoredRows Score(ScorePass pass, IdentificationRule rule)
    {
        if (_screen is not null) return ScreenedScores.Make(_screen, rows, pass, rule, CountRead);
        RowScreen? screen = null;
        var scored = ScoredRows.Make(
            rows,
            pass,
            visit => screen = RowScreen.Make(rows, pass.Rhs, rule.Columns, threads, visit, pass.CancellationToken, onDevice));
        _screen = screen;
        return scored;

        void CountRead(int read, bool first)
        {
            memory.CountScreened(first ? rows.Count : 0, read);
            memory.CountSpared((first ? rows.PassBytes : 0) - read * rows.RowBytes);
        }
    }
}

/// <summary>
/// The scores of a pass over a screen: every row's within bounds, and exactly where it may be among the best. What <see cref="Best"/> gives
/// is what a pass over the rows themselves gives, to the last bit; most rows are never read for it.
/// </summary>
internal sealed class ScreenedScores : IScoredRows
{
    private readonly GradientRows _rows;
    private readonly ScorePass _pass;
    private readonly IdentificationRule _rule;
    private readonly Action<int, bool> _countRead;

    // A row whose bounds are equal was scored exactly.
    private readonly float[] _least;
    private readonly float[] _most;
    private bool _looked;

    private ScreenedScores(GradientRows rows, ScorePass pass, IdentificationRule rule, Action<int, bool> countRead)
    {
        (_rows, _pass, _rule, _countRead) = (rows, pass, rule, countRead);
        (_least, _most) = (new float[rows.Count], new float[rows.Count]);
    }

    /// <summary>Makes a pass over the screen.</summary>
    /// <param name="screen">The rows' picture.</param>
    /// <param name="rows">phi.</param>
    /// <param name="pass">What is scored; its token stops later looks too.</param>
    /// <param name="rule">The pass's rule.</param>
    /// <param name="countRead">Told at each look how many rows were read again, and whether it is the pass's first.</param>
    public static ScreenedScores Make(
        RowScreen screen, GradientRows rows, ScorePass pass, IdentificationRule rule, Action<int, bool> countRead)
    {
        var scored = new ScreenedScores(rows, pass, rule, countRead);
        var columns = rule.Columns;
        screen.Scan(
            pass.Rhs,
            columns,
            pass.Threads,
            (products, off, first, count) =>
            {
                for (var r = 0; r < count; r++)
                {
                    var norm = rows.Norms[first + r];
                    if (norm > 0)
                    {
                        (scored._least[first + r], scored._most[first + r]) = rule.Between(
                            products.Slice(r * columns, columns), norm, off[r]);
                    }
                }
            },
            pass.CancellationToken);
        scored.Exclude(pass.Excluded);
        return scored;
    }

    /// <inheritdoc/>
    public Candidate[] Best(int count)
    {
        // A row whose score is surely below so many others' need not be known.
        var sure = TopK.Largest(_least, count, above: 0);
        ReadAgain(sure.Length < count || sure.Length == 0 ? 0 : _least[sure[^1]]);
        var best = new TopK(count, (a, b) => _pass.ContentIds[(int)a].CompareTo(_pass.ContentIds[(int)b]));
        for (var i = 0; i < _most.Length; i++)
            if (_most[i] > 0 && _least[i] == _most[i]) best.Offer(i, _most[i]);
        return [.. best.ToSorted().Select(row => new Candidate((int)row.Row, row.Score, []))];
    }

    /// <inheritdoc/>
    public void Exclude(ReadOnlySpan<int> positions)
    {
        foreach (var position in positions) _least[position] = _most[position] = 0;
    }

    /// <inheritdoc/>
    public IPassGains Gains(ReadOnlySpan<int> support, ReadOnlySpan<int> excluded) => LaterGains.Owe(_pass.Rhs, _rule, support, excluded);

    /// <summary>Scores exactly what may reach a score: row by row, or all in order where those are many.</summary>
    private void ReadAgain(float score)
    {
        var open = new List<int>();
        for (var i = 0; i < _most.Length; i++)
            if (_most[i] > 0 && _most[i] >= score && _least[i] < _most[i]) open.Add(i);
        var all = open.Count > _rows.Count / 8;
        _countRead(all ? _rows.Count : open.Count, !_looked);
        _looked = true;
        if (all) _rows.ScanTiles(_pass.Rhs, _rule.Columns, _pass.Threads, Know, _pass.CancellationToken);
        else _rows.ScanSome([.. open], _pass.Rhs, _rule.Columns, _pass.Threads, Know, _pass.CancellationToken);

        void Know(Span<double> products, int first, int rows)
        {
            for (var r = 0; r < rows; r++)
                if (_least[first + r] < _most[first + r])
                {
                    _least[first + r] = _most[first + r] = _rule.Score(
                        products.Slice(r * _rule.Columns, _rule.Columns), _rows.Norms[first + r]);
                }
        }
    }
}
