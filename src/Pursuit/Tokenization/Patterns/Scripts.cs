using System.Globalization;
using System.Reflection;

namespace Pursuit.Tokenization.Patterns;

/// <summary>Unicode's scripts, which .NET doesn't know: <c>Scripts.txt</c>, made by tests/fixtures/tokenizer/scripts.mjs.</summary>
internal static class Scripts
{
    private static readonly Lazy<Dictionary<string, string>> Lines = new(Read);

    /// <summary>The code points of a script, by its name as <c>\p{Han}</c> has it; null for no script.</summary>
    public static CodePointSet? ByName(string name) => Lines.Value.TryGetValue(name, out var ranges) ? Parse(ranges) : null;

    private static Dictionary<string, string> Read()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("Pursuit.Tokenization.Scripts.txt")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' ', 2)).ToDictionary(parts => parts[0], parts => parts[1], StringComparer.OrdinalIgnoreCase);
    }

    private static CodePointSet Parse(string ranges) => CodePointSet.Union(
    [
        .. ranges.Split(' ').Select(range => range.Split('-')).Select(ends => CodePointSet.Range(Hex(ends[0]), Hex(ends[^1]))),
    ]);

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
