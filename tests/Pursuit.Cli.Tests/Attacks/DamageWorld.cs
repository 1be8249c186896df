using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pursuit.Cli.Output;
using Pursuit.Runs;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Attacks;

/// <summary>A pool, a target and a tiny model, and runs of every command that keeps one; the command line works in this process.</summary>
internal sealed class DamageWorld : IDisposable
{
    private static readonly string[] Words = ["red", "blue", "green", "black", "white", "small", "large", "round", "flat", "new"];
    private static readonly string[] Quick =
    [
        "--threads", "1", "--set", "features.checkpoints=2", "--set", "features.dimension=32", "--set", "features.factor=4", "--set",
        "features.warmup=0.5", "--set", "features.batch=16",
    ];
    private readonly TemporaryDirectory _directory = new();

    public DamageWorld()
    {
        // Consoles of this process's own streams: one of a writer in memory takes itself to be endlessly wide.
        _ = (Terminal.ForPeople, Terminal.ForResult);
        _directory.Write("pool.jsonl", string.Concat(Enumerable.Range(0, 48).Select(Line)));
        _directory.Write("target.jsonl", string.Concat(Enumerable.Range(100, 4).Select(Line)));
        _directory.Write("other.jsonl", string.Concat(Enumerable.Range(200, 48).Select(Line)));
        _directory.Write("test.jsonl", string.Concat(Enumerable.Range(300, 6).Select(Line)));
        _directory.Write(
            "corpus.jsonl",
            string.Concat(Enumerable.Range(0, 60).Select(i => JsonSerializer.Serialize(new
            {
                text = $"what is {i}? it is "
                + $"{Words[i % 10]} and {Words[i / 7 % 10]}"
            }) + "\n")));
        Done([.. Tiny, "--data", PathOf("corpus.jsonl"), "--out", PathOf("model"), "--tokens", "1024"]);
    }

    /// <summary>The names of the runs that can be made.</summary>
    public static string[] Names { get; } =
    [
        "select gtp", "select tsds", "select dsir", "score", "prune", "prune by statistics", "features",
        "select with features made elsewhere", "prove", "train", "pretrain", "select gtp, stopped", "score, stopped", "train, stopped",
    ];

    private static string[] Tiny =>
    [
        "pretrain", "--vocab", "290", "--width", "16", "--layers", "1", "--heads", "2", "--mlp", "32", "--context", "48", "--batch-tokens",
        "128", "--lr", "0.01", "--threads", "1", "--checkpoint-minutes", "0",
    ];

    private string[] Model => ["--model", PathOf("model")];

    /// <summary>Makes a run.</summary>
    /// <param name="name">Which, of <see cref="Names"/>.</param>
    /// <param name="kind">"whole", or "other" for one of the same files made of other data.</param>
    public DamageCase Make(string name, string kind)
    {
        var (command, isStopped) = name.Split(", ") is [var first, _] ? (first, true) : (name, false);
        string In(string file) => PathOf($"{kind}/{file}");
        Directory.CreateDirectory(PathOf(kind));
        var (pool, seed) = (PathOf(kind == "other" ? "other.jsonl" : "pool.jsonl"), kind == "other" ? "5" : "0");
        string[] data = ["--pool", pool, "--seed", seed];
        string[] chosen = ["out.jsonl", "out.selection.jsonl"];
        string[] budget = ["--target", PathOf("target.jsonl"), "--budget", "6", "--out", In("out.jsonl"), "--run", In("run")];
        string[] model = ["model.safetensors", "config.json", "tokenizer.json"];
        DamageCase made = command switch
        {
            "select gtp" => new(
                ["select", .. data, .. budget, .. Model, .. Quick, "--method", "gtp"], In("run"), In(""), chosen, Explains: true),
            "select tsds" => new(
                ["select", .. data, .. budget, .. Model, "--threads", "1", "--method", "tsds"], In("run"), In(""), chosen, Explains: true),
            "select dsir" => new(
                ["select", .. data, .. budget, "--threads", "1", "--method", "dsir"], In("run"), In(""), chosen, Explains: true),
            "score" => new(
                [
                    "score", .. data, .. Model, "--threads", "1", "--methods", "perplexity", "entropy", "--out", In("scores.jsonl"),
                    "--run", In("run"),
                ],
                In("run"), In(""), ["scores.jsonl"], Explains: false),
            "prune" => new(
                ["prune", .. data, "--budget", "50%", "--threads", "1", "--method", "zip", "--out", In("out.jsonl"), "--run", In("run")],
                In("run"), In(""), chosen, Explains: true),
            "prune by statistics" => new(
                [
                    "prune", .. data, "--budget", "50%", .. Model, "--threads", "1", "--method", "perplexity", "--out", In("out.jsonl"),
                    "--run", In("run"),
                ],
                In("run"), In(""), chosen, Explains: false),
            "features" => new(
                ["features", "--pool", pool, .. Model, .. Quick, "--run", In("run"), "--set", $"features.seed={seed}"], In("run"),
                In("run/stages"), ["pool-gradients/store/features.json", "pool-gradients/store/shard-00000.safetensors"], Explains: false),
            "select with features made elsewhere" => Borrowing(data, budget, pool, seed, kind),
            "prove" => new(
                [
                    "prove", "--pool", pool, "--seed", seed, "--target", PathOf("target.jsonl"), "--test", PathOf("test.jsonl"), .. Model,
                    "--budget", "20%", "--methods", "gtp,length", "--seeds", "1", "--lr", "0.01", "--epochs", "1", .. Quick, "--run",
                    In("run"),
                ],
                In("run"), In("run"), ["result.json"], Explains: false, Reports: true),
            "train" => new(
                [
                    "train", "--data", pool, "--seed", seed, .. Model, "--epochs", "2", "--batch", "16", "--threads", "1", "--lr", "0.01",
                    "--out", In("trained"), "--run", In("run"),
                ],
                In("run"), In("trained"), model, Explains: false),
            "pretrain" => new(
                [
                    .. Tiny, "--seed", seed, "--data", PathOf("corpus.jsonl"), "--tokens", "2048", "--checkpoint-steps", "4", "--out",
                    In("trained"), "--run", In("run"),
                ],
                In("run"), In("trained"), model, Explains: false),
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
        };
        if (!Directory.Exists(made.Run)) Done(made.Command);
        made.Remember();
        if (isStopped) Stop(made);
        return isStopped ? made with { Explains = false } : made;
    }

