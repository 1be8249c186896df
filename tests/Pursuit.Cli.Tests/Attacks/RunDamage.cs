namespace Pursuit.Cli.Tests.Attacks;

/// <summary>What becomes of a file without its program's doing.</summary>
public enum DamageKind
{
    /// <summary>All of it is lost but its name.</summary>
    CutToNothing,

    /// <summary>Its second half is lost.</summary>
    CutToHalf,

    /// <summary>One bit is another.</summary>
    FlippedBit,

    /// <summary>Another run's file stands in its place.</summary>
    AnotherRuns,

    /// <summary>It isn't there.</summary>
    Deleted,
}

/// <summary>Damages a file.</summary>
internal static class RunDamage
{
    /// <summary>All kinds.</summary>
    public static DamageKind[] Kinds { get; } = Enum.GetValues<DamageKind>();

    /// <summary>Does it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="kind">What to do to it.</param>
    /// <param name="other">The file of the same name in another run.</param>
    /// <param name="seed">Says which bit.</param>
    /// <returns>False where it would change nothing: the file is empty, or the other run's is the same or isn't there.</returns>
    public static bool Apply(string path, DamageKind kind, string other, ulong seed)
    {
        var bytes = File.ReadAllBytes(path);
        switch (kind)
        {
            case DamageKind.Deleted:
                File.Delete(path);
                return true;
            case DamageKind.AnotherRuns when !File.Exists(other) || File.ReadAllBytes(other).AsSpan().SequenceEqual(bytes):
                return false;
            case DamageKind.AnotherRuns:
                File.WriteAllBytes(path, File.ReadAllBytes(other));
                return true;
            case var _ when bytes.Length == 0:
                return false;
            case DamageKind.FlippedBit:
                var bit = new SeededRandom(seed, "test/damage").NextUInt64() % (8 * (ulong)bytes.Length);
                bytes[bit / 8] ^= (byte)(1 << (int)(bit % 8));
                File.WriteAllBytes(path, bytes);
                return true;
            default:
                File.WriteAllBytes(path, kind == DamageKind.CutToHalf ? bytes[..(bytes.Length / 2)] : []);
                return true;
        }
    }
}
