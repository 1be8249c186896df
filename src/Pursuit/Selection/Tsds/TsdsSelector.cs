using System.Globalization;
using Pursuit.Numerics;
using Pursuit.Selection.Neighbours;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Tsds;

/// <summary>
/// TSDS (Liu et al., "TSDS: Data Selection for Task-Specific Model Finetuning", NeurIPS 2024, arXiv 2410.11303): rows drawn from the
/// transport plan that is near the target and spread out, with a row's share limited by one over its density, so that copies
/// share one row's mass. Formula and differences from the authors' code: docs/methods/tsds.md.
/// </summary>
internal sealed class TsdsSelector : ISelector
{
    /// <summary>The method's name.</summary>
    public const string Name = "tsds";

    /// <summary>The method's name where all densities are 1.</summary>
    public const string UniformName = "tsds-uniform";

    /// <summary>Name of the saved probabilities, [pool].</summary>
    public const string ProbabilitiesName = "tsds-probabilities";

    /// <summary>Name of the saved densities, [pool]; 0 where one was never needed.</summary>
    public const string DensitiesName = "tsds-densities";

    /// <summary>Name of the saved numbers of neighbours with mass, [target].</summary>
    public const string NeighboursName = "tsds-neighbours";

    /// <summary>Mass that lies farther than this share of the pool's own distance was hardly aligned.</summary>
    private const double FarShare = 0.9;

    /// <summary>An index that finds less than this of the neighbours changes the choice.</summary>
    private const double LowRecall = 0.9;

    private const int SampleRows = 1024, CertifyingRows = 8192, NearRows = 4096;

    private readonly string _name;
    private readonly TsdsOptions _options;

    /// <summary>Creates <c>tsds</c> with checked options.</summary>
    public TsdsSelector(TsdsOptions options)
        : this(Name, options)
    {
    }

    private TsdsSelector(string name, TsdsOptions options)
    {
        options.Validate(name);
        (_name, _options) = (name, options);
    }

