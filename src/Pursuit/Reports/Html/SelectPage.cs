using Pursuit.Jobs;
using static System.FormattableString;

namespace Pursuit.Reports.Html;

/// <summary>Shows a selection's report: the verdict first, then what it rests on, the examples, and how to repeat it.</summary>
internal sealed class SelectPage(SelectReport report)
{
    /// <summary>The page.</summary>
    public string Render() =>
        ReportPage.Render(Invariant($"{report.Selected:N0} of {report.Pool:N0} by {report.Method} - Pursuit"), report.Pursuit, Body);

    private void Body(HtmlWriter html)
    {
        Summary(html);
        if (report.Course is not null) Course(html, report.Course);
        if (report.Sources.Count > 1) Sources(html);
        if (report.Distributions.Count > 0) Spread(html);
        Duplicates(html);
        Examples(html);
        if (report.Gradients is not null) Features(html, report.Gradients);
        if (report.Embeddings is not null) Features(html, report.Embeddings);
        Ledger(html);
        Repeat(html);
    }

    private void Summary(HtmlWriter html)
    {
        html.Open("header");
        html.Element("p", "Pursuit / selection", ("class", "mark"));
        html.Element("h1", Invariant($"{report.Selected:N0} examples selected from {report.Pool:N0}"));
        html.Element("p", report.Headline, ("class", "verdict"));
        html.Close("header");
        var tiles = new List<(string, string, string?)>
        {
            (Invariant($"{report.Selected:N0}"), "selected",
                Invariant($"{SelectVerdict.Percent((double)report.Selected / report.Pool)} of {report.Pool:N0}")),
            (report.Method, "method", Invariant($"seed {report.Seed}")),
        };
        if (report.Course is { } course)
            tiles.Add((Invariant($"{course.Residual:0.000}"), "residual, weighted",
                Invariant($"{course.UniformResidual:0.000} with equal weights")));
        tiles.Add((Invariant($"{report.EffectiveSize:N0}"), "effective sample size", "equally weighted examples"));
        tiles.Add((Durations.Of(report.Seconds), "took", null));
        ReportParts.Tiles(html, tiles);
        ReportParts.Sentences(html, "findings", report.Findings);
        ReportParts.Sentences(html, "notes", report.Notes);
        html.Element(
            "p", "This page shows what was selected and why. A proof measures whether it trains better than a random selection.",
            ("class", "quiet"));
    }

    private void Course(HtmlWriter html, PursuitCourse course)
    {
        var lead = Invariant($"{report.MethodSummary}. It ended after {course.Iterations.Count:N0} iterations: {course.Reason}. ")
            + "A residual of 0 means the target is reproduced exactly, 1 not at all.";
        ReportParts.Section(html, "pursuit", "How near the selection comes", char.ToUpperInvariant(lead[0]) + lead[1..], () =>
        {
            html.Open("div", ("class", "charts"));
            ResidualChart(course).Write(html);
            if (GroupChart(course) is { } groups) groups.Write(html);
            html.Close("div");
            if (course.Groups.Count > 1)
            {
                ReportParts.Table(html, "What was fitted", ["group", "share", "residual", "noise floor"], course.Groups.Select(g => new[]
                {
                    g.Name[CommonFolder(course.Groups)..], SelectVerdict.Percent(g.Share), Invariant($"{g.Residual:0.000}"),
                    g.NoiseFloor > 0 ? Invariant($"{g.NoiseFloor:0.000}") : "not known",
                }));
            }
        });
    }

    /// <summary>Length of the folder that all names begin with: groups are often called after their files.</summary>
    private static int CommonFolder(IReadOnlyList<PursuitGroup> groups)
    {
        var first = groups[0].Name;
        var common = groups.Min(g => g.Name.AsSpan().CommonPrefixLength(first));
        return common == 0 ? 0 : first.LastIndexOfAny(['/', '\\'], common - 1) + 1;
    }

