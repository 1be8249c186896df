using System.Text;
using System.Text.Json;
using Pursuit.Data.Json;

namespace Pursuit.Data.Reading;

/// <summary>Refuses names of columns that no file has, before the pool is read.</summary>
internal static class ColumnCheck
{
    private const int MostRecords = 1024;
    private const int MostNamed = 40;

    /// <summary>Looks for the columns in the first 1,024 records of each file, file after file, until all are found.</summary>
    /// <exception cref="PursuitException">One is nowhere.</exception>
    public static void Require(IReadOnlyList<SourceFile> files, PoolOptions options, int blockBytes)
    {
        if (options.Columns is not { Count: > 0 } columns || !options.RequiresColumns) return;
        var missing = columns.Values.ToHashSet(StringComparer.Ordinal);
        var seen = new List<string>();
        foreach (var file in files)
        {
            Look(file, options, blockBytes, missing, seen);
            if (missing.Count == 0) return;
        }

        if (seen.Count == 0) return; // no record at all, which is told elsewhere
        var name = columns.Values.First(missing.Contains);
        throw PursuitException.At(
            ApiName.Columns, $"no record has a field '{JsonTape.Quote(name)}'",
            $"fields that exist: {string.Join(", ", seen.Take(MostNamed).Select(JsonTape.Quote))}{(seen.Count > MostNamed ? ", ..." : "")}",
            Suggestion.For(name, seen));
    }

    private static void Look(SourceFile file, PoolOptions options, int blockBytes, HashSet<string> missing, List<string> seen)
    {
        using var reader = file.OpenRecords(options.MaxRecordBytes, blockBytes, hash: null);
        var tape = new JsonTape(options.MaxDepth);
        var batch = new RecordBatch();
        var known = seen.ToHashSet(StringComparer.Ordinal);
        var left = MostRecords;
        while (left > 0 && missing.Count > 0 && reader.Next(batch))
        {
            foreach (var entry in batch.Entries.Take(left))
            {
                left--;
                if (entry.IsTooLong || entry.Fault is not null || tape.Read(batch.Bytes, entry.Start, entry.Length) is not null) continue;
                if (tape.Kind(JsonTape.Root) != JsonTokenType.StartObject) continue;
                for (var key = tape.First(JsonTape.Root); key >= 0; key = tape.NextKey(JsonTape.Root, key))
                {
                    var name = tape.IsEscaped(key) ? tape.Text(key) : Encoding.UTF8.GetString(tape.Raw(key));
                    missing.Remove(name);
                    if (known.Count < 10 * MostNamed && known.Add(name)) seen.Add(name);
                }
            }
        }
    }
}
