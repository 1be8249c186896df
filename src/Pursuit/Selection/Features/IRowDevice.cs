namespace Pursuit.Selection.Features;

/// <summary>
/// A device that holds stored rows in its memory and multiplies them there. What it gives are the bits that the processor gives
/// (<see cref="Numerics.RowScan"/>, <see cref="Numerics.ByteScan"/>), so that no selection depends on whether there is one.
/// </summary>
internal interface IRowDevice
{
    /// <summary>Makes room for rows; null where the device hasn't that much memory free.</summary>
    /// <param name="shape">What the rows are.</param>
    IHeldRows? Hold(HeldShape shape);
}

/// <summary>Stored rows as a device holds them.</summary>
/// <param name="Element">What their numbers are.</param>
/// <param name="Rows">Rows.</param>
/// <param name="Checkpoints">Checkpoints.</param>
/// <param name="Dimension">Numbers per row and checkpoint.</param>
internal readonly record struct HeldShape(FeatureElement Element, int Rows, int Checkpoints, int Dimension);

/// <summary>Rows on a device. Safe from several threads at once.</summary>
internal interface IHeldRows : IDisposable
{
    /// <summary>Takes consecutive rows of one checkpoint.</summary>
    /// <param name="tile">The rows.</param>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="first">The first row.</param>
    /// <param name="rows">How many.</param>
    void Write(FeatureTile tile, int checkpoint, int first, int rows);

    /// <summary>Begins a pass. All rows must have been written.</summary>
    /// <param name="right">The right-hand sides of each checkpoint.</param>
    IHeldPass Begin(IReadOnlyList<TileRights> right);
}

/// <summary>One pass over held rows. Safe from several threads at once.</summary>
internal interface IHeldPass : IDisposable
{
    /// <summary>dots[i, j] = rows[i] . right[j] of rows in float32 or bf16.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="first">The first row.</param>
    /// <param name="rows">How many.</param>
    /// <param name="dots">[rows, right-hand sides], overwritten.</param>
    void Dots(int checkpoint, int first, int rows, Span<float> dots);

    /// <summary>The same of rows in bytes, with the right-hand sides in 16 bits (<see cref="TileRights.Words"/>).</summary>
    /// <inheritdoc cref="Dots(int, int, int, Span{float})"/>
    void Dots(int checkpoint, int first, int rows, Span<long> dots);
}