    public string PathOf(string name) => _directory.PathOf(name);

    /// <summary>Runs the command line in this process.</summary>
    /// <returns>The exit code and what people read; standard output where it is asked for.</returns>
    public static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        var (outBefore, errorBefore) = (System.Console.Out, System.Console.Error);
        var (output, error) = (new StringWriter(), new StringWriter());
        System.Console.SetOut(output);
        System.Console.SetError(error);
        try
        {
            return (CommandLine.Run(arguments), output.ToString(), error.ToString());
        }
        finally
        {
            System.Console.SetOut(outBefore);
            System.Console.SetError(errorBefore);
        }
    }

    public void Dispose() => _directory.Dispose();

    private static string Line(int i) =>
        JsonSerializer.Serialize(new
        {
            id = $"q{i}",
            prompt = $"q{i}: what is {i}?",
            completion = $"it is {Words[i % 10]} and "
            + $"{Words[i / 10 % 10]}"
        }) + "\n";

    private static void Done(string[] command) => Run(command).ShouldSatisfyAllConditions(o => o.Code.ShouldBe(0, o.Error));

    private DamageCase Borrowing(string[] data, string[] budget, string pool, string seed, string kind)
    {
        var lender = PathOf($"{kind}/lender");
        if (!Directory.Exists(lender))
            Done(["features", "--pool", pool, .. Model, .. Quick, "--run", lender, "--set", $"features.seed={seed}"]);
        string[] command = ["select", .. data, .. budget, "--features", lender, "--threads", "1", "--method", "gtp"];
        var run = PathOf($"{kind}/run");
        if (!Directory.Exists(run)) Done(command);
        return new(command, lender, PathOf(kind), ["out.jsonl", "out.selection.jsonl"], Explains: true) { Looked = run };
    }

    /// <summary>
    /// Takes a finished run back to the middle of its work: stages incomplete, parts there, nothing written outside of the run.
    /// </summary>
    private static void Stop(DamageCase made)
    {
        foreach (var output in made.Outputs) File.Delete(Path.Combine(made.OutputDirectory, output));
        foreach (
            var name in new[] { "selection", "target-gradients" }.Select(s => Path.Combine(made.Run, "stages", s)).Where(Directory.Exists))
            Directory.Delete(name, recursive: true);
        foreach (var record in Directory.EnumerateFiles(made.Run, "stage.json", SearchOption.AllDirectories).ToArray())
        {
            var state = JsonNode.Parse(File.ReadAllText(record))!.AsObject();
            foreach (var member in new[] { "files", "sha256" }) state.Remove(member);
            state["complete"] = false;
            SealedJson.Write(record, state);
            foreach (var late in new[] { "report.json", "trajectory.json", "store/features.json", "unigrams.bin" }.Select(
                l => Path.Combine(Path.GetDirectoryName(record)!, l)).Where(File.Exists))
                File.Delete(late);
        }

        if (Directory.Exists(Path.Combine(made.Run, "checkpoints")))
            Directory.Delete(
                Directory.EnumerateDirectories(Path.Combine(made.Run, "checkpoints")).Order(StringComparer.Ordinal).Last(),
                recursive: true);
    }
}

/// <summary>A run to be damaged.</summary>
/// <param name="Command">What made it.</param>
/// <param name="Run">The directory whose files are damaged.</param>
/// <param name="OutputDirectory">Where the outputs are.</param>
/// <param name="Outputs">The outputs that must be right.</param>
/// <param name="Explains">Whether it is a finished selection, which can be explained and reported.</param>
/// <param name="Reports">Whether it can be reported alone.</param>
internal sealed record DamageCase(
    string[] Command, string Run, string OutputDirectory, string[] Outputs, bool Explains, bool Reports = false)
{
    private readonly SortedDictionary<string, string> _right = [];

    /// <summary>The run that explain and report look at.</summary>
    public string Looked { get; init; } = Run;

    /// <summary>Keeps what is right now as what must be.</summary>
    public void Remember()
    {
        foreach (var output in Outputs) _right[output] = Hash(output);
    }

    /// <summary>Names the outputs that aren't right.</summary>
    public string[] Wrong() => [.. Outputs.Where(o => Hash(o) != _right[o])];

    private string Hash(string output)
    {
        var path = Path.Combine(OutputDirectory, output);
        return File.Exists(path) ? Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path))) : "missing";
    }
}
