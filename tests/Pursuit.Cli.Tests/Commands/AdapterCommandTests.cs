using System.Text.Json;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Commands;

public sealed class AdapterCommandTests
{
    [Fact]
    public void Adapters_are_trained_trained_further_replayed_and_spoken_with()
    {
        using var directory = new TemporaryDirectory();
        var text = directory.Write(
            "text.jsonl",
            string.Concat(Enumerable.Range(0, 20).Select(i => JsonSerializer.Serialize(new
            {
                text = $"the number {i} comes before "
                + $"{i + 1}"
            }) + "\n")));
        Done(
            "pretrain", "--data", text, "--out", "model", "--vocab", "280", "--width", "16", "--layers", "1", "--heads", "2", "--mlp", "32",
            "--context", "32", "--tokens", "512", "--batch-tokens", "128");
        string[] lora = ["--model", "model", "--data", text, "--steps", "6", "--batch", "4", "--lr", "0.05"];
        Done(
            [
                "train", .. lora, "--out", "first", "--lora", "--rank", "2", "--target-modules", "q_proj,down_proj", "--rslora",
                "--dropout", "0",
            ]);
        var config = JsonDocument.Parse(File.ReadAllBytes(directory.PathOf("first/adapter_config.json"))).RootElement;
        config.GetProperty("r").GetInt32().ShouldBe(2);
        config.GetProperty("lora_alpha").GetDouble().ShouldBe(8);
        config.GetProperty("use_rslora").GetBoolean().ShouldBeTrue();
        config.GetProperty("target_modules").EnumerateArray().Select(t => t.GetString()).ShouldBe(["q_proj", "down_proj"]);

        Done(["train", .. lora, "--out", "second", "--adapter", "first"]);
        File.ReadAllBytes(directory.PathOf("second/adapter_model.safetensors")).ShouldNotBe(
            File.ReadAllBytes(directory.PathOf("first/adapter_model.safetensors")));
        Done("train", "--config", "first.run/options.yaml", "--out", "again", "--run", "again.run");
        File.ReadAllBytes(directory.PathOf("again/adapter_model.safetensors")).ShouldBe(
            File.ReadAllBytes(directory.PathOf("first/adapter_model.safetensors")));
        Done(
            "generate", "--model", "model", "--adapter", "second", "--prompt", "the number", "--max-tokens", "3", "--json").Json
                .GetProperty("tokens").GetArrayLength().ShouldBeInRange(1, 3);

        Refused("both; ", ["train", .. lora, "--out", "x", "--rank", "4", "--alpha", "2"], "--rank, --alpha");
        Refused("unknown module", ["train", .. lora, "--out", "x", "--lora", "--target-modules", "qkv"], "\"qkv\"");
        Refused("no adapter", ["generate", "--model", "model", "--adapter", "model", "--prompt", "the"], "adapter_config.json");

        Cli.Outcome Done(params string[] arguments)
        {
            var outcome = Cli.RunIn(directory.FullPath, arguments);
            outcome.ExitCode.ShouldBe(0, outcome.Error);
            return outcome;
        }

        void Refused(string what, string[] arguments, string named)
        {
            var outcome = Cli.RunIn(directory.FullPath, arguments);
            outcome.ExitCode.ShouldBe(2, what);
            outcome.Error.ShouldContain(named);
        }
    }
}
