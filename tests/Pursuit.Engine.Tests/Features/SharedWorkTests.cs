using Pursuit.Data;
using Pursuit.Distribution;
using Pursuit.Engine.Features;
using Pursuit.Runs;
using Pursuit.TestKit;

namespace Pursuit.Engine.Tests.Features;

/// <summary>
/// Features that several processes or tasks make together, and shards that were damaged after: always the bytes of one process.
/// </summary>
public sealed class SharedWorkTests : IDisposable
{
    private static readonly EmbeddingOptions Quick = new();
    private readonly FeatureWorld _world = new();
    private readonly List<string> _damage = [];

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData("0/3 1/3 2/3")]
    [InlineData("1/2 1/2 0/2 0/2")]
    [InlineData("1/4 3/4 0/4 2/4 1/4")]
    public void Tasks_in_any_order_and_repeated_make_the_store_of_one_process(string tasks)
    {
        var whole = Whole("whole");
        var finished = tasks.Split(' ').Select(task => Task("tasks", task)).ToArray();
        finished[^1].ShouldBeTrue("the last task to come completes the store");
        finished[0].ShouldBeFalse("the first has others still to wait for");
        Store("tasks").ShouldBe(whole);
    }

    [Fact]
    public async Task Tasks_at_once_make_the_store_of_one_process_and_warm_up_once()
    {
        var whole = WholeGradients("whole");
        RunDirectory.OpenShared(_world.PathOf("tasks")).Dispose(); // here tasks are threads, whose temporary names would be the same
        var tasks = new[] { "0/3", "1/3", "2/3" }.Select(
            task => System.Threading.Tasks.Task.Run(() => GradientTask("tasks", task), TestContext.Current.CancellationToken))
            .ToArray();
        (await System.Threading.Tasks.Task.WhenAll(tasks)).ShouldContain(true);
        Store("tasks", "pool-gradients").ShouldBe(whole);
        using var run = RunDirectory.Open(_world.PathOf("tasks"));
        run.FullPath.ShouldNotBeNull("no task holds the directory any more");
    }

    [Fact]
    public void A_task_and_a_run_of_its_own_never_share_a_directory_unawares()
    {
        using (RunDirectory.OpenShared(_world.PathOf("shared")))
        {
            using (RunDirectory.OpenShared(_world.PathOf("shared")))
                Should.Throw<PursuitException>(() => RunDirectory.Open(_world.PathOf("shared"))).Message.ShouldContain("in use");
        }

        using var alone = RunDirectory.Open(_world.PathOf("shared"));
        Should.Throw<PursuitException>(() => RunDirectory.OpenShared(_world.PathOf("shared"))).Message.ShouldContain("in use");
    }

    [Theory]
    [InlineData("3/3")]
    [InlineData("-1/3")]
    [InlineData("3")]
    [InlineData("1/0")]
    [InlineData("a/b")]
    public void A_share_that_cannot_be_is_refused(string text) =>
        Should.Throw<PursuitException>(() => TaskShare.Parse(text)).Message.ShouldContain(text);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Processes_together_make_the_store_of_one(int count)
    {
        var whole = WholeGradients("whole");
        var token = TestContext.Current.CancellationToken;
        ProcessThreads.Run(count, First, Other);
        Store("together", "pool-gradients").ShouldBe(whole);

        // Each shard's checksum is one process's to compare; whoever finds a damaged one, all mend it.
        var last = Path.Combine(_world.PathOf("together"), "stages/pool-gradients/store/shard-00001.safetensors");
        var bytes = File.ReadAllBytes(last);
        bytes[^5] ^= 16;
        File.WriteAllBytes(last, bytes);
        ProcessThreads.Run(count, First, Other);
        Store("together", "pool-gradients").ShouldBe(whole);

        bool First(IProcessGroup group)
        {
            using var run = RunDirectory.Open(_world.PathOf("together"));
            Make(run, group);
            return true;
        }

        void Other(IProcessGroup group)
        {
            using var run = RunDirectory.Join(_world.PathOf("together"));
            Make(run, group);
        }

        void Make(RunDirectory run, IProcessGroup group)
        {
            using var pool = Pool();
            Gradients(run, StageShare.Of(group)).OfPool(pool, token).Features.Dispose();
        }
    }

    [Theory]
    [InlineData("flipped")]
    [InlineData("cut")]
    [InlineData("missing")]
    [InlineData("swapped")]
    [InlineData("manifest")]
    public void What_was_damaged_is_named_and_made_again_and_nothing_else(string damage)
    {
        var whole = Whole("run");
        var store = Path.Combine(_world.PathOf("run"), "stages/pool-embeddings/store");
        var (first, second, manifest) = (Path.Combine(store, "shard-00000.safetensors"), Path.Combine(store, "shard-00001.safetensors"),
            Path.Combine(store, "features.json"));
        var bytes = File.ReadAllBytes(second);
        switch (damage)
        {
            case "flipped":
                bytes[^5] ^= 16;
                File.WriteAllBytes(second, bytes);
                break;
            case "cut":
                File.WriteAllBytes(second, bytes[..^100]);
                break;
            case "missing":
                File.Delete(second);
                break;
            case "swapped":
                File.WriteAllBytes(second, File.ReadAllBytes(first));
                break;
            default:
                File.WriteAllText(manifest, "{");
                break;
        }

        var written = File.GetLastWriteTimeUtc(first);
        Whole("run").ShouldBe(whole);
        File.GetLastWriteTimeUtc(first).ShouldBe(written, "a shard that is whole stays");
        _damage.ShouldHaveSingleItem().ShouldContain(damage == "manifest" ? "features.json" : "shard-00001");
        Whole("run").ShouldBe(whole);
        _damage.Count.ShouldBe(1, "what was mended is whole");
    }

    private bool Task(string name, string text)
    {
        using var run = RunDirectory.OpenShared(_world.PathOf(name));
        using var pool = Pool();
        var (task, tasks) = TaskShare.Parse(text);
        return Embeddings(run, new TaskShare(run, task, tasks)).MakeShare(pool, TestContext.Current.CancellationToken) is not null;
    }

    private bool GradientTask(string name, string text)
    {
        using var run = RunDirectory.OpenShared(_world.PathOf(name));
        using var pool = Pool();
        var (task, tasks) = TaskShare.Parse(text);
        return Gradients(run, new TaskShare(run, task, tasks)).MakeShare(pool, TestContext.Current.CancellationToken) is not null;
    }

    private SortedDictionary<string, string> Whole(string name)
    {
        using var run = RunDirectory.Open(_world.PathOf(name));
        run.OnDamage = _damage.Add;
        using var pool = Pool();
        Embeddings(run, StageShare.Whole).OfPool(pool, TestContext.Current.CancellationToken).Features.Dispose();
        return Store(name);
    }

    private SortedDictionary<string, string> WholeGradients(string name)
    {
        using var run = RunDirectory.Open(_world.PathOf(name));
        using var pool = Pool();
        Gradients(run, StageShare.Whole).OfPool(pool, TestContext.Current.CancellationToken).Features.Dispose();
        return Store(name, "pool-gradients");
    }

    private Pool Pool() => Data.Pool.Open(new PoolOptions { Paths = [_world.Data()] }, null, TestContext.Current.CancellationToken);

    private SortedDictionary<string, string> Store(string name, string stage = "pool-embeddings") =>
        FeatureWorld.Files(Path.Combine(_world.PathOf(name), "stages", stage, "store"));

    private EmbeddingFeatures Embeddings(RunDirectory run, StageShare share) =>
        new(new FeatureRecipe<EmbeddingOptions> { Model = _world.ModelPath(), MaxLength = 64, Options = Quick, Threads = 1 }, run, null)
        {
            Share = share,
        };

    private GradientFeatures Gradients(RunDirectory run, StageShare share) =>
        new(
            new FeatureRecipe<GradientFeatureOptions>
            {
                Model = _world.ModelPath(),
                MaxLength = 64,
                Options = new() { Checkpoints = 1, Dimension = 32, Factor = 4, Warmup = 0.02, LearningRate = 0.01, Batch = 8 },
                Threads = 1,
            },
            run, null)
        {
            Share = share,
        };
}
