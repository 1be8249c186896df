using System.Diagnostics;
using System.Text.Json;
using Pursuit.Data;
using Pursuit.Distribution;
using Pursuit.Runs;
using Pursuit.Storage;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Engine.Features;

/// <summary>The examples of one shard, as the model reads them.</summary>
/// <param name="Examples">The examples; one that the template refuses has no tokens.</param>
/// <param name="Place">Where the i-th of them stands, for messages.</param>
/// <param name="Progress">Told the share of the shard that is done, 0 to 1.</param>
internal sealed record ShardExamples(EncodedExample[] Examples, Func<int, string> Place, Action<double> Progress);

/// <summary>The examples of one shard, as the pool has them.</summary>
/// <param name="Examples">The examples.</param>
/// <param name="Place">Where the i-th of them stands, for messages.</param>
/// <param name="Progress">Told the share of the shard that is done, 0 to 1.</param>
internal sealed record ShardRecords(Example[] Examples, Func<int, string> Place, Action<double> Progress);

/// <summary>What was made of a shard.</summary>
/// <param name="Blocks">One matrix per block, [rows, dimension], already scaled.</param>
/// <param name="Norms">[rows, blocks], before scaling.</param>
/// <param name="Totals">Counts, for the report.</param>
/// <param name="Values">Values, for the report.</param>
internal sealed record ShardFeatures(ReadOnlyMemory<float>[] Blocks, float[] Norms, long[] Totals, float[] Values);

/// <summary>
/// The stage that makes a store of features shard by shard, each under its final name only when whole. A killed stage goes on with
/// the shards that are missing; a finished one tells its report again.
/// </summary>
internal sealed class ShardLoop
{
    /// <summary>The store's directory within the stage.</summary>
    public const string StoreName = "store";

    private const string ReportName = "report.json";

    private readonly ProbeModel? _probe;
    private readonly RunStage _stage;
    private readonly Pool _pool;
    private readonly string _work;
    private readonly int _threads;
    private readonly StageShare _share;
    private readonly IProgress<WorkProgress>? _progress;
    private readonly long _started = Stopwatch.GetTimestamp();

    private ShardLoop(
        ProbeModel? probe, RunStage stage, Pool pool, string work, int threads, StageShare share, IProgress<WorkProgress>? progress) =>
        (_probe, _stage, _pool, _work, _threads, _share, _progress) = (probe, stage, pool, work, threads, share, progress);

    /// <summary>Examples.</summary>
    public int Count => _pool.Count;

    /// <summary>The store's directory.</summary>
    public string StorePath => _stage.PathOf(StoreName);

    /// <summary>The stage that gets the store.</summary>
    public RunStage Stage => _stage;

    /// <summary>Seconds since the loop began.</summary>
    public double Seconds => Stopwatch.GetElapsedTime(_started).TotalSeconds;

    /// <summary>Makes the store, or tells what was made.</summary>
    /// <param name="probe">The model that reads examples as its template prints them; null where another reads them.</param>
    /// <param name="stage">Gets the store.</param>
    /// <param name="pool">Whose features.</param>
    /// <param name="work">What progress calls the work.</param>
    /// <param name="threads">Threads to encode with.</param>
    /// <param name="share">Which shards are this process's.</param>
    /// <param name="progress">Told how far it has come.</param>
    /// <param name="make">Makes the store's shards with this loop, and its report where this process is the one to complete it.</param>
    /// <returns>The report; null where other processes have shards still to make.</returns>
    public static TReport? Run<TReport>(
        ProbeModel? probe,
        RunStage stage,
        Pool pool,
        string work,
        int threads,
        StageShare share,
        IProgress<WorkProgress>? progress,
        Func<ShardLoop, TReport?> make)
        where TReport : class
    {
        if (!stage.IsComplete)
        {
            var report = make(new ShardLoop(probe, stage, pool, work, threads, share, progress));
            if (report is not null)
            {
                AtomicFile.Write(stage.PathOf(ReportName), s => JsonSerializer.Serialize(s, report, RunJson.Indented));
                stage.Complete();
            }

            share.Completed();
            if (!stage.Refresh()) return null;
        }

        return stage.ReadJson<TReport>(ReportName);
    }

    /// <summary>
    /// True for a stage's files that carry their own sum and the stage's fingerprint: shards of the store, and what is told of them.
    /// </summary>
    /// <param name="name">The file's name within the stage.</param>
    public static bool IsPart(string name) =>
        (name.StartsWith(StoreName + "/shard-", StringComparison.Ordinal) && name.EndsWith(".safetensors", StringComparison.Ordinal))
            || ShardFacts.IsFile(name);

