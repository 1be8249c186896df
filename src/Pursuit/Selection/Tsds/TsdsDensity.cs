namespace Pursuit.Selection.Tsds;

/// <summary>What a row's share of a target's mass is limited by.</summary>
public enum TsdsDensity
{
    /// <summary>One over the row's density, a sum of kernels over the pool: copies share about one row's mass (KNN-KDE).</summary>
    Kde,

    /// <summary>The same for every row (KNN-Uniform).</summary>
    Uniform,
}

/// <summary>How rows are drawn from the probabilities.</summary>
public enum TsdsDraw
{
    /// <summary>Each row at most once, the next with probability proportional to p among those left.</summary>
    WithoutReplacement,

    /// <summary>As the paper: independent draws; a row drawn often weighs as much more, and counts against the budget as often.</summary>
    WithReplacement,

    /// <summary>The rows of largest probability.</summary>
    Top,
}

/// <summary>Whose truncation is followed.</summary>
public enum TsdsCompatibility
{
    /// <summary>None: lists grow until the mass is placed, densities are over the whole pool.</summary>
    None,

    /// <summary>
    /// The authors' code: at most N/10 neighbours, densities within the union of the lists, and what doesn't fit on each list's
    /// last row.
    /// </summary>
    Authors,
}
