using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using Pursuit.Proof;
using Pursuit.Reports;
using Pursuit.Runs;
using Pursuit.TestKit;

namespace Pursuit.Tests.Reports;

public sealed class ProofReportTests
{
    private const string Command = "pursuit prove --pool 'a<b>.jsonl'";

    [Fact]
    public void The_headline_is_the_verdict_on_the_first_method()
    {
        var proof = ProofSample.Of("t");
        ProofDocument.Of(proof, Command).Headline.ShouldBe("gtp trains better than random at 0.5%, 1% and 5%");
        ProofDocument.Of(proof with { Methods = [.. proof.Methods.Where(m => m != "gtp")] }, Command).Headline
            .ShouldBe("No difference between less and random shown at 0.5%, 1% and 5%");
        ProofDocument.Of(proof with { Methods = [.. proof.Methods.Where(m => m is not ("gtp" or "less"))] }, Command).Headline
            .ShouldBe("length trains worse than random at 0.5%, 1% and 5%");
        ProofDocument.Of(proof with { Methods = [ProofReport.Random, ProofReport.Full, ProofReport.FullEpoch] }, Command).Headline
            .ShouldContain("Random");
    }

    [Fact]
    public void The_headline_tells_budgets_apart_and_never_calls_an_undecided_one_better()
    {
        var proof = ProofSample.Of("t");
        var mixed = proof with
        {
            Comparisons = [.. proof.Comparisons.Select(c => c is { Method: "gtp", Budget: "1%" }
                ? c with { Verdict = Verdict.NoDifferenceShown }
                : c is { Method: "gtp", Budget: "5%" } ? c with { Verdict = Verdict.Worse } : c)],
        };
        ProofDocument.Of(mixed, Command).Headline
            .ShouldBe("gtp trains better than random at 0.5% and worse than random at 5%; no difference shown at 1%");
    }

    [Fact]
    public void The_page_holds_every_verdict_difference_and_score_and_no_markup_of_others()
    {
        var proof = ProofSample.Of("<i>t</i>", "u");
        var page = ProofReportFiles.Page(ProofDocument.Of(proof, Command));
        page.ShouldNotContain("<i>");
        page.ShouldNotContain("<img");
        page.ShouldNotContain("<b>mini");
        var text = XDocument.Parse(
            page[page.IndexOf("<main>", StringComparison.Ordinal)..(page.IndexOf("</main>", StringComparison.Ordinal) + 7)]).Root!;
        var rows = text.Descendants("tr").Select(r => string.Join('|', r.Elements().Select(e => e.Value))).ToArray();
        foreach (var verdict in proof.Verdicts) text.Descendants("li").ShouldContain(li => li.Value == verdict);
        foreach (var comparison in proof.Comparisons)
        {
            rows.ShouldContain(r => r.StartsWith(
                $"{comparison.Method}|{comparison.Budget}|{comparison.Against}|{comparison.Target ?? "all targets"}|",
                StringComparison.Ordinal)
                && r.Contains(
                    comparison.Difference.Estimate.ToString("+0.0000;-0.0000;0.0000", CultureInfo.InvariantCulture),
                    StringComparison.Ordinal)
                && r.EndsWith(comparison.Verdict.Word(), StringComparison.Ordinal));
        }

        foreach (var score in proof.Scores)
        {
            var row = string.Create(
                CultureInfo.InvariantCulture,
                $"{score.Method}|{score.Budget}|{score.Loss.Estimate:0.0000}|{score.Loss.Low:0.0000} to {score.Loss.High:0.0000}");
            rows.ShouldContain(r => r.StartsWith(row, StringComparison.Ordinal));
        }

        text.Descendants("code").Last().Value.ShouldBe(Command);
        // A chart for each target and for all of them, and one of the answers.
        text.Descendants("figure").Count().ShouldBe(4);
    }

    [Fact]
    public void Both_files_are_the_same_in_every_culture_and_the_model_comes_back()
    {
        using var directory = new TemporaryDirectory();
        var proof = ProofSample.Of("t", "u");
        var before = CultureInfo.CurrentCulture;
        var pages = new HashSet<string>();
        foreach (var culture in new[] { "", "de-DE", "ar-SA" })
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(culture);
            try
            {
                ProofReportFiles.Write(directory.FullPath, proof, Command);
            }
            finally
            {
                CultureInfo.CurrentCulture = before;
            }

            pages.Add(File.ReadAllText(directory.PathOf("report.html")) + File.ReadAllText(directory.PathOf("report.json")));
        }

        pages.ShouldHaveSingleItem();
        var read = JsonSerializer.Deserialize<ProofDocument>(File.ReadAllBytes(directory.PathOf("report.json")), RunJson.Indented)!;
        JsonSerializer.Serialize(read.Proof, RunJson.Compact).ShouldBe(JsonSerializer.Serialize(proof, RunJson.Compact));
    }

    [Fact]
    public void One_test_example_one_seed_and_no_answers_leave_a_page_without_intervals()
    {
        var proof = ProofSample.Of("t");
        Interval Bare(Interval i) => new(i.Estimate, null, null);
        var bare = proof with
        {
            Scores = [.. proof.Scores.Select(s => s with
            {
                Loss = Bare(s.Loss),
                Perplexity = Bare(s.Perplexity),
                ExactMatch = null,
                TokenF1 = null,
                RougeL = null,
                GainShare = null,
            })],
            Comparisons = [.. proof.Comparisons.Where(c => c.Metric == ProofMetric.Loss)
                .Select(c => c with { Difference = Bare(c.Difference), Verdict = Verdict.NoDifferenceShown })],
            Overlaps = [],
            Costs = [],
            Remarks = [],
        };
        var page = ProofReportFiles.Page(ProofDocument.Of(bare, Command));
        page.ShouldNotContain("whisker s");
        page.ShouldNotContain("NaN");
        page.ShouldContain("No difference between gtp and random shown");
    }

    [Theory]
    [InlineData(1280, "light")]
    [InlineData(375, "dark")]
    public void The_page_logs_nothing_and_fits_its_width(int width, string scheme)
    {
        using var directory = new TemporaryDirectory();
        ProofReportFiles.Write(directory.FullPath, ProofSample.Of("</title><script>alert(1)</script>", "u", "v"), Command);
        using var browser = Browser.Open(directory.PathOf("report.html"), width, scheme);
        browser.Title.ShouldStartWith("gtp trains better");
        browser.All("script").Count.ShouldBe(1);
        browser.Run("return document.documentElement.scrollWidth").ShouldBe((long)width);
        browser.Console.ShouldBeEmpty();
    }
}
