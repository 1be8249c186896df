using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace Pursuit.Storage;

/// <summary>
/// The one reader of JSON documents: configurations of models, tokenizers and adapters, manifests, and a run's own files.
/// It is bounded in size and depth and total: whatever is in a file, what comes out is a document that can be read
/// without surprises, or a <see cref="PursuitException"/> with file and place.
/// </summary>
/// <remarks>
/// A byte-order mark is skipped. Refused are bytes that aren't UTF-8, a name that occurs twice in an object (readers
/// differ in which of the two they believe), an escape that is half of a character, and nesting beyond <see cref="MaxDepth"/>.
/// Records of a pool are read by another reader, made for billions of them.
/// </remarks>
internal sealed class JsonFile : IDisposable
{
    /// <summary>Deepest nesting of objects and arrays.</summary>
    public const int MaxDepth = 64;

    /// <summary>Bytes of a document at most where its kind sets no other bound: what an array can hold.</summary>
    public const int LargestDocument = 2_000_000_000;

    /// <summary>Bytes of a configuration or a manifest at most; the longest that models carry are of about one million.</summary>
    public const int LargestConfiguration = 64 << 20;

    private const string DamagedAdvice = "The file is damaged or of another kind; get or make it again.";

    private readonly JsonDocument _document;

    private JsonFile(JsonDocument document, string where)
    {
        _document = document;
        Root = new JsonField(document.RootElement, where);
    }

    /// <summary>The document's value; valid until <see cref="Dispose"/>.</summary>
    public JsonField Root { get; }

    /// <summary>Reads a document from a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">Bytes at most.</param>
    /// <param name="expected">What it should be, for messages: "a model's configuration".</param>
    /// <exception cref="PursuitException">It can't be read, is longer, or isn't such a document.</exception>
    public static JsonFile Open(string path, int most, string expected) => Parse(BoundedFile.Read(path, most, expected), path);

