using Pursuit.Data;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Tests.Jobs;

/// <summary>
/// From files to files: the same bytes whatever the threads, the order in which shards were written, and how features are kept.
/// </summary>
public sealed class SelectJobInvarianceTests : IDisposable
{
    private const int Rows = 2500; // three shards
    private const int Dimension = 24;
    private const int Blocks = 2;
    private const int Targets = 24;
    private readonly TemporaryDirectory _directory = new();
    private readonly MemoryFeatures _pool;

    public SelectJobInvarianceTests()
    {
        var problem = Gradients.Realistic(Rows, Targets, "1", Blocks, Dimension);
        _pool = Even(problem.Gradients.Pool!);
        WriteRecords("pool.jsonl", Enumerable.Range(0, Rows));
        WriteNpy("target.npy", Even(problem.Gradients.Target!), Enumerable.Range(0, Targets));
        WriteStore("store", "F32", [0, 1, 2]);
    }

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("gtp", "gtp.centre=true")]
    [InlineData("gtp", "gtp.schedule=shortlist", "gtp.shortlist=24")]
    [InlineData("gtp", "gtp.schedule=paper", "gtp.fill=peel")]
    [InlineData("gtp", "gtp.noise-floor=held-out", "gtp.normalise=row")]
    [InlineData("omp")]
    [InlineData("less-round-robin", "less-round-robin.centre=true")]
    [InlineData("tracin")]
    [InlineData("grand")]
    public void Threads_shards_and_forms_of_the_features_change_no_byte(string method, params string[] settings)
    {
        var one = Select("store", method, settings, threads: 1);
        one.Length.ShouldBeGreaterThan(0);
        foreach (var threads in new[] { 2, 5 }) Select("store", method, settings, threads).ShouldBe(one, $"{threads} threads");

        WriteStore("backwards", "F32", [2, 0, 1]);
        Select("backwards", method, settings, threads: 2).ShouldBe(one, "shards written in another order");
        WriteNpy("one-piece.npy", _pool, Enumerable.Range(0, Rows));
        Select("one-piece.npy", method, settings, threads: 2).ShouldBe(one, "one file of one piece");
    }

    [Theory]
    [InlineData("gtp", "gtp.centre=true")]
    [InlineData("omp")]
    [InlineData("less")]
    public void The_order_of_the_pools_rows_changes_neither_choice_nor_rank_nor_weight(string method, params string[] settings)
    {
        var one = Facts(Select("store", method, settings, threads: 2));
        var order = Enumerable.Range(0, Rows).ToArray();
        new SeededRandom(6, "test/select-job/order").Shuffle(order.AsSpan());
        WriteRecords("pool.jsonl", order);
        WriteNpy("shuffled.npy", _pool, order);
        Facts(Select("shuffled.npy", method, settings, threads: 1)).ShouldBe(one);
    }

    [Fact]
    public void Bfloat16_stores_give_the_same_bytes_with_any_threads_and_order_of_shards()
    {
        WriteStore("bf16", "BF16", [0, 1, 2]);
        WriteStore("bf16-backwards", "BF16", [2, 1, 0]);
        var one = Select("bf16", "gtp", [], threads: 1);
        Select("bf16", "gtp", [], threads: 2).ShouldBe(one);
        Select("bf16-backwards", "gtp", [], threads: 3).ShouldBe(one);
    }

    /// <summary>The bytes of the .selection.jsonl, selected anew.</summary>
    private byte[] Select(string features, string method, string[] settings, int threads)
    {
        var options = new SelectJobOptions
        {
            Pool = new PoolOptions { Paths = [_directory.PathOf("pool.jsonl")], Threads = threads },
            Features = _directory.PathOf(features),
            TargetFeatures = _directory.PathOf("target.npy"),
            Budget = Budget.Parse("60"),
            Method = method,
            Settings = settings,
            Out = _directory.PathOf("out.jsonl"),
            RunDirectory = _directory.PathOf($"run-{features}-{threads}"),
        };
        using (var run = RunDirectory.Open(options.RunPath))
            new SelectJob(options, null).Run(run, CancellationToken.None).Reused.ShouldBeFalse();
        Directory.Delete(options.RunPath, recursive: true);
        return File.ReadAllBytes(_directory.PathOf("out.selection.jsonl"));
    }

    /// <summary>Everything but where the rows stand in the input.</summary>
    private static string[] Facts(byte[] selection) =>
    [
        .. System.Text.Encoding.UTF8.GetString(selection).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.Nodes.JsonObject>(line)!)
            .Select(o => $"{o["rank"]} {o["id"]} {o["weight"]} {o["score"]}"),
    ];

    private void WriteRecords(string name, IEnumerable<int> which) =>
        _directory.Write(name, string.Concat(which.Select(i => $$"""{"id":"r{{i}}","text":"text {{i}}"}""" + "\n")));

    private void WriteNpy(string name, MemoryFeatures features, IEnumerable<int> order)
    {
        var rows = order.ToArray();
        NpyFile.Write(
            _directory.PathOf(name), [Blocks, rows.Length, Dimension], Gradients.Blocks(features, rows).SelectMany(b => b).ToArray());
    }

    private void WriteStore(string name, string type, int[] order)
    {
        var manifest = FeatureManifest.Create(
            "gradient-trajectory", Rows, [new FeatureBlock("a", Dimension), new FeatureBlock("b", Dimension)]) with
        {
            Dtype = type,
        };
        var writer = new FeatureStoreWriter(_directory.PathOf(name), manifest);
        foreach (var shard in order)
        {
            var rows = Enumerable.Range(shard * FeatureManifest.ShardRows, manifest.RowsIn(shard)).ToArray();
            var norms = rows.SelectMany(i => Enumerable.Range(0, Blocks).Select(b => _pool.Norms(b)[i])).ToArray();
            writer.WriteShard(shard, [.. Gradients.Blocks(_pool, rows).Select(b => (ReadOnlyMemory<float>)b)], norms);
        }

        writer.Complete();
    }

    /// <summary>With equal checkpoint weights, as a .npy has.</summary>
    private static MemoryFeatures Even(IDenseFeatures features) =>
        new(features.Name, features.Dimension, Gradients.Blocks((MemoryFeatures)features, [.. Enumerable.Range(0, features.Rows)]));
}
