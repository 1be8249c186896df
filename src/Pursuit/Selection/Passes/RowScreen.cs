using Pursuit.Numerics;
using Pursuit.Selection.Features;

namespace Pursuit.Selection.Passes;

/// <summary>
/// A coarse picture of a pool's rows, in signed bytes in memory or on a device, with how far each row may be from it. A pass over it
/// costs a half of one over bf16 or a quarter of one over single precision, and needs no disk; what it gives holds within a bound that
/// is proved, not estimated.
/// </summary>
/// <remarks>
/// With phi the row, psi its picture, R the right-hand sides and R' those rounded to 16 bits, the products that a scan of the rows gives
/// differ from
/// psi . R' by at most ||phi - psi|| sigma(R) + ||psi|| ||R - R'|| + the scan's own rounding, over all right-hand sides together, sigma(R)
/// being the most that R
/// makes of a unit vector: of several unlike groups much less than ||R||. That rounding
/// is relative to ||phi|| ||R||, but for products that single precision doesn't hold and for a mean that was subtracted, which have terms
/// of their own.
/// </remarks>
internal sealed class RowScreen
{
    // A single-precision sum of lanes is off by a unit in the last place for each of its additions.
    private const double UnitRoundoff = 1.0 / (1 << 24);

    // A product too small for single precision is off by no more than this.
    private const double Smallest = float.Epsilon;

    private readonly GradientRows _rows;
    private readonly RowsOnDevice? _onDevice;
    private readonly sbyte[][] _shards;
    private readonly float[][] _multipliers;
    private readonly float[] _lengths;
    private readonly float[] _errors;

    private RowScreen(GradientRows rows, RowsOnDevice? onDevice)
    {
        (_rows, _onDevice) = (rows, onDevice);
        var features = rows.Features;
        _shards = new sbyte[(features.Rows + features.ShardRows - 1) / features.ShardRows][];
        _multipliers = [.. Enumerable.Range(0, features.Checkpoints).Select(_ => new float[features.Rows])];
        (_lengths, _errors) = (new float[features.Rows], new float[features.Rows]);
    }

    /// <summary>Bytes of a screen.</summary>
    /// <param name="rows">Rows.</param>
    /// <param name="checkpoints">Checkpoints.</param>
    /// <param name="dimension">Numbers of a row over all checkpoints.</param>
    public static long BytesOf(long rows, long checkpoints, long dimension) => rows * (dimension + sizeof(float) * (checkpoints + 2));

    /// <summary>Makes a screen while a pass is made over the rows.</summary>
    /// <param name="rows">All rows of a pool, read by this process.</param>
    /// <param name="rhs">The pass's right-hand sides.</param>
    /// <param name="count">How many.</param>
    /// <param name="threads">At most this many.</param>
    /// <param name="visit">Sees the pass's products.</param>
    /// <param name="cancellationToken">Stops between shards.</param>
    /// <param name="onDevice">Holds the bytes; null keeps them in memory.</param>
    public static RowScreen Make(
        GradientRows rows,
        float[] rhs,
        int count,
        int threads,
        ProductVisitor visit,
        CancellationToken cancellationToken,
        RowsOnDevice? onDevice = null)
    {
        var screen = new RowScreen(rows, onDevice);
        rows.ScanTiles(rhs, count, threads, visit, cancellationToken, screen.Take);
        onDevice?.Complete();
        return screen;
    }

