using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Runs;

namespace Pursuit.Engine.Tests.Kernels;

/// <summary>What a device says of itself is kept to.</summary>
public sealed class DeviceTests
{
    [Fact]
    public void A_pool_has_no_more_workers_and_no_smaller_micro_batches_than_its_device_wants()
    {
        var device = Device.Cpu with { MostWorkers = 2, LeastMicroBatchTokens = 100 };
        using var decoder = Decoder.Create(TinyModel.Config, seed: 11, deviation: 0.2f, device);
        using var pool = new DecoderPool(decoder, new DecoderPoolOptions { Threads = 5, MicroBatchTokens = 64 });
        (pool.Workers, pool.MicroBatchTokens).ShouldBe((2, 100));
        using var free = TinyModel.Create();
        using var other = new DecoderPool(free, new DecoderPoolOptions { Threads = 5, MicroBatchTokens = 64 });
        (other.Workers, other.MicroBatchTokens).ShouldBe((5, 64));
        var batch = Batch.Pack(TinyModel.Examples(12));
        pool.Losses(batch, TestContext.Current.CancellationToken).Examples
            .ShouldBe(other.Losses(batch, TestContext.Current.CancellationToken).Examples);
    }

    [Fact]
    public void Another_backend_stands_in_fingerprints_and_the_processor_does_not()
    {
        static Fingerprint New() => new Fingerprint("test/1").Add("a", 1);
        Device.Cpu.AddTo(New()).Hash.ShouldBe(New().Hash);
        var other = Device.Cpu with { Name = "other", Backend = "other/1" };
        other.AddTo(New()).Hash.ShouldNotBe(New().Hash);
    }

    [Fact]
    public void A_model_that_its_device_cannot_hold_is_refused_beforehand()
    {
        var device = Device.Cpu with { Name = "small", TotalMemory = () => 1000 };
        Should.Throw<PursuitException>(() => Decoder.Create(TinyModel.Config, 1, device: device))
            .Message.ShouldContain("1,000 bytes of small's memory");
    }

    [Fact]
    public void A_device_is_found_by_its_name()
    {
        Device.Find("cpu").ShouldBe(Device.Cpu);
        Device.Find("abacus").ShouldBeNull();
    }

    [Fact]
    public void A_buffer_taken_for_another_type_is_refused()
    {
        using var integers = Device.Cpu.Operations.Allocate(4, ElementType.Int32);
        Should.Throw<InvalidOperationException>(() => integers.Slice(0, 4).AsSpan().Clear()).Message
            .ShouldBe("a buffer of Int32 was taken for one of Float32");
    }
}
