using System.Text;
using Pursuit.Tokenization.Patterns;

namespace Pursuit.Tokenization.Decoding;

/// <summary>A step from tokens back to text.</summary>
internal interface IDecoder
{
    /// <summary>Rewrites the list of token texts.</summary>
    List<string> Apply(List<string> tokens);
}

/// <summary>Several steps in order.</summary>
internal sealed class DecoderSequence(IReadOnlyList<IDecoder> steps) : IDecoder
{
    public List<string> Apply(List<string> tokens)
    {
        foreach (var step in steps) tokens = step.Apply(tokens);
        return tokens;
    }
}

/// <summary>Reads tokens spelled in <see cref="ByteAlphabet"/>; added tokens are unchanged.</summary>
internal sealed class ByteLevelDecoder(IReadOnlySet<string> literal) : IDecoder
{
    public List<string> Apply(List<string> tokens)
    {
        var texts = new List<string>();
        var bytes = new List<byte>();
        foreach (var token in tokens)
        {
            if (!literal.Contains(token))
            {
                bytes.AddRange(ByteAlphabet.Decode(token) ?? Encoding.UTF8.GetBytes(token));
                continue;
            }

            Flush(bytes, texts);
            texts.Add(token);
        }

        Flush(bytes, texts);
        return texts;
    }

    private static void Flush(List<byte> bytes, List<string> texts)
    {
        if (bytes.Count == 0) return;
        texts.Add(Encoding.UTF8.GetString(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bytes)));
        bytes.Clear();
    }
}

/// <summary>Joins runs of byte tokens <c>&lt;0x41&gt;</c>; a run that isn't UTF-8 becomes one U+FFFD a byte.</summary>
internal sealed class ByteFallbackDecoder : IDecoder
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    public List<string> Apply(List<string> tokens)
    {
        var texts = new List<string>(tokens.Count);
        var bytes = new List<byte>();
        foreach (var token in tokens)
        {
            if (TryByte(token, out var value))
            {
                bytes.Add(value);
                continue;
            }

            Flush(bytes, texts);
            texts.Add(token);
        }

        Flush(bytes, texts);
        return texts;
    }

    private static bool TryByte(string token, out byte value)
    {
        value = 0;
        return token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
            && byte.TryParse(
                token.AsSpan(3, 2), System.Globalization.NumberStyles.AllowHexSpecifier,
                System.Globalization.CultureInfo.InvariantCulture, out value);
    }

    private static void Flush(List<byte> bytes, List<string> texts)
    {
        if (bytes.Count == 0) return;
        try
        {
            texts.Add(Strict.GetString(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bytes)));
        }
        catch (DecoderFallbackException)
        {
            texts.Add(new string('\uFFFD', bytes.Count));
        }

        bytes.Clear();
    }
}

/// <summary>Replaces every match in each token.</summary>
internal sealed class ReplaceDecoder(TextPattern pattern, string content) : IDecoder
{
    public List<string> Apply(List<string> tokens)
    {
        var written = 0;
        var work = new TextWork((int)Math.Min(int.MaxValue, tokens.Sum(token => (long)token.Length)), "the tokenizer's decoder");
        return tokens.ConvertAll(Replaced);

        string Replaced(string token)
        {
            var matches = new List<TextMatch>();
            pattern.FindAll(token, matches, work);
            if (matches.Count == 0) return token;
            var text = new StringBuilder();
            var done = 0;
            foreach (var (start, end) in matches)
            {
                work.Write(start - done + content.Length, written);
                written += start - done + content.Length;
                text.Append(token, done, start - done).Append(content);
                done = end;
            }

            return text.Append(token, done, token.Length - done).ToString();
        }
    }
}

/// <summary>Joins all tokens into one.</summary>
internal sealed class FuseDecoder : IDecoder
{
    public List<string> Apply(List<string> tokens) => [string.Concat(tokens)];
}

/// <summary>Takes up to so many of a character off each token's ends.</summary>
internal sealed class StripDecoder(string content, int start, int stop) : IDecoder
{
    public List<string> Apply(List<string> tokens) => tokens.ConvertAll(token =>
    {
        var from = 0;
        while (from / content.Length < start && string.CompareOrdinal(token, from, content, 0, content.Length) == 0) from += content.Length;
        var to = token.Length;
        for (var taken = 0; taken < stop && to - content.Length >= from; taken++)
        {
            if (string.CompareOrdinal(token, to - content.Length, content, 0, content.Length) != 0) break;
            to -= content.Length;
        }

        return token[from..to];
    });
}

/// <summary>Writes spaces for Metaspace's mark, and drops the one the pre-tokenizer put first.</summary>
internal sealed class MetaspaceDecoder(char mark, bool dropFirst) : IDecoder
{
    public List<string> Apply(List<string> tokens)
    {
        var texts = tokens.ConvertAll(token => token.Replace(mark, ' '));
        if (dropFirst && texts.Count > 0 && texts[0].StartsWith(' ')) texts[0] = texts[0][1..];
        return texts;
    }
}
