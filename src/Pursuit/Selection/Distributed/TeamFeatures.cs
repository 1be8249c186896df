using Pursuit.Selection.Features;

namespace Pursuit.Selection.Distributed;

/// <summary>
/// A pool's features whose passes several processes make, each over its own shards. To methods they are features like any other:
/// what reads them row by row reads them here, what scans, sums or gathers through <see cref="GradientRows"/> is shared out.
/// </summary>
internal sealed class TeamFeatures(IDenseFeatures inner, RowTeam team) : ForwardedFeatures(inner)
{
    /// <summary>The processes.</summary>
    public RowTeam Team => team;

    /// <summary>The rows this process scans.</summary>
    public RowRange Own => team.Own;
}
