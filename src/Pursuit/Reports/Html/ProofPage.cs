using Pursuit.Proof;
using static System.FormattableString;

namespace Pursuit.Reports.Html;

/// <summary>
/// Shows a proof: the verdict first, then scores against budget, every difference, what could spoil it, and how to repeat it.
/// </summary>
internal sealed class ProofPage(ProofDocument document)
{
    private readonly ProofReport _proof = document.Proof;
    private readonly ProofTables _tables = new(document.Proof);

    /// <summary>The page.</summary>
    public string Render() => ReportPage.Render($"{document.Headline} - Pursuit", _proof.Pursuit, Body);

    private void Body(HtmlWriter html)
    {
        Summary(html);
        ReportParts.Section(
            html, "differences", "Against random",
            "The loss on held-out answers, method minus random at the same steps, paired by example and seed. "
                + "Left of zero is better. An interval that contains zero shows no difference; "
                + Invariant($"the lines are 95% intervals{Sources()}."),
            () => _tables.Differences(html));
        ReportParts.Section(
            html, "scores", "Score against budget",
            "Lower loss is better. Every method at a budget trains the same steps from the same model by the same recipe; "
                + "the dashed line is one whole epoch over the pool. Methods face the same test, so their intervals move together: "
                + "differences are judged above, pair by pair.",
            () => Charts(html));
        ReportParts.Section(html, "table", "All figures", null, () => _tables.Scores(html));
        Contamination(html);
        ReportParts.Section(html, "cost", "What it cost", "Per selection and training, the mean over seeds.", () => _tables.Costs(html));
        Recipe(html);
    }

    private void Summary(HtmlWriter html)
    {
        html.Open("header");
        html.Element("p", "Pursuit / proof", ("class", "mark"));
        html.Element("h1", document.Headline);
        html.Close("header");
        ReportParts.Tiles(html,
        [
            (Invariant($"{_proof.Targets.Count:N0}"), _proof.Targets.Count == 1 ? "target" : "targets",
                Invariant($"{_proof.Targets.Sum(t => t.TestExamples):N0} test examples")),
            (string.Join(", ", _proof.Budgets.Select(b => b.Name)), _proof.Budgets.Count == 1 ? "budget" : "budgets",
                Invariant($"of {_proof.PoolExamples:N0} examples")),
            (Invariant($"{_proof.Seeds.Count:N0}"), _proof.Seeds.Count == 1 ? "seed" : "seeds", null),
            (Invariant($"{_proof.Costs.Count:N0}"), "trainings", null),
            .. Gain(),
        ]);
        ReportParts.Sentences(html, "findings", ProofAnalysis.Sentences(
            ProofDocument.Choosing(_proof).SelectMany(m => ProofDocument.Deciding(_proof, m)), _proof.Seeds.Count, _proof.Recipe.LossUnit));
        ReportParts.Sentences(html, "notes", _proof.Remarks);
        if (_proof.Targets.Count == 1) return;
        html.Open("details").Element("summary", "The verdict on each target", ("class", "unfold"));
        ReportParts.Sentences(html, "findings", _proof.Verdicts);
        html.Close("details");
    }

    /// <summary>How much of a whole epoch's gain the first method reaches at the largest budget.</summary>
    private IEnumerable<(string, string, string?)> Gain()
    {
        var first = ProofDocument.Choosing(_proof).FirstOrDefault();
        var score =
            _proof.Scores.LastOrDefault(s => s.Method == first && s.Target == ProofDocument.Whole(_proof) && s.GainShare is not null);
        if (score is not null) yield return (Invariant($"{score.GainShare:0%}"), "of a whole epoch's gain", $"{first} at {score.Budget}");
    }

    private string Sources() => _proof.Targets.Count > 1 ? " over test examples, seeds and targets" : " over test examples and seeds";

    private void Charts(HtmlWriter html)
    {
        html.Open("div", ("class", "charts"));
        var groups = _proof.Scores.Select(s => s.Target).Distinct().OrderBy(t => t is not null).ToArray();
        Losses(html, groups[0], 0);
        if (_proof.Scores.Any(s => s.TokenF1 is not null)) Chart(groups[0], 0, ProofMetric.TokenF1).Write(html);
        html.Close("div");
        if (groups.Length == 1) return;
        html.Open("details").Element("summary", "Each target", ("class", "unfold"));
        html.Open("div", ("class", "charts"));
        for (var g = 1; g < groups.Length; g++) Losses(html, groups[g], g);
        html.Close("div").Close("details");
    }

    /// <summary>A chart for the usual length of training, and one for passes over the budget alone where there are such.</summary>
    private void Losses(HtmlWriter html, string? target, int number)
    {
        Chart(target, number, ProofMetric.Loss).Write(html);
        if (_proof.Budgets.Any(b => b.OwnEpoch)) Chart(target, number, ProofMetric.Loss, ownEpoch: true).Write(html);
    }

