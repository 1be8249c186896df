using System.Text;
using Pursuit.Storage;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Pursuit.Cli;

/// <summary>
/// The one reader of YAML files. Size and depth are bounded before the library builds anything of them, and whatever is
/// wrong is a <see cref="PursuitException"/> with file and line.
/// </summary>
internal static class YamlFile
{
    /// <summary>Bytes of a file at most: room for the paths of a hundred thousand files.</summary>
    public const int MostBytes = 16 << 20;

    /// <summary>Deepest nesting of lists and mappings; what Pursuit reads has two levels.</summary>
    public const int MaxDepth = 16;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="expected">What it should be, for messages: "a YAML file of options".</param>
    /// <param name="advice">What to do where it isn't.</param>
    /// <param name="build">Makes the answer of the text; the library's exceptions it lets through become faults.</param>
    /// <param name="part">The part of the text that is YAML; null for all of it.</param>
    /// <exception cref="PursuitException">It can't be read, is too long or too deep, isn't YAML, or isn't what was expected.</exception>
    public static T Read<T>(
        string path, string expected, string? advice, Func<TextReader, T> build, Func<string, string>? part = null)
    {
        var bytes = BoundedFile.Read(path, MostBytes, expected);
        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes).TrimStart('\uFEFF');
            text = part?.Invoke(text) ?? text;
            Check(path, text);
            return build(new StringReader(text));
        }
        catch (DecoderFallbackException e)
        {
            throw PursuitException.At(path, "bytes that are not valid UTF-8", expected, advice, e);
        }
        catch (YamlException e)
        {
            throw PursuitException.At(
                $"{path}, line {e.Start.Line}", $"not YAML of this kind ({(e.InnerException ?? e).Message})", expected, advice, e);
        }
        catch (Exception e) when (e is not (PursuitException or OutOfMemoryException))
        {
            // On texts made to mislead, the library's scanner indexes past its ends and looks up what isn't there: the text's fault.
            throw PursuitException.At(path, $"YAML that can't be read ({e.Message})", expected, advice, e);
        }
    }

    /// <summary>Walks the text once, event by event, which takes memory for neither depth nor length.</summary>
    private static void Check(string path, string text)
    {
        var parser = new Parser(new StringReader(text));
        var depth = 0;
        while (parser.MoveNext())
        {
            var place = $"{path}, line {parser.Current!.Start.Line}";
            switch (parser.Current)
            {
                case SequenceStart or MappingStart when ++depth > MaxDepth:
                    throw PursuitException.At(place, $"lists or mappings {depth} deep", $"at most {MaxDepth}");
                case SequenceEnd or MappingEnd:
                    depth--;
                    break;
                case AnchorAlias alias:
                    throw PursuitException.At(place, $"the alias '*{alias.Value}'", "each value written out");
                case Scalar scalar when IndexOfUnwritable(scalar.Value) is >= 0 and var at:
                    throw PursuitException.At(
                        place, $"U+{(int)scalar.Value[at]:X4} in a value", "text that a command line could hold", "Remove the escape.");
            }
        }
    }

    /// <summary>The first character that no argument and no path can hold: U+0000, or half of a character.</summary>
    private static int IndexOfUnwritable(string value)
    {
        for (var i = 0; i < value.Length; i++)
        {
            if (value[i] == '\0') return i;
            if (!char.IsSurrogate(value[i])) continue;
            if (i + 1 < value.Length && char.IsSurrogatePair(value[i], value[i + 1])) i++;
            else return i;
        }

        return -1;
    }
}
