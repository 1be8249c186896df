using System.Security.Cryptography;
using System.Text.Json;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Commands;

/// <summary>Selecting with gradient features that the command computes itself.</summary>
public sealed class ComputedFeaturesTests : IDisposable
{
    private const int Rows = 5000; // five shards
    private static readonly string[] Words = ["red", "blue", "green", "black", "white", "small", "large", "round", "flat", "new"];
    private readonly TemporaryDirectory _directory = new();

    public ComputedFeaturesTests()
    {
        _directory.Write("pool.jsonl", string.Concat(Enumerable.Range(0, Rows).Select(Line)));
        _directory.Write(
            "target.jsonl", string.Concat(
                Enumerable.Range(0, 10).Select(i => Line(3 + 10 * i).Replace("q", "t", StringComparison.Ordinal))));
        _directory.Write(
            "corpus.jsonl",
            string.Concat(Enumerable.Range(0, 200).Select(i => JsonSerializer.Serialize(new
            {
                text = $"what is {i}? it is "
                + $"{Words[i % 10]} and {Words[i / 7 % 10]}"
            }) + "\n")));
        var made = Cli.RunIn(
            _directory.FullPath, "pretrain", "--data", "corpus.jsonl", "--out", "model", "--vocab", "300", "--width", "32", "--layers", "2",
            "--heads", "2", "--mlp", "64", "--context", "64", "--batch-tokens", "512", "--tokens", "10000", "--lr", "0.01");
        made.ExitCode.ShouldBe(0, made.Error);
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_run_killed_with_signal_9_ends_in_the_same_bytes_for_any_number_of_threads()
    {
        var whole = Select("whole", "--threads", "2");
        whole.ExitCode.ShouldBe(0, whole.Error);
        whole.Error.ShouldContain("Plan      5,000 examples");
        whole.Error.ShouldContain("retrained");
        whole.Error.ShouldContain("Trained on 40 examples chosen first");
        whole.Error.ShouldContain("cosine to the one before");
        using (var report = JsonDocument.Parse(File.ReadAllBytes(_directory.PathOf("whole.run/report.json"))))
            report.RootElement.GetProperty("distributions").EnumerateArray().Select(d => d.GetProperty("title").GetString()).ShouldBe(
                ["answer length", "loss", "gradient norm"]);

        using (var process = Cli.Start(_directory.FullPath, Arguments("killed", "--threads", "1")))
        {
            var first = _directory.PathOf("killed.run/stages/pool-gradients/store/shard-00000.safetensors");
            while (!File.Exists(first))
                process.WaitForExit(2).ShouldBeFalse("it is still computing");
            process.Kill();
            process.WaitForExit();
        }

        File.Exists(_directory.PathOf("killed.jsonl")).ShouldBeFalse("it was killed in the middle");
        var resumed = Select("killed", "--threads", "1");
        resumed.ExitCode.ShouldBe(0, resumed.Error);
        foreach (var name in new[] { ".jsonl", ".selection.jsonl" })
            File.ReadAllText(_directory.PathOf("killed" + name)).ShouldBe(File.ReadAllText(_directory.PathOf("whole" + name)));
        foreach (var stage in new[] { "pool-gradients", "target-gradients" })
            Files("killed", stage).ShouldBe(Files("whole", stage));
    }

    [Fact]
    public void Features_made_once_serve_every_target_and_method_as_if_made_for_it()
    {
        var features = Cli.RunIn(
            _directory.FullPath, ["features", "--pool", "pool.jsonl", "--model", "model", "--run", "lender", .. Quick]);
        features.ExitCode.ShouldBe(0, features.Error);
        var own = Select("own");
        own.ExitCode.ShouldBe(0, own.Error);
        string[] arguments = ["select", "--pool", "pool.jsonl", "--target", "target.jsonl", "--budget", "40", "--features", "lender"];
        var borrowed = Cli.RunIn(_directory.FullPath, [.. arguments, "--method", "gtp", "--out", "borrowed.jsonl", "--json"]);
        borrowed.ExitCode.ShouldBe(0, borrowed.Error);
        File.ReadAllText(_directory.PathOf("borrowed.selection.jsonl")).ShouldBe(
            File.ReadAllText(_directory.PathOf("own.selection.jsonl")));
        borrowed.Json.GetProperty("gradients").GetProperty("checkpoints").GetArrayLength().ShouldBe(2);
        foreach (var method in new[] { "less", "tracin", "grand" })
            Cli.RunIn(_directory.FullPath, [.. arguments, "--method", method, "--out", "other.jsonl", "--no-report"]).ExitCode.ShouldBe(0);

        // Looking back computes nothing, and finds what was made elsewhere.
        var again = Cli.RunIn(_directory.FullPath, "report", "borrowed.run");
        again.ExitCode.ShouldBe(0, again.Error);
        Cli.RunIn(_directory.FullPath, "explain", "own.run", "--id", "q77").ExitCode.ShouldBe(0);

        _directory.Write("pool.jsonl", string.Concat(Enumerable.Range(1, Rows - 1).Select(Line)));
        var stale = Cli.RunIn(_directory.FullPath, [.. arguments, "--method", "gtp", "--out", "stale.jsonl"]);
        stale.ExitCode.ShouldBe(2);
        stale.Error.ShouldContain("another pool");
    }

    [Fact]
    public void A_plan_counts_what_the_run_then_takes()
    {
        var planned = Cli.RunIn(
            _directory.FullPath,
            ["plan", "--pool", "pool.jsonl", "--target", "target.jsonl", "--model", "model", "--budget", "40", "--json", .. Quick]);
        planned.ExitCode.ShouldBe(0, planned.Error);
        var (plan, made) = (planned.Json, Select("planned", "--json").Json.GetProperty("gradients"));
        plan.GetProperty("examples").GetInt32().ShouldBe(Rows);
        plan.GetProperty("kind").GetString().ShouldBe(made.GetProperty("kind").GetString());
        plan.GetProperty("dimension").GetInt32().ShouldBe(made.GetProperty("dimension").GetInt32());
        // 5,000 examples, of which 4,096 are tokenized; the rest have as many tokens a byte. The run counts no target here.
        (plan.GetProperty("warmup_tokens").GetDouble() + plan.GetProperty("pool_tokens").GetDouble()).ShouldBe(
            made.GetProperty("tokens").GetDouble(), 0.002 * made.GetProperty("tokens").GetDouble());
        // The rest of the store's bytes are the shards' headers; the plan's are the ten target rows too.
        (plan.GetProperty("store_bytes").GetDouble() * Rows / (Rows + 10)).ShouldBe(
            made.GetProperty("bytes").GetDouble(), 0.003 * made.GetProperty("bytes").GetDouble());
        plan.GetProperty("checkpoint_bytes").GetDouble().ShouldBe(
            CheckpointBytes("planned"), 0.2 * CheckpointBytes("planned"), "headers and states are much of so small a model's");
        plan.GetProperty("seconds").GetDouble().ShouldBeGreaterThan(0);
        planned.Error.ShouldContain("in all ");
    }

    [Fact]
    public void A_plan_for_a_pool_not_at_hand_on_machines_not_at_hand_says_what_each_stage_takes_and_what_does_not_fit()
    {
        _directory.Write("machines.yaml", "- name: node\n  count: 4\n  cores: 8\n  memory-gb: 64\n  disk-mb-s: 500\n  network-mb-s: "
            + "1000\n");
        string[] arguments =
        [
            "plan", "--pool", "pool.jsonl", "--target", "target.jsonl", "--model", "model", "--machines", "machines.yaml", "--json",
            .. Quick,
        ];
        var planned = Cli.RunIn(_directory.FullPath, [.. arguments, "--budget", "0.1%", "--examples", "1M"]);
        planned.ExitCode.ShouldBe(0, planned.Error);
        foreach (var word in new[] { "Plan      1,000,000 examples", "4 x node", "limited by", "Longest", "warm-up", "passes", "retrain" })
            planned.Error.ShouldContain(word);
        var (plan, here) = (planned.Json, Cli.RunIn(_directory.FullPath, [.. arguments, "--budget", "0.1%"]).Json);
        plan.GetProperty("chosen").GetInt32().ShouldBe(1000);
        plan.GetProperty("pool_tokens").GetDouble().ShouldBe(
            here.GetProperty("pool_tokens").GetDouble() * 1_000_000 / Rows, 1000, "as the sample's");
        plan.GetProperty("cluster").GetProperty("stages").EnumerateArray().Sum(s => s.GetProperty("seconds").GetDouble()).ShouldBe(
            plan.GetProperty("cluster").GetProperty("seconds").GetDouble(), 1e-6);

        Refused("This doesn't fit", "--examples", "100M", "--budget", "0.1%", "--set", "features.dimension=32768", "features.factor=256");
        Refused("vm.max_map_count", "--examples", "2000M", "--budget", "1000");
        Refused("at most 2,147,483,647", "--examples", "3B");
        Refused("'many'", "--examples", "many");
        _directory.Write("machines.yaml", "- name: node\n  cors: 8\n");
        Refused("machines.yaml, line 2", "--examples", "1M");
        _directory.Write("machines.yaml", "- name: node\n  cores: 0\n");
        Refused("cores is 0", "--examples", "1M");
        _directory.Write("machines.yaml", "");
        Refused("no group of machines", "--examples", "1M");

        void Refused(string word, params string[] more)
        {
            var outcome = Cli.RunIn(_directory.FullPath, [.. arguments, .. more]);
            outcome.ExitCode.ShouldBe(2, outcome.Error);
            outcome.Error.ShouldContain(word);
        }
    }

    [Fact]
    public void Features_whose_model_moved_say_so_and_are_used_where_it_is_now()
    {
        Cli.RunIn(
            _directory.FullPath,
            [
                "features", "--pool", "pool.jsonl", "--model", "model", "--run", "lender", .. Quick,
            ]).ExitCode.ShouldBe(0);
        Directory.Move(_directory.PathOf("model"), _directory.PathOf("elsewhere"));
        string[] arguments =
        [
            "select", "--pool", "pool.jsonl", "--target", "target.jsonl", "--budget", "40", "--features", "lender", "--method", "less",
            "--no-report", "--out", "moved.jsonl",
        ];
        var lost = Cli.RunIn(_directory.FullPath, arguments);
        lost.ExitCode.ShouldBe(2);
        lost.Error.ShouldContain("lender: features made with the model in");
        lost.Error.ShouldContain("give --model");
        Cli.RunIn(_directory.FullPath, [.. arguments, "--model", "elsewhere"]).ExitCode.ShouldBe(0);
    }

    [Fact]
    public void What_cannot_be_is_told_before_any_work()
    {
        _directory.Write("empty.jsonl", "");
        _directory.Write("odd.jsonl", """{"rating":5}""" + "\n");
        Fails(["--method", "less"], "--target: missing");
        Fails(["--method", "gtp", "--target", "nowhere.jsonl"], "nowhere.jsonl");
        Fails(["--method", "gtp", "--target", "empty.jsonl"], "empty.jsonl");
        Fails(["--method", "gtp", "--target", "odd.jsonl"], "odd.jsonl");
        Fails(["--method", "gtp", "--set", "features.dimensoin=64"], "no option 'dimensoin'", "dimension");
        Fails(["--method", "gtp", "--set", "features.dimension=2"], "features.dimension: 2");
        Fails(["--method", "gtp", "--set", "features.kind=factored", "--set", "features.preconditioning=adam"], "kind=full or lora");
        Fails(["--method", "gtp", "--model", "nowhere"], "nowhere");
        string[] toward = ["--target", "target.jsonl", "--model", "model"];
        Fails(["--method", "gtp", "--model", "model", "--set", "gtp.retrain=1"], "gtp.retrain: given without a target");
        Fails(["--method", "gtp", .. toward, "--budget", "100%", "--set", "gtp.retrain=1"], "the whole pool is chosen");
        Fails(["--method", "gtp", .. toward, "--quota", "pool.jsonl=5..", "--set", "gtp.retrain=1"], "gtp.retrain: given with quotas");
        Fails(["--method", "gtp", .. toward, "--quota", "pool.jsonl=5..", "--set", "gtp.fill=none"], "gtp.fill: none, with quotas");
        Fails(["--method", "omp", .. toward, "--quota", "pool.jsonl=5.."], "omp: quotas");

        void Fails(string[] arguments, params string[] parts)
        {
            var outcome = Cli.RunIn(
                _directory.FullPath,
                [
                    "select", "--pool", "pool.jsonl", .. (arguments.Contains("--budget") ? (string[])[] : ["--budget", "40"]), "--out",
                    "bad.jsonl", .. arguments,
                ]);
            outcome.ExitCode.ShouldBe(2, outcome.Error);
            foreach (var part in parts) outcome.Error.ShouldContain(part);
            Directory.Exists(_directory.PathOf("bad.run/stages/pool-gradients")).ShouldBeFalse();
        }
    }

    private static readonly string[] Quick =
    [
        "--set", "features.checkpoints=2", "--set", "features.dimension=64", "--set", "features.learning-rate=0.01", "--set",
        "features.warmup=0.02",
    ];

    private static string Line(int i) =>
        JsonSerializer.Serialize(new
        {
            id = $"q{i}",
            prompt = $"q{i}: what is {i}?",
            completion = $"it is {Words[i % 10]} and "
            + $"{Words[i / 10 % 10]}"
        }) + "\n";

    private static string[] Arguments(string name, params string[] more) =>
        [
            "select", "--pool", "pool.jsonl", "--target", "target.jsonl", "--model", "model", "--method", "gtp", "--budget", "40", "--out",
            name + ".jsonl", .. Quick, .. more,
        ];

    private Cli.Outcome Select(string name, params string[] more) => Cli.RunIn(_directory.FullPath, Arguments(name, more));

    private double CheckpointBytes(string name) =>
        Directory.EnumerateFiles(
            _directory.PathOf($"{name}.run/stages/warm-up/training/checkpoints"), "*", SearchOption.AllDirectories).Sum(
            f => new FileInfo(f).Length);

    private SortedDictionary<string, string> Files(string name, string stage)
    {
        var store = _directory.PathOf($"{name}.run/stages/{stage}/store");
        return new SortedDictionary<string, string>(
            Directory.EnumerateFiles(store).ToDictionary(
                f => Path.GetFileName(f), f => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(f)))),
            StringComparer.Ordinal);
    }
}
