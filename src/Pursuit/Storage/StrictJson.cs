using System.Text.Json;
using System.Text.Unicode;

namespace Pursuit.Storage;

/// <summary>
/// Reads JSON token by token with the strictness that headers of binary files need: UTF-8 is valid, names don't repeat
/// (the caller keeps them), numbers are integers, nothing follows the end. Every fault is a <see cref="PursuitException"/>
/// that names the file and the byte.
/// </summary>
internal ref struct StrictJson
{
    private readonly string _where;
    private Utf8JsonReader _reader;

    /// <summary>Starts before the first token.</summary>
    /// <param name="where">The file, for messages.</param>
    /// <param name="json">The whole text.</param>
    public StrictJson(string where, ReadOnlySpan<byte> json)
    {
        _where = where;
        if (!Utf8.IsValid(json))
            throw PursuitException.At(where, $"{json.Length} bytes of JSON that are not valid UTF-8", "UTF-8", "The file is damaged or of another kind.");
        _reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 16 });
    }

    /// <summary>Byte of the current token within the JSON.</summary>
    public readonly long Position => _reader.TokenStartIndex;

    /// <summary>Reads '{'.</summary>
    public void BeginObject(string what) => Expect(JsonTokenType.StartObject, what, "an object");

    /// <summary>Reads the next name of the current object, or its end.</summary>
    public bool NextName(out string name)
    {
        Advance("the end of an object");
        name = "";
        if (_reader.TokenType == JsonTokenType.EndObject)
            return false;
        name = Text("a name");
        return true;
    }

    /// <summary>Reads a string.</summary>
    public string String(string what)
    {
        Expect(JsonTokenType.String, what, "a string");
        return Text(what);
    }

    /// <summary>Reads an integer from 0 to 2^63 - 1.</summary>
    public long NonNegative(string what)
    {
        Expect(JsonTokenType.Number, what, "a number");
        return Integer(what);
    }

    /// <summary>Reads an array of integers from 0 to 2^63 - 1.</summary>
    public List<long> NonNegatives(string what)
    {
        Expect(JsonTokenType.StartArray, what, "an array of numbers");
        var values = new List<long>();
        while (true)
        {
            Advance(what);
            switch (_reader.TokenType)
            {
                case JsonTokenType.EndArray:
                    return values;
                case JsonTokenType.Number:
                    values.Add(Integer(what));
                    break;
                default:
                    throw Fault($"{what} holds a {_reader.TokenType}", "numbers only");
            }
        }
    }

    /// <summary>Reads and drops one value of any kind.</summary>
    public void Skip(string what)
    {
        Advance(what);
        try
        {
            _reader.Skip();
        }
        catch (JsonException e)
        {
            throw Damaged(what, e);
        }
    }

    /// <summary>Checks that nothing but white space follows.</summary>
    public void End()
    {
        try
        {
            if (_reader.Read())
                throw Fault($"a {_reader.TokenType} follows the end", "one JSON object and nothing after it");
        }
        catch (JsonException e)
        {
            throw Damaged("what follows the end", e);
        }
    }

    /// <summary>A fault at the current byte.</summary>
    public readonly PursuitException Fault(string found, string expected) =>
        PursuitException.At($"{_where}, JSON byte {Position}", found, expected, "The file is damaged or was written by a faulty program; get it again.");

    private long Integer(string what) =>
        _reader.TryGetInt64(out var value) && value >= 0
            ? value
            : throw Fault($"{what} holds {System.Text.Encoding.UTF8.GetString(_reader.ValueSpan[..Math.Min(40, _reader.ValueSpan.Length)])}", $"whole numbers from 0 to {long.MaxValue}");

    private string Text(string what)
    {
        try
        {
            return _reader.GetString()!;
        }
        catch (InvalidOperationException e) // a lone surrogate in an escape
        {
            throw Damaged(what, e);
        }
    }

    private void Expect(JsonTokenType type, string what, string expected)
    {
        Advance(what);
        if (_reader.TokenType != type)
            throw Fault($"{what} is a {_reader.TokenType}", expected);
    }

    private void Advance(string what)
    {
        try
        {
            if (!_reader.Read())
                throw Fault($"the text ends before {what}", "complete JSON");
        }
        catch (JsonException e)
        {
            throw Damaged(what, e);
        }
    }

    private readonly PursuitException Damaged(string what, Exception cause) =>
        PursuitException.At($"{_where}, JSON byte {_reader.BytesConsumed}", $"{what} isn't valid JSON ({cause.Message})", "valid JSON", "The file is damaged or of another kind.", cause);
}
