using System.Runtime.InteropServices;
using System.Text;

namespace Pursuit.Cli;

/// <summary>
/// What the runtime needs of a Linux system and ends without a clear word where it is missing: ICU, which normalizes the texts that
/// content ids are made of, and OpenSSL, which computes SHA-256. To be asked before anything touches a culture.
/// </summary>
internal static class SystemLibraries
{
    /// <summary>ICU's versions that the runtime looks for, the newest first.</summary>
    private const int NewestIcu = 99, OldestIcu = 50;

    private static readonly string[] OpenSsl = ["libssl.so.3", "libssl.so.1.1"];

    /// <summary>What is missing; null where nothing is.</summary>
    public static string? Fault() => Fault(name => NativeLibrary.TryLoad(name, out _));

    /// <summary>What is missing.</summary>
    /// <param name="loads">Whether a library of that name is there.</param>
    internal static string? Fault(Func<string, bool> loads)
    {
        if (!OperatingSystem.IsLinux()) return null;
        if (!IsNamed("CLR_ICU_VERSION_OVERRIDE") && !HasIcu(loads))
        {
            return "no ICU library (libicuuc.so) was found, which normalizes Unicode text for content ids. Install it: "
                + "'apt-get install libicu-dev' on Debian or Ubuntu, 'dnf install libicu' on Fedora, 'apk add icu-libs' on Alpine.";
        }

        return IsNamed("CLR_OPENSSL_VERSION_OVERRIDE") || OpenSsl.Any(loads)
            ? null
            : $"no OpenSSL library ({string.Join(" or ", OpenSsl)}) was found, which computes SHA-256. Install it: "
                + "'apt-get install openssl' on Debian or Ubuntu, 'dnf install openssl-libs' on Fedora, 'apk add libssl3' on Alpine.";
    }

    /// <summary>Writes a line to standard error without the console's encodings, which need ICU themselves.</summary>
    public static void Report(string fault)
    {
        using var error = Console.OpenStandardError();
        error.Write(Encoding.UTF8.GetBytes($"pursuit: {fault}\n"));
    }

    private static bool HasIcu(Func<string, bool> loads)
    {
        for (var version = NewestIcu; version >= OldestIcu; version--)
            if (loads($"libicuuc.so.{version}")) return true;
        return loads("libicuuc.so");
    }

    /// <summary>Whether the runtime was told which version to take.</summary>
    private static bool IsNamed(string variable) => Environment.GetEnvironmentVariable(variable) is not null;
}
