using System.Text.Json;
using Pursuit.Data;
using Pursuit.Jobs;
using Pursuit.Reports;
using Pursuit.Reports.Explanations;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.AskLlm;
using Pursuit.Selection.Features;
using Pursuit.Selection.Methods;
using Pursuit.TestKit;

namespace Pursuit.Tests.Reports;

/// <summary>Every method that is registered ends in a report, and each of its examples can be explained.</summary>
public sealed class MethodReportTests : IDisposable
{
    private readonly ReportWorld _world = new();

    public void Dispose() => _world.Dispose();

    public static TheoryData<string> Methods => [.. MethodRegistry.Methods.Select(m => m.Name)];

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_selection_is_reported_explained_and_printed_as_JSON_by_every_method(string method)
    {
        var needs = MethodRegistry.Find(method).Needs;
        // What a measure alone orders has the same order for any budget.
        var hasPlaces = needs.HasFlag(FeatureNeeds.TokenStatistics) && !needs.ReadsFeatures();
        var options = Options(method, needs);
        using var run = RunDirectory.Open(options.RunPath);
        var write = SelectReportFiles.Writer(ReportWorld.Command, null, CancellationToken.None);
        var job = new SelectJob(options)
        {
            Features = new Made { Kind = needs.OwnKind() },
            Statistics = new Made(),
            OnSelected = write,
        };
        var summary = job.Run(run, CancellationToken.None);
        summary.Selected.ShouldBe(20);
        JsonSerializer.Deserialize<SelectSummary>(JsonSerializer.Serialize(summary, RunJson.Compact), RunJson.Compact)!.Method
            .ShouldBe(method);
        var report = File.ReadAllBytes(run.PathOf(RunDirectory.ReportModelName));
        (JsonSerializer.Deserialize<SelectReport>(report, RunJson.Indented)!.Course is not null).ShouldBe(method is "gtp" or "omp");

        new SelectJob(options, null) { Features = new Made { Kind = needs.OwnKind() }, Statistics = new Made() }.Revisit(run, visited =>
        {
            JsonSerializer.SerializeToUtf8Bytes(
                SelectReportBuilder.Build(visited, summary, ReportWorld.Command, null, CancellationToken.None), RunJson.Indented)
                .ShouldBe(report);
            var chosen = visited.Selection.Rows.Select(r => r.Position).ToHashSet();
            var first = Explain(visited, visited.Selection.Rows[0].Position);
            // A method may have no measure of some examples, which then have no place.
            var other = Enumerable.Range(0, visited.Pool.Count).Where(p => !chosen.Contains(p)).Select(p => Explain(visited, p))
                .First(e => !hasPlaces || e.Place is not null);
            first.Rank.ShouldBe(1);
            other.Fate.ShouldBe("not selected");
            if (hasPlaces)
                (first.Place, other.Place > 20, other.PlaceOf).ShouldBe((1, true, first.PlaceOf));
            JsonSerializer.Serialize(first, RunJson.Compact).ShouldContain("\"rank\":1");
            return 0;
        }, CancellationToken.None);

        // As the command line looks back where statistics or features are gone: told without what they would tell.
        if (needs.HasFlag(FeatureNeeds.TokenStatistics))
            new SelectJob(options, null) { Features = new Made { Kind = needs.OwnKind() } }
                .Revisit(run, visited => Explain(visited, visited.Selection.Rows[0].Position).Place, CancellationToken.None).ShouldBeNull();
    }

    private SelectJobOptions Options(string method, FeatureNeeds needs)
    {
        var made = needs.ReadsFeatures();
        return _world.Options(method) with
        {
            Features = null,
            TargetFeatures = null,
            ComputesFeatures = made,
            Targets = needs.ReadsTargetFeatures() || needs.HasFlag(FeatureNeeds.TargetTexts) || needs.HasFlag(FeatureNeeds.ReferenceLengths)
                ? [_world.Target]
                : [],
            ModelDirectory = Path.Combine(RepositoryFiles.Root, "models", "pursuit-mini"),
            ReferenceModel = needs.HasFlag(FeatureNeeds.ReferenceStatistics) ? "reference" : null,
        };
    }

    private static Explanation Explain(SelectedRun run, int position) =>
        Explainer.Explain(run, run.Pool.ContentIds[position].ToString(), CancellationToken.None);

