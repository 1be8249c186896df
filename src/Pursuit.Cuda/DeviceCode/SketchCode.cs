using ILGPU;
using Pursuit.Engine.Kernels;

namespace Pursuit.Cuda.DeviceCode;

/// <summary>
/// Count-sketches. Many values meet in one place of a sketch, in an order that a card doesn't keep; so they are added as integers, whose
/// sum has no order: multiples of 2^-37 of the row's largest value, of which 2^25 fit into 64 bits.
/// </summary>
internal static class SketchCode
{
    private const int BitsBelowLargest = 37;

    /// <summary>units[row] = <see cref="Unit"/> of the row's largest absolute value; NaN where a value is NaN or infinite.</summary>
    public static void Units(ArrayView<float> values, int length, ArrayView<double> units)
    {
        var shared = SharedMemory.Allocate<float>(Lanes.Most);
        for (var row = Grid.IdxX; row < units.IntLength; row += Grid.DimX)
        {
            var largest = 0f;
            for (var i = Group.IdxX; i < length; i += Group.DimX)
            {
                var value = values[row * length + i];
                largest = DeviceMath.Larger(largest, value < 0f ? -value : value);
            }

            largest = Lanes.Largest(largest, shared);
            if (Group.IdxX == 0) units[row] = Unit(largest);
        }
    }

    /// <summary>sums[row, place] += sign value / unit.</summary>
    public static void Add(ArrayView<float> values, int length, ArrayView<double> units, ulong key, int dimension, ArrayView<long> sums)
    {
        var tensor = new SketchKey(key);
        var width = dimension + SketchKey.BlockSize - 1;
        for (var i = Grid.GlobalIndex.X; i < values.IntLength; i += Grid.DimX * Group.DimX)
        {
            var (row, at) = (i / length, i % length);
            var unit = units[row];
            if (double.IsNaN(unit)) continue;
            var (place, signs) = tensor.At(at / SketchKey.BlockSize, dimension);
            var lane = at % SketchKey.BlockSize;
            var count = values[i] / unit;
            var whole = (long)(count < 0 ? count - 0.5 : count + 0.5);
            Atomic.Add(ref sums[row * width + place + lane], (signs >> lane & 1) == 0 ? whole : -whole);
        }
    }

    /// <summary>destination[row] += the sums times their unit.</summary>
    public static void Take(ArrayView<long> sums, ArrayView<double> units, int width, ArrayView<float> destination, int stride)
    {
        for (var i = Grid.GlobalIndex.X; i < sums.IntLength; i += Grid.DimX * Group.DimX)
            destination[i / width * stride + i % width] += (float)(sums[i] * units[i / width]);
    }

    /// <summary>A thread for every sketch: what lies behind its end goes to its start.</summary>
    public static void Wrap(ArrayView<float> sketches, int stride, int dimension, int rows)
    {
        for (var row = Grid.GlobalIndex.X; row < rows; row += Grid.DimX * Group.DimX)
        {
            for (var i = 0; i < SketchKey.BlockSize - 1; i++)
                sketches[row * stride + i % dimension] += sketches[row * stride + dimension + i];
        }
    }

    /// <summary>2^-37 of the power of two at or below the largest value.</summary>
    private static double Unit(float largest)
    {
        var exponent = (int)(Interop.FloatAsInt(largest) >> 23 & 0xFF);
        if (exponent == 0xFF) return double.NaN;
        if (exponent == 0) exponent = 1; // zero and the subnormal numbers
        return Interop.IntAsFloat((ulong)(exponent - 127 - BitsBelowLargest + 1023) << 52);
    }
}
