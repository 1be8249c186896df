using System.Runtime.Intrinsics;
using Pursuit.Engine.Kernels;

namespace Pursuit.TestKit.Reference;

/// <summary>Every implementation of the decoder's operations that this machine can run; tests hold them all to the plain twin.</summary>
internal static class OperationRegistry
{
    /// <summary>The plain twin.</summary>
    public static IDecoderOperations Plain { get; } = new PlainOperations();

    /// <summary>
    /// The implementations meant for work, widest first. The tests of a device in an assembly of its own put theirs here before any test
    /// is found.
    /// </summary>
    public static IReadOnlyList<IDecoderOperations> Fast { get; set; } =
    [
        .. Vector512.IsHardwareAccelerated ? [CpuOperations.ForWidth(16)] : Array.Empty<IDecoderOperations>(),
        .. Vector256.IsHardwareAccelerated ? [CpuOperations.ForWidth(8)] : Array.Empty<IDecoderOperations>(),
        CpuOperations.ForWidth(1),
    ];

    /// <summary>The processor as a device with one of the implementations.</summary>
    public static Device On(IDecoderOperations operations) => Device.Cpu with { Operations = operations };
}
