using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Pursuit.Data.Hashing;

namespace Pursuit.Data.Json;

/// <summary>
/// One record's JSON as a flat list of nodes over its bytes: read once by <see cref="Utf8JsonReader"/>, checked more
/// strictly than it does (UTF-8, lone surrogates, duplicate keys), and used again for the next record without allocating.
/// </summary>
internal sealed class JsonTape(int maxDepth)
{
    private const int FewKeys = 12;

    /// <summary>Bounds the tape of a hostile record (millions of brackets) to about 80 MB.</summary>
    private const int MaxNodes = 1 << 22;

    private readonly JsonReaderOptions _options = new() { MaxDepth = maxDepth };
    private readonly int[] _open = new int[maxDepth + 1];
    private Node[] _nodes = new Node[64];
    private int[] _keys = new int[16];
    private byte[] _bytes = [];
    private int _start;
    private int _count;

    /// <summary>Keys and items looked at since the tape was made: what reading costs beside the bytes.</summary>
    public long Steps { get; private set; }

    internal struct Node
    {
        public JsonTokenType Kind;

        /// <summary>A string or name with escapes.</summary>
        public bool Escaped;

        /// <summary>From the record's first byte: a string's first byte after the quote, else the token's first byte.</summary>
        public int Start;

        public int Length;

        /// <summary>The node after this one and all it holds.</summary>
        public int Next;
    }

    /// <summary>Reads one JSON value; the bytes must stay as they are while the tape is used.</summary>
    /// <returns>Null when all is well, else what is wrong.</returns>
    public string? Read(byte[] bytes, int start, int length)
    {
        _bytes = bytes;
        _start = start;
        _count = 0;
        var span = bytes.AsSpan(start, length);
        if (!Utf8.IsValid(span))
            return $"not valid UTF-8: byte {IndexOfInvalidUtf8(span)} of the record";
        var reader = new Utf8JsonReader(span, _options);
        var depth = 0;
        try
        {
            while (reader.Read())
            {
                var index = _count;
                if (index == MaxNodes) return $"too many JSON values: more than {MaxNodes} in one record";
                if (index == _nodes.Length) Array.Resize(ref _nodes, 2 * index);
                var kind = reader.TokenType;
                if (kind is JsonTokenType.EndObject or JsonTokenType.EndArray)
                {
                    ref var opener = ref _nodes[_open[--depth]];
                    opener.Length = (int)reader.BytesConsumed - opener.Start;
                    opener.Next = index;
                    if (kind == JsonTokenType.EndObject && FindDuplicateKey(_open[depth]) is { } key)
                        return $"the key '{Quote(key)}' occurs twice in one object";
                    continue;
                }

                ref var node = ref _nodes[index];
                node.Kind = kind;
                node.Escaped = false;
                node.Start = (int)reader.TokenStartIndex;
                node.Length = reader.ValueSpan.Length;
                node.Next = index + 1;
                _count++;
                if (kind is JsonTokenType.StartObject or JsonTokenType.StartArray)
                {
                    _open[depth++] = index;
                }
                else if (kind is JsonTokenType.String or JsonTokenType.PropertyName)
                {
                    node.Start++;
                    if (reader.ValueIsEscaped)
                    {
                        node.Escaped = true;
                        var lone = JsonText.IndexOfLoneSurrogate(reader.ValueSpan);
                        if (lone >= 0) return $"half a surrogate pair: the escape at byte {node.Start + lone} of the record";
                    }
                }
            }
        }
        catch (JsonException e)
        {
            return JsonFault.Describe(span, e, depth, maxDepth);
        }

        return null;
    }

    /// <summary>The node of the value as a whole.</summary>
    public const int Root = 0;

    public JsonTokenType Kind(int node) => _nodes[node].Kind;

    public bool IsString(int node) => _nodes[node].Kind == JsonTokenType.String;

    /// <summary>True for a string or key with escapes.</summary>
    public bool IsEscaped(int node) => _nodes[node].Escaped;

    /// <summary>The value's bytes as written; a string's without its quotes.</summary>
    public ReadOnlySpan<byte> Raw(int node) => _bytes.AsSpan(_start + _nodes[node].Start, _nodes[node].Length);

    /// <summary>The value's bytes as written, a string's or key's with its quotes.</summary>
    public ReadOnlySpan<byte> Written(int node)
    {
        var quote = _nodes[node].Kind is JsonTokenType.String or JsonTokenType.PropertyName ? 1 : 0;
        return _bytes.AsSpan(_start + _nodes[node].Start - quote, _nodes[node].Length + 2 * quote);
    }

    /// <summary>Where the value is, from the record's first byte; a string's opening quote.</summary>
    public int OffsetOf(int node) => _nodes[node].Start - (_nodes[node].Kind is JsonTokenType.String or JsonTokenType.PropertyName ? 1 : 0);

    /// <summary>True for a list or object that holds nothing.</summary>
    public bool IsEmpty(int container) => _nodes[container].Next == container + 1;

