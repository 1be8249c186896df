using Pursuit.Data;
using Pursuit.Selection.Gtp;

namespace Pursuit.Engine.Features;

/// <summary>What a plan is asked for, beside how features are made.</summary>
internal sealed record PlanRequest
{
    /// <summary>
    /// Examples of the pool that is planned for; 0 (default): as many as are at hand, which otherwise are a sample of it.
    /// </summary>
    public int Examples { get; init; }

    /// <summary>Seconds that reading and checking the pool at hand took; 0 (default): not measured, and not planned.</summary>
    public double ReadSeconds { get; init; }

    /// <summary>The target; null: none.</summary>
    public Pool? Target { get; init; }

    /// <summary>Examples to choose, of the pool that is planned for; 0 (default): features alone.</summary>
    public int Chosen { get; init; }

    /// <summary>How the choice is made: its passes count. Default: gtp's defaults.</summary>
    public GtpOptions Pursuit { get; init; } = new();

    /// <summary>Whether the choice is toward a target and without quotas, so that its loop may be closed. Default: false.</summary>
    public bool TowardTarget { get; init; }

    /// <summary>Groups of the target. Default 1.</summary>
    public int Groups { get; init; } = 1;
}
