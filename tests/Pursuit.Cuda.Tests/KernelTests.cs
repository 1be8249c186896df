using System.Reflection;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;

namespace Pursuit.Cuda.Tests;

/// <summary>Every kernel compiles for the cards it is meant for, on a machine without one.</summary>
public sealed class KernelTests
{
    public static TheoryData<string> Kernels => new(All().Select(m => $"{m.DeclaringType!.Name}.{m.Name}"));

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Every_kernel_compiles_to_PTX(string name)
    {
        var kernel = All().Single(m => $"{m.DeclaringType!.Name}.{m.Name}" == name);
        foreach (var architecture in new[] { CudaArchitecture.SM_80, CudaArchitecture.SM_90 })
        {
            using var context = Context.Create(builder => builder.CPU());
            using var backend = new PTXBackend(context, architecture, CudaInstructionSet.ISA_80, null!);
            var compiled = (PTXCompiledKernel)backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(kernel), default);
            compiled.PTXAssembly.ShouldContain(".target sm_80"); // of both: newer cards run what was compiled for older ones
            compiled.PTXAssembly.ShouldContain(".visible .entry");
        }
    }

    private static IEnumerable<MethodInfo> All() =>
        typeof(CudaCard).Assembly.GetTypes()
            .Where(t => t.Namespace == "Pursuit.Cuda.DeviceCode" && t.Name.EndsWith("Code", StringComparison.Ordinal))
            .SelectMany(t => t.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly));
}
