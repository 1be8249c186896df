using System.Globalization;

namespace Pursuit.Selection.Tsds;

/// <summary>What <c>tsds</c> and <c>tsds-uniform</c> report.</summary>
internal sealed record TsdsDetails : MethodDetails
{
    /// <summary>sigma in force: 0 where all densities are 1.</summary>
    public required double Sigma { get; init; }

    /// <summary>The distance that options are stated in, where that was measured; null where it is 1.</summary>
    public double? Scale { get; init; }

    /// <summary>C (1 - alpha) / alpha in force, in the embeddings' own units; null where the authors' code was followed.</summary>
    public double? Spread { get; init; }

    /// <summary>s*: the level up to which each target's nearest rows take their weights 1 / density.</summary>
    public required double Level { get; init; }

    /// <summary>True where the answer is known to be the linear program's optimum: s* is at most half the sum of 1 / density.</summary>
    public required bool Certified { get; init; }

    /// <summary>K: how many rows got mass from each target, [target].</summary>
    public required IReadOnlyList<int> Neighbours { get; init; }

    /// <summary>Targets whose list ended before s*; their last row holds what was left.</summary>
    public required int TargetsOutOfNeighbours { get; init; }

    /// <summary>Rows with any mass.</summary>
    public required int Support { get; init; }

    /// <summary>1 / sum p^2: how many equally likely rows the probabilities are worth.</summary>
    public required double EffectiveRows { get; init; }

    /// <summary>1 / sum_k (V gamma_jk)^2, the mean over targets: how many equally served rows a target is worth.</summary>
    public required double EffectiveNeighbours { get; init; }

    /// <summary>The mean distance of a target to the pool, over the 1,024 rows of smallest content id.</summary>
    public required double AlignmentBefore { get; init; }

    /// <summary>sum gamma_jk d_jk: the mean distance of a target to the rows its mass lies on.</summary>
    public required double AlignmentAfter { get; init; }

    /// <summary>
    /// The share of mass on rows that have another row within a cosine of about 0.99; where densities don't tell, of the mass on the
    /// 4,096 rows of smallest content id.
    /// </summary>
    public required double NearDuplicateMass { get; init; }

    /// <summary>What an index found of the neighbours; null where they are exact.</summary>
    public TsdsIndexReport? Index { get; init; }

    /// <summary>Densities that were evaluated.</summary>
    public required int DensitiesEvaluated { get; init; }

    /// <summary>Bytes read from the pool's embeddings.</summary>
    public required long BytesRead { get; init; }

    /// <inheritdoc/>
    public override long? FeatureBytes => BytesRead;

    /// <inheritdoc/>
    public override IReadOnlyList<KeyValuePair<string, string>> Summary =>
    [
        Line("mean distance to the target", $"{Number(AlignmentAfter)} by mass, {Number(AlignmentBefore)} over the pool"),
        Line("rows with mass", $"{Support.ToString("N0", CultureInfo.InvariantCulture)}, worth {Number(EffectiveRows)} equal ones"),
        Line("neighbours per target", $"{Number(Neighbours.Average())}, worth {Number(EffectiveNeighbours)} equal ones"),
        .. Scale is { } scale
            ? [Line("scale", $"{Number(scale)}, a target's distance to its nearest rows")]
            : Array.Empty<KeyValuePair<string, string>>(),
        Line("level s*", $"{Number(Level)}, {(Certified ? "the optimum is certified" : "the optimum is not certified")}"),
        Line("mass on near-duplicates", NearDuplicateMass.ToString("0.0%", CultureInfo.InvariantCulture)),
        .. Index is { } index
            ? [Line("index", string.Create(CultureInfo.InvariantCulture, $"ivf, {index.Probes:N0} of {index.Lists:N0} lists probed; ")
                + string.Create(CultureInfo.InvariantCulture, $"recall {index.Recall:0.000} on {index.Compared:N0} targets"))]
            : Array.Empty<KeyValuePair<string, string>>(),
        Line("bytes read", BytesRead.ToString("N0", CultureInfo.InvariantCulture)),
    ];

    private static KeyValuePair<string, string> Line(string name, string value) => KeyValuePair.Create(name, value);

    private static string Number(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);
}
