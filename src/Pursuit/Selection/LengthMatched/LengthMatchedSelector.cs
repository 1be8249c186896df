using Pursuit.Selection.Random;

namespace Pursuit.Selection.LengthMatched;

/// <summary>
/// Random examples whose answer lengths are distributed as a reference's (the target's, or an earlier selection's): what a
/// method is worth beyond preferring a length shows against this baseline.
/// </summary>
/// <remarks>
/// The reference's lengths cut the pool into bins of equal reference mass. Within a bin examples are ordered by hash(seed,
/// purpose, content id); the k-th of a bin that holds the share f of the reference gets rank value (k + 1/2) / f, so every
/// prefix of the order matches the reference, until a bin runs out. Examples shorter or longer than every reference come last.
/// </remarks>
internal sealed class LengthMatchedSelector : ISelector
{
    /// <summary>The method's name.</summary>
    public const string Name = "length-matched-random";

    private readonly LengthMatchedOptions _options;

    /// <summary>Creates the method with checked options.</summary>
    public LengthMatchedSelector(LengthMatchedOptions options)
    {
        options.Validate();
        _options = options;
    }

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        var reference = problem.ReferenceLengths!.ToArray();
        if (reference.Length == 0)
            throw PursuitException.At(
                Name,
                "no reference lengths",
                "the lengths of at least one example",
                $"Give {ApiName.Target}, or {ApiName.Match} with the .selection.jsonl of an earlier selection.");
        Array.Sort(reference);

        var edges = UpperEdges(reference);
        var share = new double[edges.Length];
        foreach (var length in reference) share[Bin(edges, length)] += 1.0 / reference.Length;

        var lengths = problem.TokenCounts!.Supervised;
        var random = RowOrder.ByScore(RandomSelector.Scores(problem, Name), problem.ContentIds);
        var drawn = new int[edges.Length];
        var scores = new double[lengths.Count];
        var outside = 0;
        foreach (var row in random)
        {
            var length = lengths[row.Position];
            if (length < reference[0] || length > reference[^1])
            {
                scores[row.Position] = -(2.0 * random.Length * reference.Length) - outside++; // behind every bin
                continue;
            }

            var bin = Bin(edges, length);
            scores[row.Position] = -(drawn[bin]++ + 0.5) / share[bin];
        }

        var selection = BudgetFiller.Fill(Name, problem, RowOrder.ByScore(scores, problem.ContentIds));
        return selection with { Remarks = [.. selection.Remarks, .. Shortfalls(selection, edges, share, drawn, lengths, reference)] };
    }

    private int[] UpperEdges(int[] sortedReference)
    {
        var edges = new List<int>();
        for (var b = 1; b <= _options.Bins; b++)
        {
            var edge = sortedReference[(int)((long)b * sortedReference.Length / _options.Bins) is var end && end > 0 ? end - 1 : 0];
            if (edges.Count == 0 || edge > edges[^1]) edges.Add(edge);
        }

        return [.. edges];
    }

    private static int Bin(int[] upperEdges, int length)
    {
        var found = Array.BinarySearch(upperEdges, length);
        return found >= 0 ? found : Math.Min(~found, upperEdges.Length - 1);
    }

    private static List<string> Shortfalls(
        SelectionResult selection, int[] edges, double[] share, int[] available, IReadOnlyList<int> lengths, int[] reference)
    {
        var chosen = new int[edges.Length];
        var outside = 0;
        foreach (var row in selection.Rows)
        {
            var length = lengths[row.Position];
            if (length < reference[0] || length > reference[^1]) outside++;
            else chosen[Bin(edges, length)]++;
        }

        var remarks = new List<string>();
        for (var bin = 0; bin < edges.Length; bin++)
        {
            var wanted = share[bin] * selection.Rows.Count;
            if (chosen[bin] == available[bin] && chosen[bin] < Math.Floor(wanted))
                remarks.Add(
                    $"Of answers with {(bin == 0 ? reference[0] : edges[bin - 1] + 1)} to {edges[bin]} tokens the "
                    + $"pool has {available[bin]:N0}, and matching asks {wanted:N0}: the lengths are matched only in part.");
        }

        if (outside > 0)
            remarks.Add($"{outside:N0} of the chosen answers are shorter or longer than every reference: the pool ran out of others.");
        return remarks;
    }
}
