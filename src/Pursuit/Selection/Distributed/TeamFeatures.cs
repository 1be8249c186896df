using Pursuit.Selection.Features;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Distributed;

/// <summary>
/// A pool's features whose passes several processes make. What reads them row by row reads them here; what scans, sums or gathers through
/// <see cref="GradientRows"/> is shared out, and so is what methods ask of the team.
/// </summary>
/// <param name="inner">The features, which every process has open.</param>
/// <param name="team">The processes; this is rank 0.</param>
internal sealed class TeamFeatures(IDenseFeatures inner, Team team) : ForwardedFeatures(inner), ISharedFeatures
{
    private readonly FetchedRows _fetched = new();
    private int _rows;

    /// <inheritdoc/>
    public ITeam Team => team;

    /// <inheritdoc/>
    public IRowSource Open(RowConstruction construction)
    {
        team.Tell((byte)GradientRequest.Open, w =>
        {
            w.Write((int)construction.Normalization);
            w.Write(construction.FloorQuantile);
        });
        return Next();
    }

    /// <summary>The source of the rows that every process made last.</summary>
    internal TeamRows Next() => new(this, team, _fetched, _rows++);
}

/// <summary>Rows of other processes that were fetched, up to a bound, so that no row travels twice.</summary>
internal sealed class FetchedRows
{
    private readonly Dictionary<(int Rows, int Position), float[]> _rows = [];
    private long _bytes;

    /// <summary>Bytes that are kept at most.</summary>
    public long MostBytes { get; set; } = 1L << 30;

    /// <summary>A row that is here, or null.</summary>
    public float[]? Find(int rows, int position) => _rows.GetValueOrDefault((rows, position));

    /// <summary>Keeps a row where there is room.</summary>
    public void Keep(int rows, int position, float[] row)
    {
        var bytes = (long)row.Length * sizeof(float);
        if (_bytes + bytes > MostBytes) return;
        _bytes += bytes;
        _rows.Add((rows, position), row);
    }
}
