using ILGPU;
using Pursuit.Engine.Kernels;

namespace Pursuit.Cuda.DeviceCode;

/// <summary>Rows of matrices.</summary>
internal static class RowCode
{
    /// <summary>Threads that share a column's sum.</summary>
    public const int RowLanes = 8;

    public static void SetRows(ArrayView<float> vector, int rows, int columns, ArrayView<float> destination, int stride)
    {
        for (var i = Grid.GlobalIndex.X; i < rows * columns; i += Grid.DimX * Group.DimX)
            destination[i / columns * stride + i % columns] = vector[i % columns];
    }

    public static void AddToRows(ArrayView<float> vector, int rows, int columns, ArrayView<float> destination, int stride)
    {
        for (var i = Grid.GlobalIndex.X; i < rows * columns; i += Grid.DimX * Group.DimX)
            destination[i / columns * stride + i % columns] += vector[i % columns];
    }

    public static void AddRows(ArrayView<float> source, int rows, int columns, ArrayView<float> destination, int stride)
    {
        for (var i = Grid.GlobalIndex.X; i < rows * columns; i += Grid.DimX * Group.DimX)
            destination[i / columns * stride + i % columns] += source[i];
    }

    /// <summary>Copies rows from one stride to another.</summary>
    public static void CopyRows(
        ArrayView<float> source, int sourceStride, int rows, int columns, ArrayView<float> destination, int stride)
    {
        for (var i = Grid.GlobalIndex.X; i < rows * columns; i += Grid.DimX * Group.DimX)
            destination[i / columns * stride + i % columns] = source[i / columns * sourceStride + i % columns];
    }

    /// <summary>Rows times a factor; with 0 what they hold isn't read.</summary>
    public static void MultiplyRows(ArrayView<float> values, int stride, int rows, int columns, float factor)
    {
        for (var i = Grid.GlobalIndex.X; i < rows * columns; i += Grid.DimX * Group.DimX)
        {
            var at = i / columns * stride + i % columns;
            values[at] = factor == 0f ? 0f : factor * values[at];
        }
    }