    /// <summary>Reads a document from bytes.</summary>
    /// <param name="utf8">The bytes; they must not change while the document is used.</param>
    /// <param name="where">Their file, for messages.</param>
    /// <exception cref="PursuitException">They aren't such a document.</exception>
    public static JsonFile Parse(ReadOnlyMemory<byte> utf8, string where)
    {
        utf8 = WithoutMark(utf8);
        CheckText(utf8.Span, where);
        try
        {
#pragma warning disable RS0030 // this class is what the others use
            return new JsonFile(
                JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false }), where);
#pragma warning restore RS0030
        }
        catch (JsonException e)
        {
            throw Damaged(where, e, "JSON");
        }
    }

    /// <summary>Reads a file into an object, as strictly as its options say.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How.</param>
    /// <param name="expected">What it should be, for messages: "what 'pursuit select' writes at its end".</param>
    /// <param name="advice">What to do where it is not.</param>
    /// <exception cref="PursuitException">It can't be read, or isn't the JSON of such an object.</exception>
    public static T Read<T>(string path, JsonSerializerOptions options, string expected, string? advice = null)
        where T : class => Read<T>(BoundedFile.Read(path, LargestDocument, expected, advice), path, options, expected, advice);

    /// <summary>Reads bytes, such as a line's, into an object, as strictly as the options say.</summary>
    /// <param name="utf8">The bytes.</param>
    /// <param name="where">Their file and line, for messages.</param>
    /// <param name="options">How.</param>
    /// <param name="expected">What they should be.</param>
    /// <param name="advice">What to do where they are not.</param>
    /// <exception cref="PursuitException">They aren't the JSON of such an object.</exception>
    public static T Read<T>(ReadOnlyMemory<byte> utf8, string where, JsonSerializerOptions options, string expected, string? advice = null)
        where T : class
    {
        utf8 = WithoutMark(utf8);
        try
        {
            RefuseWhatPasses(utf8.Span, where, expected, advice);
#pragma warning disable RS0030 // this class is what the others use
            return JsonSerializer.Deserialize<T>(utf8.Span, options) ?? throw PursuitException.At(where, "null", expected, advice);
#pragma warning restore RS0030
        }
        catch (Exception e) when (IsOfContent(e))
        {
            throw Damaged(where, e, expected, advice);
        }
    }

    /// <summary>Reads a part that another object keeps unchanged.</summary>
    /// <param name="part">The part.</param>
    /// <param name="where">Its file, for messages.</param>
    /// <param name="options">How.</param>
    /// <param name="expected">What it should be.</param>
    /// <param name="advice">What to do where it is not.</param>
    /// <exception cref="PursuitException">It isn't the JSON of such an object.</exception>
    public static T Read<T>(JsonElement part, string where, JsonSerializerOptions options, string expected, string? advice = null)
        where T : class => Read<T>(JsonMarshal.GetRawUtf8Value(part).ToArray(), where, options, expected, advice);

    /// <summary>Gives the document's memory back.</summary>
    public void Dispose() => _document.Dispose();

    /// <summary>What a serializer and the constructors and converters it calls throw over what a document says.</summary>
    private static bool IsOfContent(Exception e) =>
        e is JsonException or InvalidOperationException or NotSupportedException or ArgumentException or FormatException
            or OverflowException;

    private static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> utf8)
    {
        ReadOnlySpan<byte> mark = [0xEF, 0xBB, 0xBF];
        return utf8.Span.StartsWith(mark) ? utf8[mark.Length..] : utf8;
    }

    /// <summary>Every string and name becomes text: the document's later readers can't fail at one.</summary>
    private static void CheckText(ReadOnlySpan<byte> utf8, string where)
    {
        if (!Utf8.IsValid(utf8))
            throw PursuitException.At(where, $"{utf8.Length:N0} bytes that are not valid UTF-8", "JSON in UTF-8", DamagedAdvice);
        if (!utf8.Contains((byte)'\\')) return; // only an escape can name half a character
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            while (reader.Read())
            {
                if (reader.ValueIsEscaped) _ = reader.GetString();
            }
        }
        catch (InvalidOperationException e)
        {
            throw PursuitException.At(
                $"{where}, line {LineOf(utf8, reader.TokenStartIndex)}", "an escape \\uD800 to \\uDFFF that is half of a character",
                "whole characters", DamagedAdvice, e);
        }
        catch (JsonException e)
        {
            throw Damaged(where, e, "JSON");
        }
    }

    /// <summary>
    /// What the serializer lets pass, to be met far from here: a list's null item, whatever the item's type says, and a number beyond
    /// double precision, which becomes infinite.
    /// </summary>
    private static void RefuseWhatPasses(ReadOnlySpan<byte> utf8, string where, string expected, string? advice)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxDepth });
        var named = false;
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.Null && !named && reader.CurrentDepth > 0)
                throw At(reader, utf8, "null as an item of a list");
            if (reader.TokenType == JsonTokenType.Number && !double.IsFinite(reader.GetDouble()))
                throw At(reader, utf8, "a number beyond double precision");
            named = reader.TokenType == JsonTokenType.PropertyName;
        }

        PursuitException At(in Utf8JsonReader at, ReadOnlySpan<byte> all, string found) =>
            PursuitException.At($"{where}, line {LineOf(all, at.TokenStartIndex)}", found, expected, advice ?? DamagedAdvice);
    }

    private static long LineOf(ReadOnlySpan<byte> utf8, long position) => 1 + utf8[..(int)position].Count((byte)'\n');

    private static PursuitException Damaged(string where, Exception cause, string expected, string? advice = null)
    {
        var json = cause as JsonException;
        var place = json?.LineNumber is { } line ? $"{where}, line {line + 1}" : where;
        var path = json?.Path is { Length: > 1 } inside ? $" at {inside}" : "";
        // The serializer adds the place to its message in its own words.
        var end = cause.Message.IndexOf(" Path: ", StringComparison.Ordinal) is >= 0 and var p
            ? p
            : cause.Message.IndexOf(" LineNumber: ", StringComparison.Ordinal);
        var reason = end >= 0 ? cause.Message[..end] : cause.Message;
        return PursuitException.At(place, $"JSON that can't be read{path} ({reason})", expected, advice ?? DamagedAdvice, cause);
    }
}
