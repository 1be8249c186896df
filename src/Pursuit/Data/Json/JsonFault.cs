using System.Text.Json;

namespace Pursuit.Data.Json;

/// <summary>
/// Says what is wrong with a record's JSON: what it is where people know the mistake by a name, else in the reader's words.
/// </summary>
internal static class JsonFault
{
    /// <summary>Describes a fault.</summary>
    /// <param name="record">The record's bytes.</param>
    /// <param name="e">What the reader says.</param>
    /// <param name="depth">Lists and objects open where it stopped.</param>
    /// <param name="maxDepth">How many may be.</param>
    public static string Describe(ReadOnlySpan<byte> record, JsonException e, int depth, int maxDepth)
    {
        // The reader counts lines inside the record (an array's element may hold some); people search by bytes.
        var offset = 0;
        for (var line = e.LineNumber ?? 0; line > 0; line--) offset += record[offset..].IndexOf((byte)'\n') + 1;
        offset += (int)(e.BytePositionInLine ?? 0);
        var rest = record[Math.Min(offset, record.Length)..];
        if (depth == maxDepth && rest is [(byte)'{' or (byte)'[', ..])
            return $"nested too deep: more than {maxDepth} lists and objects inside each other at byte {offset} of the record; "
                + $"expected at most {maxDepth}";
        return $"not valid JSON: byte {offset} of the record: {Known(record, rest, offset) ?? Message(e)}";
    }

    private static string? Known(ReadOnlySpan<byte> record, ReadOnlySpan<byte> rest, int offset)
    {
        foreach (var word in (ReadOnlySpan<string>)["NaN", "Infinity", "-Infinity"])
        {
            if (StartsWith(rest, word) || (offset > 0 && StartsWith(record[(offset - 1)..], word)))
                return $"{word} isn't JSON; expected a number or null (Python's json.dumps writes it; pandas' to_json writes null)";
        }

        if (rest.StartsWith("\uFEFF"u8)) return "a byte-order mark within the file; expected none but at its beginning";
        if (rest is [(byte)',']) return "a comma after the record; expected one record per line and nothing between them";
        return rest is [(byte)'\'', ..] && offset > 0
            ? "a single quote; expected double quotes (Python's str() isn't JSON, json.dumps() is)"
            : null;
    }

    private static bool StartsWith(ReadOnlySpan<byte> text, string word)
    {
        if (text.Length < word.Length) return false;
        for (var i = 0; i < word.Length; i++)
        {
            if (text[i] != word[i]) return false;
        }

        return true;
    }

    private static string Message(JsonException e)
    {
        var message = e.Message;
        foreach (var ending in (ReadOnlySpan<string>)[" LineNumber:", " Change the reader options"])
        {
            var cut = message.IndexOf(ending, StringComparison.Ordinal);
            if (cut > 0) message = message[..cut];
        }

        return message.TrimEnd('.');
    }
}
