using Pursuit.Proof;
using static System.FormattableString;

namespace Pursuit.Reports.Html;

/// <summary>A proof's tables.</summary>
internal sealed class ProofTables(ProofReport proof)
{
    private static readonly string[] Styles = ["s1", "s3", "s4", "s5", "s6"];

    /// <summary>A method's colour: random and full have their own.</summary>
    public static string Style(ProofReport proof, string method) => method switch
    {
        ProofReport.Random => "s2",
        ProofReport.Full => "quiet",
        _ => Styles[ProofDocument.Choosing(proof).ToList().IndexOf(method) % Styles.Length],
    };

    /// <summary>One figure of a score.</summary>
    public static Interval? Of(ProofScore score, ProofMetric metric) => metric switch
    {
        ProofMetric.Loss => score.Loss,
        ProofMetric.ExactMatch => score.ExactMatch,
        ProofMetric.TokenF1 => score.TokenF1,
        _ => score.RougeL,
    };

    /// <summary>
    /// Differences in loss from random as lines around zero, the deciding ones first; every other difference folded away.
    /// </summary>
    public void Differences(HtmlWriter html)
    {
        var random =
            proof.Comparisons.Where(c => c is { Metric: ProofMetric.Loss, Against: ProofReport.Random, Method: not ProofReport.FullEpoch })
                .ToArray();
        var whole = ProofDocument.Whole(proof);
        Forest(html, "Loss minus random's", [.. random.Where(c => c.Target == whole)], random);
        if (whole is null)
        {
            html.Open("details").Element("summary", "Each target", ("class", "unfold"));
            foreach (var target in proof.Targets)
                Forest(html, $"Loss minus random's, {target.Name}", [.. random.Where(c => c.Target == target.Name)], random);
            html.Close("details");
        }

        html.Open("details").Element("summary", "Every paired difference", ("class", "unfold"));
        ReportParts.Table(
            html, "Method minus reference", ["method", "budget", "against", "on", "figure", "difference", "95% interval", "shows"],
            proof.Comparisons.Select(c => new[]
            {
                c.Method, c.Budget, c.Against, c.Target ?? "all targets", Name(c.Metric), Signed(c.Difference.Estimate),
                Range(c.Difference, Signed), c.Verdict.Word(),
            }));
        html.Close("details");
    }

    /// <summary>Every figure of every method.</summary>
    public void Scores(HtmlWriter html)
    {
        var answered = proof.Scores.Any(s => s.ExactMatch is not null);
        foreach (var target in proof.Scores.Select(s => s.Target).Distinct().OrderBy(t => t is not null))
        {
            string[] headers =
            [
                "method", "budget", "loss", "95% interval", "perplexity",
                .. answered ? ["exact match", "F1", "ROUGE-L"] : Array.Empty<string>(), "of the epoch's gain",
            ];
            ReportParts.Table(
                html, target ?? "Across all targets", headers,
                proof.Scores.Where(s => s.Target == target).Select(s => (IReadOnlyList<string>)
                [
                    s.Method, s.Budget ?? "", Invariant($"{s.Loss.Estimate:0.0000}"), Range(s.Loss, v => Invariant($"{v:0.0000}")),
                    Invariant($"{s.Perplexity.Estimate:0.000}"),
                    .. answered ? [Share(s.ExactMatch), Share(s.TokenF1), Share(s.RougeL)] : Array.Empty<string>(),
                    s.GainShare is { } gain ? Invariant($"{gain:0%}") : "",
                ]));
        }

        html.Open("details").Element("summary", "Each seed's loss", ("class", "unfold"));
        ReportParts.Table(
            html, "Loss by seed", ["method", "budget", "on", .. proof.Seeds.Select(s => Invariant($"seed {s}"))],
            proof.Scores.Where(s => s.Method != ProofReport.Base).Select(s => (IReadOnlyList<string>)
                [
                    s.Method, s.Budget ?? "", s.Target ?? "all targets",
                    .. proof.Seeds.Select(
                        seed => s.BySeed.FirstOrDefault(b => b.Seed == seed) is { } found ? Invariant($"{found.Loss:0.0000}") : ""),
                ]));
        html.Close("details");
    }

