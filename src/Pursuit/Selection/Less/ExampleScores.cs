using Pursuit.Selection.Neighbours;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Less;

/// <summary>score[i, v] = phi_i . phi_v for every target example v; of each the best rows are kept.</summary>
internal sealed class ExampleScores
{
    private readonly GradientRows _pool;
    private readonly GradientRows _target;
    private readonly int[] _targets;
    private readonly SelectionProblem _problem;
    private readonly SelectionContext _context;

    /// <summary>Opens pool and target, made alike.</summary>
    /// <exception cref="PursuitException">Either is missing, they don't fit, or no target example has a gradient.</exception>
    public ExampleScores(SelectionProblem problem, string method, RowConstruction construction, bool centre, SelectionContext context)
    {
        (_problem, _context) = (problem, context);
        _pool = GradientRows.OfPool(problem.RequirePoolGradients(method), construction);
        if (centre)
        {
            _pool = _pool.Centred(context.Threads, context.CancellationToken);
            BytesRead = 2 * _pool.PassBytes;
        }

        _target = _pool.OfTarget(problem.RequireTargetGradients(method));
        // One without features is as like to every row as to any other: its turns would be draws by content id.
        _targets = [.. Enumerable.Range(0, _target.Count).Where(v => _target.Norms[v] > 0)];
        if (_targets.Length == 0)
            throw PursuitException.At(
                _target.Features.Name,
                $"{_target.Count:N0} rows, all zero",
                "at least one that isn't",
                "Give examples the model doesn't already know by heart, and check that their answers carry loss.");
    }

    /// <summary>Scores held at once. Default: 256 MiB of them.</summary>
    public int MostScores { get; init; } = 1 << 25;

    /// <summary>Target examples that take turns: those with features.</summary>
    public int Targets => _targets.Length;

    /// <summary>Bytes of the pool's features that were read.</summary>
    public long BytesRead { get; private set; }

    /// <summary>What is told of a selection by these scores.</summary>
    /// <param name="selection">The selection.</param>
    /// <param name="turnOf">For which of the target examples with features a row was chosen.</param>
    public LessDetails Details(SelectionResult selection, Func<int, int> turnOf)
    {
        var groups = _problem.GroupsOfTargetGradients();
        var chosenFor = new int[_problem.TargetGroupCount];
        foreach (var row in selection.Rows) chosenFor[groups[_targets[turnOf(row.Position)]]]++;
        return new LessDetails { Tasks = _problem.NamesOfTargetGroups(), ChosenFor = chosenFor, BytesRead = BytesRead };
    }

    /// <summary>Each target example's best rows with their scores, best first, equal ones by content id.</summary>
    /// <param name="length">Rows per target example at most.</param>
    public NeighbourLists Best(int length)
    {
        var lists = new NeighbourLists(new int[Targets][], new double[Targets][]);
        ForEachPart((scores, first, count) => ForEach(count, v =>
        {
            var (rows, keys) = BestOf(scores, count, v, length);
            (lists.Rows[first + v], lists.Distances[first + v]) = (rows, Array.ConvertAll(keys, key => -key));
        }));
        return lists;
    }

    /// <summary>Shows all scores, as many target examples side by side as fit.</summary>
    /// <param name="visit">Sees scores [pool, count], the first target example and their count.</param>
    public void ForEachPart(Action<double[], int, int> visit)
    {
        var atOnce = Math.Clamp(MostScores / Math.Max(1, _pool.Count), 1, Targets);
        var scores = new double[(long)_pool.Count * atOnce];
        using var onDevice = _pool.HoldOn(Targets > atOnce ? _context.RowDevice : null);
        for (var first = 0; first < Targets; first += atOnce)
        {
            var count = Math.Min(atOnce, Targets - first);
            var right = new float[count * _target.Dimension];
            _target.Gather(_targets.AsSpan(first, count), right);
            _pool.Scan(right, count, scores, _context.Threads, _context.CancellationToken);
            BytesRead += _pool.PassBytes;
            visit(scores, first, count);
        }
    }

    /// <summary>Shows each target example's scores, [pool], under its row in the target; the array is used again.</summary>
    public void ForEachTarget(Action<int, double[]> visit)
    {
        var own = new double[_pool.Count];
        ForEachPart((scores, first, count) =>
        {
            for (var v = 0; v < count; v++)
            {
                for (var i = 0; i < own.Length; i++) own[i] = scores[(long)i * count + v];
                visit(_targets[first + v], own);
            }
        });
    }

    /// <summary>Runs over a part's target examples, several at once.</summary>
    public void ForEach(int count, Action<int> visit) => Parallel.For(
        0,
        count,
        new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, _context.Threads), CancellationToken = _context.CancellationToken },
        visit);

    private (int[] Rows, double[] Keys) BestOf(double[] scores, int width, int column, int length)
    {
        var heap = new NeighbourHeaps(1, Math.Min(length, _pool.Count), _problem.ContentIds);
        for (var i = 0; i < _pool.Count; i++)
        {
            var key = -scores[(long)i * width + column];
            if (key <= heap.Worst(0)) heap.Offer(0, i, key);
        }

        var list = NeighbourHeaps.Merge([heap], 1);
        return (list.Rows[0], list.Distances[0]);
    }
}