    /// <summary>Creates <c>tsds-uniform</c>.</summary>
    public static TsdsSelector Uniform(TsdsUniformOptions options) => new(UniformName, new TsdsOptions
    {
        Alpha = options.Alpha,
        Scale = options.Scale,
        C = options.C,
        MaxK = options.MaxK,
        Unit = options.Unit,
        Draw = options.Draw,
        Compat = options.Compat,
        Index = options.Index,
        Lists = options.Lists,
        Probes = options.Probes,
        Density = TsdsDensity.Uniform,
    });

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        var (pool, target) = EmbeddingRows.Open(
            problem.RequirePoolEmbeddings(_name), problem.RequireTargetEmbeddings(_name), _options.Unit);
        var solver = new TransportSolver(pool, target!, problem, _options, context);
        var (lists, plan) = solver.Solve();
        var placed = PlacedMass.Add(lists, plan, pool.Count);
        var empty = FeaturelessRows.Find(problem.Embeddings.Pool);
        int[] rows = [.. Enumerable.Range(0, pool.Count).Where(i => placed.Mass[i] > 0 && empty?[i] != true)];
        var probabilities = Array.ConvertAll(rows, i => placed.Mass[i]);
        var sample = Sample(problem, Math.Min(SampleRows, pool.Count));
        // Before the near-duplicates: what it evaluates tells of those as well.
        var certified = IsCertified(problem, solver, lists, plan, sample, context.CancellationToken);
        var duplicated = NearDuplicateMass(problem, solver.Densities, rows, placed.Mass, context.CancellationToken);
        var index = IndexReport(problem.Seed, solver, lists, placed.Neighbours, context.CancellationToken);
        var selection = BudgetFiller.Fill(
            _name, problem, RowDraws.Rank(problem, rows, probabilities, _options.Draw), problem.Embeddings.Pool);
        var sampled = new float[sample.Length * pool.Dimension];
        pool.Gather(sample, sampled);
        var details = new TsdsDetails
        {
            Sigma = _options.KernelWidth * solver.Scale,
            Scale = _options.Units == TsdsScale.Data ? solver.Scale : null,
            Spread = _options.Compat == TsdsCompatibility.Authors ? null : solver.Spread,
            Level = plan.Level,
            Certified = certified,
            Neighbours = placed.Neighbours,
            TargetsOutOfNeighbours = OutOfNeighbours(lists, plan),
            Support = rows.Length,
            EffectiveRows = 1 / probabilities.Sum(p => p * p),
            EffectiveNeighbours = placed.EffectiveNeighbours,
            AlignmentBefore = MeanDistance(pool, sampled, solver.Queries, lists.Queries),
            AlignmentAfter = placed.Alignment,
            NearDuplicateMass = duplicated,
            Index = index,
            DensitiesEvaluated = solver.Densities.Known,
            BytesRead = (solver.NeighbourPasses + solver.Densities.Passes + (index is null ? 0 : 1)) * pool.PassBytes,
        };
        var remarks = Remarks(problem, selection, details, lists.Rows.Max(list => list.Length), AreEqual(sampled, pool.Dimension));
        return selection with
        {
            Details = details,
            Remarks = [.. selection.Remarks, .. remarks],
            Arrays =
            [
                new SavedArray(ProbabilitiesName, Array.ConvertAll(placed.Mass, p => (float)p)),
                new SavedArray(DensitiesName, solver.Densities.ToArray()),
                new SavedArray(NeighboursName, Array.ConvertAll(placed.Neighbours, k => (float)k)),
            ],
        };
    }

    private static int OutOfNeighbours(NeighbourLists lists, TransportPlan plan) => Enumerable.Range(0, lists.Queries).Count(plan.RanOut);

    private static TsdsIndexReport? IndexReport(
        ulong seed, TransportSolver solver, NeighbourLists lists, int[] neighbours, CancellationToken cancellationToken)
    {
        if (solver.Index is not { } index) return null;
        var (recall, compared) = NeighbourRecall.Measure(seed, solver.All(0), lists, neighbours, cancellationToken);
        return new TsdsIndexReport(index.Lists, index.Probes, recall, compared);
    }

    /// <summary>The share of mass on rows that another nearly equals, over the rows whose near-duplicates are counted.</summary>
    private static double NearDuplicateMass(
        SelectionProblem problem, Densities densities, int[] rows, double[] mass, CancellationToken cancellationToken)
    {
        var counted = NearSample(problem, densities, rows);
        densities.CountNear(counted, cancellationToken);
        return counted.Sum(i => densities.Near(i) > 0 ? mass[i] : 0) / counted.Sum(i => mass[i]);
    }

    /// <summary>
    /// The plan is the program's optimum while s* is at most half the sum of all 1 / density. The densities at hand often show it;
    /// else some more rows' are evaluated.
    /// </summary>
    private bool IsCertified(
        SelectionProblem problem,
        TransportSolver solver,
        NeighbourLists lists,
        TransportPlan plan,
        int[] sample,
        CancellationToken cancellationToken)
    {
        if (_options.Compat == TsdsCompatibility.Authors || solver.Index is { IsExact: false }) return false;
        if (OutOfNeighbours(lists, plan) > 0 || (!plan.IsReached && lists.Rows.Any(rows => rows.Length < problem.ContentIds.Count)))
            return false;
        var densities = solver.Densities;
        for (var count = sample.Length; densities.KnownWeight() < 2 * plan.Level; count = Math.Min(
            CertifyingRows, problem.ContentIds.Count))
        {
            var rows = (count == sample.Length ? sample : Sample(problem, count)).Where(row => !densities.IsKnown(row)).Order().ToArray();
            if (rows.Length > 0) densities.Evaluate(rows, cancellationToken);
            else if (count >= Math.Min(CertifyingRows, problem.ContentIds.Count)) return false;
        }

        return true;
    }

    private IEnumerable<string> Remarks(SelectionProblem problem, SelectionResult selection, TsdsDetails details, int length, bool areEqual)
    {
        if (_options.Compat == TsdsCompatibility.None && details.TargetsOutOfNeighbours > 0)
            yield return $"{details.TargetsOutOfNeighbours:N0} of {details.Neighbours.Count:N0} targets ran out of "
                + $"their {length:N0} neighbours, and the last one holds what was left: "
                + $"raise {(_options.Index == TsdsIndex.None ? "max-k" : "probes")} or alpha, or lower c.";
        if (details.Index is { Recall: < LowRecall } index)
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"The index found {index.Recall:0.0%} of the neighbours: ")
                + string.Create(
                    CultureInfo.InvariantCulture, $"raise probes ({index.Probes:N0} of {index.Lists:N0} lists), or leave index at none.");
        if (areEqual && problem.ContentIds.Count > 1)
            yield return $"The embeddings of all {Math.Min(SampleRows, problem.ContentIds.Count):N0} examples looked at are equal, "
                + "so nothing tells one example from another: look at what made them.";
        else if (_options.Compat == TsdsCompatibility.None && details.AlignmentAfter > FarShare * details.AlignmentBefore)
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"The mass lies nearly as far from the target ({details.AlignmentAfter:G4}) as the pool does "
                    + $"({details.AlignmentBefore:G4}), so this is hardly a choice: ")
                + (details.Sigma > 0 ? $"examples within sigma {SigmaOf(details)} of one another count as copies; lower sigma, or " : "")
                + (_options is { Units: TsdsScale.Data, Alpha: null } ? "select fewer, or set alpha." : "lower c or raise alpha.");
        if (_options.Draw == TsdsDraw.WithReplacement)
            yield return $"{selection.Rows.Count:N0} distinct examples were drawn; one drawn more often weighs as much more.";
        else if (problem.Quotas.Count == 0 && selection.Rows.Count >= details.Support && selection.Spent < selection.Budget)
            yield return $"Only {details.Support:N0} {(details.Support == 1 ? "example is" : "examples are")} near enough to the target "
                + "to get any mass, and all were chosen: lower alpha or raise c for more.";
    }

    /// <summary>sigma as it is given, and in the embeddings' units where these are others.</summary>
    private static string SigmaOf(TsdsDetails details) => details.Scale is { } scale
        ? string.Create(CultureInfo.InvariantCulture, $"{details.Sigma / scale:0.###} ({details.Sigma:G3} in the embeddings' units)")
        : string.Create(CultureInfo.InvariantCulture, $"{details.Sigma:0.###}");

    /// <summary>
    /// Rows whose near-duplicates are counted: all where that came with their density, else at most 4,096, for it costs as much.
    /// </summary>
    private static int[] NearSample(SelectionProblem problem, Densities densities, int[] rows) =>
        rows.Length <= NearRows || rows.All(densities.IsNearKnown) ? rows : Smallest(problem, rows, NearRows);

    /// <summary>The rows of smallest content id.</summary>
    private static int[] Sample(SelectionProblem problem, int count) =>
        Smallest(problem, Enumerable.Range(0, problem.ContentIds.Count), count);

    private static int[] Smallest(SelectionProblem problem, IEnumerable<int> rows, int count)
    {
        var smallest = new NeighbourHeaps(1, count, problem.ContentIds);
        foreach (var row in rows) smallest.Offer(0, row, 0);
        return NeighbourHeaps.Merge([smallest], 1).Rows[0];
    }

    private static bool AreEqual(float[] rows, int dimension)
    {
        for (var first = dimension; first < rows.Length; first += dimension)
            if (!rows.AsSpan(first, dimension).SequenceEqual(rows.AsSpan(0, dimension))) return false;
        return true;
    }

    private static double MeanDistance(EmbeddingRows pool, float[] rows, float[] queries, int count)
    {
        var sums = new double[rows.Length / pool.Dimension];
        Parallel.For(0, sums.Length, i =>
        {
            var row = rows.AsSpan(i * pool.Dimension, pool.Dimension);
            for (var j = 0; j < count; j++)
                sums[i] += Math.Sqrt(SquaredDistance.Of(row, queries.AsSpan(j * pool.Dimension, pool.Dimension)));
        });
        return sums.Sum() / ((double)sums.Length * count) / pool.Factor;
    }

    /// <summary>What a plan puts where.</summary>
    /// <param name="Mass">p of every row: the targets' shares added up, [pool].</param>
    /// <param name="Neighbours">Rows with mass of each target, [target].</param>
    /// <param name="Alignment">sum gamma_jk d_jk.</param>
    /// <param name="EffectiveNeighbours">1 / sum_k (V gamma_jk)^2, the mean over targets.</param>
    private sealed record PlacedMass(double[] Mass, int[] Neighbours, double Alignment, double EffectiveNeighbours)
    {
        public static PlacedMass Add(NeighbourLists lists, TransportPlan plan, int poolRows)
        {
            var mass = new double[poolRows];
            var (alignment, effective) = (0.0, 0.0);
            var neighbours = new int[lists.Queries];
            for (var j = 0; j < lists.Queries; j++)
            {
                var shares = plan.Shares(j);
                var squares = 0.0;
                for (var k = 0; k < shares.Length; k++)
                {
                    mass[lists.Rows[j][k]] += shares[k];
                    alignment += shares[k] * lists.Distances[j][k];
                    squares += shares[k] * lists.Queries * shares[k] * lists.Queries;
                }

                neighbours[j] = shares.Length;
                effective += 1 / squares;
            }

            return new PlacedMass(mass, neighbours, alignment, effective / lists.Queries);
        }
    }
}
