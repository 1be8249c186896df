using System.Collections.Concurrent;
using System.Globalization;
using ILGPU.Runtime.Cuda;
using Pursuit.Engine.Kernels;

namespace Pursuit.Cuda;

/// <summary>
/// NVIDIA cards as devices. A preview: what it computes is tested on processors, and has not run on a card yet.
/// </summary>
public static class CudaDevices
{
    private const string First = "cuda";
    private const string Rounded = "cuda-bf16";
    private const string NoCards = "a driver, but no card that it shows to this process (CUDA_VISIBLE_DEVICES may hide them)";

    /// <summary>Rows of products with rows of their own; see <see cref="ProductOptions"/>.</summary>
    private const int FewestRows = 256;

    private const int MostRows = 2048;

    private static readonly ConcurrentDictionary<(int Number, BlasType Type), Lazy<Device>> Opened = new();

    /// <summary>
    /// Whether a name is one of a card: <c>cuda</c> (the first), <c>cuda:N</c> (the one with number N from 0), or <c>cuda-bf16</c> and
    /// <c>cuda-bf16:N</c>, on which both sides of every product are rounded to bf16.
    /// </summary>
    /// <param name="name">The name.</param>
    public static bool IsName(string name) => Parse(name) is not null;

    /// <summary>The card of a name, opened when first asked for and kept to the process's end.</summary>
    /// <param name="name">Its name; see <see cref="IsName"/>.</param>
    /// <returns>The device.</returns>
    /// <exception cref="PursuitException">
    /// There is no card of that name, no driver, no cuBLAS, or the card is too old; says what was looked for and where.
    /// </exception>
    public static Device Find(string name)
    {
        if (Parse(name) is not { } asked) throw PursuitException.At("device", $"'{name}'", "cuda, cuda:N, cuda-bf16 or cuda-bf16:N");
        // "cuda" and "cuda:0" are one card, which is opened once.
        return Opened.GetOrAdd(asked, _ => new Lazy<Device>(() => Open(name, asked.Number, asked.Type))).Value;
    }

    /// <summary>What this machine has.</summary>
    internal static CudaReport Examine()
    {
        if (CudaDriver.Fault is { } fault) return new CudaReport(fault, []);
        try
        {
            var cards = CudaDriver.Cards();
            return cards.Count == 0 ? new CudaReport(NoCards, []) : WithLibrary(new CudaReport(null, cards));
        }
        catch (Exception e) when (IsOfDriver(e))
        {
            return new CudaReport($"the NVIDIA driver fails: {e.Message}", []);
        }

        static CudaReport WithLibrary(CudaReport report)
        {
            try
            {
                return report with { Library = CublasLibrary.Load().Name };
            }
            catch (PursuitException e)
            {
                return report with { LibraryFault = e.Message };
            }
        }
    }

    /// <summary>The number and the type of products of a card's name; null: it is none.</summary>
    internal static (int Number, BlasType Type)? Parse(string name)
    {
        var (head, number) = name.Split(':', 2) is [var first, var second] ? (first, second) : (name, "0");
        if (head is not (First or Rounded)) return null;
        return int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var n)
            ? (n, head == First ? BlasType.Float32 : BlasType.BFloat16)
            : null;
    }

    /// <summary>Why a card can't be used; null: it can.</summary>
    internal static PursuitException? FaultOf(string name, int number, string? driverFault, Func<IReadOnlyList<CardFacts>> cards)
    {
        const string Advice = "Install or repair the driver (nvidia-smi shows what it sees), or compute on the processor (cpu).";
        if (driverFault is { } fault) return PursuitException.At(name, fault, "an NVIDIA card with its driver", Advice);
        var all = cards();
        if (number >= all.Count)
        {
            return PursuitException.At(
                name, all.Count == 0 ? NoCards : $"{all.Count} cards: {string.Join(", ", all.Select((c, i) => $"{i} {c.Name}"))}",
                $"a card with number {number}", Advice);
        }

        var card = all[number];
        return card.Fault is { } old
            ? PursuitException.At(
                name, $"{card.Name} with {old}", card.IsUnderstood ? "a later card" : "a later driver", "Compute on the processor (cpu).")
            : null;
    }

    /// <summary>Whether a driver failed, lacks a function, or shows a card that ILGPU knows nothing of.</summary>
    private static bool IsOfDriver(Exception e) => e is CudaException or NotSupportedException or TypeLoadException or DllNotFoundException;

    private static Device Open(string name, int number, BlasType type)
    {
        try
        {
            if (FaultOf(name, number, CudaDriver.Fault, CudaDriver.Cards) is { } fault) throw fault;
            var functions = CublasLibrary.Load().Functions;
            var card = CudaDriver.Open(number, name);
            return DeviceOf(name, card, new CudaOperations(card, own => HandleOn(own, functions), new(type, FewestRows, MostRows)));
        }
        catch (Exception e) when (IsOfDriver(e))
        {
            throw PursuitException.At(name, e.Message, "a card that works", "See what nvidia-smi says of it.", e);
        }
    }

    /// <summary>A handle of cuBLAS that works in a card's stream.</summary>
    internal static Cublas HandleOn(CudaCard card, CublasFunctions functions)
    {
        card.Accelerator.Bind();
        return new Cublas(functions, ((CudaStream)card.Stream).StreamPtr, new CublasWorkspace(card));
    }

    /// <summary>The device of opened operations.</summary>
    internal static Device DeviceOf(string name, CudaCard card, CudaOperations operations) => new(name, operations)
    {
        // Another model of card, or another cuBLAS, sums in another order.
        Backend = string.Create(
            CultureInfo.InvariantCulture,
            $"cuda/1/{(operations.ProductType == BlasType.Float32 ? "float32" : "bf16")}/{card.Accelerator.Name}/{operations.BlasVersion}"),
        TotalMemory = () => card.TotalMemory,
        HeldMemory = () => card.HeldMemory,
        FreeMemory = () => card.FreeMemory,
        MostWorkers = 1,
        LeastMicroBatchTokens = 8192,
        SegmentValues = 1 << 24,
        RowDevice = new CudaRowDevice(card),
    };
}

/// <summary>What a machine has for CUDA.</summary>
/// <param name="Fault">Why no card is used; null: see each card.</param>
/// <param name="Cards">The cards that the driver shows.</param>
internal sealed record CudaReport(string? Fault, IReadOnlyList<CardFacts> Cards)
{
    /// <summary>cuBLAS's file; null where there is none, or it wasn't looked for.</summary>
    public string? Library { get; init; }

    /// <summary>What was looked for where cuBLAS isn't found.</summary>
    public string? LibraryFault { get; init; }
}
