using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;
using Pursuit.TestKit;

namespace Pursuit.Engine.Tests.Kernels;

/// <summary>What a process's buffers hold, counted while no other test makes any.</summary>
[Collection(nameof(HeldMemory))]
public sealed class HeldMemoryTests
{
    [Fact]
    public void A_model_in_bf16_takes_half_the_memory()
    {
        var held = HostBuffer.LiveBytes;
        using var narrow = Decoder.Load(RepositoryFiles.Fixture("engine", "llama"));
        (HostBuffer.LiveBytes - held).ShouldBeLessThan((long)(0.6 * sizeof(float) * narrow.Layout.BufferLength));
    }

    [Fact]
    public void Whatever_is_disposed_gives_its_native_memory_back()
    {
        var buffer = new HostBuffer(1000);
        var withBuffer = HostBuffer.LiveBytes;
        buffer.Dispose();
        buffer.Dispose();
        HostBuffer.LiveBytes.ShouldBeLessThanOrEqualTo(withBuffer - 4000);
        Should.Throw<ObjectDisposedException>(() => buffer.Slice(0, 1).AsSpan().Clear());
    }
}

/// <summary>Tests that count the buffers of the whole process run alone.</summary>
[CollectionDefinition(nameof(HeldMemory), DisableParallelization = true)]
public sealed class HeldMemory;
