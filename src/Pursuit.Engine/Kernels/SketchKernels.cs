using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Pursuit.Engine.Kernels;

/// <summary>Count-sketches, and the elementwise steps before them. Vectors of 512 bits, which narrower machines run as halves.</summary>
internal static class SketchKernels
{
    /// <summary>destination[place + i] += sign values[i] block by block; destination has room for a block behind the sketch.</summary>
    public static void Add(ReadOnlySpan<float> values, SketchKey key, int dimension, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, dimension + SketchKey.BlockSize - 1);
        var lanes = Vector512.Create(1u, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768);
        var sign = Vector512.Create(0x80000000u);
        ref var source = ref MemoryMarshal.GetReference(values);
        ref var target = ref MemoryMarshal.GetReference(destination);
        var whole = values.Length / SketchKey.BlockSize;
        for (var block = 0; block < whole; block++)
        {
            var (place, signs) = key.At(block, dimension);
            var turned = Vector512.AndNot(sign, Vector512.Equals(Vector512.Create(signs) & lanes, Vector512<uint>.Zero));
            var value = Vector512.LoadUnsafe(ref source, (nuint)(block * SketchKey.BlockSize));
            ref var at = ref Unsafe.Add(ref target, place);
            (Vector512.LoadUnsafe(ref at) + (value.AsUInt32() ^ turned).AsSingle()).StoreUnsafe(ref at);
        }

        var rest = values[(whole * SketchKey.BlockSize)..];
        var (last, lastSigns) = key.At(whole, dimension);
        for (var i = 0; i < rest.Length; i++)
            destination[last + i] += (lastSigns >> i & 1) == 0 ? rest[i] : -rest[i];
    }

    /// <summary>Brings what was added behind the sketch's end back to its start.</summary>
    public static void Wrap(int dimension, Span<float> destination)
    {
        // A sketch shorter than a block is wrapped around more than once.
        for (var i = dimension; i < dimension + SketchKey.BlockSize - 1; i++)
            destination[i % dimension] += destination[i];
    }

    /// <summary>values *= factors.</summary>
    public static void Scale(ReadOnlySpan<float> factors, Span<float> values) =>
        System.Numerics.Tensors.TensorPrimitives.Multiply(values, factors[..values.Length], values);

    /// <summary>values = (b1 m + (1-b1) g) / sqrt(b2 v + (1-b2) g^2 + eps), with g what values held.</summary>
    public static void AdamDirection(
        in AdamDirection adam, ReadOnlySpan<float> firstMoment, ReadOnlySpan<float> secondMoment, Span<float> values)
    {
        var (inside, outside) = adam.EpsilonOutside ? (0f, adam.Epsilon) : (adam.Epsilon, 0f);
        ref var m = ref MemoryMarshal.GetReference(firstMoment);
        ref var v = ref MemoryMarshal.GetReference(secondMoment);
        ref var g = ref MemoryMarshal.GetReference(values);
        ArgumentOutOfRangeException.ThrowIfLessThan(Math.Min(firstMoment.Length, secondMoment.Length), values.Length);
        var i = 0;
        for (; i <= values.Length - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            var gradient = Vector512.LoadUnsafe(ref g, (nuint)i);
            var first = adam.Beta1 * Vector512.LoadUnsafe(ref m, (nuint)i) + (1 - adam.Beta1) * gradient;
            var second = adam.Beta2 * Vector512.LoadUnsafe(ref v, (nuint)i) + (1 - adam.Beta2) * (gradient * gradient);
            (first / (Vector512.Sqrt(second + Vector512.Create(inside)) + Vector512.Create(outside))).StoreUnsafe(ref g, (nuint)i);
        }

        for (; i < values.Length; i++)
        {
            var first = adam.Beta1 * firstMoment[i] + (1 - adam.Beta1) * values[i];
            var second = adam.Beta2 * secondMoment[i] + (1 - adam.Beta2) * (values[i] * values[i]);
            values[i] = first / (MathF.Sqrt(second + inside) + outside);
        }
    }
}

/// <summary>The constants of an Adam direction, without bias correction (LESS, section 3.1 and its code).</summary>
/// <param name="Beta1">b1.</param>
/// <param name="Beta2">b2.</param>
/// <param name="Epsilon">eps.</param>
/// <param name="EpsilonOutside">Whether eps is added to the root (the paper) instead of under it (the authors' code).</param>
internal readonly record struct AdamDirection(float Beta1, float Beta2, float Epsilon, bool EpsilonOutside);
