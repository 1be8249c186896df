using Pursuit.Numerics;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Density;

/// <summary>
/// Density sampling (Sachdeva et al., "How to Train Data-Efficient LLMs", arXiv 2402.09668): rows are drawn without replacement with
/// probability proportional to 1 / density, so that crowded places give no more than sparse ones.
/// </summary>
internal sealed class DensitySelector : ISelector
{
    /// <summary>The method's name.</summary>
    public const string Name = "density";

    /// <summary>Rows between which distances are measured: the median of as many is off by a few percent.</summary>
    private const int MeasuredRows = 2000;

    private readonly DensityOptions _options;

    /// <summary>Creates the method with checked options.</summary>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public DensitySelector(DensityOptions options)
    {
        options.Validate();
        _options = options;
    }

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        var features = problem.RequirePoolEmbeddings(Name);
        var usable = UsableRows.Find(problem, features);
        if (usable.Length == 0) return BudgetFiller.Fill(Name, problem, [], features);
        var rows = EmbeddingRows.OpenHere(features, _options.Unit);
        var distance = MedianDistance(rows, usable, problem);
        // Where none differ any width puts all into one bucket.
        var width = distance > 0 ? _options.Bandwidth * distance : 1;
        var counts = new bool[rows.Count];
        foreach (var row in usable) counts[row] = true;
        var sketch = new DensitySketch(rows, _options, width, problem.Seed);
        var density = sketch.Count(counts, context);
        var selection = BudgetFiller.Fill(Name, problem, RowOrder.ByScore(Keys(density, usable, problem), problem.ContentIds), features);
        var (sparsest, densest) = (usable.Min(i => density[i]), usable.Max(i => density[i]));
        return selection with
        {
            Remarks = sparsest < densest
                ? selection.Remarks
                : [.. selection.Remarks, "All examples lie in equally dense places: the draw is uniform."],
            Details = new DensityDetails
            {
                Width = width / rows.Factor,
                Sparsest = sparsest,
                Densest = densest,
                BytesRead = sketch.Passes * rows.PassBytes,
            },
        };
    }

    /// <summary>The median distance of random pairs that differ, in the rows' units; 0 where none do.</summary>
    private static double MedianDistance(EmbeddingRows rows, int[] usable, SelectionProblem problem)
    {
        var sample = RowSample.Draw(problem, usable, MeasuredRows, "density/distance");
        var (row, next) = (new float[rows.Dimension], new float[rows.Dimension]);
        var distances = new List<double>();
        for (var pair = 0; pair + 1 < sample.Length; pair += 2)
        {
            rows.Gather([sample[pair]], row);
            rows.Gather([sample[pair + 1]], next);
            if (SquaredDistance.Of(row, next) is var squared and > 0) distances.Add(Math.Sqrt(squared));
        }

        distances.Sort();
        return distances.Count == 0 ? 0 : distances[distances.Count / 2];
    }

    /// <summary>
    /// Each row's ln(1 / density) plus Gumbel noise, [rows]: the order of these is a draw without replacement by 1 / density (Kool et al.,
    /// ICML 2019).
    /// </summary>
    private static double[] Keys(double[] density, int[] usable, SelectionProblem problem)
    {
        var keys = new double[density.Length];
        Array.Fill(keys, double.NegativeInfinity);
        foreach (var i in usable)
        {
            var bits = SeededRandom.ForExample(problem.Seed, "density/draw", problem.ContentIds[i]);
            keys[i] = SeededRandom.Gumbel(bits) - Math.Log(density[i]);
        }

        return keys;
    }
}
