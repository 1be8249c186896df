using Pursuit.Numerics;
using Pursuit.Selection.Passes;
using Pursuit.Selection.Pursuits;

namespace Pursuit.Selection.Gtp;

/// <summary>
/// The best rows of a pass, in memory, with their products with the target, with the rows of the support and with each other: what is left
/// of them once the weights change needs no row.
/// </summary>
internal sealed class Shortlist
{
    // Rows at once in a product: few enough to share out among threads.
    private const int RowsPerTask = 128;

    private readonly PursuitProblem _problem;
    private readonly int[] _positions;
    private readonly Dictionary<int, int> _places;
    private readonly float[] _target;
    private readonly float[] _pairs;
    private readonly float[] _columns;
    private readonly Dictionary<int, int> _columnOf;

    /// <summary>Reads the rows and takes their products.</summary>
    /// <param name="problem">Rows, target, noise, order of ties.</param>
    /// <param name="best">What a pass found, best first; at least one.</param>
    /// <param name="support">The rows that they join.</param>
    public Shortlist(PursuitProblem problem, Candidate[] best, SupportSet support)
    {
        _problem = problem;
        _positions = Array.ConvertAll(best, c => c.Position);
        LowestScore = best[^1].Score;
        var (dimension, groups, count) = (problem.Rows.Dimension, problem.Target.Groups, _positions.Length);
        var rows = new float[count * dimension];
        problem.Rows.Gather(_positions, rows);
        problem.CountGathered(count);
        _places = _positions.Index().ToDictionary(x => x.Item, x => x.Index);
        _target = new float[groups * count];
        Multiply(problem.Target.Scaled, groups, rows, _target);
        _pairs = new float[count * count];
        MultiplyPairs(rows);
        _columns = new float[support.Count * count];
        _columnOf = support.Positions.ToArray().Index().ToDictionary(x => x.Item, x => x.Index);
        var block = new float[Math.Min(support.Count, SupportRows.BlockRows) * dimension];
        for (var first = 0; first < support.Count; first += SupportRows.BlockRows)
        {
            var inBlock = Math.Min(SupportRows.BlockRows, support.Count - first);
            for (var k = 0; k < inBlock; k++) support.Row(first + k).CopyTo(block.AsSpan(k * dimension));
            Multiply(block, inBlock, rows, _columns.AsMemory(first * count, inBlock * count));
        }
    }

    /// <summary>The last row's score in the pass: rows that aren't listed had no higher one.</summary>
    public float LowestScore { get; }

    /// <summary>Scores the rows as a pass would that reads them alone (<see cref="IdentificationRule"/>).</summary>
    /// <param name="support">Rows that were there, or joined from the list, with their weights; they have no score.</param>
    /// <param name="wants">Groups whose residual counts, [J].</param>
    public StepScores Score(SupportSet support, bool[] wants)
    {
        var (count, groups) = (_positions.Length, wants.Length);
        var left = new float[groups * count];
        var penalties = new double[groups];
        // So little is done for a single group before another thread would start.
        var threads = (long)groups * count * support.Count < 1 << 20 ? 1 : _problem.Threads;
        Parallel.For(0, groups, new ParallelOptions { MaxDegreeOfParallelism = threads }, j =>
        {
            if (!wants[j]) return;
            var products = left.AsSpan(j * count, count);
            _target.AsSpan(j * count, count).CopyTo(products);
            for (var i = 0; i < support.Count; i++)
                if (support.Weight(i, j) is > 0 and var weight) Axpy.Add((float)-weight, With(support.Positions[i]), products);
            penalties[j] = _problem.BatchNoise > 0 ? _problem.BatchNoise * support.Mass(j) : 0;
        });

        var rule = _problem.Rule(penalties);
        var scores = new float[count];
        var descents = new double[groups];
        for (var i = 0; i < count; i++)
        {
            if (_problem.Excluded[_positions[i]]) continue;
            for (var j = 0; j < groups; j++) descents[j] = left[j * count + i];
            scores[i] = rule.Score(descents, _problem.Rows.Norms[_positions[i]]);
        }

        foreach (var position in support.Positions)
            if (_places.TryGetValue(position, out var place)) scores[place] = 0;
        return new StepScores(this, scores);
    }

