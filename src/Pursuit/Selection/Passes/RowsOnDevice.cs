using Pursuit.Selection.Features;

namespace Pursuit.Selection.Passes;

/// <summary>
/// A pool's stored rows, or a screen's pictures of them, on a device: the first pass over the rows takes them there while it is made on the
/// processor, every later one is made on the device.
/// </summary>
internal sealed class RowsOnDevice : IDisposable
{
    /// <summary>Products that come back at once: a mebibyte, few enough for a core's cache and the work of far more than a call.</summary>
    private const int ProductsAtOnce = 1 << 18;

    private readonly int _count;
    private readonly FeatureElement _element;
    private IHeldRows? _rows;

    private RowsOnDevice(int count, FeatureElement element, IHeldRows rows) => (_count, _element, _rows) = (count, element, rows);

    /// <summary>True until the device's memory is given back.</summary>
    public bool IsHeld => _rows is not null;

    /// <summary>True once every row is on the device.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Makes room for features on a device; null where it hasn't got it.</summary>
    public static RowsOnDevice? Hold(IDenseFeatures features, IRowDevice device)
    {
        if (features.Rows == 0 || features.Dimension == 0) return null;
        // What a pass reads may be wider than what the store keeps.
        return Hold(features, device, features.Read(0, 0, 1, new float[features.Dimension]).Element);
    }

    /// <summary>Makes room for pictures of features in bytes; null where the device hasn't got it.</summary>
    public static RowsOnDevice? HoldPictures(IDenseFeatures features, IRowDevice device) =>
        Hold(features, device, FeatureElement.I8);

    /// <summary>Takes a tile of a pass over all rows.</summary>
    public void Take(FeatureTile tile, int checkpoint, int first, int rows) => _rows!.Write(tile, checkpoint, first, rows);

    /// <summary>Says that a pass took every row.</summary>
    public void Complete() => IsWhole = true;

    /// <summary>Makes a pass over the rows: while one thread looks at products, the device makes the next one's.</summary>
    /// <param name="right">The right-hand sides of each checkpoint.</param>
    /// <param name="multipliers">What each row is multiplied by, by checkpoint.</param>
    /// <param name="threads">At most this many.</param>
    /// <param name="visit">Sees [rows, right-hand sides] products with the rows' place; from several threads.</param>
    /// <param name="cancellationToken">Stops between calls of the device.</param>
    public void Scan(TileRights[] right, float[][] multipliers, int threads, ProductVisitor visit, CancellationToken cancellationToken)
    {
        var (count, total) = (right[0].Count, _count);
        var atOnce = (int)Math.Clamp(ProductsAtOnce / (long)count, 1, total);
        var (next, parts) = (-1, (int)((total + (long)atOnce - 1) / atOnce));
        var workers = Math.Min(Math.Max(1, threads), parts);
        var options = new ParallelOptions { MaxDegreeOfParallelism = workers, CancellationToken = cancellationToken };
        using var pass = _rows!.Begin(right);
        Parallel.For(0, workers, options, _ =>
        {
            var all = new double[atOnce * count];
            var room = new TileRoom(atOnce * count);
            for (var part = Interlocked.Increment(ref next); part < parts; part = Interlocked.Increment(ref next))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var first = part * atOnce;
                var rows = Math.Min(atOnce, total - first);
                var products = all.AsSpan(0, rows * count);
                products.Clear();
                for (var checkpoint = 0; checkpoint < right.Length; checkpoint++)
                {
                    var factors = multipliers[checkpoint].AsSpan(first, rows);
                    if (_element == FeatureElement.I8)
                    {
                        var sums = room.Sums(rows * count);
                        pass.Dots(checkpoint, first, rows, sums);
                        FeatureTile.AddSums(right[checkpoint].Words.Scales, sums, factors, products);
                    }
                    else
                    {
                        var dots = room.Singles(rows * count);
                        pass.Dots(checkpoint, first, rows, dots);
                        FeatureTile.AddDots(count, dots, factors, products);
                    }
                }

                visit(products, first, rows);
            }
        });
    }

    /// <summary>Gives the device's memory back; passes read the store again.</summary>
    public void Dispose()
    {
        _rows?.Dispose();
        (_rows, IsWhole) = (null, false);
    }

    private static RowsOnDevice? Hold(IDenseFeatures features, IRowDevice device, FeatureElement element) =>
        device.Hold(new HeldShape(element, features.Rows, features.Checkpoints, features.Dimension)) is { } rows
            ? new RowsOnDevice(features.Rows, element, rows)
            : null;
}
