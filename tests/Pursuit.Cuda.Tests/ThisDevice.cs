using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime.CPU;
using Pursuit.TestKit.Reference;

namespace Pursuit.Cuda.Tests;

/// <summary>
/// The CUDA device on a machine without one: its kernels on ILGPU's accelerator for the processor, with groups of two threads so that
/// they work together and wait for each other, and a plain library in cuBLAS's place. Rows of products are few, so that most are filled up.
/// </summary>
internal static class ThisDevice
{
    public const nint Stream = 0x57;

    private const int Lanes = 2;

    public static CudaCard Card { get; } = Open();

    public static CudaOperations Operations { get; } = New(BlasType.Float32);

    public static CudaOperations New(BlasType type, int rowsAtOnce = 16) => On(Card, type, rowsAtOnce);

    public static CudaOperations On(CudaCard card, BlasType type = BlasType.Float32, int rowsAtOnce = 16) =>
        new(card, _ => new Cublas(PlainCublas.Functions, Stream), new(type, rowsAtOnce));

    /// <summary>What the engine's tests run over, which are part of this assembly.</summary>
    [ModuleInitializer]
    internal static void Register() => OperationRegistry.Fast = [Operations];

    /// <summary>A card of its own, for what counts what it holds.</summary>
    public static CudaCard Open()
    {
        var context = Context.Create(builder => builder.CPU(new CPUDevice(Lanes, 1, 1)));
        var accelerator = context.CreateCPUAccelerator(0, CPUAcceleratorMode.Parallel);
        return new CudaCard("cuda on the processor", context, accelerator, Lanes, mostGroups: 2);
    }
}