    /// <summary>Features and statistics of no model: numbers by content, so that they are the same whenever they are asked for.</summary>
    private sealed class Made : IFeatureSource, IStatisticsSource
    {
        public FeatureKind Kind { get; init; }

        private const int Dimension = 16;
        private const int Checkpoints = 2;

        public ComputedFeatures OfPool(Pool pool, CancellationToken cancellationToken) => Of(pool, "pool") with
        {
            Losses = new ExampleLosses(Checkpoints, [.. Enumerable.Range(0, Checkpoints * pool.Count).Select(i => (float)(1 + i % 7))]),
        };

        public FeatureReport? MakeShare(Pool pool, CancellationToken cancellationToken) => Of(pool, "pool").Report;

        public ComputedFeatures OfTarget(Pool pool, Pool target, CancellationToken cancellationToken) => Of(target, "target");

        public ComputedStatistics OfPool(Pool pool, bool answersAlone, CancellationToken cancellationToken) =>
            Of(pool, "own", answersAlone);

        public ComputedStatistics OfReference(Pool pool, CancellationToken cancellationToken) => Of(pool, "reference", false);

        public ComputedAnswers OfJudge(Pool pool, AskLlmOptions options, CancellationToken cancellationToken) => new(
            new JudgeAnswers([.. Enumerable.Range(0, pool.Count).Select(i => -0.1f * (i % 7))], 1),
            "judge",
            Of(pool, "judge", false).Report);

        public ComputedVariances OfGradientVariances(Pool pool, CancellationToken cancellationToken) => new(
            [.. Enumerable.Range(0, pool.Count).Select(i => i % 7 * 0.1f)], "variances", Of(pool, "variances", false).Report);

        public ComputedTrajectory OfTrajectory(Pool pool, CancellationToken cancellationToken)
        {
            ComputedStatistics[] made = [.. Enumerable.Range(0, Checkpoints + 1).Select(t => Of(pool, $"checkpoint {t}", false))];
            return new ComputedTrajectory([.. made.Select(m => m.Features)], "trajectory", made[0].Report);
        }

        private static ComputedFeatures Of(Pool pool, string purpose)
        {
            var random = new SeededRandom(3, "test/method-reports/" + purpose);
            float[] Rows() =>
                [.. Enumerable.Range(0, pool.Count * Dimension).Select(i => 0.5f * (i % Dimension % 5 - 2) + (float)random.NextGaussian())];
            var report = new EmbeddingReport
            {
                Pool = "mean",
                Layer = 1,
                Layers = 1,
                PooledTokens = "all",
                Norm = "raw",
                MaxLength = 8,
                Cut = 0,
                WithoutTokens = 0,
                Dimension = Dimension,
                Tokens = 1,
                Seconds = 1,
                Bytes = 1,
            };
            return new ComputedFeatures(new MemoryFeatures(purpose, Dimension, [Rows()]), purpose, report);
        }

        private static ComputedStatistics Of(Pool pool, string purpose, bool answersAlone)
        {
            var random = new SeededRandom(4, "test/method-reports/" + purpose);
            float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(0.1 + random.NextDouble()))];
            float[] Logarithms(int count) => [.. Numbers(count).Select(x => -3 * x)];
            MemoryStatistics.Entry Entry(int i)
            {
                var count = 4 + i % 3;
                byte[] trained = [.. Enumerable.Range(0, count).Select(k => (byte)(k > 0 ? 1 : 0))];
                return new MemoryStatistics.Entry(
                    [.. Enumerable.Range(0, count).Select(k => (i + k) % 50)], trained, Logarithms(count), Numbers(count), Numbers(count),
                    Numbers(count), answersAlone ? Logarithms(count - 1) : [])
                { Likeliest = [.. Numbers(count).Select(x => x < 0.6 ? (byte)1 : (byte)0)] };
            }

            var report = new StatisticsReport
            {
                Models = [purpose],
                Window = 8,
                Stride = 8,
                Tokens = 100,
                ModelTokens = 100,
                UnknownTokens = 0,
                Unscored = 0,
                Seconds = 1,
            };
            return new ComputedStatistics(new MemoryStatistics(50, [.. Enumerable.Range(0, pool.Count).Select(Entry)]), purpose, report);
        }
    }
}