    /// <summary>Rows of float32 rounded to bf16, to the nearest, ties to even.</summary>
    public static void NarrowRows(
        ArrayView<float> source, int sourceStride, int rows, int columns, ArrayView<ushort> destination, int stride)
    {
        for (var i = Grid.GlobalIndex.X; i < rows * columns; i += Grid.DimX * Group.DimX)
        {
            var value = source[i / columns * sourceStride + i % columns];
            var bits = Interop.FloatAsInt(value);
            var narrow = (ushort)(float.IsNaN(value) ? (bits >> 16) | 0x40 : (bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
            destination[i / columns * stride + i % columns] = narrow;
        }
    }

    /// <summary>destination[j] = the sum of column j: each of a column's threads takes every eighth row, and a tree their sums.</summary>
    public static void SumRows(ArrayView<float> source, int stride, int rows, int columns, ArrayView<float> destination)
    {
        var shared = SharedMemory.Allocate<float>(Lanes.Most);
        var lanes = Group.DimX < RowLanes ? Group.DimX : RowLanes;
        var wide = Group.DimX / lanes;
        var (lane, column) = (Group.IdxX / wide, Group.IdxX % wide);
        for (var first = Grid.IdxX * wide; first < columns; first += Grid.DimX * wide)
        {
            var sum = 0f;
            if (first + column < columns)
            {
                for (var row = lane; row < rows; row += lanes) sum += source[row * stride + first + column];
            }

            shared[Group.IdxX] = sum;
            Group.Barrier();
            for (var half = lanes / 2; half > 0; half /= 2)
            {
                if (lane < half) shared[Group.IdxX] += shared[Group.IdxX + half * wide];
                Group.Barrier();
            }

            if (lane == 0 && first + column < columns) destination[first + column] = shared[Group.IdxX];
            Group.Barrier();
        }
    }

    public static void GatherRows(ArrayView<float> table, ArrayView<int> indices, int width, ArrayView<float> destination)
    {
        for (var i = Grid.GlobalIndex.X; i < indices.IntLength * width; i += Grid.DimX * Group.DimX)
            destination[i] = table[indices[i / width] * width + i % width];
    }

    public static void GatherNarrowRows(ArrayView<ushort> table, ArrayView<int> indices, int width, ArrayView<float> destination)
    {
        for (var i = Grid.GlobalIndex.X; i < indices.IntLength * width; i += Grid.DimX * Group.DimX)
            destination[i] = Interop.IntAsFloat((uint)table[indices[i / width] * width + i % width] << 16);
    }

    public static void ScatterRows(ArrayView<float> source, int stride, ArrayView<int> indices, int width, ArrayView<float> table)
    {
        for (var i = Grid.GlobalIndex.X; i < indices.IntLength * width; i += Grid.DimX * Group.DimX)
            table[indices[i / width] * width + i % width] = source[i / width * stride + i % width];
    }

    /// <summary>
    /// A group for each i: the first that names a row of the table adds all its sources to it, in their order; the others leave.
    /// </summary>
    public static void ScatterAddRows(ArrayView<float> source, ArrayView<int> indices, int width, ArrayView<float> table)
    {
        var shared = SharedMemory.Allocate<float>(Lanes.Most);
        for (var i = Grid.IdxX; i < indices.IntLength; i += Grid.DimX)
        {
            var row = indices[i];
            var before = 0f;
            for (var j = Group.IdxX; j < i; j += Group.DimX)
                if (indices[j] == row) before = 1f;
            if (Lanes.Largest(before, shared) == 0f)
            {
                for (var j = i; j < indices.IntLength; j++)
                {
                    if (indices[j] == row)
                    {
                        for (var k = Group.IdxX; k < width; k += Group.DimX) table[row * width + k] += source[j * width + k];
                    }
                }
            }
        }
    }

    public static void ScaleRows(ArrayView<float> factors, ArrayView<float> source, int width, ArrayView<float> destination)
    {
        for (var i = Grid.GlobalIndex.X; i < factors.IntLength * width; i += Grid.DimX * Group.DimX)
            destination[i] = source[i] * factors[i / width];
    }

    public static void DotRows(ArrayView<float> x, ArrayView<float> y, int width, ArrayView<float> destination)
    {
        var shared = SharedMemory.Allocate<float>(Lanes.Most);
        for (var row = Grid.IdxX; row < destination.IntLength; row += Grid.DimX)
        {
            var sum = 0f;
            for (var i = Group.IdxX; i < width; i += Group.DimX) sum += x[row * width + i] * y[row * width + i];
            sum = Lanes.Sum(sum, shared);
            if (Group.IdxX == 0) destination[row] = sum;
        }
    }

    /// <summary>Parts groups for every segment; each value's place in its segment decides whether it is kept.</summary>
    public static void Dropout(
        ArrayView<float> source, ArrayView<int> offsets, ArrayView<float> destination, DropoutFactors dropout)
    {
        var s = Grid.IdxX / dropout.Parts;
        var first = offsets[dropout.First + s] * dropout.Width;
        var count = offsets[dropout.First + s + 1] * dropout.Width - first;
        var stream = DropoutMask.Derive(dropout.Stream, dropout.FirstNumber + dropout.First + s);
        var (low, high) = ((uint)stream, (uint)(stream >> 32));
        for (var i = Grid.IdxX % dropout.Parts * Group.DimX + Group.IdxX; i < count; i += dropout.Parts * Group.DimX)
        {
            var x = (uint)i + low;
            x = (x ^ (x >> 16)) * DropoutMask.Multiplier1;
            x = (x ^ (x >> 15) ^ high) * DropoutMask.Multiplier2;
            var value = (x ^ (x >> 16)) >= dropout.Threshold ? source[first + i] * dropout.Factor : 0f;
            destination[first + i] = dropout.Accumulate != 0 ? destination[first + i] + value : value;
        }
    }
}

/// <summary>What a dropout drops, as its kernel takes it.</summary>
internal struct DropoutFactors
{
    public ulong Stream;
    public int First;
    public int FirstNumber;
    public int Width;
    public int Parts;
    public int Accumulate;
    public uint Threshold;
    public float Factor;
}
