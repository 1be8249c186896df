using System.Text.Json;
using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Passes;
using Pursuit.Selection.Tsds;
using Pursuit.Storage;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Tests.Selection.Tsds;

/// <summary>Against the authors' code and against SciPy's linear programs (tests/fixtures/tsds).</summary>
public sealed class TsdsGoldenTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    public void Compat_authors_gives_the_authors_probabilities(int index)
    {
        using var cases = JsonDocument.Parse(File.ReadAllText(RepositoryFiles.Fixture("tsds", "cases.json")));
        var golden = cases.RootElement[index];
        var file = golden.GetProperty("file").GetString();
        using var pool = Open($"{file}.pool.npy");
        using var target = Open($"{file}.targets.npy");
        var problem = Problems.Pool(pool.Rows, "10") with { Embeddings = new EmbeddingInputs { Pool = pool, Target = target } };
        var options = new TsdsOptions
        {
            Scale = TsdsScale.None,
            Alpha = golden.GetProperty("alpha").GetDouble(),
            C = golden.GetProperty("C").GetDouble(),
            Sigma = golden.GetProperty("sigma").GetDouble(),
            MaxK = golden.GetProperty("max_K").GetInt32(),
            KdeK = golden.GetProperty("kde_K").GetInt32(),
            Compat = TsdsCompatibility.Authors,
        };
        var selection = new TsdsSelector(options).Select(problem, TestContext.Current.CancellationToken);
        var details = (TsdsDetails)selection.Details!;
        var expected = Read($"{file}.{golden.GetProperty("case").GetInt32()}.p_authors.npy");
        var found = selection.Arrays.Single(a => a.Name == TsdsSelector.ProbabilitiesName).Values;
        (found.Zip(expected, (p, q) => (double)Math.Abs(p - q)).Sum() / 2).ShouldBeLessThan(1e-6);
        details.Level.ShouldBe(golden.GetProperty("s").GetDouble(), 1e-5 * details.Level);
        details.Support.ShouldBe(golden.GetProperty("support").GetInt32());
        details.TargetsOutOfNeighbours.ShouldBe(golden.GetProperty("targets_that_ran_out").GetInt32());
        details.Certified.ShouldBeFalse();
    }

    [Fact]
    public void A_certified_plan_is_the_linear_programs_optimum_and_no_plan_is_better()
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(RepositoryFiles.Fixture("tsds", "linear_programs.json")));
        var certified = 0;
        foreach (var program in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            var (alpha, c, sigma) = (
                program.GetProperty("alpha").GetDouble(), program.GetProperty("c").GetDouble(), program.GetProperty("sigma").GetDouble());
            var pool = Matrix(program.GetProperty("pool"));
            var target = Matrix(program.GetProperty("targets"));
            var problem = Embeddings.Problem(Embeddings.Of("pool", pool), Embeddings.Of("target", target), "5");
            var selection = new TsdsSelector(
                Published.Tsds with { Alpha = alpha, C = c, Sigma = sigma }).Select(problem, TestContext.Current.CancellationToken);
            var poolDoubles = Embeddings.Doubles(problem.Embeddings.Pool!);
            var targetDoubles = Embeddings.Doubles(problem.Embeddings.Target!);
            var densities = ReferenceTransport.Densities(poolDoubles, sigma);
            densities.Zip(program.GetProperty("rho").EnumerateArray()).ShouldAllBe(x => Math.Abs(x.First - x.Second.GetDouble()) < 1e-9);

            var gamma = Gamma(problem, Published.Tsds with { Alpha = alpha, C = c, Sigma = sigma });
            var objective = ReferenceTransport.Objective(poolDoubles, targetDoubles, densities, alpha, c, gamma);
            var optimum = program.GetProperty("optimum").GetDouble();
            objective.ShouldBeGreaterThan(optimum - 1e-7);
            if (!((TsdsDetails)selection.Details!).Certified) continue;
            certified++;
            objective.ShouldBe(optimum, 1e-7);
        }

        certified.ShouldBeGreaterThanOrEqualTo(4);
    }

    /// <summary>gamma as the solver has it, [target][pool].</summary>
    internal static double[][] Gamma(SelectionProblem problem, TsdsOptions options)
    {
        var (pool, target) = EmbeddingRows.Open(problem.Embeddings.Pool!, problem.Embeddings.Target, options.Unit);
        var (lists, plan) = new TransportSolver(
            pool, target!, problem, options, new SelectionContext { CancellationToken = TestContext.Current.CancellationToken }).Solve();
        var gamma = new double[lists.Queries][];
        for (var j = 0; j < gamma.Length; j++)
        {
            gamma[j] = new double[pool.Count];
            foreach (var (k, share) in plan.Shares(j).Index()) gamma[j][lists.Rows[j][k]] = share;
        }

        return gamma;
    }

    private static IDenseFeatures Open(string name) =>
        FeatureSource.Open(RepositoryFiles.Fixture("tsds", name), rows: null, TestContext.Current.CancellationToken);

    private static float[] Read(string name)
    {
        using var file = NpyFile.Open(RepositoryFiles.Fixture("tsds", name));
        var values = new float[file.RowCount];
        file.ReadRows(0, values.Length, values);
        return values;
    }

    private static float[][] Matrix(JsonElement rows) =>
        [.. rows.EnumerateArray().Select(row => row.EnumerateArray().Select(x => x.GetSingle()).ToArray())];
}
