using ILGPU;

namespace Pursuit.Cuda.DeviceCode;

/// <summary>
/// What the threads of a group do together. Sums go up a tree of fixed shape, so that they have the same bits whatever else runs.
/// </summary>
internal static class Lanes
{
    /// <summary>Threads of a group, at most: values of shared memory that each kernel takes.</summary>
    public const int Most = 256;

    /// <summary>Values of each row that lie in shared memory at once.</summary>
    private const int TileWidth = 16;

    /// <summary>
    /// Values of shared memory that <see cref="Dot"/> takes: rows are an odd number apart, so that lanes read different banks.
    /// </summary>
    public const int TileLength = Most * (TileWidth + 1);

    /// <summary>The sum over the group's threads, which all get it.</summary>
    public static float Sum(float value, ArrayView<float> shared)
    {
        var lane = Group.IdxX;
        shared[lane] = value;
        Group.Barrier();
        for (var half = Group.DimX / 2; half > 0; half /= 2)
        {
            if (lane < half) shared[lane] += shared[lane + half];
            Group.Barrier();
        }

        var sum = shared[0];
        Group.Barrier();
        return sum;
    }

    /// <summary>The sum over the group's threads, which all get it.</summary>
    public static double Sum(double value, ArrayView<double> shared)
    {
        var lane = Group.IdxX;
        shared[lane] = value;
        Group.Barrier();
        for (var half = Group.DimX / 2; half > 0; half /= 2)
        {
            if (lane < half) shared[lane] += shared[lane + half];
            Group.Barrier();
        }

        var sum = shared[0];
        Group.Barrier();
        return sum;
    }

    /// <summary>The largest value of the group's threads, which all get it; NaN if one is.</summary>
    public static float Largest(float value, ArrayView<float> shared)
    {
        var lane = Group.IdxX;
        shared[lane] = value;
        Group.Barrier();
        for (var half = Group.DimX / 2; half > 0; half /= 2)
        {
            if (lane < half) shared[lane] = DeviceMath.Larger(shared[lane], shared[lane + half]);
            Group.Barrier();
        }

        var largest = shared[0];
        Group.Barrier();
        return largest;
    }

    /// <summary>
    /// The inner products of a vector with as many rows as there are threads, each thread's own. Rows come through shared memory, since
    /// threads that read along a row are served at once, and those that each read a row of their own one by one. Every thread must ask.
    /// </summary>
    /// <param name="x">The vector's memory.</param>
    /// <param name="xAt">Its first value.</param>
    /// <param name="rows">The rows' memory.</param>
    /// <param name="first">The first row's first value.</param>
    /// <param name="stride">Values from one row to the next.</param>
    /// <param name="count">Rows; threads from this number on get 0.</param>
    /// <param name="size">Values of the vector and of each row.</param>
    /// <param name="tile">Shared memory of <see cref="TileLength"/> values.</param>
    public static float Dot(
        ArrayView<float> x, int xAt, ArrayView<float> rows, int first, int stride, int count, int size, ArrayView<float> tile)
    {
        var lane = Group.IdxX;
        var sum = 0f;
        for (var from = 0; from < size; from += TileWidth)
        {
            for (var i = lane; i < count * TileWidth; i += Group.DimX)
            {
                var (row, column) = (i / TileWidth, i % TileWidth);
                if (from + column < size) tile[row * (TileWidth + 1) + column] = rows[first + row * stride + from + column];
            }

            Group.Barrier();
            var width = size - from < TileWidth ? size - from : TileWidth;
            if (lane < count)
            {
                for (var column = 0; column < width; column++) sum += x[xAt + from + column] * tile[lane * (TileWidth + 1) + column];
            }

            Group.Barrier();
        }

        return sum;
    }
}
