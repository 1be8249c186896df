using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Pursuit.Data;
using Pursuit.Selection.Dsir;

namespace Pursuit.TestKit.Reference;

/// <summary>DSIR's log weights by their formula, with dictionaries of n-grams: the plain twin of the bucketed counts.</summary>
internal static partial class ReferenceDsir
{
    /// <summary>counts . (ln(p_t + 1e-8) - ln(p_r + 1e-8)) of each pool text; NaN without a word.</summary>
    public static double[] LogWeights(IReadOnlyList<string> pool, IReadOnlyList<string> target, DsirOptions options)
    {
        var (ofTarget, ofPool) = (Distribution(target, options), Distribution(pool, options));
        return [.. pool.Select(text => Grams(text, options).Select(g => Bucket(g, options)).ToArray() is { Length: > 0 } buckets
            ? buckets.GroupBy(b => b).Sum(
                g => g.Count() * (Math.Log(ofTarget.GetValueOrDefault(g.Key) + 1e-8) - Math.Log(ofPool.GetValueOrDefault(g.Key) + 1e-8)))
            : double.NaN)];
    }

    /// <summary>Words and pairs of words of a text.</summary>
    public static IReadOnlyList<string[]> Grams(string text, DsirOptions options)
    {
        // Python's \w has no marks, which .NET's has.
        string[] words = options.Hash == GramHash.Fast
            ? [.. Words(text.ToLowerInvariant())]
            : [.. WordPunct().Matches(PythonCase.Lower(text)).Select(m => m.Value)];
        return [.. words.Select(w => new[] { w }), .. words.Skip(1).Select((w, i) => new[] { words[i], w })];
    }

    /// <summary>The bucket of an n-gram.</summary>
    public static int Bucket(string[] gram, DsirOptions options)
    {
        if (options.Hash == GramHash.Fast)
        {
            var hashes = gram.Select(w => GramReader.HashOf(w)).ToArray();
            return GramReader.Bucket(hashes.Length == 1 ? hashes[0] : GramReader.HashOf(hashes[0], hashes[1]), options.Buckets);
        }

        var digest = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(' ', gram))));
        return (int)(BigInteger.Parse("0" + digest, NumberStyles.HexNumber, CultureInfo.InvariantCulture) % options.Buckets);
    }

    /// <summary>WordPunct's words, but letters of writing without spaces by themselves, with their marks.</summary>
    private static List<string> Words(string text)
    {
        var words = new List<string>();
        var kind = WordClasses.Space;
        foreach (var rune in text.EnumerateRunes())
        {
            var own = WordClasses.Of(rune);
            if (kind == WordClasses.Alone && UnspacedScripts.IsMark(rune)) own = kind;
            else if (own != WordClasses.Space && (own != kind || own == WordClasses.Alone)) words.Add("");
            if (own != WordClasses.Space) words[^1] += rune.ToString();
            kind = own;
        }

        return words;
    }

    private static Dictionary<int, double> Distribution(IReadOnlyList<string> texts, DsirOptions options)
    {
        var buckets = texts.SelectMany(t => Grams(t, options)).Select(g => Bucket(g, options)).ToArray();
        return buckets.GroupBy(b => b).ToDictionary(g => g.Key, g => (double)g.Count() / buckets.Length);
    }

    [GeneratedRegex(@"[\p{L}\p{N}_]+|[^\p{L}\p{N}_\s]+", RegexOptions.CultureInvariant)]
    private static partial Regex WordPunct();
}
