using Pursuit.Data;
using Pursuit.Tokenization;
using Pursuit.Tokenization.ChatTemplates;

namespace Pursuit.Tests.Tokenization.ChatTemplates;

public sealed class ChatTemplateTests : IDisposable
{
    private static readonly TokenizerConfig Config = new() { BosToken = "<s>", EosToken = "</s>" };
    private readonly string _directory = Directory.CreateTempSubdirectory("pursuit-templates-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void The_templates_own_file_goes_before_the_configuration_and_that_before_the_built_in_one()
    {
        var none = ChatTemplate.Load(_directory, Config);
        (none.Source, none.Text).ShouldBe((ChatTemplateSource.BuiltIn, ChatTemplate.Plain));
        var configured = ChatTemplate.Load(_directory, Config with { ChatTemplate = "from the configuration" });
        (configured.Source, configured.Text).ShouldBe((ChatTemplateSource.Configuration, "from the configuration"));
        File.WriteAllText(Path.Combine(_directory, ChatTemplate.FileName), "from the file");
        var own = ChatTemplate.Load(_directory, Config with { ChatTemplate = "from the configuration" });
        (own.Source, own.Text).ShouldBe((ChatTemplateSource.File, "from the file"));
        // sha256sum of the 13 bytes.
        own.Fingerprint.ShouldBe("600e8030521fb2f32972ac50825d2d577c331a95ddc71b5a0d551a1ea05bf36a");
    }

    [Fact]
    public void Named_templates_without_a_default_are_refused_with_their_names()
    {
        var config = Config with { ChatTemplates = new Dictionary<string, string> { ["tool_use"] = "x", ["rag"] = "y" } };
        Should.Throw<PursuitException>(() => ChatTemplate.Load(_directory, config)).Message.ShouldContain("\"rag\", \"tool_use\"");
    }

    [Fact]
    public void A_file_that_is_no_utf8_is_refused_by_its_path()
    {
        var file = Path.Combine(_directory, ChatTemplate.FileName);
        File.WriteAllBytes(file, [0x7B, 0xFF]);
        Should.Throw<PursuitException>(() => ChatTemplate.Load(_directory, Config)).Message.ShouldContain(file);
        File.WriteAllText(file, "\n{% include 'x' %}");
        Should.Throw<PursuitException>(() => ChatTemplate.Load(_directory, Config)).Message.ShouldContain(file + ", line 2");
    }

    [Fact]
    public void The_built_in_template_prints_a_line_for_every_turn()
    {
        var template = ChatTemplate.Parse(ChatTemplate.Plain, Config);
        Turn[] turns =
            [new(Turn.System, "Be kind."), new(Turn.User, "Hi"), new(Turn.Assistant, "Hello") { ToolCallsJson = """[{"n": 1}]""" }];
        template.Render(turns, null, addGenerationPrompt: true).Text
            .ShouldBe("<s>System: Be kind.\nUser: Hi\nAssistant: Hello[{\"n\": 1}]</s>\nAssistant: ");
        template.GenerationPrompt.ShouldBe("Assistant: ");
        // Without special tokens nothing stands in their place.
        ChatTemplate.Parse(ChatTemplate.Plain, new TokenizerConfig()).Render([new Turn(Turn.Assistant, "x")]).Text
            .ShouldBe("Assistant: x\n");
    }

    [Theory]
    [InlineData("[{\"a\": \"\\ud800\"}]")]
    [InlineData("{")]
    public void Tool_calls_that_are_no_json_are_refused_by_their_turn(string json)
    {
        var turn = new Turn(Turn.Assistant, "") { ToolCallsJson = json };
        Should.Throw<PursuitException>(() => ChatTemplate.Parse(ChatTemplate.Plain, Config).Render([turn])).Message
            .ShouldContain("tool calls of turn 1");
    }
}
