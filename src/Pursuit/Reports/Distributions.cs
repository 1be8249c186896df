using System.Globalization;
using static System.FormattableString;

namespace Pursuit.Reports;

/// <summary>Compares a choice with its pool and with random choices, by part of the pool or by a number each example has.</summary>
internal static class Distributions
{
    private const int Spans = 10;

    /// <summary>One part of the pool.</summary>
    public static ReportBin Bin(string name, int part, int chosenOfPart, double weight, int pool, int chosen)
    {
        var (low, high) = RandomRange.Of(pool, part, chosen);
        return new ReportBin(name, part, chosenOfPart, low, high, weight);
    }

    /// <summary>Spans of about a tenth of the pool each, split between different numbers only.</summary>
    /// <param name="title">What is counted.</param>
    /// <param name="unit">In what.</param>
    /// <param name="values">The numbers of the pool's examples, or of some drawn from it, which then stand for all.</param>
    /// <param name="chosen">The selected examples' numbers and weights, or those of some.</param>
    /// <param name="pool">Examples in the pool.</param>
    /// <param name="selected">Examples chosen.</param>
    public static Distribution Of(
        string title, string unit, IReadOnlyList<double> values,
        IReadOnlyList<(double Value, double Weight)> chosen, int pool, int selected)
    {
        double[] sorted = [.. values];
        Array.Sort(sorted);
        var edges = Enumerable.Range(1, Spans).Select(k => sorted[(int)Math.Ceiling((double)sorted.Length * k / Spans) - 1]).Distinct()
            .ToArray();
        var inPool = new int[edges.Length];
        var taken = new int[edges.Length];
        var weights = new double[edges.Length];
        foreach (var value in values) inPool[SpanOf(edges, value)]++;
        foreach (var (value, weight) in chosen)
        {
            taken[SpanOf(edges, value)]++;
            weights[SpanOf(edges, value)] += weight;
        }

        var total = weights.Sum();
        var bins = Enumerable.Range(0, edges.Length).Select(b =>
        {
            var name = b == 0
                ? Invariant($"up to {Short(edges[0])} {unit}")
                : Invariant($"above {Short(edges[b - 1])}, up to {Short(edges[b])} {unit}");
            return Bin(
                name, InAll(inPool[b], values.Count, pool), InAll(taken[b], chosen.Count, selected), total > 0 ? weights[b] / total : 0,
                pool, selected);
        });
        return new Distribution(title, unit, Median(sorted), Median([.. chosen.Select(c => c.Value).Order()]), [.. bins], edges);
    }

    /// <summary>A number for a label: whole from 100 on, else three digits.</summary>
    public static string Short(double value) =>
        Math.Abs(value) >= 100 || value == Math.Floor(value)
            ? value.ToString("N0", CultureInfo.InvariantCulture)
            : value.ToString("G3", CultureInfo.InvariantCulture);

    /// <summary>A number for an axis, at most five characters as a rule: thousands as k.</summary>
    public static string Tick(double value) => Math.Abs(value) >= 1_000 ? Invariant($"{value / 1000:0.#}k") : Short(value);

    /// <summary>The span of a number; one above all that were drawn belongs to the last.</summary>
    private static int SpanOf(double[] edges, double value)
    {
        var at = Array.BinarySearch(edges, value);
        return Math.Min(at >= 0 ? at : ~at, edges.Length - 1);
    }

    /// <summary>How many of all there are, by how many of those looked at.</summary>
    private static int InAll(int count, int seen, int all) => seen == all ? count : (int)Math.Round((double)count * all / seen);

    private static double Median(double[] sorted) => sorted.Length switch
    {
        0 => 0,
        var n when n % 2 == 1 => sorted[n / 2],
        var n => (sorted[n / 2 - 1] + sorted[n / 2]) / 2,
    };
}
