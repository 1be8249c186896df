using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Attacks;

/// <summary>No command writes over what it reads, whatever option names it and whatever name or link leads there.</summary>
[Collection(nameof(InProcess))]
public sealed class OverwrittenInputTests : IDisposable
{
    /// <summary>Options whose values are words and numbers. Every other that takes text is a path, and stands in a row below.</summary>
    private static readonly string[] Words =
    [
        "--shape", "--budget", "--keep", "--method", "--methods", "--set", "--source-field", "--quota", "--format", "--memory", "--shard",
        "--examples", "--id", "--prompt", "--special", "--group-field", "--target-modules", "--time", "--preference",
        "--template-set", "--device", "--on", "--split", "--columns", "--where", "--with", "name", "shell",
    ];

    /// <summary>Commands that write into the run they are given, or nothing at all.</summary>
    private static readonly string[] Readers =
        ["plan", "explain", "report", "inspect", "generate", "methods", "models", "doctor", "completion"];

    private static readonly Job[] Jobs =
    [
        new(
            "select", ["--method", "gtp", "--budget", "2"],
            ["--pool", "--target", "--features", "--target-features", "--match", "--model", "--encoder", "--reference-model", "--config"],
            ["--out", "--indices", "--run"]),
        new(
            "prune", ["--keep", "50%", "--method", "kcenter"],
            ["--pool", "--features", "--model", "--encoder", "--reference-model", "--config"], ["--out", "--indices", "--run"]),
        new("dedup", [], ["--pool", "--config"], ["--out", "--run"]),
        new("score", ["--methods", "zip"], ["--pool", "--target", "--model", "--reference-model", "--config"], ["--out", "--run"]),
        new("features", [], ["--pool", "--model", "--encoder", "--config"], ["--run"]),
        new(
            "prove", ["--budget", "50%", "--methods", "rds:on=encoder"],
            ["--pool", "--target", "--test", "--features", "--target-features", "--model", "--encoder", "--config"], ["--run"]),
        new(
            "validate", ["--methods", "rds:on=encoder"], ["--pool", "--target", "--features", "--model", "--encoder", "--config"],
            ["--run"]),
        new("pretrain", [], ["--data", "--heldout", "--tokenizer", "--chat-template", "--config"], ["--out", "--run"]),
        new("train", [], ["--data", "--heldout", "--selection", "--model", "--adapter", "--config"], ["--out", "--run"]),
        new("tokenizer train", [], ["files"], ["--out"]),
    ];

    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<string> Commands => [.. Jobs.Select(j => j.Command)];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Every_command_runs_in_the_one_way_that_looks_and_no_option_with_a_path_is_forgotten()
    {
        foreach (var (name, command) in Leaves(CommandLine.Root(), ""))
        {
            command.Action.ShouldBeOfType<JobAction>(name);
            if (Readers.Contains(name)) continue;
            var job = Jobs.Where(j => j.Command == name).ShouldHaveSingleItem($"'{name}' stands in a row");
            var texts = command.Options.Where(o => TakesText(o.ValueType)).Select(o => o.Name).Concat(
                command.Arguments.Where(a => TakesText(a.ValueType)).Select(a => a.Name));
            texts.Except(Words).Order().ShouldBe(job.Inputs.Concat(job.Outputs).Order(), $"of '{name}'");
        }
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void An_output_that_is_an_input_is_refused_by_name_and_nothing_changes(string command)
    {
        var job = Jobs.Single(j => j.Command == command);
        foreach (var output in job.Outputs)
        {
            foreach (var input in job.Inputs)
            {
                Inputs(job);
                var path = Values(job)[input];
                foreach (var place in Places(command, output, path)) Refused(job, input, output, place);
            }
        }
    }

    [Fact]
    public void Files_that_follow_from_an_output_are_looked_at_too()
    {
        var select = Jobs[0];
        Inputs(select);
        var match = _directory.Write("x.selection.jsonl", "{}\n");
        Refused(select, "--match", "--out", _directory.PathOf("x.jsonl"), match);
        var exported = _directory.Write("y.trl.jsonl", File.ReadAllText(Values(select)["--pool"]));
        Refused(select, "--pool", "--out", _directory.PathOf("y.jsonl"), exported, "--format", "trl");
    }

    [Fact]
    public void An_output_that_the_same_command_would_read_the_next_time_is_refused_the_first_time()
    {
        _directory.Write("pool/a.jsonl", Records(6));
        foreach (var pool in new[] { _directory.PathOf("pool"), _directory.PathOf("pool/*.jsonl"), _directory.PathOf("**/*.jsonl") })
        {
            var outcome = InProcess.Run(
                "select", "--pool", pool, "--method", "zip", "--budget", "2", "--out", _directory.PathOf("pool/out.jsonl"));
            outcome.ExitCode.ShouldBe(2);
            outcome.Error.ShouldContain("would read the next time");
            File.Exists(_directory.PathOf("pool/out.jsonl")).ShouldBeFalse();
        }

        for (var i = 0; i < 2; i++)
        {
            var beside = InProcess.Run(
                "select", "--pool", _directory.PathOf("pool"), "--method", "zip", "--budget", "2", "--out", _directory.PathOf("out.jsonl"),
                "--run", _directory.PathOf("pool/out.run"));
            beside.ExitCode.ShouldBe(0, beside.Error);
        }
    }

    [Fact]
    public void A_run_replays_in_place_from_its_own_options()
    {
        _directory.Write("pool.jsonl", Records(6));
        string[] command =
        [
            "select", "--pool", _directory.PathOf("pool.jsonl"), "--method", "zip", "--budget", "2", "--out",
            _directory.PathOf("out.jsonl"),
        ];
        InProcess.Run(command).ExitCode.ShouldBe(0);
        var again = InProcess.Run("select", "--config", _directory.PathOf("out.run/options.yaml"));
        again.ExitCode.ShouldBe(0, again.Error);
    }

    [Fact]
    public void No_output_lies_in_a_run_this_ones_or_another()
    {
        _directory.Write("pool.jsonl", Records(6));
        string[] command = ["select", "--pool", _directory.PathOf("pool.jsonl"), "--method", "zip", "--budget", "2", "--out"];
        InProcess.Run([.. command, _directory.PathOf("out.jsonl")]).ExitCode.ShouldBe(0);
        File.CreateSymbolicLink(_directory.PathOf("link.run"), _directory.PathOf("out.run"));
        var before = Tree();
        foreach (var (output, run) in new[]
        {
            ("out.run/run.json", "out.run"), ("out.run/new.jsonl", "out.run"), ("out.run/stages/selection/selection.json", "other.run"),
            ("link.run/options.yaml", "other.run"), ("new.run/records.jsonl", "new.run"), ("new.run/deep/records.jsonl", "new.run"),
        })
        {
            var outcome = InProcess.Run([.. command, _directory.PathOf(output), "--run", _directory.PathOf(run)]);
            outcome.ExitCode.ShouldBe(2, output);
            outcome.Error.ShouldContain("which lies in the run");
            Tree().ShouldBe(before, output);
        }
    }

    [Fact]
    public void Two_outputs_at_one_place_are_refused()
    {
        _directory.Write("pool.jsonl", Records(6));
        var outcome = InProcess.Run(
            "score", "--pool", _directory.PathOf("pool.jsonl"), "--methods", "zip", "--out", _directory.PathOf("s"), "--run",
            _directory.PathOf("s"));
        outcome.ExitCode.ShouldBe(2);
        outcome.Error.ShouldContain("--run");
        Directory.Exists(_directory.PathOf("s")).ShouldBeFalse();
    }

    [Fact]
    public void An_output_is_refused_where_a_device_or_a_directory_stands_and_taken_anywhere_else()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "what a file is can be told on Linux alone");
        _directory.Write("pool.jsonl", Records(6));
        using (var made = System.Diagnostics.Process.Start("mkfifo", _directory.PathOf("pipe"))) made.WaitForExit();
        File.CreateSymbolicLink(_directory.PathOf("device"), "/dev/null");
        File.CreateSymbolicLink(_directory.PathOf("stream"), "/proc/self/fd/0");
        Directory.CreateDirectory(_directory.PathOf("directory"));
        string[] score =
        [
            "score", "--pool", _directory.PathOf("pool.jsonl"), "--methods", "zip", "--run", _directory.PathOf("run"), "--out",
        ];
        foreach (var (name, found) in new[]
        {
            ("pipe", "is a pipe or a device"), ("device", "is a pipe or a device"), ("stream", "is a pipe or a device"),
            ("directory", "is a directory"),
        })
        {
            var outcome = InProcess.Run([.. score, _directory.PathOf(name)]);
            outcome.ExitCode.ShouldBe(2, name);
            outcome.Error.ShouldContain($"{_directory.PathOf(name)} {found}");
            Directory.Exists(_directory.PathOf("run")).ShouldBeFalse(name);
        }

