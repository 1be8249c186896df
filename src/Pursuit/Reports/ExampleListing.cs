using Pursuit.Data;
using Pursuit.Jobs;
using Pursuit.Jobs.Export;
using Pursuit.Selection;

namespace Pursuit.Reports;

/// <summary>Lists the selected examples with why each was selected.</summary>
/// <param name="run">The selection.</param>
/// <param name="unit">In what answers' lengths are counted.</param>
/// <param name="pairs">Near-duplicates among the chosen, by rank.</param>
internal sealed class ExampleListing(SelectedRun run, string unit, IReadOnlyList<NearPair> pairs)
{
    // About a second of scanning on two cores: a tenth of what a selection from a pool takes that is large enough to reach it. Beyond
    // it the best ranks are explained, and the report says so. A bound by time would give other bytes on another machine. Rows of few
    // numbers cost by the pair rather than by the product.
    private const double MostProducts = 2e10;
    private const double MostPairs = 1e7;

    private readonly ShownPaths _paths = new(run.Options.RunPath);

    /// <summary>Reads texts and compares features.</summary>
    public ChosenExamples Build(IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var rows = run.Selection.Rows.Take(ReportTexts.MostExamples).ToArray();
        var positions = rows.Select(r => r.Position).ToArray();
        var (serves, targets) = Serves(positions, cancellationToken);
        var (near, others) = Near(positions, progress, cancellationToken);
        var twins = Twins();
        var repeats = Repeats.FromWeights(run.Selection.Rows, run.Options.Repeats);
        var length = ReportTexts.LengthFor(rows.Length);
        var chosen = run.Pool.Read(positions, cancellationToken).Select((example, i) =>
        {
            var facts = SelectedRecord.Of(run.Pool, rows[i], i + 1, repeats[i]);
            return new ChosenExample
            {
                Rank = facts.Rank,
                Id = facts.Id,
                ContentId = facts.ContentId,
                Source = run.Sources.AreFiles ? _paths.Of(facts.SourceFile) : run.Sources.Names[run.Sources.Groups[positions[i]]],
                File = _paths.Of(facts.SourceFile),
                Line = facts.Line,
                Weight = Rounded(facts.Weight),
                Repeats = facts.Repeats,
                Score = Rounded(facts.Score),
                Length = run.Problem.TokenCounts is { } counts ? (int)counts.Supervised[positions[i]] : ReportTexts.AnswerLength(example),
                Turns = ReportTexts.Turns(example, length),
                Serves = i < serves.Length ? serves[i] : [],
                Near = i < near.Length ? near[i] : [],
                Twins = twins.GetValueOrDefault(i + 1) ?? [],
            };
        }).ToArray();
        return new ChosenExamples
        {
            Chosen = chosen,
            Left = run.Selection.Rows.Count - rows.Length,
            Others = others,
            Targets = targets,
            LengthUnit = unit,
            ServesUpToRank = serves.Length,
            NearUpToRank = near.Length,
        };
    }

    private FeatureReasons? Reasons(CancellationToken cancellationToken) => _reasons ??= FeatureReasons.Of(run, cancellationToken);

    private FeatureReasons? _reasons;

    private (ExampleLink[][] Links, OtherExample[] Targets) Serves(int[] positions, CancellationToken cancellationToken)
    {
        if (Reasons(cancellationToken) is not { Target: { } target } reasons) return ([], []);
        var asked = reasons.Within(positions.Length, target.Count, MostProducts, MostPairs);
        var links = reasons.Serves(positions.AsSpan(0, asked), cancellationToken);
        return (Renumbered(links, out var wanted), Texts(run.Target, wanted, cancellationToken));
    }

    private (ExampleLink[][] Links, OtherExample[] Others) Near(
        int[] positions, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        if (Reasons(cancellationToken) is not { } reasons) return ([], []);
        var asked = reasons.Within(positions.Length, reasons.Pool.Count, MostProducts, MostPairs);
        var chosen = run.Selection.Rows.Select(r => r.Position).ToHashSet();
        var links = reasons.Near(positions.AsSpan(0, asked), p => !chosen.Contains(p), progress, cancellationToken);
        return (Renumbered(links, out var wanted), Texts(run.Pool, wanted, cancellationToken));
    }

    /// <summary>Selected examples that are nearly the same, both ways, at most three each.</summary>
    private Dictionary<int, ExampleLink[]> Twins() => pairs
        .SelectMany(p => new[] { (Of: p.First, To: p.Second, p.Cosine), (Of: p.Second, To: p.First, p.Cosine) })
        .GroupBy(p => p.Of)
        .ToDictionary(g => g.Key, g => g.OrderByDescending(p => p.Cosine)
            .ThenBy(p => p.To).Take(FeatureReasons.Kept).Select(p => new ExampleLink(p.To, Rounded(p.Cosine))).ToArray());

    /// <summary>Links to positions become links to the list of the positions that are linked to, ascending.</summary>
    private static ExampleLink[][] Renumbered(ExampleLink[][] links, out int[] positions)
    {
        int[] wanted = [.. links.SelectMany(l => l).Select(l => l.To).Distinct().Order()];
        positions = wanted;
        return Array.ConvertAll(links, l => Array.ConvertAll(l, x => new ExampleLink(Array.BinarySearch(wanted, x.To), Rounded(x.Value))));
    }

    private OtherExample[] Texts(Pool? pool, int[] positions, CancellationToken cancellationToken)
    {
        if (pool is null)
            return Array.ConvertAll(positions, p => new OtherExample(null, null, 0, FormattableString.Invariant($"target row {p + 1}")));
        return [.. pool.Read(positions, cancellationToken)
            .Select(e => new OtherExample(e.Id, _paths.Of(pool.Sources[e.Locator.Source].Path), e.Locator.Line, ReportTexts.Short(e)))];
    }

    /// <summary>Five significant digits: more say nothing to a reader and weigh on the page.</summary>
    private static double Rounded(double value) =>
        value == 0 || !double.IsFinite(value)
            ? value
            : double.Parse(
                value.ToString("G5", System.Globalization.CultureInfo.InvariantCulture), System.Globalization.CultureInfo.InvariantCulture);
}
