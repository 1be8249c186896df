using System.ComponentModel;
using Pursuit.Selection.Neighbours;

namespace Pursuit.Selection.Tsds;

/// <summary>
/// Options of <c>tsds-uniform</c>. The defaults adapt to the embeddings' scale and the budget; the paper's
/// are those of <see cref="TsdsScale.None"/>.
/// </summary>
public record TsdsUniformOptions
{
    /// <summary>
    /// The weight of alignment against diversity. Default: the largest that spreads the mass over as many rows as the budget buys, or with
    /// <see cref="TsdsScale.None"/> the paper's 0.5. Range above 0 to 1; 1 takes each target's nearest row alone.
    /// </summary>
    [Description("alignment with the target against diversity, above 0 to 1; 1 takes each target's nearest row alone; by default what "
        + "spreads the mass over as many rows as the budget buys, or 0.5 with scale=none")]
    public double? Alpha { get; init; }

    /// <summary>
    /// The distance that counts as much as all diversity, in units of the scale. Default 5; range above 0. Only C (1 - alpha) / alpha
    /// matters.
    /// </summary>
    [Description("the distance that counts as much as all diversity, above 0; only C (1 - alpha) / alpha matters")]
    public double C { get; init; } = 5;

    /// <summary>
    /// What distances are measured in. Default <see cref="TsdsScale.Data"/>, and <see cref="TsdsScale.None"/> with
    /// <see cref="TsdsCompatibility.Authors"/>.
    /// </summary>
    [Description("data: distances in units of a target's distance to its nearest rows, so that nothing need be guessed; none: distances as "
        + "they are (the paper's, and the default with compat=authors)")]
    public TsdsScale? Scale { get; init; }

    /// <summary>
    /// Most neighbours of a target. Default none: lists grow until the mass is placed; the authors' is 5000. Range 1 or more.
    /// </summary>
    [Description("most neighbours of a target, 1 or more; by default as many as the mass needs, 5000 with compat=authors")]
    public int? MaxK { get; init; }

    /// <summary>Divide each embedding by its norm. Default false.</summary>
    [Description("divide each embedding by its norm first")]
    public bool Unit { get; init; }

    /// <summary>How rows are drawn. Default <see cref="TsdsDraw.WithoutReplacement"/>.</summary>
    [Description("how rows are drawn from the probabilities: without-replacement, with-replacement (the paper's) or top")]
    public TsdsDraw Draw { get; init; } = TsdsDraw.WithoutReplacement;

    /// <summary>Whose truncation is followed. Default <see cref="TsdsCompatibility.None"/>.</summary>
    [Description("none, or authors: lists of at most a tenth of the pool, the remainder on each one's last row")]
    public TsdsCompatibility Compat { get; init; } = TsdsCompatibility.None;

    /// <summary>Where neighbours are looked for. Default <see cref="TsdsIndex.None"/>: everywhere, exactly.</summary>
    [Description(
        "none: exact neighbours; ivf: only in the lists nearest to each target, with the recall reported, "
        + "for large targets and pools")]
    public TsdsIndex Index { get; init; } = TsdsIndex.None;

    /// <summary>
    /// With <see cref="TsdsIndex.Ivf"/>: lists of the pool. Default none: the root of the pool's rows. Range 1 to 65,536.
    /// </summary>
    [Description("with index=ivf: lists of the pool, 1 to 65536; by default the root of its rows")]
    public int? Lists { get; init; }

    /// <summary>
    /// With <see cref="TsdsIndex.Ivf"/>: lists that a target looks at. Default 32; range 1 or more; as many as lists is exact.
    /// </summary>
    [Description("with index=ivf: lists that a target looks at, 1 or more; all of them are exact search")]
    public int Probes { get; init; } = 32;

    /// <summary>The scale that is in force.</summary>
    internal TsdsScale Units => Scale ?? (Compat == TsdsCompatibility.Authors ? TsdsScale.None : TsdsScale.Data);

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="PursuitException">Options are out of range; every one is named.</exception>
    public void Validate(string method)
    {
        var faults = Faults().ToArray();
        if (faults.Length > 0)
            throw PursuitException.At(
                method,
                string.Join(", ", faults.Select(f => f.Found)),
                string.Join(", ", faults.Select(f => f.Expected)));
    }

    /// <summary>What is out of range.</summary>
    protected virtual IEnumerable<(string Found, string Expected)> Faults()
    {
        if (Alpha is not (null or (> 0 and <= 1))) yield return (FormattableString.Invariant($"alpha {Alpha}"), "alpha above 0 to 1");
        if (!(C > 0) || !double.IsFinite(C)) yield return (FormattableString.Invariant($"c {C}"), "c above 0");
        if (MaxK < 1) yield return ($"max-k {MaxK}", "max-k of 1 or more");
        if (Lists is < 1 or > RowCells.MostCells) yield return ($"lists {Lists}", $"lists of 1 to {RowCells.MostCells}");
        if (Probes < 1) yield return ($"probes {Probes}", "probes of 1 or more");
        if (Scale == TsdsScale.Data && Compat == TsdsCompatibility.Authors)
            yield return ("scale data with compat authors", "scale none with compat authors");
        if (Index != TsdsIndex.None && Compat == TsdsCompatibility.Authors)
            yield return ("index ivf with compat authors", "index none with compat authors");
    }
}