        const string Memory = "/dev/shm"; // a disk in memory like any other
        Assert.SkipUnless(Directory.Exists(Memory), "no disk in memory");
        var place = Path.Combine(Memory, Path.GetFileName(_directory.FullPath));
        Directory.CreateDirectory(place);
        try
        {
            foreach (var command in new string[][] { score,
            [
                "prune", "--pool", _directory.PathOf("pool.jsonl"), "--method", "zip", "--keep", "50%", "--out",
            ] })
                InProcess.Run([.. command, Path.Combine(place, command[0])]).ShouldSatisfyAllConditions(
                    o => o.ExitCode.ShouldBe(0, o.Error));
        }
        finally
        {
            Directory.Delete(place, recursive: true);
        }
    }

    [Fact]
    public void Options_templates_and_models_are_read_from_files_alone()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "what a file is can be told on Linux alone");
        _directory.Write("pool.jsonl", Records(6));
        using (var made = System.Diagnostics.Process.Start("mkfifo", _directory.PathOf("pipe"))) made.WaitForExit();
        var pipe = _directory.PathOf("pipe");
        foreach (var arguments in new string[][]
        {
            ["pretrain", "--data", _directory.PathOf("pool.jsonl"), "--out", _directory.PathOf("m"), "--chat-template", pipe],
            [
                "select", "--pool", _directory.PathOf("pool.jsonl"), "--method", "omp", "--budget", "2", "--features", pipe,
                "--target-features", pipe,
            ],
            ["train", "--data", _directory.PathOf("pool.jsonl"), "--out", _directory.PathOf("m"), "--selection", pipe],
            ["score", "--config", pipe],
        })
        {
            var outcome = InProcess.Run(arguments);
            outcome.ExitCode.ShouldBe(2, outcome.Error);
            outcome.Error.ShouldContain("a pipe or a device");
        }
    }

    private void Refused(Job job, string input, string output, string place, string? changed = null, params string[] more)
    {
        var values = Values(job);
        if (changed is not null) values[input] = changed;
        values[output] = place;
        var before = Tree();
        string[] arguments =
        [
            .. job.Command.Split(' '), .. values.SelectMany(v => v.Key.StartsWith('-') ? new[] { v.Key, v.Value } : [v.Value]),
            .. job.Words, .. more,
        ];
        var outcome = InProcess.Run(arguments);
        outcome.ExitCode.ShouldBe(2, $"{input} and {output} {place}: {outcome.Error}");
        outcome.Error.ShouldContain("would be written over the input", Case.Sensitive, $"{input} and {output} {place}");
        outcome.Error.ShouldContain(input, Case.Sensitive, $"{input} and {output} {place}");
        Tree().ShouldBe(before, $"{input} and {output} {place}");
    }

    /// <summary>Where an output would have to lie to destroy an input.</summary>
    private IEnumerable<string> Places(string command, string output, string input)
    {
        if (output == "--run" || command is "pretrain" or "train" or "tokenizer train")
        {
            yield return Directory.Exists(input) ? input : Path.GetDirectoryName(input)!;
        }
        else if (Directory.Exists(input))
        {
            yield return Path.Combine(input, "config.json");
        }
        else
        {
            yield return input;
            yield return Link(input);
            yield return HardLink(input);
        }
    }

    private string Link(string path)
    {
        var link = _directory.PathOf("link-" + Guid.NewGuid().ToString("N"));
        File.CreateSymbolicLink(link, path);
        return link;
    }

    private string HardLink(string path)
    {
        var link = _directory.PathOf("hard-" + Guid.NewGuid().ToString("N"));
        using var made = System.Diagnostics.Process.Start("ln", [path, link]);
        made.WaitForExit();
        return link;
    }

    /// <summary>An input of each kind, in a directory of its own, under a name that a model's file has.</summary>
    private Dictionary<string, string> Values(Job job)
    {
        var values = new Dictionary<string, string>();
        foreach (var input in job.Inputs)
        {
            values[input] = input switch
            {
                "--model" or "--reference-model" or "--tokenizer" or "--adapter" or "--encoder" => _directory.PathOf($"in/{input[2..]}"),
                "--features" or "--target-features" => _directory.PathOf($"in/{input[2..]}/config.npy"),
                _ => _directory.PathOf($"in/{input.TrimStart('-')}/tokenizer.json"),
            };
        }

        foreach (var output in job.Outputs) values[output] = _directory.PathOf("out/" + output[2..]);
        return values;
    }

    private void Inputs(Job job)
    {
        foreach (var (option, path) in Values(job).Where(v => job.Inputs.Contains(v.Key)))
        {
            if (option is "--config") _directory.Write(path, "threads: 1\n");
            else if (path.EndsWith(".npy", StringComparison.Ordinal)) NpyFile.Write(path, [6, 2], new float[12]);
            else if (path.EndsWith(".json", StringComparison.Ordinal)) _directory.Write(path, Records(6));
            else _directory.Write(Path.Combine(path, "config.json"), "{}");
        }
    }

    private static string Records(int count) =>
        string.Concat(Enumerable.Range(0, count).Select(i => JsonSerializer.Serialize(new { text = $"text {i}" }) + "\n"));

    private string[] Tree() =>
        [
            .. Directory.EnumerateFiles(_directory.FullPath, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(
                f => $"{f} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(f)))}"),
        ];

    private static bool TakesText(Type type) => type == typeof(string) || type == typeof(string[]);

    private static IEnumerable<(string Name, Command Command)> Leaves(Command command, string above)
    {
        foreach (var child in command.Subcommands)
        {
            var name = above.Length == 0 ? child.Name : $"{above} {child.Name}";
            if (child.Subcommands.Count == 0) yield return (name, child);
            foreach (var leaf in Leaves(child, name)) yield return leaf;
        }
    }

    /// <param name="Command">The command's words.</param>
    /// <param name="Words">What else it needs.</param>
    /// <param name="Inputs">Options and arguments that name what is read.</param>
    /// <param name="Outputs">Options that name what is written.</param>
    private sealed record Job(string Command, string[] Words, string[] Inputs, string[] Outputs);
}
