using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pursuit.Data;
using Pursuit.Engine.Features;
using Pursuit.Jobs;
using Pursuit.Jobs.Export;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Attacks;

/// <summary>
/// A command killed at each of its changes of the file system in turn: the same command then ends in the bytes of one that nobody
/// killed, with nothing left over, and is never refused.
/// </summary>
/// <remarks>
/// What the disk holds before a change is what a process leaves that is killed there, so it is copied at every change of one whole run,
/// and the command is run again on each copy. <c>benchmarks/attacks.md</c> has the same with real kills.
/// </remarks>
[Collection(nameof(InProcess))]
public sealed class KilledAnywhereTests : IDisposable
{
    /// <summary>Files that hold seconds or how much of the work was found done: they are compared by name.</summary>
    private static readonly string[] Timed =
        ["summary.json", "report.json", "report.html", "seconds.json", "cost.json", "trajectory.json", "proof.json"];

    private static readonly string[] Words = ["red", "blue", "green", "black", "white", "small", "large", "round", "flat", "new"];
    private readonly TemporaryDirectory _directory = new();

    public KilledAnywhereTests()
    {
        Write(
            "pool.jsonl",
            Enumerable.Range(0, 24).Select(i => new
            {
                prompt = $"q{i}: what is {i}?",
                completion = $"it is {Words[i % 10]} and "
                + $"{Words[i / 3 % 10]}"
            }));
        Write(
            "target.jsonl",
            Enumerable.Range(50, 4).Select(i => new { prompt = $"q{i}: what is {i}?", completion = $"it is {Words[i % 10]}" }));
        Write(
            "test.jsonl", Enumerable.Range(60, 3).Select(
                i => new { prompt = $"q{i}: what is {i}?", completion = $"it is {Words[i % 7]}" }));
        Write("texts.jsonl", Enumerable.Range(0, 16).Select(i => new
        {
            text = $"what is {i}? it is {Words[i % 10]} and "
            + $"{Words[i / 7 % 10]} and all that is {Words[i % 3]}"
        }));
        Write("many.jsonl", Enumerable.Range(0, 72).Select(i => new
        {
            text = $"what is {i}? it is {Words[i % 10]} and "
            + $"{Words[i / 7 % 10]} and all that is {Words[i % 3]}"
        }));
        Done(
            "pretrain", "--data", Input("texts.jsonl"), "--out", Input("model"), "--vocab", "270", "--width", "8", "--layers", "1",
            "--heads", "1", "--mlp", "8", "--context", "48", "--batch-tokens", "96", "--tokens", "96", "--threads", "1");
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Select_by_gradients_with_a_trial_of_each_learning_rate() =>
        EndsAlike(
            () => Select(
                "gtp",
                run => new GradientFeatures(
                    Recipe(new GradientFeatureOptions { Dimension = 16, Factor = 4, Checkpoints = 1 }), run, null)));

    [Fact]
    public void Select_by_embeddings() =>
        EndsAlike(() => Select("tsds", run => new EmbeddingFeatures(Recipe(new EmbeddingOptions()), run, null)));

    [Fact]
    public void Select_by_compression() =>
        EndsAlike(() => Ends("select", "--pool", Input("pool.jsonl"), "--method", "zip", "--budget", "4", "--out", Output("out.jsonl")));

    [Fact]
    public void Features_along_a_trajectory() => EndsAlike(() =>
    {
        using var run = RunDirectory.Open(Output("features.run"));
        using var pool = Pool.Open(
            new PoolOptions { Paths = [Input("pool.jsonl")], Threads = 1 }, null, TestContext.Current.CancellationToken);
        var recipe = Recipe(new GradientFeatureOptions { Dimension = 16, Factor = 4, Checkpoints = 2, LearningRate = 0.01 });
        new GradientFeatures(recipe, run, null).OfPool(pool, TestContext.Current.CancellationToken).Features.Dispose();
    });

    [Fact]
    public void Train_with_checkpoints_within_epochs() => EndsAlike(() => Ends(
        "train", "--data", Input("pool.jsonl"), "--model", Input("model"), "--heldout", Input("test.jsonl"), "--out", Output("tuned"),
        "--epochs", "1", "--batch", "8", "--checkpoint-steps", "1", "--evaluate-steps", "2", "--checkpoint-minutes", "0"));

    [Fact]
    public void Pretrain() => EndsAlike(() => Ends(
        "pretrain", "--data", Input("texts.jsonl"), "--out", Output("new"), "--vocab", "270", "--width", "8", "--layers", "1",
        "--heads", "1", "--mlp", "8", "--context", "48", "--batch-tokens", "96", "--tokens", "192", "--checkpoint-steps", "1"));

    [Fact]
    public void Prove() => EndsAlike(() => Ends(
        "prove", "--pool", Input("pool.jsonl"), "--target", Input("target.jsonl"), "--test", Input("test.jsonl"), "--model", Input("model"),
        "--budget", "25%", "--methods", "length",
        "--seeds", "1", "--epoch-seeds", "0", "--epochs", "1", "--generate", "1", "--run", Output("proof.run")));

    [Fact]
    public void Score_by_a_model() => EndsAlike(() => Ends(
        "score", "--pool", Input("pool.jsonl"), "--target", Input("target.jsonl"), "--model", Input("model"), "--methods", "dsir",
        "entropy", "--out", Output("scores.jsonl")));

    [Fact]
    public void Dedup() => EndsAlike(() => Ends("dedup", "--pool", Input("pool.jsonl"), "--out", Output("kept.jsonl")));

    [Fact]
    public void Prune_by_probes_trained_on_the_pool() => EndsAlike(() => Ends(
        "prune", "--pool", Input("many.jsonl"), "--keep", "50%", "--out", Output("kept.jsonl"), "--no-report",
        "--set", "probe.vocabulary=300", "--set", "probe.width=8", "--set", "probe.layers=1", "--set", "probe.heads=1",
        "--set", "probe.context=48", "--set", "probe.tokens=96", "--set", "probe.common-slice=0.1"));

    private static void Ends(params string[] command) => Done([.. command, "--threads", "1"]);

    /// <summary>
    /// A selection as <c>pursuit select</c> makes it, but for the plan of its features, which takes seconds to measure and writes
    /// nothing.
    /// </summary>
    private void Select(string method, Func<RunDirectory, IFeatureSource> features)
    {
        var options = new SelectJobOptions
        {
            Pool = new PoolOptions { Paths = [Input("pool.jsonl")], Threads = 1 },
            Targets = [Input("target.jsonl")],
            ComputesFeatures = true,
            ModelDirectory = Input("model"),
            Budget = Budget.Parse("4"),
            Method = method,
            Out = Output("out.jsonl"),
            Formats = [TrainerFormat.Trl],
        };
        options.Files().Sweep();
        using var run = RunDirectory.Open(options.RunPath);
        new SelectJob(options, null) { Features = features(run) }.Run(run, TestContext.Current.CancellationToken);
    }

    private FeatureRecipe<T> Recipe<T>(T options)
        where T : IFeatureOptions => new() { Model = Input("model"), MaxLength = 48, Options = options, Threads = 1 };

    private void EndsAlike(Action command)
    {
        var left = new List<SortedDictionary<string, byte[]>>();
        Disk.Observer = _ =>
        {
            lock (left) left.Add(Tree());
        };
        try
        {
            command();
        }
        finally
        {
            Disk.Observer = null;
        }

        var whole = Compared(Tree());
        var states = left.DistinctBy(Key).ToArray();
        states.Length.ShouldBeGreaterThan(12, "changes were seen");
        TestContext.Current.TestOutputHelper!.WriteLine($"{left.Count} changes, {states.Length} states between them");
        foreach (var (state, number) in states.Select((s, i) => (s, i)))
        {
            Restore(state);
            Should.NotThrow(command, $"killed before change {number} of {states.Length}, where there "
                + $"was:\n{string.Join('\n', state.Keys)}");
            Compared(Tree()).ShouldBe(whole, $"killed before change {number} of {states.Length}, where there "
                + $"was:\n{string.Join('\n', state.Keys)}");
        }
    }

    /// <summary>
    /// Everything below the outputs' directory: files with their bytes, directories with none and a name that ends in a slash.
    /// </summary>
    private SortedDictionary<string, byte[]> Tree()
    {
        var root = new DirectoryInfo(Output(""));
        var tree = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        if (!root.Exists) return tree;
        foreach (var entry in root.EnumerateFileSystemInfos("*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(root.FullName, entry.FullName);
            if (entry is DirectoryInfo)
            {
                tree[name + "/"] = [];
                continue;
            }

            tree[name] = Bytes(entry.FullName);
        }

        return tree;
    }

    /// <summary>
    /// A file's bytes; none of one that the command holds alone: a lock, which has none, or a file that isn't whole, which nobody
    /// reads.
    /// </summary>
    private static byte[] Bytes(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return bytes;
        }
        catch (IOException) when (
            path.EndsWith(".lock", StringComparison.Ordinal) || path.EndsWith(Disk.PartialEnding, StringComparison.Ordinal))
        {
            return [];
        }
    }

    private void Restore(SortedDictionary<string, byte[]> tree)
    {
        Directory.Delete(Output(""), recursive: true);
        Directory.CreateDirectory(Output(""));
        foreach (var (name, bytes) in tree)
        {
            if (name.EndsWith('/')) Directory.CreateDirectory(Output(name));
            else File.WriteAllBytes(Output(name), bytes);
        }
    }

    /// <summary>A line for each file and directory.</summary>
    private static string[] Compared(SortedDictionary<string, byte[]> tree) => [.. tree.Select(f => Path.GetFileName(f.Key) switch
    {
        var name when Timed.Contains(name) => f.Key,
        "stage.json" => $"{f.Key} {WithoutTimed(f.Value)}",
        _ => $"{f.Key} {Convert.ToHexString(SHA256.HashData(f.Value))}",
    })];

    /// <summary>A stage's record without the sums of files that hold seconds, and without its own, which they are part of.</summary>
    private static string WithoutTimed(byte[] record)
    {
        var json = JsonNode.Parse(record)!.AsObject();
        json.Remove("sha256").ShouldBeTrue("a record is sealed");
        if (json["files"] is JsonObject files)
        {
            foreach (var name in files.Select(f => f.Key).Where(name => Timed.Contains(name.Split('/')[^1])).ToArray()) files.Remove(name);
        }

        return json.ToJsonString();
    }

    /// <summary>Names of files that aren't whole differ, and so do the seconds in others; what they are doesn't.</summary>
    private static string Key(SortedDictionary<string, byte[]> tree) =>
        string.Join('\n', tree.Select(f => $"{f.Key} {Convert.ToHexString(SHA256.HashData(f.Value))}"));

    private string Input(string name) => _directory.PathOf("in/" + name);

    private string Output(string name) => _directory.PathOf("out/" + name);

    private void Write<T>(string name, IEnumerable<T> records) =>
        _directory.Write("in/" + name, string.Concat(records.Select(r => JsonSerializer.Serialize(r) + "\n")));

    private static void Done(params string[] arguments)
    {
        var outcome = InProcess.Run(arguments);
        outcome.ExitCode.ShouldBe(0, outcome.Error);
    }
}