    private static LineChart ResidualChart(PursuitCourse course)
    {
        var last = course.Iterations.Count > 0 ? course.Iterations[^1] : default;
        var floor = course.Groups.All(g => g.NoiseFloor > 0) ? Math.Sqrt(course.Groups.Sum(g => g.Share * g.NoiseFloor * g.NoiseFloor)) : 0;
        return new LineChart(
            "residual",
            "Residual by iteration",
            Invariant($"Over {course.Iterations.Count} iterations the residual ends at {last.Residual:0.000} with weights and ")
                + Invariant($"{last.UniformResidual:0.000} with equal weights, before fills."),
            "iteration",
            "relative residual")
        {
            Series =
            [
                new("with weights", "s1", [.. course.Iterations.Select((it, k) => new ChartPoint(k + 1, it.Residual))]),
                new("with equal weights", "s2", [.. course.Iterations.Select((it, k) => new ChartPoint(k + 1, it.UniformResidual))]),
                new("on held-out targets", "s3", [.. course.HeldOut.Where(it => it.HeldOutResidual is not null)
                    .Select((it, k) => new ChartPoint(k + 1, it.HeldOutResidual!.Value))]),
            ],
            Levels = floor > 0 ? [("noise in the target", "quiet", floor)] : [],
        };
    }

    private static BarChart? GroupChart(PursuitCourse course)
    {
        if (course.Groups.Count is < 2 or > 24) return null;
        return new BarChart(
            "groups",
            "Residual of each target group",
            string.Join(", ", course.Groups.Select(g => Invariant($"{g.Name} {g.Residual:0.000}"))),
            "group, in the order of the table",
            "relative residual")
        {
            BarName = "residual",
            RangeName = course.Groups.All(g => g.NoiseFloor > 0) ? "noise in the target" : null,
            Bars = [.. course.Groups.Select((g, j) => new ChartBar(
                Invariant($"{j + 1}"), g.Name, g.Residual, g.NoiseFloor > 0 ? g.NoiseFloor : null,
                g.NoiseFloor > 0 ? g.NoiseFloor : null))],
        };
    }

    private void Sources(HtmlWriter html)
    {
        var lead = "Each bar is the number of selected examples of a source; the frame is the range of 95% of random "
            + Invariant($"selections of {report.Selected:N0} examples. By chance at most one bar in twenty ends outside its frame.");
        ReportParts.Section(html, "sources", "Against the pool and random selections", lead, () =>
        {
            ReportParts.Comparison(html, $"Selected by {report.SourceKind}", report.SourceKind, report.Sources);
            if (report.SourcesLeft > 0)
                html.Element("p", Invariant($"{report.SourcesLeft:N0} more sources are not listed."), ("class", "quiet"));
        });
    }

    private void Spread(HtmlWriter html) => ReportParts.Section(
        html, "spread", "Length and size",
        "The pool is divided into ranges of about a tenth each; a random selection takes about the same from every range.", () =>
        {
            html.Open("div", ("class", "charts"));
            foreach (var distribution in report.Distributions) DistributionChart(distribution).Write(html);
            html.Close("div");
        });

    private static BarChart DistributionChart(Distribution distribution) => new(
        distribution.Title.Replace(' ', '-'),
        Invariant($"Selected by {distribution.Title}: median {Distributions.Short(distribution.SelectedMedian)}, ")
            + Invariant($"the pool's {Distributions.Short(distribution.PoolMedian)}"),
        string.Join(
            "; ", distribution.Bins.Select(b => Invariant($"{b.Name}: {b.Selected} selected, random {b.RandomLow} to {b.RandomHigh}"))),
        Invariant($"{distribution.Title}, {distribution.Unit}: up to ..."),
        "selected examples")
    {
        BarName = "selected",
        RangeName = "95% of random selections",
        Bars = [.. distribution.Bins.Select(
            (b, i) => new ChartBar(Distributions.Tick(distribution.Edges[i]), b.Name, b.Selected, b.RandomLow, b.RandomHigh))],
    };

