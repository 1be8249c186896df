using System.Runtime.InteropServices;

namespace Pursuit.Selection.Pursuits;

/// <summary>When a non-negative least-squares solve stops.</summary>
/// <param name="Tolerance">Largest violation of the optimality conditions, as a share of the largest |A^T B|.</param>
/// <param name="MaxIterations">At most this many products with the Gram matrix.</param>
/// <param name="ExactRows">Groups with at most this many weights are then solved exactly (<see cref="ExactFit"/>).</param>
/// <param name="Refines">Exact answers are refined against the rows themselves.</param>
internal readonly record struct NonNegativeSettings(double Tolerance, int MaxIterations, int ExactRows = 0, bool Refines = false)
{
    /// <summary>While the support still grows: the next rows change everything anyway.</summary>
    public static NonNegativeSettings Early { get; } = new(1e-3, 80, 128);

    /// <summary>Where the answer counts.</summary>
    public static NonNegativeSettings Final { get; } = new(1e-6, 1000, 512, true);

    /// <summary>What a journal knows a fit by.</summary>
    /// <param name="positions">The rows, [n].</param>
    /// <param name="linear">A B_j, [J][n].</param>
    /// <param name="weights">The warm start, [J][n].</param>
    public byte[] Question(ReadOnlySpan<int> positions, double[][] linear, double[][] weights)
    {
        var (rows, settings) = (positions.ToArray(), this);
        return PursuitJournal.Digest(w =>
        {
            w.Write(MemoryMarshal.AsBytes(rows.AsSpan()));
            foreach (var column in linear.Concat(weights)) w.Write(MemoryMarshal.AsBytes(column.AsSpan()));
            w.Write(settings.Tolerance);
            w.Write(settings.MaxIterations);
            w.Write(settings.ExactRows);
            w.Write(settings.Refines);
        });
    }
}
