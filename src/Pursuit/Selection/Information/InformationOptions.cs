using System.ComponentModel;
using Pursuit.Selection.TokenScores;

namespace Pursuit.Selection.Information;

/// <summary>Options of <c>information</c>.</summary>
public sealed record InformationOptions : TokenScoreOptions
{
    /// <summary>Which terms count. Default <see cref="InformationTerms.Both"/>.</summary>
    [Description("which terms count: both, probe (what the probe can't predict) or frequency (how rare the words are)")]
    public InformationTerms Terms { get; init; } = InformationTerms.Both;

    /// <summary>Per token or in all. Default <see cref="Normalize.Mean"/>.</summary>
    [Description("mean per token, or sum over the example, which prefers long ones")]
    public Normalize Normalize { get; init; } = Normalize.Mean;
}

/// <summary>Terms of the information of an example.</summary>
public enum InformationTerms
{
    /// <summary>H_q + H_f.</summary>
    Both,

    /// <summary>H_q: the probe's mean -log q.</summary>
    Probe,

    /// <summary>H_f: the mean -log of the corpus's token frequency.</summary>
    Frequency,
}
