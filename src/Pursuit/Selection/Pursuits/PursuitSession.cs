using System.Globalization;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Pursuits;

/// <summary>What every pursuit method does around its own loop: sets the problem up, and turns an outcome into a selection.</summary>
internal sealed class PursuitSession : IDisposable
{
    // What making a screen and computing the gains at the end take, later passes over single precision save by then.
    private const int LeastScreened = 8;

    private readonly SelectionProblem _selection;
    private readonly PursuitOptions _options;
    private readonly string _method;
    private readonly (RowsOnDevice? Rows, RowsOnDevice? Screen) _onDevice;

    private PursuitSession(
        SelectionProblem selection,
        PursuitOptions options,
        string method,
        PursuitProblem problem,
        GradientRows? target,
        int budget,
        (RowsOnDevice? Rows, RowsOnDevice? Screen) onDevice)
    {
        _onDevice = onDevice;
        _selection = selection;
        _options = options;
        _method = method;
        Problem = problem;
        Target = target;
        RowBudget = budget;
    }

    /// <summary>Rows, target and ridge.</summary>
    public PursuitProblem Problem { get; }

    /// <summary>The target's rows, or null without a target.</summary>
    public GradientRows? Target { get; }

    /// <summary>M; for token budgets the rows that would fill it at the pool's mean cost.</summary>
    public int RowBudget { get; }

    /// <summary>Reads norms, centres and groups.</summary>
    /// <exception cref="PursuitException">Features, target or options don't fit.</exception>
    public static PursuitSession Open(SelectionProblem selection, string method, PursuitOptions options, SelectionContext context)
    {
        var rows = GradientRows.OfPool(selection.RequirePoolGradients(method), options.Rows);
        if (options.Centre) rows = rows.Centred(context.Threads, context.CancellationToken);
        var device = options.PassesOverAll ? context.RowDevice : null;
        var onDevice = rows.HoldOn(device);
        RowsOnDevice? screen = null;
        try
        {
            if (onDevice is null && context.Memory is not null && options.Screen != ScreenUse.Never) screen = rows.HoldPicturesOn(device);
            return Open(selection, method, options, context, rows, (onDevice, screen));
        }
        catch
        {
            onDevice?.Dispose();
            screen?.Dispose();
            throw;
        }
    }

    private static PursuitSession Open(
        SelectionProblem selection,
        string method,
        PursuitOptions options,
        SelectionContext context,
        GradientRows rows,
        (RowsOnDevice? Rows, RowsOnDevice? Screen) onDevice)
    {
        var target = PursuitTarget.Create(selection, method, rows, options, context);
        var targetRows = selection.Gradients.Target is null ? null : rows.OfTarget(selection.Gradients.Target);
        var budget = Rows(selection, selection.ResolvedBudget);
        if (context.Memory is { } memory)
        {
            var size = Size(
                selection,
                options,
                rows.Features.Checkpoints,
                rows.Features.Dimension,
                target.Groups,
                context.Threads,
                targetRows is null ? null : context.Trained?.FollowsWarmup);
            // Passes over rows on a device read nothing of the store after the first; over a screen there they are worth it always.
            var screens = onDevice.Rows is null
                && (onDevice.Screen is not null || Screens(options, rows, options.UsualPasses(budget)));
            (screens ? size with { ScreenBytes = size.Screen(onDevice.Screen is not null) } : size).PlanIn(memory, method);
            if (!memory.Screens) onDevice.Screen?.Dispose();
            rows.Source.KeepFetched(memory.Cache);
        }

        var batch = options.BatchFor(selection.Gradients.Target is not null);
        var problem = new PursuitProblem(rows, target, selection.ContentIds, options.Lambda, batch, context, onDevice.Screen);
        return new PursuitSession(selection, options, method, problem, targetRows, budget, onDevice);
    }

