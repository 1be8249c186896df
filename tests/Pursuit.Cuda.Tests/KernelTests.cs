using System.Reflection;
using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using Pursuit.Cuda.DeviceCode;

namespace Pursuit.Cuda.Tests;

/// <summary>Every kernel compiles for the cards it is meant for, on a machine without one.</summary>
public sealed partial class KernelTests
{
    public static TheoryData<string> Kernels => new(All().Select(m => $"{m.DeclaringType!.Name}.{m.Name}"));

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Every_kernel_compiles_to_PTX(string name)
    {
        var kernel = All().Single(m => $"{m.DeclaringType!.Name}.{m.Name}" == name);
        foreach (var architecture in new[] { CudaArchitecture.SM_80, CudaArchitecture.SM_90 })
        {
            using var context = Fused.Known(Context.Create(builder => builder.CPU()));
            using var backend = new PTXBackend(context, architecture, CudaInstructionSet.ISA_80, null!);
            var compiled = (PTXCompiledKernel)backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(kernel), default);
            compiled.PTXAssembly.ShouldContain(".target sm_80"); // of both: newer cards run what was compiled for older ones
            compiled.PTXAssembly.ShouldContain(".visible .entry");
            // Numbers of 8 bytes in shared memory must lie at multiples of 8, or the card stops.
            var rooms = SharedMemoryRoom().Matches(compiled.PTXAssembly).Where(m => m.Groups["bytes"].Value == "2048").ToArray();
            rooms.Length.ShouldBe(name switch { "ElementCode.SumOfSquares" or "SoftmaxCode.Predictions" => 1, _ => 0 });
            rooms.ShouldAllBe(m => m.Groups["align"].Value == "8");
            compiled.PTXAssembly.ShouldNotContain(".ftz", Case.Sensitive, "small numbers are numbers");
            compiled.PTXAssembly.ShouldNotContain(".approx");
            // What ILGPU doesn't know is called by its name, which no driver finds; and registers that spill make a kernel slow.
            compiled.PTXAssembly.ShouldNotContain("call");
            compiled.PTXAssembly.ShouldNotContain(".local");
            compiled.PTXAssembly.Contains("fma.rn.f32", StringComparison.Ordinal).ShouldBe(
                name is "HeldRowCode.NarrowDots" or "HeldRowCode.WideDots", "what must be rounded once, and nothing else");
        }
    }

    /// <summary>What a driver for CUDA 13 is given: it knows later cards than ILGPU does.</summary>
    [Theory]
    [InlineData(8, 0)]
    [InlineData(8, 9)]
    [InlineData(9, 0)]
    [InlineData(10, 0)]
    [InlineData(10, 3)]
    [InlineData(11, 0)]
    [InlineData(12, 0)]
    [InlineData(12, 1)]
    [InlineData(13, 0)]
    public void Every_card_since_Ampere_has_instructions_that_a_driver_for_CUDA_13_reads(int major, int minor)
    {
        CudaDevice.TryGetArchitecture(major, minor, out var architecture).ShouldBeTrue();
        var target = new CudaCapabilityContext(architecture).TargetArchitecture;
        CudaAccelerator.TryGetInstructionSet(target, CudaDriverVersion.FromMajorMinor(13, 0), out _, out var instructions).ShouldBeTrue();
        instructions.Major.ShouldBe(8);
        (target.Major, target.Minor).CompareTo((major, minor)).ShouldBeLessThanOrEqualTo(0);
    }

    [GeneratedRegex(@"\.shared \.align (?<align>\d+) \.b8 \w+\[(?<bytes>\d+)\]")]
    private static partial Regex SharedMemoryRoom();

    private static IEnumerable<MethodInfo> All() =>
        typeof(CudaCard).Assembly.GetTypes()
            .Where(t => t.Namespace == "Pursuit.Cuda.DeviceCode" && t.Name.EndsWith("Code", StringComparison.Ordinal))
            .SelectMany(t => t.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly));
}
