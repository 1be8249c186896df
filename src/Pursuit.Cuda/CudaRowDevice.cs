using Pursuit.Selection.Features;

namespace Pursuit.Cuda;

/// <summary>A card that holds a selection's rows.</summary>
/// <param name="card">The card, which others may use too.</param>
internal sealed class CudaRowDevice(CudaCard card) : IRowDevice
{
    /// <inheritdoc/>
    public IHeldRows? Hold(HeldShape shape)
    {
        var layout = new HeldLayout(shape);
        // What stays free is for products and right-hand sides.
        if (layout.Bytes > card.FreeMemory - card.TotalMemory / 16) return null;
        try
        {
            return new CudaHeldRows(card, layout);
        }
        catch (PursuitException e) when (e.InnerException is Engine.Kernels.DeviceMemoryException)
        {
            return null; // free memory is said in all, and may lie in pieces
        }
    }
}

/// <summary>
/// How rows lie in words of 32 bits: each filled up with zeros to what a team of threads reads at once, in pieces whose words 32 bits
/// count.
/// </summary>
/// <param name="Shape">The rows.</param>
internal readonly record struct HeldLayout(HeldShape Shape)
{
    private const int PieceWords = 1 << 28;

    /// <summary>Numbers of a row, filling counted: a multiple of 32, which suits every element.</summary>
    public int Numbers => checked((Shape.Dimension + 31) / 32 * 32);

    /// <summary>Words of a row.</summary>
    public int Words => Numbers / NumbersOfWord;

    /// <summary>Rows of a piece, at most.</summary>
    public int PieceRows => Math.Clamp(PieceWords / Words, 1, Shape.Rows);

    /// <summary>Pieces of each checkpoint.</summary>
    public int Pieces => (Shape.Rows + PieceRows - 1) / PieceRows;

    /// <summary>Bytes of all rows.</summary>
    public long Bytes => (long)Shape.Rows * Shape.Checkpoints * Words * sizeof(uint);

    private int NumbersOfWord => Shape.Element switch
    {
        FeatureElement.BF16 => 2,
        FeatureElement.I8 => 4,
        _ => 1,
    };
}
