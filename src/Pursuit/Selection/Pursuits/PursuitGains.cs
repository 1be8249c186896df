namespace Pursuit.Selection.Pursuits;

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
    public const float Barred = -2;

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
    public PursuitGains(IEnumerable<(int Pass, float[] Gains)> passes) => _passes.AddRange(passes.Select(p => (p.Pass, (IPassGains)new GainsHere(p.Gains))));

    /// <summary>The kept passes' numbers, from 1, with p_i of every row, [rows]: 0 where it doesn't point toward the residual.</summary>
    public IReadOnlyList<(int Pass, float[] Gains)> Passes => _fetched ??= _passes.ConvertAll(p => (p.Pass, p.Gains.Values));

    /// <summary>Forgets everything: a pursuit begins anew.</summary>
    public void Clear()
    {
        foreach (var (_, gains) in _passes) gains.Drop();
        _passes.Clear();
        _fetched = null;
        (_seen, _stride) = (0, 1);
    }

    /// <summary>Takes note of a pass.</summary>
    /// <param name="gains">p, [rows], with <see cref="Chosen"/> and <see cref="Barred"/>; kept, not copied.</param>
    public void Add(float[] gains) => Add(new GainsHere(gains));

    /// <summary>Takes note of a pass whose gains may lie elsewhere until they are asked for.</summary>
    internal void Add(IPassGains gains)
    {
        _seen++;
        if ((_seen - 1) % _stride != 0)
        {
            gains.Drop();
            return;
        }

        _fetched = null;
        _passes.Add((_seen, gains));
        if (_passes.Count <= MostPasses) return;
        _stride *= 2;
        foreach (var (_, dropped) in _passes.Where(p => (p.Pass - 1) % _stride != 0)) dropped.Drop();
        _passes.RemoveAll(p => (p.Pass - 1) % _stride != 0);
    }

    /// <summary>A row's rank by gain at a kept pass, from 1; null where it had none.</summary>
    public int? Rank(int index, int row)
    {
        var gains = _passes[index].Gains.Values;
        return gains[row] > 0 ? 1 + gains.Count(g => g > gains[row]) : null;
    }

    private sealed record GainsHere(float[] Values) : IPassGains
    {
        public void Drop()
        {
            // The collector sees to it.
        }
    }
}

/// <summary>The gains of one pass.</summary>
internal interface IPassGains
{
    /// <summary>p, [rows]; fetched where they lie elsewhere.</summary>
    float[] Values { get; }

    /// <summary>They won't be asked for.</summary>
    void Drop();
}
