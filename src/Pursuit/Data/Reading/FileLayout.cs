namespace Pursuit.Data.Reading;

/// <summary>How a file holds its records.</summary>
internal enum FileLayout
{
    /// <summary>One record per line.</summary>
    Lines,

    /// <summary>One JSON array of records.</summary>
    Array,

    /// <summary>JSON objects one after the other that span lines, as a pretty printer writes them.</summary>
    Objects,

    /// <summary>One JSON object with the list of records under <c>data</c>, <c>rows</c> or <c>examples</c>.</summary>
    Wrapped,

    /// <summary>No JSON.</summary>
    Foreign,
}

/// <summary>Tells a file's layout by its beginning.</summary>
internal static class LayoutDetector
{
    /// <summary>The longest beginning that is looked at, in bytes.</summary>
    public const int MostBytes = 1 << 20;

    private const int MostForeignBytes = 1 << 16;

    /// <summary>Fields that only a record has: a <c>data</c> beside one of them is a part of the record.</summary>
    private static readonly HashSet<string> RecordKeys =
        ["messages", "conversations", "instruction", "prompt", "completion", "response", "text", "chosen", "rejected", "output"];

    private static readonly HashSet<string> WrapperKeys = ["data", "rows", "examples"];

    /// <summary>Tells the layout.</summary>
    /// <param name="head">The file from its first byte that isn't white space.</param>
    /// <param name="isWhole">No more bytes will come.</param>
    /// <param name="bracket">Where a wrapped list begins.</param>
    /// <returns>Null where more bytes are needed.</returns>
    public static FileLayout? Detect(ReadOnlySpan<byte> head, bool isWhole, out int bracket)
    {
        bracket = 0;
        if (head.Length > MostBytes) head = head[..MostBytes]; // what is found must not depend on how the bytes arrive
        return head[0] switch
        {
            (byte)'[' => FileLayout.Array,
            (byte)'{' => new ObjectScan(isWhole || head.Length >= MostBytes).Detect(head, out bracket),
            _ => DetectLines(head, isWhole),
        };
    }

    /// <summary>What a file without JSON is, for the one row that stands for it.</summary>
    public static string DescribeForeign(ReadOnlySpan<byte> head)
    {
        const string expected = "expected one JSON record per line, or one JSON array";
        if (head.StartsWith("version https://git-lfs"u8))
            return $"a Git LFS pointer, not the file itself; {expected} (fetch it with 'git lfs pull')";
        if (head[0] == (byte)'<') return $"HTML or XML, not JSON; {expected}";
        var end = head.IndexOf((byte)'\n');
        var first = end < 0 ? head : head[..end];
        var second = end < 0 ? [] : head[(end + 1)..];
        foreach (var (separator, name) in (ReadOnlySpan<(byte, string)>)[((byte)'\t', "TSV"), ((byte)',', "CSV"), ((byte)';', "CSV")])
        {
            if (first.Contains(separator) && second.Contains(separator))
                return $"a {name} file, not JSON, that isn't named so; {expected} (name it .{name.ToLowerInvariant()} to have it read)";
        }

        return $"text that isn't JSON: no line begins with '{{' or '['; {expected}";
    }

    /// <summary>A file that begins with something else: lines if one of them may be a record.</summary>
    private static FileLayout? DetectLines(ReadOnlySpan<byte> head, bool isWhole)
    {
        var looked = head[..Math.Min(head.Length, MostForeignBytes)];
        foreach (var range in looked.Split((byte)'\n'))
        {
            var line = RecordSplitter.SkipToText(looked[range]);
            if (line is [(byte)'{' or (byte)'[', ..]) return FileLayout.Lines;
        }

        return isWhole || head.Length >= MostForeignBytes ? FileLayout.Foreign : null;
    }

    /// <summary>Looks through the first object: its keys, and whether it spans lines.</summary>
    private ref struct ObjectScan(bool isAll)
    {
        private int _depth;
        private int _bracket = -1;
        private bool _spansLines;
        private bool _isRecord;
        private byte _last; // the last byte outside strings that isn't white space
        private string? _key; // the last string at depth 1

        public FileLayout? Detect(ReadOnlySpan<byte> head, out int bracket)
        {
            bracket = 0;
            for (var i = 0; i < head.Length; i++)
            {
                var c = head[i];
                if (RecordSplitter.WhiteSpace.Contains(c))
                {
                    if (c != (byte)'\n') continue;
                    var next = head[i..].IndexOfAnyExcept(RecordSplitter.WhiteSpace);
                    if (next < 0) return isAll ? Layout(isClosed: false, ref bracket) : null;
                    // Two tokens that no comma, colon or bracket joins: the line is a record that is cut short.
                    if (_last is not ((byte)'{' or (byte)'[' or (byte)',' or (byte)':')
                        && head[i + next] is not ((byte)'}' or (byte)']' or (byte)',' or (byte)':'))
                        return FileLayout.Lines;
                    _spansLines = true;
                    i += next - 1;
                    continue;
                }

                if (c == (byte)'"')
                {
                    var end = EndOfString(head, i + 1);
                    if (end < 0 && head[i..].Contains((byte)'\n')) return FileLayout.Lines; // no string spans lines
                    if (end < 0) return isAll ? Layout(isClosed: false, ref bracket) : null;
                    var text = head[(i + 1)..end];
                    if (text.Contains((byte)'\n')) return FileLayout.Lines;
                    if (_depth == 1 && _last is (byte)'{' or (byte)',') SeeKey(text);
                    i = end;
                }
                else if (c is (byte)'{' or (byte)'[')
                {
                    if (_depth == 1 && c == (byte)'[' && _bracket < 0 && _key is not null && WrapperKeys.Contains(_key))
                    {
                        var next = head[(i + 1)..].IndexOfAnyExcept(RecordSplitter.WhiteSpace);
                        if (next < 0 && !isAll) return null;
                        if (next >= 0 && head[i + 1 + next] == (byte)'{') _bracket = i;
                    }

                    _depth++;
                }
                else if (c is (byte)'}' or (byte)']' && --_depth == 0)
                {
                    var next = head[(i + 1)..].IndexOfAnyExcept(RecordSplitter.WhiteSpace);
                    if (next < 0 && !isAll) return null;
                    if (next >= 0) _bracket = -1; // several objects: each is a record
                    return Layout(isClosed: true, ref bracket);
                }

                _last = c;
            }

            return isAll ? Layout(isClosed: false, ref bracket) : null;
        }

        private readonly FileLayout Layout(bool isClosed, ref int bracket)
        {
            if (_bracket >= 0 && !_isRecord)
            {
                bracket = _bracket;
                return FileLayout.Wrapped;
            }

            return _spansLines && (isClosed || _depth > 0) ? FileLayout.Objects : FileLayout.Lines;
        }

        private void SeeKey(ReadOnlySpan<byte> text)
        {
            _key = text.Length > 32 ? null : System.Text.Encoding.UTF8.GetString(text);
            _isRecord |= _key is not null && RecordKeys.Contains(_key);
        }

        private static int EndOfString(ReadOnlySpan<byte> head, int start)
        {
            for (var i = start; i < head.Length; i++)
            {
                var next = head[i..].IndexOfAny((byte)'"', (byte)'\\');
                if (next < 0) return -1;
                i += next;
                if (head[i] == (byte)'"') return i;
                i++;
            }

            return -1;
        }
    }
}