    /// <summary>Gives a device's memory back that holds the rows or a screen of them; no pass may follow.</summary>
    public void LeaveDevice()
    {
        _onDevice.Rows?.Dispose();
        _onDevice.Screen?.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose() => LeaveDevice();

    /// <summary>What a pursuit's memory depends on.</summary>
    /// <param name="selection">Rows, budget and quotas.</param>
    /// <param name="options">How it pursues.</param>
    /// <param name="checkpoints">Checkpoints.</param>
    /// <param name="dimension">Numbers per checkpoint.</param>
    /// <param name="groups">Groups of the target.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="followsWarmup">
    /// Whether features that a model can be trained behind, toward a target, cost a training already; null where it can't.
    /// </param>
    public static PursuitSize Size(
        SelectionProblem selection,
        PursuitOptions options,
        int checkpoints,
        int dimension,
        int groups,
        int threads,
        bool? followsWarmup)
    {
        var budget = Rows(selection, selection.ResolvedBudget);
        var chosen = Math.Min(options.MostRows(budget), selection.ContentIds.Count);
        return new PursuitSize
        {
            Rows = selection.ContentIds.Count,
            Checkpoints = checkpoints,
            Dimension = (long)checkpoints * dimension,
            Chosen = chosen,
            Groups = groups,
            Listed = Math.Min(options.MostListed(budget), selection.ContentIds.Count),
            Threads = threads,
            Passes = Math.Min(options.MostPasses(budget), PursuitGains.MostPasses),
            KeptDirections = options.KeepsDirections ? budget : 0,
            LoopBytes = followsWarmup is { } warmed && selection.Quotas.Count == 0
                ? options.LoopBytes(budget, selection.ContentIds.Count, checkpoints, dimension, warmed)
                : 0,
            FactorBytes = options.KeepsFactors ? groups * chosen * chosen / 2 * sizeof(double) : 0,
        };
    }

    /// <summary>A row's cost in the budget's unit.</summary>
    public long Cost(int position) => _selection.Budget.Cost(position, _selection.TokenCounts);

    /// <summary>What the budget still holds after some rows.</summary>
    public long Left(IEnumerable<int> positions) => _selection.ResolvedBudget - positions.Sum(Cost);

    /// <summary>About how many rows a cost buys, at least one.</summary>
    public int RowsFor(long cost) => Rows(_selection, cost);

    /// <summary>The pursuit's rows by contribution, with their training weights before scaling.</summary>
    public RankedRow[] Ranked(PursuitOutcome outcome)
    {
        var weights = RowWeights.OfFit(Problem, outcome.Positions, outcome.Weights, _options.Weights);
        return
        [
            .. outcome.Positions
                .Select((position, i) => new RankedRow(position, Contribution(outcome, i), weights[i]))
                .OrderByDescending(r => r.Score)
                .ThenBy(r => _selection.ContentIds[r.Position]),
        ];
    }

    /// <summary>Fills the budget from the ranks and scales the weights.</summary>
    /// <param name="ranked">Pursued rows, then fills.</param>
    /// <param name="remarks">Sentences for the result.</param>
    public SelectionResult Select(IReadOnlyList<RankedRow> ranked, IReadOnlyList<string> remarks)
    {
        if (ranked.Count == 0)
            throw PursuitException.At(
                _method,
                "no row of the pool points toward the target",
                "at least one",
                "Check that target and pool features were made with the same model, checkpoints and preconditioning; centring may help.");
        var selection = BudgetFiller.Fill(_method, _selection, ranked, _selection.Gradients.Pool);
        var weights = RowWeights.Clipped([.. selection.Rows.Select(r => r.Weight)], _options.Clip);
        return selection with
        {
            Rows = [.. selection.Rows.Select((r, i) => r with { Weight = weights[i] })],
            Remarks = [.. selection.Remarks, .. remarks],
        };
    }

    /// <summary>A sentence on budget that a pursuit leaves, with its true reason.</summary>
    /// <param name="outcome">The pursuit's.</param>
    /// <param name="left">Budget left, in its unit.</param>
    public string Unused(PursuitOutcome outcome, long left)
    {
        var rows = outcome.Positions.Length;
        var why = outcome.Reason == StopReason.Optimal
            ? $"The pursuit wanted {rows:N0} examples and no more help the target"
            : $"The pursuit ended with {rows:N0} examples ({PursuitDetails.Describe(outcome.Reason)})";
        return $"{why}; {left:N0} {Budget.UnitName(_selection.Budget.Unit)} of the budget stay unused.";
    }

    /// <summary>Says where the weights are not fitted to the end.</summary>
    public static IEnumerable<string> FitRemarks(PursuitOutcome outcome)
    {
        if (outcome.Violation > PursuitDetails.FitTolerance)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture, $"The weights' last fit has not converged: its largest violation of the optimality ")
                + string.Create(
                    CultureInfo.InvariantCulture,
                    $"conditions is {outcome.Violation:0.0e+0} of the target's length; "
                        + $"at most {PursuitDetails.FitTolerance:0.0e+0} counts as fitted.");
        }
    }

    /// <summary>The report of a finished selection.</summary>
    public PursuitDetails Details(PursuitOutcome outcome, SelectionResult selection, CancellationToken cancellationToken)
    {
        Problem.FinishGains(cancellationToken);
        var target = Problem.Target;
        var positions = selection.Rows.Select(r => r.Position).ToArray();
        var wanted = outcome.Positions.ToHashSet();
        var groups = Enumerable.Range(0, target.Groups).ToArray();
        return new PursuitDetails
        {
            Groups = target.Names,
            Shares = target.Shares,
            GroupResiduals = [.. groups.Select(j => Math.Sqrt(PartEnergy(outcome.Residual, j) / PartEnergy(target.Scaled, j)))],
            GroupNoiseFloors = [.. groups.Select(j => Math.Sqrt(target.Noise[j] / PartEnergy(target.Scaled, j)))],
            Iterations = outcome.Iterations,
            Reason = outcome.Reason,
            Violation = outcome.Violation,
            Objective = outcome.Objective,
            Lambda = Problem.Lambda,
            Residual = Math.Sqrt(GradientRows.Dot(outcome.Residual, outcome.Residual) / Problem.Energy),
            UniformResidual = Problem.UniformResidual(Sum(positions)),
            Wanted = positions.Count(wanted.Contains),
            Passes = Problem.Passes,
            BytesRead = Problem.BytesRead,
            ZeroRows = FeaturelessRows.Find(_selection.Gradients.Pool)?.Count(e => e) ?? 0,
            TargetBelowFloor = Target is null ? 0 : BelowFloor(Target),
            NearDuplicates = NearDuplicates.Among(Problem.Rows, positions, cancellationToken),
            Gains = Problem.Gains,
        };
    }

    /// <summary>
    /// Whether passes over a screen are worth its memory; over bytes never, which are as coarse, and not where several processes or rounds
    /// share the rows.
    /// </summary>
    private static bool Screens(PursuitOptions options, GradientRows rows, long passes) =>
        rows.Source.Team.Count == 1 && rows.Features.BytesPerElement > sizeof(sbyte) && options.PassesOverAll && options.Screen switch
        {
            ScreenUse.Always => true,
            ScreenUse.Auto =>
                (rows.Features.BytesPerElement >= sizeof(float) && passes >= LeastScreened) || rows.PassBytes > PursuitMemory.HalfOfAll,
            _ => false,
        };

    private double[] Sum(int[] positions)
    {
        var sum = new double[Problem.Rows.Dimension];
        var row = new float[sum.Length];
        foreach (var position in positions)
        {
            Problem.Rows.Gather([position], row);
            for (var k = 0; k < sum.Length; k++) sum[k] += row[k];
        }

        return sum;
    }

    private static double BelowFloor(GradientRows target)
    {
        if (target.Floors.Count == 0) return 0;
        var features = target.Features;
        var whole = target.Construction.Normalization == RowNormalization.Row ? NormFloors.WholeRows(features) : null;
        var parts = whole is null ? features.Checkpoints : 1;
        var below = 0;
        for (var part = 0; part < parts; part++)
            for (var v = 0; v < features.Rows; v++)
                if ((whole is null ? features.Norms(part)[v] : whole[v]) < target.Floors[part]) below++;
        return (double)below / (features.Rows * parts);
    }

    private double PartEnergy(float[] rows, int group)
    {
        var part = rows.AsSpan(group * Problem.Rows.Dimension, Problem.Rows.Dimension);
        return GradientRows.Dot(part, part);
    }

    private double Contribution(PursuitOutcome outcome, int index)
    {
        var square = outcome.Weights.Sum(column => column[index] * column[index]);
        return Math.Sqrt(square) * Problem.Rows.Norms[outcome.Positions[index]];
    }

    private static int Rows(SelectionProblem selection, long cost)
    {
        if (selection.Budget.Unit == BudgetUnit.Rows) return (int)cost;
        var total = 0L;
        for (var i = 0; i < selection.ContentIds.Count; i++) total += selection.Budget.Cost(i, selection.TokenCounts);
        return (int)Math.Clamp(Math.Ceiling((double)cost * selection.ContentIds.Count / Math.Max(1, total)), 1, selection.ContentIds.Count);
    }
}
