using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Tests.Kernels;

/// <summary>Buffers filled from one seeded stream, so that two arenas hold the same.</summary>
internal sealed class OperationArena(IDecoderOperations operations)
{
    private readonly SeededRandom _random = new(3, "test/operations");

    public IDecoderOperations Operations { get; } = operations;

    public List<BufferSlice> Compared { get; } = [];

    public List<double> Scalars { get; } = [];

    public BufferSlice Random(int length, float scale = 1)
    {
        var (slice, values) = (Zero(length), new float[length]);
        foreach (ref var value in values.AsSpan())
            value = (float)(scale * _random.NextGaussian());
        Operations.Write(values, slice);
        return slice;
    }

    public BufferSlice Zero(int length)
    {
        Compared.Add(Operations.Allocate(length).Slice(0, length));
        return Compared[^1];
    }

    public BufferSlice Integers(params int[] values)
    {
        var slice = Operations.Allocate(values.Length, ElementType.Int32).Slice(0, values.Length);
        Operations.Write(values, slice);
        return slice;
    }

    /// <summary>Full of NaN, so that reading what was never written shows.</summary>
    public BufferSlice Scratch(int length)
    {
        var slice = Operations.Allocate(length).Slice(0, length);
        Operations.Fill(float.NaN, slice);
        return slice;
    }

    /// <summary>What a slice holds.</summary>
    public float[] Values(BufferSlice slice)
    {
        var values = new float[slice.Length];
        Operations.Read(slice, values);
        return values;
    }

    public void Set(BufferSlice slice, int place, float value) => Operations.Write([value], slice.Part(place, 1));
}
