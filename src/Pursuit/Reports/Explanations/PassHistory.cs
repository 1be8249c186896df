using Pursuit.Selection.Passes;

namespace Pursuit.Reports.Explanations;

/// <summary>A row's way through a pursuit, read from the gains that the run kept.</summary>
/// <param name="gains">The kept passes.</param>
/// <param name="row">The row's position in the pool.</param>
/// <param name="pursued">Positions of the final choice that the pursuit itself selected.</param>
internal sealed class PassHistory(PursuitGains gains, int row, IReadOnlySet<int> pursued)
{
    /// <summary>The row at every kept pass.</summary>
    public IReadOnlyList<PassPlace> Passes() =>
    [
        .. gains.Passes.Select((pass, k) => new PassPlace(
            pass.Pass,
            pass.Gains[row] switch
            {
                > 0 => "candidate",
                PursuitGains.Chosen => "chosen already",
                PursuitGains.Excluded => "barred",
                PursuitGains.NotOffered => "not offered",
                _ => "points away",
            },
            Math.Max(0, pass.Gains[row]),
            gains.Rank(k, row),
            Added(k).Length)),
    ];

    /// <summary>
    /// The kept pass, as an index, after which the row's gain fell most; null where it never was a candidate or was chosen then.
    /// </summary>
    public int? Fall()
    {
        var falls = Enumerable.Range(0, gains.Passes.Count)
            .Where(k => gains.Passes[k].Gains[row] > 0 && After(k) is { } after && after < gains.Passes[k].Gains[row])
            .ToArray();
        return falls.Length == 0 ? null : falls.MaxBy(k => gains.Passes[k].Gains[row] - After(k)!.Value);
    }

    /// <summary>
    /// The row's gain after a kept pass, 0 where it no longer points toward the residual; null where it was chosen, or nothing
    /// tells.
    /// </summary>
    public double? After(int index) =>
        index + 1 < gains.Passes.Count && gains.Passes[index + 1].Gains[row] is var next && next != PursuitGains.Chosen
            ? Math.Max(0, next)
            : null;

    /// <summary>Positions that a kept pass, and those omitted up to the next kept one, added.</summary>
    public int[] Added(int index)
    {
        var now = gains.Passes[index].Gains;
        var next = index + 1 < gains.Passes.Count ? gains.Passes[index + 1].Gains : null;
        return [.. Enumerable.Range(0, now.Length)
            .Where(i => now[i] != PursuitGains.Chosen && (next is null ? pursued.Contains(i) : next[i] == PursuitGains.Chosen))];
    }
}
