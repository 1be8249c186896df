namespace Pursuit.Selection.Passes;

/// <summary>
/// What a pursuit saw at its passes: the gain of every row, so that anybody can be told when and to whom a row lost. At most
/// <see cref="MostPasses"/> passes are kept; of more, every second, fourth and so on.
/// </summary>
public sealed class PursuitGains
{
    /// <summary>Passes kept at most.</summary>
    public const int MostPasses = 64;

    /// <summary>The gain of a row that was in the support already.</summary>
    public const float Chosen = -1;

    /// <summary>The gain of a row that could not be chosen: its features equal a chosen row's, or it was found without use.</summary>
    public const float Excluded = -2;

    /// <summary>The gain of a row that was not among those a pursuit of what parts had chosen could choose.</summary>
    public const float NotOffered = -3;

    private readonly List<(int Pass, IPassGains Gains)> _passes = [];
    private IReadOnlyList<(int Pass, float[] Gains)>? _fetched;
    private int _seen;
    private int _stride = 1;

    /// <summary>No pass yet.</summary>
    public PursuitGains()
    {
    }

    /// <summary>Passes that were kept elsewhere.</summary>
    /// <param name="passes">The passes' numbers from 1, with a gain per row.</param>
    internal PursuitGains(IEnumerable<(int Pass, IPassGains Gains)> passes) => _passes.AddRange(passes);

    /// <summary>The kept passes' numbers, from 1, with p_i of every row, [rows]: 0 where it doesn't point toward the residual.</summary>
    public IReadOnlyList<(int Pass, float[] Gains)> Passes => _fetched ??= _passes.ConvertAll(p => (p.Pass, p.Gains.Read()));

    /// <summary>The kept passes, each to be read by itself where all at once would be too much.</summary>
    internal IReadOnlyList<(int Pass, IPassGains Gains)> Kept => _passes;

    /// <summary>Forgets everything: a pursuit begins anew.</summary>
    public void Clear()
    {
        _passes.Clear();
        _fetched = null;
        (_seen, _stride) = (0, 1);
    }

    /// <summary>Takes note of a pass.</summary>
    /// <param name="gains">p, [rows], with <see cref="Chosen"/> and <see cref="Excluded"/>; kept, not copied.</param>
    public void Add(float[] gains) => Add(() => new GainsHere(gains));

    /// <summary>Takes note of a pass, whose gains are made only where they are kept.</summary>
    internal void Add(Func<IPassGains> gains)
    {
        _seen++;
        if ((_seen - 1) % _stride != 0) return;
        _fetched = null;
        _passes.Add((_seen, gains()));
        if (_passes.Count <= MostPasses) return;
        _stride *= 2;
        _passes.RemoveAll(p => (p.Pass - 1) % _stride != 0);
    }

    /// <summary>Takes the passes of a pursuit among some rows.</summary>
    /// <param name="other">Its passes.</param>
    /// <param name="positions">Each of its rows' place here.</param>
    /// <param name="rows">Rows here.</param>
    internal void AddAmong(PursuitGains other, int[] positions, int rows)
    {
        foreach (var (pass, gains) in other._passes) _passes.Add((pass, new GainsAmong(gains, positions, rows)));
        (_seen, _stride, _fetched) = (other._seen, other._stride, null);
    }

    /// <summary>A row's rank by gain at a kept pass, from 1; null where it had none.</summary>
    public int? Rank(int index, int row)
    {
        var gains = Passes[index].Gains;
        return gains[row] > 0 ? 1 + gains.Count(g => g > gains[row]) : null;
    }
}

/// <summary>The gains of one pass.</summary>
internal interface IPassGains
{
    /// <summary>True while they are still to be computed (<see cref="LaterGains"/>), and can't be read.</summary>
    bool Owed => false;

    /// <summary>p, [rows]; read where they lie elsewhere.</summary>
    float[] Read();
}

/// <summary>Gains in memory.</summary>
internal sealed record GainsHere(float[] Gains) : IPassGains
{
    public float[] Read() => Gains;
}

/// <summary>Gains of some rows, as gains of all.</summary>
internal sealed record GainsAmong(IPassGains Gains, int[] Positions, int Rows) : IPassGains
{
    public float[] Read()
    {
        var all = new float[Rows];
        Array.Fill(all, PursuitGains.NotOffered);
        foreach (var (index, gain) in Gains.Read().Index()) all[Positions[index]] = gain;
        return all;
    }
}
