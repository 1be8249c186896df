using static System.FormattableString;

namespace Pursuit.Reports;

/// <summary>Puts what a selection came to into sentences.</summary>
internal static class SelectVerdict
{
    private const int Named = 3;

    /// <summary>What was chosen from what within which budget.</summary>
    public static string Headline(SelectReport report)
    {
        var share = (double)report.Selected / report.Pool;
        var toward = report.Target is { } target
            ? Invariant($" toward {target.Examples:N0} target {Plural(target.Examples, "example")}")
            : "";
        var budget = report.Budget.Unit == "examples"
            ? Invariant($"a budget of {report.Budget.Resolved:N0} examples")
            : Invariant($"a budget of {report.Budget.Resolved:N0} {report.Budget.Unit}, of which it spends {report.Budget.Spent:N0}");
        return Invariant($"{report.Method} selected {report.Selected:N0} of {report.Pool:N0} examples ")
            + Invariant($"({Percent(share)}){toward}, within {budget}.");
    }

    /// <summary>What is unusual.</summary>
    public static IReadOnlyList<string> Findings(SelectReport report)
    {
        var findings = new List<string>();
        if (report.Course is { } course)
        {
            findings.Add(Invariant($"With its weights the selection reproduces the {Sought(report)} up to a relative residual of ")
                + Invariant($"{course.Residual:0.000} (0 is exact, 1 is nothing); with equal weights it matches the common direction up ")
                + Invariant($"to {course.UniformResidual:0.000}."));
            if (course.Wanted < report.Selected)
                findings.Add(Invariant($"The pursuit itself selected {course.Wanted:N0} examples; ")
                    + Invariant($"the other {report.Selected - course.Wanted:N0} fill the budget."));
        }

        if (Math.Abs(report.EffectiveSize - report.Selected) > 0.5)
            findings.Add(Invariant($"Effective sample size: {report.EffectiveSize:N0}."));
        if (report.Sources.Count > 1) findings.AddRange(SourceFindings(report.Sources));
        findings.AddRange(report.Distributions.Select(DistributionFinding).OfType<string>());
        if (report.NearDuplicatePairs > 0)
            findings.Add(Invariant($"{report.NearDuplicatePairs:N0} {Plural(report.NearDuplicatePairs, "pair")} of selected ")
                + "examples are nearly the same.");
        var invalid = report.Ledger.Quarantined - report.Ledger.Excluded;
        if (invalid > 0) findings.Add(Invariant($"{invalid:N0} of {report.Ledger.Rows:N0} rows are invalid and were quarantined."));
        return findings;
    }

    /// <summary>A share in percent, with as many decimals as small ones need.</summary>
    public static string Percent(double share) => share switch
    {
        0 => "0%",
        < 0.001 => Invariant($"{100 * share:0.000}%"),
        < 0.01 => Invariant($"{100 * share:0.00}%"),
        _ => Invariant($"{100 * share:0.0}%"),
    };

    private static string Sought(SelectReport report) => (report.Target is null ? "pool's mean gradient" : "target's gradient")
        + (report.Course!.Groups.Count > 1 ? Invariant($", in {report.Course.Groups.Count} groups,") : "");

    private static IEnumerable<string> SourceFindings(IReadOnlyList<ReportBin> sources)
    {
        var more = sources.Where(s => s.Against > 0).OrderByDescending(s => Excess(s)).ToArray();
        var fewer = sources.Where(s => s.Against < 0).OrderBy(s => Excess(s)).ToArray();
        if (more.Length + fewer.Length == 0)
        {
            yield return "It takes no more or fewer from any source than 95% of random selections do.";
            yield break;
        }

        if (more.Length > 0) yield return $"More than in random selections: {List(more)}.";
        if (fewer.Length > 0) yield return $"Fewer than in random selections: {List(fewer)}.";
    }

    private static double Excess(ReportBin bin) => bin.Selected - (bin.RandomLow + bin.RandomHigh) / 2.0;

    private static string List(ReportBin[] bins)
    {
        var named = bins.Take(Named).Select(b => Invariant($"{b.Name} ({b.Selected:N0}, random {b.RandomLow:N0} to {b.RandomHigh:N0})"));
        var left = bins.Length - Named;
        return string.Join(", ", named) + (left > 0 ? Invariant($" and {left:N0} more {Plural(left, "source")}") : "");
    }

    private static string? DistributionFinding(Distribution distribution)
    {
        if (distribution.Bins.All(b => b.Against == 0)) return null;
        var (chosen, pool) = (distribution.SelectedMedian, distribution.PoolMedian);
        return chosen == pool
            ? $"Its {distribution.Title}s are distributed differently from the pool's, around the same median."
            : $"Its median {distribution.Title} is {Distributions.Short(chosen)} against the pool's {Distributions.Short(pool)} "
                + $"({distribution.Unit}).";
    }

    private static string Plural(long count, string word) => count == 1 ? word : word + "s";
}
