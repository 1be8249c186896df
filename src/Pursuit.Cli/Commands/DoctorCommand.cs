using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Pursuit.Cli.Help;
using Pursuit.Cli.Output;
using Pursuit.Cuda;
using Pursuit.Mpi;
using Pursuit.Runs;

namespace Pursuit.Cli.Commands;

/// <summary><c>pursuit doctor</c>: what this machine has, and what Pursuit makes of it.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var json = CommonOptions.Json();
        var command = new ToolCommand("doctor", "Reports what this machine has: cores, vector width, memory, disk, MPI, GPU.")
        {
            Example = "doctor",
        };
        command.Add(json);
        command.Action = JobAction.Answer((parsed, _) => Run(parsed.GetValue(json)));
        return command;
    }

    internal sealed record Finding(string Name, string Value, bool Ok, string? Advice = null);

    internal static IReadOnlyList<Finding> Examine()
    {
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var disk = new DriveInfo(Directory.GetCurrentDirectory());
        var normalizes = UnicodeText.Normalizes;
        var (hasMemory, hasDisk) = (memory >= 2L << 30, disk.AvailableFreeSpace > 1L << 30);
        return
        [
            new("pursuit", RunDirectory.PursuitVersion, true),
            new("runtime", $"{RuntimeInformation.FrameworkDescription} on {RuntimeInformation.OSDescription} "
                + $"({RuntimeInformation.ProcessArchitecture})", true),
            new("cores", LaunchedCores.Own.ToString(CultureInfo.InvariantCulture), true),
            Vectors(),
            new("memory", $"{Gigabytes(memory)} GiB", hasMemory, hasMemory ? null : "Gradient features of a large pool need 2 GiB or "
                + "more."),
            new("disk here", $"{Gigabytes(disk.AvailableFreeSpace)} GiB free in {Directory.GetCurrentDirectory()}", hasDisk,
                hasDisk ? null : "A feature store may not fit: choose --run on another disk."),
            new("unicode", normalizes ? "normalization works" : "no normalization", normalizes,
                normalizes ? null : "Install libicu: content ids need NFC."),
            Mpi(),
            .. Gpus(),
        ];
    }

    private static int Run(bool json)
    {
        var findings = Examine();
        if (json)
            Terminal.Json(findings);
        else
        {
            var rows = findings.Select(f => new[] { f.Name, f.Value, f.Advice ?? (f.Ok ? "ok" : "") });
            Terminal.Table(Terminal.ForResult, ["", "found", ""], rows, leftColumns: 3);
        }

        return CommandLine.Done;
    }

    private static Finding Vectors() =>
        Vector512.IsHardwareAccelerated ? new("vectors", "512 bits", true)
        : Vector256.IsHardwareAccelerated ? new("vectors", "256 bits", true)
        : new("vectors", "narrower than 256 bits", false, "Everything works, but computation is several times slower.");

    private static Finding Mpi()
    {
        try
        {
            var library = MpiLibrary.Load();
            return new("MPI", $"{library.Version} ({library.Name})", true);
        }
        catch (PursuitException e)
        {
            return new("MPI", "no Open MPI", true, $"Only runs over several processes need it. {e.Message}");
        }
    }

    private static IEnumerable<Finding> Gpus()
    {
        var report = CudaDevices.Examine();
        if (report.Fault is { } fault)
            yield return new("GPU", "none used", true, $"Not needed: models compute on the processor ({fault}).");
        for (var i = 0; i < report.Cards.Count; i++) yield return Of(report, i);
        if (report.Library is { } library) yield return new("cuBLAS", library, true);
        if (report.LibraryFault is { } missing) yield return new("cuBLAS", "not found", false, missing);
    }

    /// <summary>A card, and what it is used by, or why it isn't.</summary>
    internal static Finding Of(CudaReport report, int number)
    {
        var card = report.Cards[number];
        var use = card.Fault is { } fault ? $"Not used: {fault}."
            : report.LibraryFault is null ? $"Used with --device cuda:{number} (a preview)."
            : "Not used: cuBLAS was not found.";
        var value =
            $"{card.Name}, {Gigabytes(card.Memory)} GiB, compute capability {card.Written}, driver for CUDA {card.Driver}";
        return new($"GPU {number}", value, true, use);
    }

    private static string Gigabytes(long bytes) => (bytes / (double)(1L << 30)).ToString("N1", CultureInfo.InvariantCulture);
}
