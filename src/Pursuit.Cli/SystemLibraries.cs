using System.Runtime.InteropServices;
using System.Text;

namespace Pursuit.Cli;

/// <summary>
/// What the runtime needs of a Linux system and ends without a clear word where it is missing: ICU, which normalizes the texts that
/// content ids are made of. To be asked before anything touches a culture.
/// </summary>
internal static class SystemLibraries
{
    private const string Library = "libicuuc.so";

    /// <summary>The versions that the runtime looks for, the newest first.</summary>
    private const int Newest = 99, Oldest = 50;

    /// <summary>What is missing; null where nothing is.</summary>
    public static string? Fault() => Fault(name => NativeLibrary.TryLoad(name, out _));

    /// <summary>What is missing.</summary>
    /// <param name="loads">Whether a library of that name is there.</param>
    internal static string? Fault(Func<string, bool> loads)
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable("CLR_ICU_VERSION_OVERRIDE") is not null) return null;
        for (var version = Newest; version >= Oldest; version--)
            if (loads($"{Library}.{version}")) return null;
        return loads(Library)
            ? null
            : "no ICU library (libicuuc.so) was found, which content ids need to normalize Unicode text. "
                + "Install it: 'apt-get install libicu-dev' on Debian and Ubuntu, 'dnf install libicu' on Fedora and RHEL, 'apk add "
                + "icu-libs' on Alpine.";
    }

    /// <summary>Writes a line to standard error without the console's encodings, which need ICU themselves.</summary>
    public static void Report(string fault)
    {
        using var error = Console.OpenStandardError();
        error.Write(Encoding.UTF8.GetBytes($"pursuit: {fault}\n"));
    }
}
