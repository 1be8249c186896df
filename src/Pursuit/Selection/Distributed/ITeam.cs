using Pursuit.Distribution;

namespace Pursuit.Selection.Distributed;

/// <summary>Rank 0's side of what several processes do for one selection.</summary>
internal interface ITeam
{
    /// <summary>Bytes so far.</summary>
    Traffic Traffic { get; }

    /// <summary>Lets the other processes go, when all went well; where it didn't, whoever started them ends them.</summary>
    void Done();
}