    /// <summary>What selections and trainings took.</summary>
    public void Costs(HtmlWriter html) => ReportParts.Table(
        html,
        "Selection and training",
        [
            "method", "budget", "for", "selection", "tokens through the model", "read", "training", "its tokens", "test",
            "effective sample size",
        ],
        proof.Costs.GroupBy(c => (c.Method, c.Budget, c.Target)).Select(g => new[]
        {
            g.Key.Method,
            g.Key.Budget ?? "",
            g.Key.Target ?? "any target",
            Mean(g, c => c.Selection?.Seconds) is { } seconds ? Durations.Of(seconds) : "none",
            Mean(g, c => c.Selection?.ModelTokens) is { } tokens ? Invariant($"{tokens:N0}") : "",
            Mean(g, c => c.Selection?.BytesRead) is { } bytes ? Invariant($"{bytes / 1e6:N1} MB") : "",
            Mean(g, c => c.TrainingSeconds) is { } training ? Durations.Of(training) : "not stored",
            Invariant($"{g.Average(c => c.Tokens):N0}"),
            Mean(g, c => c.TestSeconds) is { } test ? Durations.Of(test) : "",
            Invariant($"{g.Average(c => c.EffectiveSize):N0}"),
        }));

    private static void Forest(HtmlWriter html, string caption, ProofComparison[] rows, ProofComparison[] scale)
    {
        if (rows.Length == 0) return;
        var reach = scale.SelectMany(c => new[] { c.Difference.Estimate, c.Difference.Low ?? 0, c.Difference.High ?? 0 }).Max(Math.Abs);
        var axis = new ChartAxis(-1.05 * reach, 1.05 * reach, 0, 100);
        html.Open("div", ("class", "scroll"), ("tabindex", "0"), ("role", "region"), ("aria-label", caption))
            .Open("table", ("class", "comparison forest"));
        html.Element("caption", caption);
        html.Open("thead").Open("tr");
        html.Element("th", "method", ("scope", "col")).Element("th", "budget", ("scope", "col"));
        html.Open("th", ("scope", "col"), ("class", "wide")).Element("span", "better").Element("span", "0").Element("span", "worse")
            .Close("th");
        html.Element("th", "difference", ("scope", "col")).Element("th", "95% interval", ("scope", "col"))
            .Element("th", "shows", ("scope", "col"));
        html.Close("tr").Close("thead").Open("tbody");
        foreach (var row in rows)
        {
            var (low, high) = (row.Difference.Low ?? row.Difference.Estimate, row.Difference.High ?? row.Difference.Estimate);
            html.Open("tr", ("class", row.Verdict switch { Verdict.Better => "better", Verdict.Worse => "worse", _ => null }));
            html.Open("th", ("scope", "row")).Open("bdi").Text(row.Method).Close("bdi").Close("th");
            html.Element("td", row.Budget);
            html.Open("td", ("class", "wide")).Open(
                "svg", ("viewBox", "0 0 100 10"), ("preserveAspectRatio", "none"), ("role", "img"),
                ("aria-label", Invariant($"{Signed(row.Difference.Estimate)}, {Range(row.Difference, Signed)}: {row.Verdict.Word()}")));
            Line(html, "zero", axis.At(0), -3, axis.At(0), 13);
            Line(html, "span", axis.At(low), 5, axis.At(high), 5);
            Line(html, "point", axis.At(row.Difference.Estimate), 1, axis.At(row.Difference.Estimate), 9);
            html.Close("svg").Close("td");
            html.Element("td", Signed(row.Difference.Estimate)).Element("td", Range(row.Difference, Signed))
                .Element("td", row.Verdict.Word());
            html.Close("tr");
        }

        html.Close("tbody").Close("table").Close("div");
    }

    private static void Line(HtmlWriter html, string style, double x1, double y1, double x2, double y2) =>
        html.Open(
            "line", ("class", style), ("x1", HtmlWriter.Number(x1)), ("y1", HtmlWriter.Number(y1)), ("x2", HtmlWriter.Number(x2)),
            ("y2", HtmlWriter.Number(y2)))
            .Close("line");

    private static string Name(ProofMetric metric) => metric switch
    {
        ProofMetric.Loss => "loss",
        ProofMetric.ExactMatch => "exact match",
        ProofMetric.TokenF1 => "F1",
        _ => "ROUGE-L",
    };

    private static double? Mean(IEnumerable<ProofCost> costs, Func<ProofCost, double?> of) => costs.Select(of).Average();

    private static string Signed(double value) => Invariant($"{value:+0.0000;-0.0000;0.0000}");

    private static string Share(Interval? interval) => interval is null ? "" : Invariant($"{interval.Estimate:0.0%}");

    private static string Range(Interval interval, Func<double, string> number) =>
        interval is { Low: { } low, High: { } high } ? $"{number(low)} to {number(high)}" : "none";
}
