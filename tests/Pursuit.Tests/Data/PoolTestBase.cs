using System.IO.Compression;
using System.Text;
using Pursuit.Data;
using Pursuit.TestKit;

namespace Pursuit.Tests.Data;

/// <summary>Pools of files of a test's own.</summary>
public abstract class PoolTestBase : IDisposable
{
    internal TemporaryDirectory Files { get; } = new();

    public void Dispose()
    {
        Files.Dispose();
        GC.SuppressFinalize(this);
    }

    protected static Pool Open(params string[] paths) => Open(new PoolOptions { Paths = paths });

    protected static Pool Open(PoolOptions options, int blockBytes = 1 << 20) =>
        Pool.Open(options, null, blockBytes, CancellationToken.None);

    protected Pool OpenText(string text) => Open(Files.Write($"{Guid.NewGuid():N}.jsonl", text));

    /// <summary>The content id of one record.</summary>
    protected ContentId IdOf(string record)
    {
        using var pool = OpenText(record);
        pool.Count.ShouldBe(1);
        return pool.ContentIds[0];
    }

    /// <summary>The example one record stands for.</summary>
    protected Example Example(string record, RecordShape? shape = null) =>
        Pool.ReadAll(new PoolOptions { Paths = [Files.Write($"{Guid.NewGuid():N}.jsonl", record)], Shape = shape }, CancellationToken.None)
            .Single();

    /// <summary>Why one record is quarantined, given a good one beside it so that the pool isn't empty.</summary>
    protected string Reason(string record, RecordShape shape = RecordShape.Messages)
    {
        string[] good =
        [
            Good, """{"conversations":[{"from":"human","value":"q"}]}""", """{"instruction":"q","output":"a"}""",
            """{"prompt":"q","completion":"a"}""", """{"text":"t"}""",
        ];
        using var pool =
            Open(new PoolOptions { Paths = [Files.Write($"{Guid.NewGuid():N}.jsonl", $"{good[(int)shape]}\n{record}\n")], Shape = shape });
        return pool.Ledger.Quarantined().Single().Reason;
    }

    protected const string Good = """{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}""";

    protected static string Fails(params string[] paths) => Fails(new PoolOptions { Paths = paths });

    protected static string Fails(PoolOptions options) =>
        Should.Throw<PursuitException>(() => Pool.Open(options, null, CancellationToken.None).Dispose()).Message;

    protected static byte[] Gzip(string text, CompressionLevel level = CompressionLevel.Fastest)
    {
        using var memory = new MemoryStream();
        using (var gzip = new GZipStream(memory, level)) gzip.Write(Encoding.UTF8.GetBytes(text));
        return memory.ToArray();
    }

    protected static string Copied(Pool pool, params int[] positions)
    {
        using var output = new MemoryStream();
        pool.CopyRecords(positions, output, CancellationToken.None);
        return Encoding.UTF8.GetString(output.ToArray());
    }

    /// <summary>Everything a reader can see of a pool, but for where its records stand.</summary>
    protected static string Describe(Pool pool)
    {
        var examples = pool.Read(CancellationToken.None).Select(e =>
            $"{e.Id}|{e.ContentId}|{e.Text}|{string.Join('/', e.Turns)}|{e.ToolsJson}|{pool.ContentIds[0]}");
        return $"{pool.Fingerprint}\n{string.Join('\n', examples)}\n"
            + $"{string.Join(',', pool.Ledger.Rows().Select(r => (r.Fate, r.DuplicateOf)))}";
    }
}
