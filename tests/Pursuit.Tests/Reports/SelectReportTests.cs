using System.Globalization;
using Pursuit.Jobs;
using Pursuit.Reports;
using Pursuit.Runs;

namespace Pursuit.Tests.Reports;

public sealed class SelectReportTests : IDisposable
{
    private readonly ReportWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData("random")]
    [InlineData("gtp")]
    [InlineData("less")]
    [InlineData("grand")]
    public void Every_count_of_a_report_adds_up_to_the_ledger(string method)
    {
        var report = _world.Select(method).Report;
        var ledger = report.Ledger;
        (ledger.Selected + ledger.NotSelected + ledger.Duplicates + ledger.Quarantined).ShouldBe(ledger.Rows);
        ledger.Rows.ShouldBe(ReportWorld.Examples + 2);
        ledger.Duplicates.ShouldBe(1);
        report.Quarantined.Sum(r => r.Rows).ShouldBe((int)ledger.Quarantined);
        report.Pool.ShouldBe((int)(ledger.Selected + ledger.NotSelected));
        report.Sources.Sum(s => s.Pool).ShouldBe(report.Pool);
        report.Sources.Sum(s => s.Selected).ShouldBe(report.Selected);
        report.Sources.Sum(s => s.Weight).ShouldBe(1, 1e-9);
        foreach (var distribution in report.Distributions)
        {
            distribution.Bins.Sum(b => b.Pool).ShouldBe(report.Pool, distribution.Title);
            distribution.Bins.Sum(b => b.Selected).ShouldBe(report.Selected, distribution.Title);
            distribution.Edges.ShouldBe(distribution.Edges.Order().Distinct());
        }

        (report.Examples.Chosen.Count + report.Examples.Left).ShouldBe(report.Selected);
        report.Examples.Chosen.Select(c => c.Rank).ShouldBe(Enumerable.Range(1, report.Examples.Chosen.Count));
        report.Distributions.Count.ShouldBe(method == "random" ? 1 : 2);
        (report.Course is not null).ShouldBe(method == "gtp");
    }

    [Theory]
    [InlineData("less", true)]
    [InlineData("gtp", false, "gtp.normalise=none")]
    public void The_targets_an_example_serves_and_its_neighbours_are_those_that_a_plain_computation_finds(
        string method, bool unit, params string[] settings)
    {
        var report = _world.Select(method, settings: settings).Report;
        var pool = Array.ConvertAll(_world.PoolGradients, row => unit ? Unit(row) : Array.ConvertAll(row, x => (double)x));
        var target = Array.ConvertAll(_world.TargetGradients, row => unit ? Unit(row) : Array.ConvertAll(row, x => (double)x));
        var chosen = report.Examples.Chosen.Select(c => Number(c.Id!)).ToHashSet();
        report.Examples.NearUpToRank.ShouldBe(report.Selected);
        foreach (var example in report.Examples.Chosen)
        {
            var row = pool[Number(example.Id!)];
            Same(example.Serves, report.Examples.Targets, target.Index().Select(t => ($"t{t.Index}", Dot(row, t.Item))));
            Same(example.Near, report.Examples.Others, pool.Index().Where(p => !chosen.Contains(p.Index))
                .Select(p => ($"r{p.Index}", Dot(row, p.Item) / Math.Sqrt(Dot(row, row) * Dot(p.Item, p.Item)))));
        }
    }

    [Fact]
    public void The_same_run_gives_the_same_bytes_for_any_threads_and_any_culture()
    {
        var options = _world.Options("gtp");
        using var directory = RunDirectory.Open(options.RunPath);
        var summary = ReportWorld.Reporting(options).Run(directory, CancellationToken.None);
        var first = (Page: File.ReadAllBytes(directory.PathOf("report.html")), Model: File.ReadAllBytes(directory.PathOf("report.json")));
        var before = CultureInfo.CurrentCulture;
        foreach (var (culture, threads) in new[] { ("de-DE", 1), ("ar-SA", 3), ("tr-TR", 2), ("sv-SE", 1) })
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(culture);
            try
            {
                var again = _world.Options("gtp", threads: threads);
                var report = new SelectJob(again, null).Revisit(
                    directory, r => SelectReportBuilder.Build(r, summary, ReportWorld.Command, null, CancellationToken.None),
                    CancellationToken.None);
                SelectReportFiles.Write(directory.FullPath, report);
            }
            finally
            {
                CultureInfo.CurrentCulture = before;
            }

            File.ReadAllBytes(directory.PathOf("report.html")).ShouldBe(first.Page, culture);
            File.ReadAllBytes(directory.PathOf("report.json")).ShouldBe(first.Model, culture);
        }
    }

    [Fact]
    public void A_run_whose_pool_or_options_changed_since_is_not_reported()
    {
        var options = _world.Options("random");
        using var directory = RunDirectory.Open(options.RunPath);
        new SelectJob(options, null).Run(directory, CancellationToken.None);
        Should.Throw<PursuitException>(
            () => new SelectJob(options with { Seed = 3 }, null).Revisit(directory, r => r.Pool.Count, CancellationToken.None)).Message
            .ShouldContain("seed");
        File.AppendAllText(
            _world.Pool, """{"messages":[{"role":"user","content":"new"},{"role":"assistant","content":"row"}],"kind":"plain"}""" + "\n");
        Should.Throw<PursuitException>(
            () => new SelectJob(options, null).Revisit(directory, r => r.Pool.Count, CancellationToken.None)).Message
            .ShouldContain("pool");
        File.Exists(directory.PathOf("stages/selection/selection.json")).ShouldBeTrue("looking must not empty the stage");
    }

    [Fact]
    public void A_selection_without_a_report_leaves_none_of_an_earlier_choice()
    {
        _world.Select("random");
        var options = _world.Options("random") with { Seed = 5 };
        using var directory = RunDirectory.Open(options.RunPath);
        new SelectJob(options, null).Run(directory, CancellationToken.None).Files.Keys.ShouldNotContain("report");
        File.Exists(directory.PathOf("report.html")).ShouldBeFalse();
        File.Exists(directory.PathOf("report.json")).ShouldBeFalse();
    }

    private static void Same(
        IReadOnlyList<ExampleLink> links, IReadOnlyList<OtherExample> others, IEnumerable<(string Id, double Value)> all)
    {
        var expected = all.OrderByDescending(a => a.Value).Take(3).Where(a => a.Value > 0).ToArray();
        links.Select(l => others[l.To].Id).ShouldBe(expected.Select(e => e.Id));
        // Links are kept to five digits.
        for (var i = 0; i < expected.Length; i++) links[i].Value.ShouldBe(expected[i].Value, 1e-4 * expected[i].Value);
    }

    private static int Number(string id) => int.Parse(id[1..], CultureInfo.InvariantCulture);

    private static double[] Unit(float[] row)
    {
        var norm = Math.Sqrt(row.Sum(x => (double)x * x));
        return Array.ConvertAll(row, x => x / norm);
    }

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();
}