    private LineChart Chart(string? target, int number, ProofMetric metric, bool ownEpoch = false)
    {
        var budgets = _proof.Budgets.Where(b => b.OwnEpoch == ownEpoch).ToArray();
        var scores = _proof.Scores.Where(s => s.Target == target && (s.Budget is null || budgets.Any(b => b.Name == s.Budget))).ToArray();
        var series = _proof.Methods.Where(m => m != ProofReport.FullEpoch)
            .Select(m => new ChartSeries(m, ProofTables.Style(_proof, m), [.. scores.Where(s => s.Method == m && s.Budget is not null)
                .Select(s => (Score: s, Value: ProofTables.Of(s, metric)))
                .Where(s => s.Value is not null)
                .Select(s => new ChartPoint(Examples(s.Score.Budget!), s.Value!.Estimate, s.Value.Low, s.Value.High))
                .OrderBy(p => p.X)]))
            .ToArray();
        var epoch = scores.FirstOrDefault(s => s.Method == ProofReport.FullEpoch) is { } full ? ProofTables.Of(full, metric) : null;
        var name = metric == ProofMetric.Loss ? "Loss" : "F1 of the answers' words";
        return new LineChart(
            Invariant($"scores-{(metric == ProofMetric.Loss ? "loss" : "f1")}-{number}{(ownEpoch ? "-own" : "")}"),
            $"{name}{(ownEpoch ? ", each trained for an epoch of its own" : "")}, {target ?? "across all targets"}",
            string.Join("; ", series.Select(s =>
                $"{s.Name}: {string.Join(", ", s.Points.Select(p => Invariant($"{p.Y:0.000} at {p.X:N0} examples")))}")),
            "budget, examples",
            metric == ProofMetric.Loss ? _proof.Recipe.LossUnit : "F1")
        {
            Series = series,
            Levels = epoch is null ? [] : [("one whole epoch", "quiet", epoch.Estimate)],
            LogarithmicX = true,
            Apart = 5,
            XTicks = [.. budgets.Select(b => (Invariant($"{b.Examples:N0}"), (double)b.Examples))],
        };
    }

    private int Examples(string budget) => _proof.Budgets.First(b => b.Name == budget).Examples;

    private void Contamination(HtmlWriter html)
    {
        var any = _proof.Overlaps.Any(o => o.Any);
        ReportParts.Section(html, "contamination", "Test contamination", any
            ? "Some test examples are in the pool or the target: results on them are partly memorized, "
                + "by every method that may select them."
            : "No test example is in the pool or the target, and none shares a run of 13 words with them.", () =>
        {
            if (_proof.Overlaps.Count == 0) return;
            ReportParts.Table(
                html, "Overlap of test examples",
                ["test", "with", "test examples", "same content", "shared words", "in the answer", "examples there"],
                _proof.Overlaps.Select(o => new[]
                {
                    o.Test, o.With, Invariant($"{o.TestExamples:N0}"), Invariant($"{o.SameContent:N0}"), Invariant($"{o.SharedRun:N0}"),
                    Invariant($"{o.SharedAnswerRun:N0}"), Invariant($"{o.Examples:N0}"),
                }));
            var first = _proof.Overlaps.SelectMany(o => o.First).Take(10).ToArray();
            if (first.Length > 0)
                ReportParts.Table(
                    html, "The first pairs", ["test example", "other", "words in common"],
                    first.Select(p => new[] { p.Test, p.Other, p.Shared is { } shared ? TextCut.Start(shared, 100) : "all" }));
        });
    }

    private void Recipe(HtmlWriter html) => ReportParts.Section(html, "repeat", "The recipe, and how to repeat it", null, () =>
    {
        var recipe = _proof.Recipe;
        ReportParts.Figures(html,
        [
            new(recipe.FromScratch ? "shape and tokenizer of" : "model", recipe.Model),
            new(recipe.FromScratch ? "epochs" : "epochs of the budget", Invariant($"{recipe.Epochs}")),
            new("examples per step", Invariant($"{recipe.BatchExamples}")),
            new("highest learning rate", Invariant($"{recipe.LearningRate:0.######}")),
            new("warm-up share of the steps", Invariant($"{recipe.Warmup:0.###}")),
            new("maximum tokens of an example", Invariant($"{recipe.MaxLength:N0}")),
            new("used of the selections", recipe.Use),
            new("steps", string.Join(", ", _proof.Budgets.Select(b => Invariant($"{b.Steps:N0} at {b.Name} ({b.Examples:N0} examples)")))),
            new("seeds", string.Join(", ", _proof.Seeds)),
            .. _proof.Targets.Select(t => KeyValuePair.Create(
                t.Name,
                Invariant($"{t.TestExamples:N0} test examples with {t.AnswerTokens:N0} {recipe.LossLabels} from ")
                    + t.Test
                    + (t.Generated > 0 ? Invariant($", {t.Generated:N0} answered in full") : "")
                    + (t.Target is { } seen ? $"; methods see {seen}" : ""))),
            new("time of the last run", Durations.Of(_proof.Seconds)),
        ]);
        ReportParts.Command(html, document.Command);
    });
}