    private void Duplicates(HtmlWriter html)
    {
        var exact = Invariant($"{report.Ledger.Duplicates:N0} exact copies of earlier rows were excluded before the selection.")
            + (report.Ledger.NearDuplicates > 0
                ? Invariant($" So were {report.Ledger.NearDuplicates:N0} rows whose texts nearly repeat an earlier one's.")
                : "");
        if (report.NearDuplicates is not { } pairs)
        {
            ReportParts.Section(html, "duplicates", "Duplicates", exact + " This method does not report near-duplicates.", () => { });
            return;
        }

        var near = pairs.Count == 0
            ? " No two selected examples have features with a cosine above 0.95."
            : Invariant($" {report.NearDuplicatePairs:N0} pairs of selected examples have features with a cosine above 0.95.");
        ReportParts.Section(html, "duplicates", "Duplicates", exact + near, () =>
        {
            if (pairs.Count == 0) return;
            ReportParts.Table(
                html, Invariant($"Nearest pairs{(report.NearDuplicatePairs > 10 ? ", the first ten" : "")}"), ["ranks", "cosine"],
                pairs.OrderByDescending(p => p.Cosine).ThenBy(p => p.First).Take(10)
                    .Select(p => new[] { Invariant($"{p.First:N0} and {p.Second:N0}"), Invariant($"{p.Cosine:0.000}") }));
        });
    }

    private void Examples(HtmlWriter html)
    {
        var examples = report.Examples;
        var lead = examples.Left > 0
            ? Invariant($"The best {examples.Chosen.Count:N0} ranks; the other {examples.Left:N0} are in the ")
                + ".selection.jsonl file beside the records. "
            : "";
        if (examples.ServesUpToRank > 0 && examples.ServesUpToRank < examples.Chosen.Count)
            lead += Invariant($"Targets served are listed for the first {examples.ServesUpToRank:N0} ranks, to bound the cost. ");
        if (examples.NearUpToRank > 0 && examples.NearUpToRank < examples.Chosen.Count)
            lead += Invariant($"Neighbors that were not selected are listed for the first {examples.NearUpToRank:N0} ")
                + "ranks, to bound the cost. ";
        lead += examples.NearUpToRank > 0
            ? "Open one to see which target examples it serves most and which similar examples were not selected."
            : "Open one to read it in full.";
        ReportParts.Section(html, "examples", "The selected examples", lead, () =>
        {
            html.Open("noscript").Element("p", "The list needs the page's script; report.json has the same content.").Close("noscript");
            html.Open("div", ("id", "list"), ("class", "list")).Close("div");
            html.Data("examples-data", examples);
        });
    }

    private void Features(HtmlWriter html, GradientReport gradients)
    {
        var lead = Invariant($"Each example is its {gradients.Kind} gradient at {gradients.Checkpoints.Count:N0} checkpoints of a short ")
            + Invariant($"training, projected to {gradients.Dimension:N0} numbers each; preconditioning: {gradients.Preconditioning}. ")
            + Invariant($"{gradients.Tokens:N0} tokens went through the model in {Durations.Of(gradients.Seconds)}.");
        if (report.WarmupShareChosen is { } share)
            lead += Invariant($" {SelectVerdict.Percent(share)} of the selected are examples that the warm-up trained on.");
        ReportParts.Section(html, "features", "What the examples were compared by", lead, () => ReportParts.Table(
            html,
            "Checkpoints",
            ["checkpoint", "mean learning rate", "the pool's mean loss", "cosine to the previous one"],
            gradients.Checkpoints.Select(c => new[]
            {
                c.Name,
                Invariant($"{c.MeanLearningRate:0.0e+0}"),
                c.MeanLoss is { } loss ? Invariant($"{loss:0.000}") : "not stored",
                c.CosineToPrevious is { } cosine ? Invariant($"{cosine:0.000}") : "",
            })));
    }

