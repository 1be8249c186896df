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

    /// <summary>Whether ILGPU writes code that the driver reads for this card.</summary>
    public bool IsUnderstood { get; init; } = true;

    /// <summary>Why the card isn't used; null: it is.</summary>
    public string? Fault => Capability < LeastCapability
        ? $"compute capability {Written}; 8.0 or later is needed (Ampere and later)"
        : IsUnderstood ? null : $"compute capability {Written} and a driver for CUDA {Driver}, which is too old for it";
}

/// <summary>NVIDIA's driver, and the cards that it shows to this process.</summary>
internal static unsafe class CudaDriver
{
    private const int NoDevice = 100; // CUDA_ERROR_NO_DEVICE: a driver that works, and nothing for it

    /// <summary>The loader's path first; then where containers and Windows's Linux mount the driver without naming it there.</summary>
    private static readonly string[] Names = OperatingSystem.IsWindows()
        ? ["nvcuda.dll"]
        : ["libcuda.so.1", "libcuda.so", "/usr/local/nvidia/lib64/libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1"];

    private static readonly Lazy<(nint Library, string? Fault)> Loaded = new(Load);

    /// <summary>Why there is no driver; null: there is one.</summary>
    public static string? Fault => Loaded.Value.Fault;

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
        _ = Loaded.Value; // ILGPU finds the driver through it
        var context = DeviceCode.Fused.Known(Context.Create(builder => builder.Cuda()));
        try
        {
            return new CudaCard(name, context, context.CreateCudaAccelerator(number));
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Why a driver that was loaded doesn't start; null: it does. ILGPU keeps quiet about it and shows no cards. A driver without a card
    /// is no fault here.
    /// </summary>
    /// <param name="name">The library's name.</param>
    /// <param name="start">Its cuInit.</param>
    /// <param name="describe">What the driver calls an error; null where it doesn't say.</param>
    internal static string? FaultOfStart(string name, Func<int> start, Func<int, string?> describe) => start() switch
    {
        0 or NoDevice => null,
        var error => $"{name} doesn't start: error {error}{(describe(error) is { } word ? $" ({word})" : "")}",
    };

    private static CardFacts Facts(CudaDevice device) => new(
        device.Name,
        device.MemorySize,
        device.Architecture is { } architecture ? 10 * architecture.Major + architecture.Minor : 0,
        string.Create(CultureInfo.InvariantCulture, $"{device.DriverVersion.Major}.{device.DriverVersion.Minor}"))
    {
        IsUnderstood = device.InstructionSet is not null,
    };

    private static (nint Library, string? Fault) Load()
    {
        foreach (var name in Names)
        {
            if (!NativeLibrary.TryLoad(name, out var library)) continue;
            // ILGPU asks for "cuda", which is found only where development files are installed.
            NativeLibrary.SetDllImportResolver(
                typeof(Context).Assembly, (asked, _, _) => asked is "cuda" or "nvcuda" ? library : 0);
            return NativeLibrary.TryGetExport(library, "cuInit", out var start)
                ? (library, FaultOfStart(name, () => ((delegate* unmanaged<uint, int>)start)(0), error => Described(library, error)))
                : (library, $"{name} isn't NVIDIA's driver: it has no 'cuInit'");
        }

        return (0, $"no NVIDIA driver: {string.Join(" and ", Names[..Math.Min(Names.Length, 2)])} could not be loaded");
    }

    private static string? Described(nint library, int error)
    {
        nint text;
        return NativeLibrary.TryGetExport(library, "cuGetErrorString", out var describe)
            && ((delegate* unmanaged<int, nint*, int>)describe)(error, &text) == 0
            ? Marshal.PtrToStringUTF8(text)
            : null;
    }
}
