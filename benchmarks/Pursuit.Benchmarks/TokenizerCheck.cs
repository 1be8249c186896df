using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Pursuit.Tokenization;

namespace Pursuit.Benchmarks;

/// <summary>
/// `tokenizer-check GOLDEN STRINGS`: holds Pursuit's ids against those that tests/fixtures/tokenizer/crate.mjs took from the Rust crate,
/// for every tokenizer in a directory.
/// </summary>
internal static class TokenizerCheck
{
    private const int Shown = 3;

    /// <summary>Compares; 1 where any id differs.</summary>
    public static int Run(string[] args)
    {
        if (args.Length != 2)
        {
            Console.Error.WriteLine("expected: tokenizer-check GOLDEN STRINGS");
            return 2;
        }

        var texts = JsonSerializer.Deserialize<string[]>(Unzip(args[1]))!;
        var failed = false;
        Console.WriteLine("| tokenizer | strings | ids | strings that differ |");
        Console.WriteLine("|---|---|---|---|");
        foreach (var file in Directory.GetFiles(args[0], "*.ids.json.gz").Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(file)[..^".ids.json.gz".Length];
            using var golden = JsonDocument.Parse(Unzip(file));
            var tokenizer = Tokenizer.Parse(TokenizerOf(args[0], name), name);
            var (index, count, different) = (0, 0L, 0);
            foreach (var item in golden.RootElement.GetProperty("ids").EnumerateArray())
            {
                int[] expected = [.. item.EnumerateArray().Select(id => id.GetInt32())];
                var found = tokenizer.Encode(texts[index], addSpecialTokens: true);
                count += expected.Length;
                if (!found.AsSpan().SequenceEqual(expected) && ++different <= Shown)
                    Console.Error.WriteLine(
                        $"{name}, string {index}: {JsonSerializer.Serialize(texts[index])}\n  crate   {Show(tokenizer, expected)}\n"
                        + $"  Pursuit {Show(tokenizer, found)}");
                index++;
            }

            Console.WriteLine($"| {name} | {index:N0} | {count:N0} | {different:N0} |");
            failed |= different > 0;
        }

        return failed ? 1 : 0;
    }

    private static byte[] TokenizerOf(string directory, string name)
    {
        var text = Encoding.UTF8.GetString(Unzip(Path.Combine(directory, $"{name}.tokenizer.json.gz")));
        const string Map = "nmt_nfkc.charsmap";
        return Encoding.UTF8.GetBytes(
            text.Contains('@' + Map, StringComparison.Ordinal)
                ? text.Replace('@' + Map, Encoding.UTF8.GetString(Unzip(Path.Combine(directory, Map + ".gz"))), StringComparison.Ordinal)
                : text);
    }

    private static string Show(Tokenizer tokenizer, int[] ids) => string.Join(' ', ids.Select(id => tokenizer.IdToToken(id)));

    private static byte[] Unzip(string path)
    {
        using var file = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        file.CopyTo(bytes);
        return bytes.ToArray();
    }
}
