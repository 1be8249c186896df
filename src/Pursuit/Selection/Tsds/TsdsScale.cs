namespace Pursuit.Selection.Tsds;

/// <summary>What distances, and with them sigma and c, are measured in.</summary>
public enum TsdsScale
{
    /// <summary>The embeddings' own units, as in the paper.</summary>
    None,

    /// <summary>
    /// The median over targets of the mean distance to the ten nearest rows: the same choice whatever the vectors' lengths and dimensions.
    /// </summary>
    Data,
}