    /// <summary>A row's products with every listed one.</summary>
    private ReadOnlySpan<float> With(int position)
    {
        var count = _positions.Length;
        return _places.TryGetValue(position, out var place)
            ? _pairs.AsSpan(place * count, count)
            : _columns.AsSpan(_columnOf[position] * count, count);
    }

    /// <summary>products = left rows^T, [left, rows].</summary>
    private void Multiply(float[] left, int leftCount, float[] rows, Memory<float> products)
    {
        var (count, dimension) = (_positions.Length, _problem.Rows.Dimension);
        var options = new ParallelOptions { MaxDegreeOfParallelism = _problem.Threads };
        Parallel.For(0, (count + RowsPerTask - 1) / RowsPerTask, options, task =>
        {
            var (first, tasks) = Span(task);
            Gemm.Multiply(
                false, true, leftCount, tasks, dimension, 1, left, dimension,
                rows.AsSpan(first * dimension, tasks * dimension), dimension, 0, products.Span[first..], count);
        });
    }

    /// <summary>The listed rows' products with each other: each pair's once.</summary>
    private void MultiplyPairs(float[] rows)
    {
        var (count, dimension) = (_positions.Length, _problem.Rows.Dimension);
        var blocks = (count + RowsPerTask - 1) / RowsPerTask;
        (int Left, int Right)[] tasks = [.. Enumerable.Range(0, blocks).SelectMany(a => Enumerable.Range(0, a + 1).Select(b => (a, b)))];
        Parallel.ForEach(tasks, new ParallelOptions { MaxDegreeOfParallelism = _problem.Threads }, task =>
        {
            var ((first, left), (second, right)) = (Span(task.Left), Span(task.Right));
            Gemm.Multiply(
                false, true, left, right, dimension, 1, rows.AsSpan(first * dimension, left * dimension), dimension,
                rows.AsSpan(second * dimension, right * dimension), dimension, 0, _pairs.AsSpan(first * count + second), count);
            for (var i = first; first != second && i < first + left; i++)
                for (var k = second; k < second + right; k++) _pairs[k * count + i] = _pairs[i * count + k];
        });
    }

    private (int First, int Count) Span(int task) => (task * RowsPerTask, Math.Min(RowsPerTask, _positions.Length - task * RowsPerTask));

    /// <summary>The scores of one step.</summary>
    internal sealed class StepScores(Shortlist list, float[] scores) : ICandidates, IKnownProducts
    {
        private int[] _places = [];

        /// <summary>The best row's score; 0 where none helps.</summary>
        public float Highest => scores.Max();

        /// <inheritdoc/>
        public ReadOnlySpan<int> Places => _places;

        /// <inheritdoc/>
        public Candidate[] Best(int count)
        {
            var ids = list._problem.ContentIds;
            var best = TopK.Largest(
                scores, count, (a, b) => ids[list._positions[a]].CompareTo(ids[list._positions[b]]), above: 0);
            return Array.ConvertAll(best, i => new Candidate(list._positions[i], scores[i], []));
        }

        /// <inheritdoc/>
        public void Exclude(ReadOnlySpan<int> positions)
        {
            foreach (var position in positions) scores[list._places[position]] = 0;
        }

        /// <inheritdoc/>
        public IKnownProducts Products(ReadOnlySpan<int> candidates)
        {
            _places = Array.ConvertAll(candidates.ToArray(), p => list._places[p]);
            return this;
        }

        /// <inheritdoc/>
        public ReadOnlySpan<float> With(int position) => list.With(position);
    }
}
