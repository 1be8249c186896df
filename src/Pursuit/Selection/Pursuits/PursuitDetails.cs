using System.Globalization;
using System.Text.Json.Serialization;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Pursuits;

/// <summary>What <c>gtp</c> and <c>omp</c> report.</summary>
internal sealed record PursuitDetails : MethodDetails
{
    /// <summary>The groups that were fitted, [J].</summary>
    public required IReadOnlyList<string> Groups { get; init; }

    /// <summary>Each group's share, [J].</summary>
    public required IReadOnlyList<double> Shares { get; init; }

    /// <summary>What each group's residual is, relative to its target: ||R_j|| / ||B_j||, [J].</summary>
    public required IReadOnlyList<double> GroupResiduals { get; init; }

    /// <summary>
    /// The residual each group's sampling noise alone would leave, relative to its target, [J]; 0 where it can't be known.
    /// </summary>
    public required IReadOnlyList<double> GroupNoiseFloors { get; init; }

    /// <summary>Every recorded iterate of the pursuit proper, before fills.</summary>
    public required IReadOnlyList<PursuitIteration> Iterations { get; init; }

    /// <summary>The residuals on the held-out half by iteration of the pursuit on the other half; empty unless asked for.</summary>
    public IReadOnlyList<PursuitIteration> HeldOutIterations { get; init; } = [];

    /// <summary>Why the pursuit ended.</summary>
    public required StopReason Reason { get; init; }

    /// <summary>The largest <see cref="Violation"/> of weights that count as fitted: products with rows are single precision.</summary>
    public const double FitTolerance = 1e-5;

    /// <summary>
    /// How far the best iterate's weights are from their optimality conditions: the largest |phi_i . R_j - lam W_ij - ||phi_i|| S_j /
    /// b| where W_ij is above
    /// zero, and the largest such number itself where it is zero, over the chosen rows, as a share of ||phi_i|| times the target's length.
    /// 0 in a run of an earlier version, which kept none.
    /// </summary>
    public double Violation { get; init; }

    /// <summary>True where the passes didn't run out first and the weights are fitted (<see cref="FitTolerance"/>).</summary>
    public bool Converged => Reason != StopReason.IterationLimit && Violation <= FitTolerance;

    /// <summary>sum_j ||R_j||^2 + lam ||W||^2 + (1/b) sum_j (sum_i W_ij ||phi_i||)^2 of the best iterate.</summary>
    public required double Objective { get; init; }

    /// <summary>The ridge.</summary>
    public required double Lambda { get; init; }

    /// <summary>The best iterate's residual with its weights, relative.</summary>
    public required double Residual { get; init; }

    /// <summary>The final selection's residual under uniform weights, relative, fills included.</summary>
    public required double UniformResidual { get; init; }

    /// <summary>Rows the pursuit itself wanted; the rest of the selection are fills.</summary>
    public required int Wanted { get; init; }

    /// <summary>Passes over the pool's features.</summary>
    public required int Passes { get; init; }

    /// <summary>
    /// Bytes of them that those passes and single rows come to, on any machine; a screen spares most
    /// (<see cref="PursuitMemory.BytesSpared"/>).
    /// </summary>
    public required long BytesRead { get; init; }

    /// <summary>Pool rows whose gradient is zero; they are never chosen.</summary>
    public required int ZeroRows { get; init; }

    /// <summary>Share of target rows, over checkpoints, whose norm lies below the pool's floor.</summary>
    public required double TargetBelowFloor { get; init; }

    /// <summary>Pairs of chosen rows with a cosine above 0.95, by rank.</summary>
    public required IReadOnlyList<NearDuplicate> NearDuplicates { get; init; }

    /// <summary>
    /// Every row's gain at the pursuit's passes, which a run keeps in a file of its own; null in details that were read back.
    /// </summary>
    [JsonIgnore]
    public PursuitGains? Gains { get; init; }

    /// <inheritdoc/>
    public override long? FeatureBytes => BytesRead;

    /// <inheritdoc/>
    public override IReadOnlyList<KeyValuePair<string, string>> Summary =>
    [
        new("iterations", string.Create(CultureInfo.InvariantCulture, $"{Iterations.Count} ({Describe(Reason)})")),
        new("residual by rows chosen", Course()),
        new("residual, weighted", Residual.ToString("0.0000", CultureInfo.InvariantCulture)),
        new("residual, uniform weights", UniformResidual.ToString("0.0000", CultureInfo.InvariantCulture)),
        new("rows the pursuit wanted", Wanted.ToString("N0", CultureInfo.InvariantCulture)),
        new("near-duplicate pairs chosen", NearDuplicates.Count.ToString("N0", CultureInfo.InvariantCulture)),
        new("passes over the features", string.Create(CultureInfo.InvariantCulture, $"{Passes} ({BytesRead / 1e9:0.0} GB)")),
    ];

    /// <summary>What of details that were read back contradicts them or the selection, in words; null where nothing does.</summary>
    /// <param name="chosen">The chosen rows' positions.</param>
    internal string? FaultOf(IReadOnlySet<int> chosen) =>
        Shares.Count != Groups.Count || GroupResiduals.Count != Groups.Count || GroupNoiseFloors.Count != Groups.Count
            ? $"figures of other than the {Groups.Count} groups"
        : NearDuplicates.Any(p => !chosen.Contains(p.First) || !chosen.Contains(p.Second)) ? "near-duplicates that weren't chosen"
        : null;

    /// <summary>A few of the iterations, spread evenly, the last among them: "0.91 (12), 0.83 (24), ...".</summary>
    private string Course()
    {
        const int Shown = 8;
        var steps = Math.Min(Shown, Iterations.Count);
        return string.Join(", ", Enumerable.Range(1, steps).Select(i => Iterations[i * Iterations.Count / steps - 1])
            .Select(i => string.Create(CultureInfo.InvariantCulture, $"{i.Residual:0.00} ({i.Rows:N0})")));
    }

    internal static string Describe(StopReason reason) => reason switch
    {
        StopReason.Optimal => "no row left that helps",
        StopReason.ResidualReached => "residual reached",
        StopReason.NoProgress => "objective no longer falls by the tolerance",
        StopReason.SupportUnchanged => "same rows twice",
        StopReason.NoiseFloor => "at the target's noise",
        StopReason.HeldOut => "held-out residual no longer falls",
        StopReason.BudgetFull => "budget full",
        _ => "iterations used up",
    };
}
