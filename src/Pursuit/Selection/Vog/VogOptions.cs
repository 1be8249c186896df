using System.ComponentModel;
using Pursuit.Selection.TokenScores;

namespace Pursuit.Selection.Vog;

/// <summary>Options of <c>vog</c>.</summary>
public sealed record VogOptions
{
    /// <summary>Which part is kept. Default <see cref="Band.Top"/>: the hardest examples.</summary>
    [Description("which values are kept first: top, middle or bottom")]
    public Band Band { get; init; } = Band.Top;
}
