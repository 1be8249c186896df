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

    public static SelectionResult Read(RunStage stage) =>
        JsonSerializer.Deserialize<SelectionResult>(File.ReadAllBytes(stage.PathOf(Name)), RunJson.Compact)!;

    public static void Write(RunStage stage, SelectionResult selection)
    {
        AtomicFile.Write(stage.PathOf(Name), s => JsonSerializer.Serialize(s, selection, RunJson.Compact));
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
                    ids.Add(ContentId.Parse(JsonSerializer.Deserialize<SelectedRecord>(line, RunJson.Compact)!.ContentId));
                }
                catch (Exception e) when (e is JsonException or FormatException or ArgumentNullException)
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