    private static void Features(HtmlWriter html, EmbeddingReport embeddings)
    {
        var pooled = embeddings.Pool switch
        {
            "weighted" => "mean, with weights that grow with their position,",
            "mean" => "mean",
            _ => "last one",
        };
        var pooledTokens = embeddings.PooledTokens == "all" ? "all its tokens" : "its answer's tokens";
        var read = embeddings.PooledTokens == "all" ? "text" : embeddings.PooledTokens;
        var encoded = embeddings.Pool == "model" ? "," : $", by {embeddings.Pool} pooling,";
        var lead = Invariant($"Each example is one vector of {embeddings.Dimension:N0} numbers: ")
            + (embeddings.Encoder is null ? Invariant($"of the hidden states of {pooledTokens} behind {Layer(embeddings)} the {pooled} ")
                : Invariant($"what the encoder {embeddings.Encoder} gives its {read}{encoded} "))
            + Invariant($"{(embeddings.Norm == "unit" ? "scaled to length 1" : "as the model gives it")}. {embeddings.Tokens:N0} tokens ")
            + Invariant($"went through the model, forward alone, in {Durations.Of(embeddings.Seconds)}.");
        if (embeddings.Cut > 0)
            lead += Invariant($" {embeddings.Cut:N0} examples are longer than {embeddings.MaxLength:N0} tokens and were cut.");
        var lacking = embeddings.Encoder is null ? "token to pool" : "text";
        if (embeddings.WithoutTokens > 0) lead += Invariant($" {embeddings.WithoutTokens:N0} have no {lacking}.");
        ReportParts.Section(
            html, "features", "What the examples were compared by",
            lead + " Cosines of these vectors show which target examples a selected one serves, and which examples "
                + "similar to it were not selected.",
            () => { });
    }

    private static string Layer(EmbeddingReport embeddings) =>
        embeddings.Layer == embeddings.Layers ? "the last layer and the final norm"
        : embeddings.Layer == 0 ? "the token embedding, before any layer,"
        : Invariant($"layer {embeddings.Layer} of {embeddings.Layers}");

    private void Ledger(HtmlWriter html)
    {
        var ledger = report.Ledger;
        ReportParts.Section(
            html, "ledger", "Every row accounted for", Invariant($"{ledger.Rows:N0} rows were read; each has one fate."), () =>
            {
                (string Fate, long Rows)[] fates =
                [
                    ("selected", ledger.Selected), ("not selected", ledger.NotSelected), ("duplicate of an earlier row", ledger.Duplicates),
                    .. ledger.NearDuplicates > 0
                        ? new[] { ("near duplicate of an earlier row", ledger.NearDuplicates) }
                        : [],
                    .. ledger.Filtered > 0 ? new[] { ("filtered", ledger.Filtered) } : [],
                    .. ledger.Excluded > 0 ? new[] { ("of the target, excluded as asked", ledger.Excluded) } : [],
                    ("quarantined", ledger.Quarantined - ledger.Excluded),
                ];
                ReportParts.Table(
                    html, "Fates", ["fate", "rows", "share"],
                    fates.Select(f => new[] { f.Fate, Invariant($"{f.Rows:N0}"), SelectVerdict.Percent((double)f.Rows / ledger.Rows) }));
                if (report.Quarantined.Count > 0)
                    ReportParts.Table(
                        html, "Why rows were quarantined", ["reason", "rows"],
                        report.Quarantined.Select(r => new[] { r.Reason, Invariant($"{r.Rows:N0}") }));
            });
    }

    private void Repeat(HtmlWriter html) => ReportParts.Section(html, "repeat", "Cost, and how to repeat it", null, () =>
    {
        var figures = new List<KeyValuePair<string, string>>
        {
            new("time", Durations.Of(report.Seconds)), new("requested budget", report.Budget.Asked),
            new("spent", Invariant($"{report.Budget.Spent:N0} of {report.Budget.Resolved:N0} {report.Budget.Unit}")),
        };
        if (report.Target is { } target) figures.Add(new("target", string.Join(", ", target.Files)));
        figures.AddRange(report.Figures);
        figures.AddRange(report.Files);
        ReportParts.Figures(html, figures);
        ReportParts.Command(html, report.Command);
    });
}
