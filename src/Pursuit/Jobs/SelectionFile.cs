using System.Collections;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Pursuit.Jobs.Export;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Passes;
using Pursuit.Selection.Pursuits;
using Pursuit.Storage;

namespace Pursuit.Jobs;

/// <summary>A selection as a stage keeps it, and the content ids of a <c>.selection.jsonl</c>.</summary>
internal static class SelectionFile
{
    private const string Name = "selection.json";
    private const string GainsName = "gains.safetensors";
    private const string GainsTensor = "gains";
    private const string PassesKey = "passes";

    /// <summary>A finished stage's selection.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="examples">Examples in the pool.</param>
    /// <param name="written">What was just written there, which is then not read again; null to read it.</param>
    /// <exception cref="PursuitException">It is damaged, or can't be a selection of that many.</exception>
    public static (SelectionResult Selection, StoredDetails? Details) Read(RunStage stage, int examples, SelectionResult? written = null)
    {
        var selection = written is null ? stage.ReadJson<SelectionResult>(Name) : written with { Details = null, Arrays = [] };
        var chosen = new BitArray(examples);
        var fault = selection.Rows.Select(row => FaultOf(row, examples, chosen)).FirstOrDefault(f => f is not null);
        if (fault is not null)
            throw PursuitException.At(stage.PathOf(Name), fault, $"rows of a pool of {examples:N0} examples, each once", RunStage.RunAgain);
        if (!stage.Holds(StoredDetails.FileName)) return (selection, null);
        var details = stage.ReadJson<StoredDetails>(StoredDetails.FileName);
        return details.As<PursuitDetails>() is not { } pursuit
            || pursuit.FaultOf(selection.Rows.Select(r => r.Position).ToHashSet()) is not { } contradiction
            ? (selection, details)
            : throw PursuitException.At(
                stage.PathOf(StoredDetails.FileName), contradiction, "details of the same selection", RunStage.RunAgain);
    }

    public static void Write(RunStage stage, SelectionResult selection)
    {
        if (selection.Details is { } details)
        {
            var stored = StoredDetails.Of(details);
            AtomicFile.Write(stage.PathOf(StoredDetails.FileName), s => JsonSerializer.Serialize(s, stored, RunJson.Compact));
        }

        if (selection.Details is PursuitDetails { Gains: { Kept.Count: > 0 } gains }) WriteGains(stage, gains);
        foreach (var array in selection.Arrays) NpyFile.Write(stage.PathOf(array.Name + ".npy"), [array.Values.Length], array.Values);
        AtomicFile.Write(stage.PathOf(Name), s => JsonSerializer.Serialize(s, selection with { Details = null }, RunJson.Compact));
        stage.Complete();
    }

    /// <summary>Every row's gain at the pursuit's passes; null where the method pursues nothing.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="examples">Examples in the pool.</param>
    /// <exception cref="PursuitException">The file is damaged, or has the gains of another pool.</exception>
    public static PursuitGains? ReadGains(RunStage stage, int examples)
    {
        if (!stage.Holds(GainsName)) return null;
        var path = stage.PathOf(GainsName);
        using var file = SafetensorsFile.Open(path);
        var passes = new List<int>();
        foreach (var word in file.Metadata.GetValueOrDefault(PassesKey, "").Split(','))
        {
            if (!int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var pass) || pass <= passes.LastOrDefault())
                throw PursuitException.At(path, $"pass '{word}'", "the passes' numbers, from 1 upward", RunStage.RunAgain);
            passes.Add(pass);
        }

        return file.InFileOrder is [{ Name: GainsTensor, Type: TensorType.Float32, Shape: [var kept, var rows] }] && kept == passes.Count
            && rows == examples
            ? new PursuitGains(passes.Select((pass, k) => (pass, (IPassGains)new GainsInFile(path, k))))
            : throw PursuitException.At(
                path, $"other tensors than {GainsTensor}", $"float32 [{passes.Count}, {examples}]", RunStage.RunAgain);
    }

    private static string? FaultOf(RankedRow row, int examples, BitArray chosen) =>
        (uint)row.Position >= (uint)examples ? $"position {row.Position}"
        : !Add(chosen, row.Position) ? $"position {row.Position} twice"
        : row.Weight < 0 ? $"a weight of {row.Weight}"
        : null;

    private static bool Add(BitArray chosen, int position)
    {
        if (chosen[position]) return false;
        chosen[position] = true;
        return true;
    }

    private static void WriteGains(RunStage stage, PursuitGains gains)
    {
        var (at, here) = (0, gains.Kept[0].Gains.Read());
        var rows = here.Length;
        var tensor = new TensorToWrite(GainsTensor, TensorType.Float32, [gains.Kept.Count, rows], (offset, destination) =>
        {
            // A piece may begin and end within any pass; one pass at a time is in memory.
            var values = MemoryMarshal.Cast<byte, float>(destination);
            var first = offset / sizeof(float);
            for (var k = 0; k < values.Length;)
            {
                var (pass, row) = Math.DivRem(first + k, rows);
                if (pass != at) (at, here) = ((int)pass, gains.Kept[(int)pass].Gains.Read());
                var part = here.AsSpan((int)row);
                part = part[..Math.Min(part.Length, values.Length - k)];
                part.CopyTo(values[k..]);
                k += part.Length;
            }
        });
        var passes = string.Join(',', gains.Kept.Select(p => p.Pass.ToString(CultureInfo.InvariantCulture)));
        SafetensorsWriter.Write(stage.PathOf(GainsName), [tensor], new Dictionary<string, string> { [PassesKey] = passes });
    }

    /// <summary>The content ids of an earlier selection, in rank order.</summary>
    /// <exception cref="PursuitException">The file can't be read or has a line that isn't a selected record.</exception>
    public static IReadOnlyList<ContentId> ReadContentIds(string path)
    {
        var ids = new List<ContentId>();
        try
        {
            foreach (var line in FactsFile.Lines(path))
            {
                const string Advice = $"Give {ApiName.Match} the file that {ApiName.SelectJob} writes beside its records.";
                var place = $"{path}, line {ids.Count + 1}";
                var record = JsonFile.Read<Chosen>(
                    Encoding.UTF8.GetBytes(line), place, RunJson.Compact, "a line of a .selection.jsonl", Advice);
                try
                {
                    ids.Add(ContentId.Parse(record.ContentId));
                }
                catch (FormatException e)
                {
                    throw PursuitException.At(place, $"not a selected record ({e.Message})", "a line of a .selection.jsonl", Advice, e);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PursuitException.At(path, $"the file can't be read ({e.Message})", "a .selection.jsonl", null, e);
        }

        return ids;
    }

    /// <summary>What a line must hold; the rest of a selected record may be missing.</summary>
    private sealed record Chosen(string ContentId);

    /// <summary>One pass's gains, read when they are asked for.</summary>
    private sealed record GainsInFile(string Path, int Index) : IPassGains
    {
        public float[] Read()
        {
            using var file = SafetensorsFile.Open(Path);
            var gains = new float[file.Info(GainsTensor).Shape[1]];
            file.ReadSingle(GainsTensor, (long)Index * gains.Length, gains);
            return gains;
        }
    }
}
