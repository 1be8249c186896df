using System.IO.Compression;
using Pursuit.Data;
using Pursuit.Fuzz.Mutation;
using Pursuit.Jobs;

namespace Pursuit.Fuzz.Targets;

/// <summary>Records in files, read as a pool: each row's fate is counted, examples are read again and copied.</summary>
internal class RecordTarget : FileTarget
{
    private static readonly string[] Words =
    [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud800", "\\u0000", "null", "true", "1e999", "-", "\n", "\r\n", "\"text\":",
        "\"messages\":", "\"role\":\"user\"", "\"role\":\"assistant\"", "\"content\":", "\"tool_calls\":", "\"weight\":0",
        "\"train\":false", "\"reasoning_content\":", "\"conversations\":", "\"from\":", "\"value\":", "\"chosen\":", "\"rejected\":",
        "\"images\":", "\uFEFF", "\uFFFE", "[{", "}]\n", "NaN",
    ];

    public override IReadOnlyList<byte[]> Seeds { get; } = SeedsOf("records");

    public override Mutator Mutator { get; } = new EitherMutator(
        new EitherMutator(new ByteMutator(Words), 7, new LineMutator()), 4,
        new RecordMutator(new JsonMutator([.. Words.Where(w => w is ['"', .., '"'])])));

    protected override string FileName => "a.jsonl";

    protected override void ReadFile()
    {
        using var pool = Pool.Open(
            new PoolOptions { Paths = [FilePath], MaxRecordBytes = 1 << 16, SpoolDirectory = Folder }, null, CancellationToken.None);
        var ledger = pool.Ledger;
        if (ledger.PoolCount + ledger.DuplicateCount + ledger.QuarantinedCount != ledger.RowCount)
            throw new InvalidOperationException($"the rows' fates don't add up: {ledger.PoolCount} + {ledger.DuplicateCount} + "
                + $"{ledger.QuarantinedCount} of {ledger.RowCount}");
        var count = pool.Read(CancellationToken.None).Count();
        if (count != pool.Count) throw new InvalidOperationException($"{count} examples of {pool.Count}");
        pool.CopyRecords([.. Enumerable.Range(0, pool.Count)], Stream.Null, CancellationToken.None);
    }

    /// <summary>Changes one line's JSON.</summary>
    private sealed class RecordMutator(JsonMutator json) : Mutator
    {
        protected override byte[] Change(SeededRandom random, byte[] input, byte[] other)
        {
            var lines = Split(input);
            var at = random.NextInt(lines.Count);
            lines[at] = json.Mutate(random, lines[at], Any(random, Split(other)));
            var joined = new List<byte>();
            foreach (var line in lines)
            {
                if (joined.Count > 0) joined.Add((byte)'\n');
                joined.AddRange(line);
            }

            return [.. joined];
        }

        private static List<byte[]> Split(byte[] bytes)
        {
            var lines = new List<byte[]>();
            foreach (var range in bytes.AsSpan().Split((byte)'\n')) lines.Add(bytes[range]);
            return lines;
        }
    }
}

/// <summary>The same, compressed.</summary>
internal sealed class CompressedTarget : RecordTarget
{
    public override IReadOnlyList<byte[]> Seeds { get; } = [.. SeedsOf("records").Select(Compressed)];

    public override Mutator Mutator { get; } = new ByteMutator([]);

    private static byte[] Compressed(byte[] bytes)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest)) gzip.Write(bytes);
        return stream.ToArray();
    }
}

/// <summary>The lines of a selection.</summary>
internal sealed class SelectionTarget : FileTarget
{
    public override IReadOnlyList<byte[]> Seeds { get; } = [.. SeedsOf("words").Where(s => s[0] == '{')];

    public override Mutator Mutator { get; } = new EitherMutator(
        new ByteMutator(["\"content_id\":", "\"weight\":", "\"repeats\":", "1e999", "-1", "null", "NaN", "\n"]), 7, new LineMutator());

    protected override string FileName => "a.selection.jsonl";

    protected override void ReadFile()
    {
        Exception? first = null;
        try
        {
            SelectionFile.ReadContentIds(FilePath);
        }
        catch (PursuitException e)
        {
            first = e; // the other reader sees the file all the same
        }

        Engine.Training.SelectedWeights.Read(FilePath);
        if (first is not null) throw first;
    }
}
