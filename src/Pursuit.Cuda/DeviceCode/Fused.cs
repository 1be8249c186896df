using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;

namespace Pursuit.Cuda.DeviceCode;

/// <summary>
/// A product and a sum that are rounded once. ILGPU has no such operation, and of a product and a sum by themselves a driver may make one
/// or not; so the instruction is written for it.
/// </summary>
internal static class Fused
{
    /// <summary>a b + c.</summary>
    [IntrinsicImplementation]
    public static float MultiplyAdd(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);

    /// <summary>Has a context write the instruction in kernels for cards.</summary>
    public static Context Known(Context context)
    {
        context.GetIntrinsicManager().RegisterMethod(
            typeof(Fused).GetMethod(nameof(MultiplyAdd))!,
            new PTXIntrinsic(typeof(Fused), nameof(Write), IntrinsicImplementationMode.GenerateCode));
        return context;
    }

    private static void Write(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        var (a, b, c) = (generator.LoadPrimitive(value[0]), generator.LoadPrimitive(value[1]), generator.LoadPrimitive(value[2]));
        var sum = generator.AllocateHardware(value);
        using var command = generator.BeginCommand("fma.rn.f32");
        command.AppendArgument(sum);
        command.AppendArgument(a);
        command.AppendArgument(b);
        command.AppendArgument(c);
    }
}