    /// <summary>The value of a key of an object, or -1.</summary>
    public int Find(int container, ReadOnlySpan<byte> name)
    {
        for (var key = container + 1; key < _nodes[container].Next; key = _nodes[key + 1].Next)
        {
            Steps++;
            if (!_nodes[key].Escaped)
            {
                if (Raw(key).SequenceEqual(name)) return key + 1;
            }
            else if (Text(key) == Encoding.UTF8.GetString(name))
            {
                return key + 1;
            }
        }

        return -1;
    }

    /// <summary>The value of a key unless it is missing or null: else -1.</summary>
    public int FindValue(int container, ReadOnlySpan<byte> name)
    {
        var node = Find(container, name);
        return node >= 0 && _nodes[node].Kind == JsonTokenType.Null ? -1 : node;
    }

    /// <summary>The first member (an item, or a key whose value is the next node), or -1 for an empty container.</summary>
    public int First(int container) => _nodes[container].Next > container + 1 ? container + 1 : -1;

    /// <summary>The item after this one, or -1.</summary>
    public int NextItem(int container, int item)
    {
        Steps++;
        return _nodes[item].Next < _nodes[container].Next ? _nodes[item].Next : -1;
    }

    /// <summary>The key after this key, or -1.</summary>
    public int NextKey(int container, int key) => NextItem(container, key + 1);

    public int CountItems(int array)
    {
        var count = 0;
        for (var item = First(array); item >= 0; item = NextItem(array, item)) count++;
        return count;
    }

    /// <summary>Appends what a string or key says, as UTF-8.</summary>
    public void AppendText(int node, ByteBuffer destination)
    {
        var raw = Raw(node);
        if (!_nodes[node].Escaped)
            destination.Append(raw);
        else
            destination.Advance(JsonText.Unescape(raw, destination.Reserve(raw.Length)));
    }

    /// <summary>What a string or key says.</summary>
    public string Text(int node)
    {
        var raw = Raw(node);
        if (!_nodes[node].Escaped) return Encoding.UTF8.GetString(raw);
        var buffer = ArrayPool<byte>.Shared.Rent(raw.Length);
        var text = Encoding.UTF8.GetString(buffer, 0, JsonText.Unescape(raw, buffer));
        ArrayPool<byte>.Shared.Return(buffer);
        return text;
    }

    /// <summary>An object's keys for a message: the first eight.</summary>
    public string DescribeKeys(int container)
    {
        var names = new List<string>();
        for (var key = First(container); key >= 0 && names.Count < 8; key = NextKey(container, key))
            names.Add(Quote(Text(key)) + (Kind(key + 1) == JsonTokenType.Null ? " (null)" : ""));
        return names.Count == 0 ? "no keys" : "keys: " + string.Join(", ", names);
    }

    /// <summary>A value's kind for a message.</summary>
    public string DescribeKind(int node) => _nodes[node].Kind switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "a list",
        JsonTokenType.String => "a text",
        JsonTokenType.Number => "a number",
        JsonTokenType.Null => "null",
        _ => "true or false",
    };

    /// <summary>User text cut to a length that fits a message, without control characters.</summary>
    public static string Quote(string text)
    {
        const int most = 40;
        var builder = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (builder.Length >= most) return builder.Append('…').ToString();
            builder.Append(Rune.IsControl(rune) ? new Rune(' ') : rune);
        }

        return builder.ToString();
    }

    private string? FindDuplicateKey(int container)
    {
        var count = 0;
        var escaped = false;
        for (var key = First(container); key >= 0;)
        {
            if (count == _keys.Length) Array.Resize(ref _keys, 2 * count);
            _keys[count++] = key;
            escaped |= _nodes[key].Escaped;
            key = _nodes[key + 1].Next;
            if (key >= _nodes[container].Next) break;
        }

        Steps += count;
        if (escaped)
        {
            var seen = new HashSet<string>(StringComparer.Ordinal);
            return _keys.Take(count).Select(Text).FirstOrDefault(text => !seen.Add(text));
        }

        if (count <= FewKeys)
        {
            for (var i = 1; i < count; i++)
            {
                var name = Raw(_keys[i]);
                for (var j = 0; j < i; j++)
                {
                    Steps++;
                    if (Raw(_keys[j]).SequenceEqual(name)) return Text(_keys[i]);
                }
            }

            return null;
        }

        _keys.AsSpan(0, count).Sort((a, b) =>
        {
            Steps++;
            return Raw(a).SequenceCompareTo(Raw(b));
        });
        for (var i = 1; i < count; i++)
        {
            if (Raw(_keys[i]).SequenceEqual(Raw(_keys[i - 1]))) return Text(_keys[i]);
        }

        return null;
    }

    private static int IndexOfInvalidUtf8(ReadOnlySpan<byte> span)
    {
        for (var i = 0; i < span.Length;)
        {
            if (Rune.DecodeFromUtf8(span[i..], out _, out var length) != OperationStatus.Done) return i;
            i += length;
        }

        return span.Length;
    }
}
