using System.Globalization;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime.Cuda;

namespace Pursuit.Cuda;

/// <summary>What is known of a card.</summary>
/// <param name="Name">Its name, such as "NVIDIA H200".</param>
/// <param name="Memory">Bytes of memory in all.</param>
/// <param name="Capability">Its compute capability, 90 for 9.0.</param>
/// <param name="Driver">The version of CUDA that its driver knows.</param>
internal sealed record CardFacts(string Name, long Memory, int Capability, string Driver)
{
    /// <summary>The least compute capability: cards from Ampere on multiply bf16.</summary>
    public const int LeastCapability = 80;

    /// <summary>The capability as people write it.</summary>
    public string Written => string.Create(CultureInfo.InvariantCulture, $"{Capability / 10}.{Capability % 10}");

    /// <summary>Why the card isn't used; null: it is.</summary>
    public string? Fault => Capability < LeastCapability
        ? $"compute capability {Written}; 8.0 or later is needed (Ampere and later)"
        : null;
}

/// <summary>NVIDIA's driver, and the cards that it shows to this process.</summary>
internal static class CudaDriver
{
    private static readonly string[] Names = OperatingSystem.IsWindows() ? ["nvcuda.dll"] : ["libcuda.so.1", "libcuda.so"];

    private static readonly Lazy<nint> Library = new(Load);

    /// <summary>Why there is no driver; null: there is one.</summary>
    public static string? Fault => Library.Value != 0 ? null : $"no NVIDIA driver: {string.Join(" and ", Names)} could not be loaded";

    /// <summary>The cards, in the driver's order (CUDA_VISIBLE_DEVICES counts). The driver must be there.</summary>
    public static IReadOnlyList<CardFacts> Cards()
    {
        using var context = Context.Create(builder => builder.Cuda());
        var cards = new List<CardFacts>();
        foreach (var device in context.GetCudaDevices()) cards.Add(Facts(device));
        return cards;
    }

    /// <summary>Opens a card.</summary>
    public static CudaCard Open(int number, string name)
    {
        _ = Library.Value; // ILGPU finds the driver through it
        var context = Context.Create(builder => builder.Cuda());
        return new CudaCard(name, context, context.CreateCudaAccelerator(number));
    }

    private static CardFacts Facts(CudaDevice device) => new(
        device.Name,
        device.MemorySize,
        device.Architecture is { } architecture ? 10 * architecture.Major + architecture.Minor : 0,
        string.Create(CultureInfo.InvariantCulture, $"{device.DriverVersion.Major}.{device.DriverVersion.Minor}"));

    private static nint Load()
    {
        foreach (var name in Names)
        {
            if (!NativeLibrary.TryLoad(name, out var library)) continue;
            // ILGPU asks for "cuda", which is found only where development files are installed.
            NativeLibrary.SetDllImportResolver(
                typeof(Context).Assembly, (asked, _, _) => asked is "cuda" or "nvcuda" ? library : 0);
            return library;
        }

        return 0;
    }
}
