using System.Text.Json;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Commands;

/// <summary><c>pursuit inspect</c> on records that a template refuses, and with a model's own limit.</summary>
public sealed class InspectCommandTests : IDisposable
{
    private const string Alternating = "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ "
        + "raise_exception('roles must alternate') }}{% endif %}<|{{ m.role }}|>{{ m.content }}{{ eos_token }}{% endfor %}";

    private readonly TemporaryDirectory _directory = new();

    public InspectCommandTests()
    {
        var bundled = Path.Combine(RepositoryFiles.Root, "models", "pursuit-mini");
        foreach (var name in new[] { "config.json", "tokenizer.json", "tokenizer_config.json" })
            _directory.Write($"model/{name}", File.ReadAllBytes(Path.Combine(bundled, name)));
        _directory.Write("model/chat_template.jinja", Alternating);
        _directory.Write("pool.jsonl", """
            {"id":"bad","messages":[{"role":"user","content":"q"},{"role":"user","content":"r"},{"role":"assistant","content":"a"}]}
            {"id":"good","messages":[{"role":"user","content":"ask"},{"role":"assistant","content":"reply"}]}

            """);
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_refused_record_is_shown_as_refused_with_its_place_and_the_others_and_the_audit_follow()
    {
        var run = Cli.RunIn(_directory.FullPath, "inspect", "pool.jsonl", "--model", "model");
        run.ExitCode.ShouldBe(0, run.Error);
        run.Output.ShouldContain("-- bad  ");
        run.Output.ShouldContain("pool.jsonl, line 1");
        run.Output.ShouldContain("-- refused: ");
        run.Output.ShouldContain("roles must alternate");
        run.Output.ShouldContain("-- good  ");
        run.Output.ShouldContain("Read 2 rows");
        var one = Cli.RunIn(_directory.FullPath, "inspect", "pool.jsonl", "--model", "model", "--id", "bad", "--json");
        one.ExitCode.ShouldBe(0, one.Error);
        one.Json.GetProperty("line").GetInt32().ShouldBe(1);
        one.Json.GetProperty("refused").GetString()!.ShouldContain("roles must alternate");
    }

    [Fact]
    public void An_example_is_cut_to_the_models_own_longest_sequence_where_that_is_less()
    {
        var limit = JsonDocument.Parse(
            File.ReadAllText(_directory.PathOf("model/config.json"))).RootElement.GetProperty("max_position_embeddings").GetInt32();
        _directory.Write(
            "long.jsonl", JsonSerializer.Serialize(new { id = "long", text = string.Join(' ', Enumerable.Range(0, 2 * limit)) }) + "\n");
        Cli.RunIn(
            _directory.FullPath, "inspect", "long.jsonl", "--model", "model", "--id", "long", "--json").Json
                .GetProperty("ids").GetArrayLength().ShouldBe(limit);
    }
}
