using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime.CPU;
using Pursuit.TestKit.Reference;

// Tests share one worker's operations, and a worker is one thread's at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Pursuit.Cuda.Tests;

/// <summary>
/// The CUDA device on a machine without one: its kernels on ILGPU's accelerator for the processor, with groups of two threads so that
/// they work together and wait for each other, and a plain library in cuBLAS's place. Rows of products are few, so that most are filled
/// up. <see cref="Variable"/> names a card (cuda, cuda:1) to run the same tests on, with its cuBLAS.
/// </summary>
internal static class ThisDevice
{
    public const string Variable = "PURSUIT_TEST_DEVICE";

    public const nint Stream = 0x57;

    public const int WorkspaceBytes = 256;

    private const string Name = "cuda under test";
    private const int Lanes = 2;

    private static readonly string? Asked = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } name ? name : null;

    private static readonly Lazy<CublasFunctions> Library = new(() => CublasLibrary.Load().Functions);

    public static CudaCard Card { get; } = Open();

    public static CudaOperations Operations { get; } = New(BlasType.Float32);

    public static CudaOperations New(BlasType type) => On(Card, type);

    public static CudaOperations On(CudaCard card, BlasType type = BlasType.Float32) => Asked is null
        ? new(card, own => new Cublas(PlainCublas.Functions, Stream, new(own, WorkspaceBytes)), new(type, FewestRows: 16, MostRows: 16))
        : new(card, own => CudaDevices.HandleOn(own, Library.Value), new(type, FewestRows: 256, MostRows: 2048));

    /// <summary>A card of its own, for what counts what it holds.</summary>
    /// <param name="lanes">Threads of a group; one never waits for another, which is faster on a busy machine.</param>
    public static CudaCard Open(int lanes = Lanes)
    {
        if (Asked is { } name) return CudaDriver.Open(CudaDevices.Parse(name)!.Value.Number, Name);
        var context = Context.Create(builder => builder.CPU(new CPUDevice(Lanes, 1, 1)));
        var accelerator = context.CreateCPUAccelerator(0, CPUAcceleratorMode.Parallel);
        return new CudaCard(Name, context, accelerator, lanes, mostGroups: 2);
    }

    /// <summary>What the engine's tests run over, which are part of this assembly.</summary>
    [ModuleInitializer]
    internal static void Register() => OperationRegistry.Fast = [Operations];
}