    /// <summary>One pass over the screen.</summary>
    /// <param name="rhs">[count, D].</param>
    /// <param name="count">Right-hand sides.</param>
    /// <param name="threads">At most this many.</param>
    /// <param name="visit">
    /// Sees the products of some rows and how far they may be off, all right-hand sides of a row together; from several threads.
    /// </param>
    /// <param name="cancellationToken">Stops between shards.</param>
    public void Scan(float[] rhs, int count, int threads, BoundedVisitor visit, CancellationToken cancellationToken)
    {
        var features = _rows.Features;
        var right = _rows.Rights(rhs, count);
        var shifts = _rows.Shifts(rhs, count);
        var length = Math.Sqrt(GradientRows.Dot(rhs, rhs));
        var most = MostOfUnit(rhs, count);
        var rounding = Math.Sqrt(right.Sum(r => r.Words.SquaredError));
        // The lanes' sums, then the sixteen of them.
        var ofScan = (features.Dimension / 16 + 8) * UnitRoundoff * length;
        // Rows so short that single precision drops their products may have multipliers that make the loss count.
        var lost = features.Dimension * Math.Sqrt(count) * Smallest;
        // Subtracting a mean far longer than a row rounds by what the mean's product has.
        var ofShifts = Math.Sqrt(shifts.Sum(s => s * s)) / (1L << 51);
        if (_onDevice is not null)
        {
            _onDevice.Scan(right, _multipliers, threads, (found, first, rows) => See(found, new double[rows], first), cancellationToken);
            return;
        }

        var options = new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, threads), CancellationToken = cancellationToken };
        Parallel.For(0, _shards.Length, options, () => (
            Room: new TileRoom(features.ShardRows * count),
            Products: new double[features.ShardRows * count],
            Off: new double[features.ShardRows]), (shard, _, room) =>
        {
            var first = shard * features.ShardRows;
            var rows = Math.Min(features.ShardRows, features.Rows - first);
            var products = room.Products.AsSpan(0, rows * count);
            products.Clear();
            for (var checkpoint = 0; checkpoint < features.Checkpoints; checkpoint++)
            {
                var picture = new FeatureTile(_shards[shard].AsSpan(checkpoint * rows * features.Dimension, rows * features.Dimension));
                picture.AddProducts(right[checkpoint], _multipliers[checkpoint].AsSpan(first, rows), room.Room, products);
            }

            See(products, room.Off.AsSpan(0, rows), first);
            return room;
        }, _ => { });

        void See(Span<double> products, Span<double> off, int first)
        {
            for (var k = 0; k < products.Length; k++) products[k] -= shifts[k % count];
            for (var r = 0; r < off.Length; r++)
            {
                double error = _errors[first + r], ofPicture = _lengths[first + r], multipliers = 0;
                for (var checkpoint = 0; checkpoint < features.Checkpoints; checkpoint++)
                    multipliers += _rows.Multipliers(checkpoint)[first + r];
                // A millionth more, for the roundings of this very sum.
                off[r] = (error * most + ofPicture * rounding + (ofPicture + error) * ofScan + multipliers * lost + ofShifts) * 1.000001;
            }

            visit(products, off, first, off.Length);
        }
    }

    /// <summary>
    /// At least sigma(R) = max ||R x|| over unit x, and hardly more: the 64th root of the trace of (R R^T)^32, at most count^(1/64) times
    /// sigma.
    /// </summary>
    private static double MostOfUnit(float[] rhs, int count)
    {
        // sigma^2 is the largest eigenvalue of the Gram matrix R R^T, whose eigenvalues e_1 >= e_2 >= ... >= 0. Of its p-th power the
        // trace is sum e_i^p, which lies between e_1^p and count e_1^p: its p-th root is at least sigma^2 and at most count^(1/p) times
        // that. Five squarings make p = 32, and sigma is the root of sigma^2: hence the 64th root, and count^(1/64), 1.07 for 64.
        const int Squarings = 5;
        var dimension = rhs.Length / count;
        var gram = new double[count, count];
        for (var i = 0; i < count; i++)
            for (var j = 0; j <= i; j++)
                gram[i, j] = gram[j, i] = GradientRows.Dot(rhs.AsSpan(i * dimension, dimension), rhs.AsSpan(j * dimension, dimension));
        // The trace is taken out each time, so that no power overflows.
        var (logarithm, power) = (0.0, 1.0);
        for (var step = 0; ; step++)
        {
            var trace = 0.0;
            for (var i = 0; i < count; i++) trace += gram[i, i];
            if (!(trace > 0)) return 0;
            logarithm += Math.Log(trace) / power;
            if (step == Squarings) return Math.Exp(logarithm / 2) * 1.000001;
            var square = new double[count, count];
            for (var i = 0; i < count; i++)
                for (var j = 0; j < count; j++)
                    for (var k = 0; k < count; k++) square[i, j] += gram[i, k] / trace * (gram[k, j] / trace);
            (gram, power) = (square, 2 * power);
        }
    }

    /// <summary>Takes the picture of a tile that a pass is reading.</summary>
    private void Take(FeatureTile tile, int checkpoint, int first, int rows, TileRoom room)
    {
        var features = _rows.Features;
        var shard = first / features.ShardRows;
        var start = shard * features.ShardRows;
        var inShard = Math.Min(features.ShardRows, features.Rows - start);
        // The rows of one checkpoint, from this tile's first on.
        var bytes = _onDevice is not null
            ? room.Bytes(rows * features.Dimension)
            : (_shards[shard] ??= GC.AllocateUninitializedArray<sbyte>(checked(inShard * _rows.Dimension)))
                .AsSpan((checkpoint * inShard + first - start) * features.Dimension, rows * features.Dimension);
        var row = room.Row(features.Dimension);
        for (var r = 0; r < rows; r++)
        {
            FeatureRows.CopyRow(tile, r, row);
            var i = first + r;
            var coarse = RowQuantisation.ToInt8Coarsely(row, bytes.Slice(r * features.Dimension, features.Dimension));
            double multiplier = _rows.Multipliers(checkpoint)[i];
            var ofBytes = (float)(multiplier * coarse.Scale);
            // A multiplier that single precision hardly holds is off by too much: then the picture is zero, and the row itself its error.
            if (!float.IsNormal(ofBytes)) (coarse, ofBytes) = (new CoarseRow(0, coarse.Error + 1.001 * coarse.Length, 0), 0);
            _multipliers[checkpoint][i] = ofBytes;
            // Rounded up enough for sums in single precision, and for the multiplier's own rounding.
            var error = 1.001 * multiplier * coarse.Error + 1e-6 * multiplier * coarse.Length;
            _errors[i] = Up(Math.Sqrt(_errors[i] * (double)_errors[i] + error * error));
            _lengths[i] = Up(
                Math.Sqrt(_lengths[i] * (double)_lengths[i] + multiplier * coarse.Length * multiplier * coarse.Length) * 1.001);
        }

        _onDevice?.Take(new FeatureTile(bytes), checkpoint, first, rows);
    }

    private static float Up(double value) => MathF.BitIncrement((float)value);
}

/// <summary>
/// Sees the products of some consecutive rows, [rows, right-hand sides], and how far each row's may be off in all, [rows].
/// </summary>
internal delegate void BoundedVisitor(ReadOnlySpan<double> products, ReadOnlySpan<double> off, int firstRow, int rows);