    /// <summary>A store of this pool's features.</summary>
    /// <param name="kind">What they are.</param>
    /// <param name="blocks">Its matrices.</param>
    /// <param name="id">Fingerprint of everything they depend on.</param>
    public FeatureManifest Manifest(string kind, IReadOnlyList<FeatureBlock> blocks, string id) => Manifest(
        kind,
        blocks,
        id,
        new Dictionary<string, string>
        {
            ["model"] = _probe!.Fingerprint,
            ["tokenizer"] = _probe.Encoder.Tokenizer.Fingerprint,
            ["template"] = _probe.Encoder.Template.Fingerprint,
        });

    /// <summary>A store of this pool's features.</summary>
    /// <param name="kind">What they are.</param>
    /// <param name="blocks">Its matrices.</param>
    /// <param name="id">Fingerprint of everything they depend on.</param>
    /// <param name="parts">Fingerprints of what makes them.</param>
    public FeatureManifest Manifest(
        string kind, IReadOnlyList<FeatureBlock> blocks, string id, IReadOnlyDictionary<string, string> parts) =>
        FeatureManifest.Create(kind, _pool.Count, blocks) with
        {
            Fingerprints = new Dictionary<string, string>(parts) { ["pool"] = _pool.Fingerprint },
            Id = id,
        };

    /// <summary>Makes the shards of this process that are missing.</summary>
    /// <param name="manifest">What the store will be.</param>
    /// <param name="facts">Keeps what the maker tells of each shard.</param>
    /// <param name="make">Makes a shard.</param>
    /// <param name="cancellationToken">Stops it; finished shards stay.</param>
    /// <returns>
    /// All shards' counts added up, and each shard's values; null where this process isn't the one to complete the store.
    /// </returns>
    public (long[] Totals, float[][] Values)? MakeShards(
        FeatureManifest manifest, ShardFacts facts, Func<ShardExamples, ShardFeatures> make, CancellationToken cancellationToken) =>
        MakeShardsOfRecords(
            manifest,
            facts,
            shard => make(new ShardExamples(_probe!.Encode(shard.Examples, _threads, cancellationToken), shard.Place, shard.Progress)),
            cancellationToken);

    /// <summary>Makes the shards of this process that are missing, from the examples as the pool has them.</summary>
    /// <param name="manifest">What the store will be.</param>
    /// <param name="facts">Keeps what the maker tells of each shard.</param>
    /// <param name="make">Makes a shard.</param>
    /// <param name="cancellationToken">Stops it; finished shards stay.</param>
    /// <returns>
    /// All shards' counts added up, and each shard's values; null where this process isn't the one to complete the store.
    /// </returns>
    public (long[] Totals, float[][] Values)? MakeShardsOfRecords(
        FeatureManifest manifest, ShardFacts facts, Func<ShardRecords, ShardFeatures> make, CancellationToken cancellationToken)
    {
        var writer = new FeatureStoreWriter(StorePath, manifest);
        var own = Enumerable.Range(0, manifest.ShardCount).Where(_share.Takes).ToArray();
        var (done, total) = (0, own.Sum(manifest.RowsIn));
        foreach (var shard in own)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (start, count) = (shard * FeatureManifest.ShardRows, manifest.RowsIn(shard));
            if (!facts.Has(shard) || !writer.HasShard(shard))
            {
                var before = done;
                Report(before, total);
                var examples = _pool.Read(start, count, cancellationToken).ToArray();
                var made = make(new ShardRecords(examples, i => Place(start + i), share => Report(before + count * share, total)));
                facts.Write(shard, made.Totals, made.Values);
                writer.WriteShard(shard, made.Blocks, made.Norms);
                Report(before + count, total);
            }

            done += count;
        }

        var all = Enumerable.Range(0, manifest.ShardCount);
        if (!_share.Completes(() => !_stage.Refresh() && all.All(shard => facts.Has(shard) && writer.IsThere(shard)), cancellationToken))
            return null;
        writer.Complete();
        return facts.Read(manifest.ShardCount);
    }

    private void Report(double done, int total) => _progress?.Report(new WorkProgress(_work, done, total, "examples"));

    private string Place(int row) => _pool.Place(_pool.Locator(row));
}
