using System.Text.Json;
using Pursuit.Data;
using Pursuit.Data.Export;
using Pursuit.Selection;
using Pursuit.Storage;

namespace Pursuit.Runs;

/// <summary>A selection as a stage keeps it, and the content ids of a <c>.selection.jsonl</c>.</summary>
internal static class SelectionFile
{
    private const string Name = "selection.json";
    private const string DetailsName = "details.json";

    public static (SelectionResult Selection, StoredDetails? Details) Read(RunStage stage)
    {
        var selection = JsonSerializer.Deserialize<SelectionResult>(File.ReadAllBytes(stage.PathOf(Name)), RunJson.Compact)!;
        var details = stage.PathOf(DetailsName);
        return (selection, File.Exists(details) ? JsonSerializer.Deserialize<StoredDetails>(File.ReadAllBytes(details), RunJson.Compact) : null);
    }

    public static void Write(RunStage stage, SelectionResult selection)
    {
        if (selection.Details is { } details)
        {
            // Each method has its own record: it is kept as the JSON that people and reports read, not to be made into that record again.
            var stored = new StoredDetails(details.Summary, JsonSerializer.SerializeToElement(details, details.GetType(), RunJson.Compact));
            AtomicFile.Write(stage.PathOf(DetailsName), s => JsonSerializer.Serialize(s, stored, RunJson.Compact));
        }

        AtomicFile.Write(stage.PathOf(Name), s => JsonSerializer.Serialize(s, selection with { Details = null }, RunJson.Compact));
        stage.Complete();
    }

    /// <summary>The content ids of an earlier selection, in rank order.</summary>
    /// <exception cref="PursuitException">The file can't be read or has a line that isn't a selected record.</exception>
    public static IReadOnlyList<ContentId> ReadContentIds(string path)
    {
        var ids = new List<ContentId>();
        try
        {
            foreach (var line in File.ReadLines(path))
            {
                try
                {
                    ids.Add(ContentId.Parse(JsonSerializer.Deserialize<SelectedRecord>(line, RunJson.Compact)?.ContentId ?? throw new FormatException("it has no content_id")));
                }
                catch (Exception e) when (e is JsonException or FormatException)
                {
                    throw PursuitException.At($"{path}, line {ids.Count + 1}", $"not a selected record ({e.Message})", "a line of a .selection.jsonl", "Give --match the file that 'pursuit select' writes beside its records.", e);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PursuitException.At(path, $"the file can't be read ({e.Message})", "a .selection.jsonl", null, e);
        }

        return ids;
    }
}
