using System.Security.Cryptography;
using System.Text.Json;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Commands;

public sealed class PretrainCommandTests
{
    private static readonly string[] TinyModel =
    [
        "--vocab", "280", "--width", "16", "--layers", "1", "--heads", "2", "--mlp", "32", "--context", "32", "--batch-tokens", "128",
        "--lr", "0.01", "--checkpoint-minutes", "0",
    ];

    [Fact]
    public void A_run_killed_with_signal_9_ends_in_the_same_bytes_and_the_model_speaks()
    {
        using var directory = new TemporaryDirectory();
        var corpus = WriteCorpus(directory);
        string[] arguments =
        [
            "pretrain", "--data", corpus, "--heldout", corpus, .. TinyModel, "--tokens", "25600", "--checkpoint-steps", "40", "--threads",
            "2",
        ];
        var whole = Cli.RunIn(directory.FullPath, [.. arguments, "--out", "whole", "--json"]);
        whole.ExitCode.ShouldBe(0, whole.Error);
        var figures = whole.Json.GetProperty("training");
        figures.GetProperty("steps").GetInt32().ShouldBe(200);
        figures.GetProperty("held_out").GetProperty("groups").EnumerateArray().Select(g => g.GetProperty("name").GetString())
            .ShouldBe(["songs", "tales"]);

        string[] other = [.. arguments, "--out", "killed"];
        using (var process = Cli.Start(directory.FullPath, other))
        {
            var first = directory.PathOf("killed.run/checkpoints/step-00000040");
            while (!Directory.Exists(first))
                process.WaitForExit(5).ShouldBeFalse("it is still training");
            process.Kill();
            process.WaitForExit();
        }

        File.Exists(directory.PathOf("killed/model.safetensors")).ShouldBeFalse("it was killed in the middle");
        var resumed = Cli.RunIn(directory.FullPath, other);
        resumed.ExitCode.ShouldBe(0, resumed.Error);
        resumed.Error.ShouldContain("for the last");
        Files(directory.PathOf("killed")).ShouldBe(Files(directory.PathOf("whole")));
        Files(directory.PathOf("killed.run/checkpoints")).ShouldBe(Files(directory.PathOf("whole.run/checkpoints")));
        File.ReadAllBytes(directory.PathOf("killed.run/loss.jsonl")).ShouldBe(File.ReadAllBytes(directory.PathOf("whole.run/loss.jsonl")));

        var spoken = Cli.RunIn(directory.FullPath, "generate", "--model", "whole", "--prompt", "once upon", "--max-tokens", "5", "--json");
        spoken.ExitCode.ShouldBe(0, spoken.Error);
        spoken.Json.GetProperty("tokens").GetArrayLength().ShouldBeInRange(1, 5);
    }

    [Fact]
    public void Bad_input_ends_with_code_2_and_says_what_where_and_what_to_do()
    {
        using var directory = new TemporaryDirectory();
        var corpus = WriteCorpus(directory);
        var taken = directory.Write("taken", "a file");
        var empty = directory.Write("empty.jsonl", "");
        var chat = directory.Write(
            "chat.jsonl", """{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"hello"}]}""" + "\n");
        Fails(["--data", empty, "--out", "m"], "empty.jsonl");
        Fails(["--data", chat, "--out", "m"], "chat.jsonl, line 1", "pursuit train");
        Fails(["--data", corpus, "--out", Path.Combine(taken, "m"), "--run", "r"], "taken");
        Fails(["--data", corpus, "--out", "m", "--vocab", "280", "--heads", "3"], "width is 256", "3 heads");
        Fails(["--data", corpus, "--out", "m", "--vocab", "280", "--layers", "0", "--mlp", "-8"], "layers is 0, at least 1", "mlp is -8");
        Fails(["--data", corpus, "--out", "m", "--vocab", "280", "--heads", "0"], "heads is 0, at least 1");
        Fails(["--data", corpus, "--out", "m", "--vocab", "280", "--tokens", "1000", "--epochs", "2"], "--epochs: 2 beside --tokens "
            + "1000", "one of the two");
        Fails(["--data", corpus, "--out", "m", "--vocab", "280", "--context", "4096"], "tokens in 40 documents", "--context");

        void Fails(string[] arguments, params string[] parts)
        {
            var outcome = Cli.RunIn(directory.FullPath, ["pretrain", .. arguments]);
            outcome.ExitCode.ShouldBe(2, outcome.Error);
            foreach (var part in parts)
                outcome.Error.ShouldContain(part);
        }
    }

    private static string WriteCorpus(TemporaryDirectory directory)
    {
        var lines = Enumerable.Range(0, 40).Select(i => JsonSerializer.Serialize(new
        {
            id = $"t{i}",
            text = string.Join(
                ' ', Enumerable.Range(0, 30).Select(j => (i * 7 + j * j) % 11 is var k && k < 4 ? "once" : k < 7 ? "upon" : $"time{i}")),
            domain = i % 2 == 0 ? "tales" : "songs",
        }));
        return directory.Write("corpus.jsonl", string.Join('\n', lines) + "\n");
    }

    private static List<string> Files(string directory) =>
        [.. Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(f => $"{Path.GetRelativePath(directory, f)} {Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(f)))}")];
}
