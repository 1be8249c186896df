namespace Pursuit.Selection.Zip;

/// <summary>The greedy rounds of <see cref="ZipSelector"/> over texts in memory.</summary>
internal sealed class ZipRounds
{
    private readonly SelectionProblem _problem;
    private readonly ZipOptions _options;
    private readonly byte[][] _texts;
    private readonly TailMeasure _measure;
    private readonly CompressedText _chosen = new();
    private readonly double[] _ratios;
    private readonly List<int> _left;

    /// <summary>Every text's own ratio is computed here.</summary>
    /// <param name="problem">Content ids, budget.</param>
    /// <param name="options">The rounds' sizes.</param>
    /// <param name="texts">[pool], UTF-8; empty ones take no part.</param>
    /// <param name="measure">Measures.</param>
    /// <param name="onDone">Told how many own ratios are done, or null.</param>
    public ZipRounds(SelectionProblem problem, ZipOptions options, byte[][] texts, TailMeasure measure, Action<int>? onDone)
    {
        (_problem, _options, _texts, _measure) = (problem, options, texts, measure);
        _left = [.. Enumerable.Range(0, texts.Length).Where(i => texts[i].Length > 0)];
        _ratios = new double[texts.Length];
        var own = measure.Added(_chosen, texts, _left, onDone);
        for (var i = 0; i < own.Length; i++) _ratios[_left[i]] = _chosen.RatioWith(texts[_left[i]].Length, own[i]);
    }

    /// <summary>What is chosen so far.</summary>
    public CompressedText Chosen => _chosen;

    /// <summary>What is left, by position.</summary>
    public IReadOnlyList<int> Left => _left;

    /// <summary>Each text's ratio, as last computed, [pool]; 0 where it has no text.</summary>
    public ReadOnlySpan<double> Ratios => _ratios;

    /// <summary>One round.</summary>
    /// <param name="wanted">True while one more example is wanted.</param>
    /// <param name="choose">Gets each example chosen with its ratio.</param>
    public void Run(Func<bool> wanted, Action<int, double> choose)
    {
        var rescored = Lowest(_left, _options.Rescored);
        Rescore(_chosen, rescored);
        var candidates = Lowest(rescored, _options.Candidates);
        var open = candidates.ToList();
        var batch = new CompressedText();
        var taken = new List<int>();
        while (open.Count > 0 && taken.Count < _options.Batch && wanted())
        {
            var added = _measure.Added(batch, _texts, open);
            var best = 0;
            for (var i = 1; i < open.Count; i++)
                if (Before(Ratio(batch, open[i], added[i]), open[i], Ratio(batch, open[best], added[best]), open[best])) best = i;
            choose(open[best], Ratio(batch, open[best], added[best]));
            taken.Add(open[best]);
            batch.Append(_texts[open[best]], added[best]);
            open.RemoveAt(best);
        }

        foreach (var position in taken) _chosen.Append(_texts[position], _measure.Added(_chosen, _texts, [position])[0]);
        var leaving = new HashSet<int>(_options.Exhaust == ZipExhaust.Batch ? taken.ToArray() : candidates);
        _left.RemoveAll(leaving.Contains);
    }

    private static double Ratio(CompressedText text, byte[] more, int added) => text.RatioWith(more.Length, added);

    private double Ratio(CompressedText text, int position, int added) => Ratio(text, _texts[position], added);

    private void Rescore(CompressedText chosen, int[] positions)
    {
        var added = _measure.Added(chosen, _texts, positions);
        for (var i = 0; i < added.Length; i++) _ratios[positions[i]] = Ratio(chosen, positions[i], added[i]);
    }

    /// <summary>The positions of lowest ratio, ties by content id.</summary>
    private int[] Lowest(IReadOnlyList<int> positions, int count)
    {
        var order = positions.ToArray();
        Array.Sort(order, (a, b) => a == b ? 0 : Before(_ratios[a], a, _ratios[b], b) ? -1 : 1);
        return order[..Math.Min(count, order.Length)];
    }

    private bool Before(double ratio, int position, double otherRatio, int other) =>
        ratio < otherRatio || (ratio == otherRatio && _problem.ContentIds[position].CompareTo(_problem.ContentIds[other]) < 0);
}
