using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pursuit.Jobs.Export;

/// <summary>How trainers' files are written as JSON.</summary>
internal static class ExportJson
{
    /// <summary>Deeper than any record may nest, with the levels that a layout puts around its values.</summary>
    public const int MaxDepth = 2048;

    private static readonly JsonDocumentOptions Depth = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    /// <summary>For texts within texts, and configurations on one line.</summary>
    public static JsonSerializerOptions Text { get; } = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = MaxDepth,
    };

    /// <summary>For files people open.</summary>
    public static JsonSerializerOptions Indented { get; } = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>For a record's line.</summary>
    public static JsonWriterOptions Line { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = MaxDepth };

    /// <summary>Reads JSON that a record was checked to hold.</summary>
#pragma warning disable RS0030 // a record's field, checked when the record was read, which may nest deeper than a document
    public static JsonNode? Parse(string json) => JsonNode.Parse(json, null, Depth);
#pragma warning restore RS0030
}
