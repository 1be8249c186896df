using System.Text.Json;
using Pursuit.Data;
using Pursuit.Tokenization;
using Pursuit.Tokenization.ChatTemplates;

namespace Pursuit.Tests.Tokenization.ChatTemplates;

/// <summary>What reaches a template of a record, and which template it reaches.</summary>
public sealed class TemplateInputTests : IDisposable
{
    private static readonly TokenizerConfig Config = new() { BosToken = "<s>", EosToken = "</s>" };
    private readonly string _directory = Directory.CreateTempSubdirectory("pursuit-template-input-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static string Print(string template, params Turn[] turns) => ChatTemplate.Parse(template, Config).Render(turns).Text;

    [Fact]
    public void Every_field_of_a_message_reaches_the_template()
    {
        var turn = new Turn(Turn.Tool, "rain")
        {
            FieldsJson = """{"tool_call_id": "call00001", "name": "weather", "score": 1.5, "content": "not this"}""",
        };
        Print("{% set m = messages[0] %}{{ m.tool_call_id }} {{ m.name }} {{ m.score }} {{ m.content }}", turn)
            .ShouldBe("call00001 weather 1.5 rain");
        Print("{{ messages[0] | tojson }}", turn)
            .ShouldBe("""{"role": "tool", "content": "rain", "tool_call_id": "call00001", "name": "weather", "score": 1.5}""");
        Print("{{ messages[0].tool_call_id is defined }}", new Turn(Turn.Tool, "rain")).ShouldBe("False");
    }

    [Fact]
    public void A_null_content_is_none_and_no_empty_text()
    {
        const string Asks = "{{ messages[0].content is none }}";
        Print(Asks, new Turn(Turn.Assistant, "") { IsContentNull = true }).ShouldBe("True");
        Print(Asks, new Turn(Turn.Assistant, "")).ShouldBe("False");
        Print(ChatTemplate.Plain, new Turn(Turn.Assistant, "") { IsContentNull = true, ToolCallsJson = "[1]" })
            .ShouldBe("<s>Assistant: [1]</s>\n");
    }

    [Fact]
    public void Documents_and_a_developer_reach_the_template()
    {
        var example = TemplateFixtures.Make(new Turn(Turn.System, "Be brief.") { WrittenRole = "developer" }) with
        {
            DocumentsJson = """[{"title": "a"}]""",
        };
        ChatTemplate.Parse("{{ messages[0].role }} {{ documents[0].title }}", Config).Render(example).Text.ShouldBe("developer a");
    }

    [Fact]
    public void Another_spelling_of_a_role_reaches_a_template_that_knows_it()
    {
        var turn = new Turn(Turn.Tool, "rain") { WrittenRole = "observation" };
        Print("{{ messages[0].role }}", turn).ShouldBe("tool");
        Print("{{ messages[0].role }}{% if messages[0].role == 'observation' %}!{% endif %}", turn).ShouldBe("observation!");
    }

    [Theory]
    [InlineData("reasoning_content")]
    [InlineData("thinking")]
    [InlineData("reasoning")]
    public void Thoughts_reach_a_template_under_the_name_that_it_reads(string name)
    {
        var turn = new Turn(Turn.Assistant, "4.") { Reasoning = "two and two" };
        Print("{{ messages[0]." + name + " }}: {{ messages[0].content }}", turn).ShouldBe("two and two: 4.");
        Print("{{ messages[0] | tojson }}{# enable_" + name + "_ #}", turn).ShouldBe("""{"role": "assistant", "content": "4."}""");
    }

    [Fact]
    public void A_record_with_tools_is_printed_by_the_template_for_tools()
    {
        var config = Config with
        {
            ChatTemplates = new Dictionary<string, string> { ["default"] = "plain", ["tool_use"] = "with tools" },
            ChatTemplate = "plain",
        };
        var template = ChatTemplate.Load(_directory, config);
        Turn[] turns = [new(Turn.User, "x")];
        template.Render(turns, """[{"type": "function"}]""").Text.ShouldBe("with tools");
        template.Render(turns).Text.ShouldBe("plain");
        template.Render(turns, "[]").Text.ShouldBe("plain");
        template.Fingerprint.ShouldNotBe(ChatTemplate.Load(_directory, Config with { ChatTemplate = "plain" }).Fingerprint);
    }

    [Fact]
    public void Named_templates_may_stand_in_files_of_their_own()
    {
        File.WriteAllText(Path.Combine(_directory, ChatTemplate.FileName), "plain");
        Directory.CreateDirectory(Path.Combine(_directory, "additional_chat_templates"));
        File.WriteAllText(Path.Combine(_directory, "additional_chat_templates", "tool_use.jinja"), "with tools");
        var template = ChatTemplate.Load(_directory, Config with { ChatTemplate = "from the configuration" });
        template.Render([new Turn(Turn.User, "x")], "[1]").Text.ShouldBe("with tools");
        template.Text.ShouldBe("plain");
        File.Delete(Path.Combine(_directory, ChatTemplate.FileName));
        Should.Throw<PursuitException>(() => ChatTemplate.Load(_directory, Config)).Message.ShouldContain("\"tool_use\"");
    }

    [Theory]
    [InlineData("thinks=false", "False")]
    [InlineData("thinks=False", "False")]
    [InlineData("thinks=3", "3")]
    [InlineData("thinks=[1, \"a\"]", "[1, 'a']")]
    [InlineData("thinks=high = low", "high = low")]
    [InlineData("thinks=", "")]
    public void A_variable_that_a_person_sets_reaches_the_template(string setting, string printed)
    {
        var config = Config with { ChatTemplate = "{{ thinks if thinks is defined else 'unset' }}" };
        var (unset, set) = (ChatTemplate.Load(_directory, config), ChatTemplate.Load(_directory, config, [setting]));
        unset.Render([new Turn(Turn.User, "x")]).Text.ShouldBe("unset");
        set.Render([new Turn(Turn.User, "x")]).Text.ShouldBe(printed);
        set.Fingerprint.ShouldNotBe(unset.Fingerprint);
    }

    [Theory]
    [InlineData("think=false", "the template reads")]
    [InlineData("thinks", "name=value")]
    [InlineData("=1", "name=value")]
    [InlineData("2x=1", "name=value")]
    [InlineData("messages=[]", "neither the record")]
    public void A_variable_that_changes_nothing_is_refused(string setting, string expected)
    {
        var config = Config with { ChatTemplate = "{{ thinks }}{{ messages }}" };
        Should.Throw<PursuitException>(() => ChatTemplate.Load(_directory, config, [setting])).Message.ShouldContain(expected);
        Should.Throw<PursuitException>(() => ChatTemplate.Load(_directory, config, ["thinks=1", "thinks=2"])).Message
            .ShouldContain("one value");
    }

    [Fact]
    public void Twice_the_calls_take_twice_the_work()
    {
        // With a generation prompt and without one.
        foreach (var text in new[] { ChatTemplate.Plain, FamilyFixtures.Source("mistral-nemo")!, FamilyFixtures.Source("qwen2.5")! })
        {
            var template = ChatTemplate.Parse(text, Config);
            var (once, twice) = (template.Render(Calls(200)).Work, template.Render(Calls(400)).Work);
            ((double)twice / once).ShouldBeLessThan(2.1);
        }
    }

    [Fact]
    public void A_template_whose_own_loops_grow_faster_than_the_record_is_stopped()
    {
        // gpt-oss looks from each call to the end, as published; each call's name is printed once more with its answer.
        var template = ChatTemplate.Parse(FamilyFixtures.Source("gpt-oss")!, Config);
        ((double)template.Render(Calls(50)).Work / template.Render(Calls(25)).Work).ShouldBeLessThan(4.1);
        Should.Throw<PursuitException>(() => template.Render(Calls(800))).Message.ShouldContain("units of work");
    }

    private static Turn[] Calls(int count) =>
    [
        .. Enumerable.Range(0, count).SelectMany(i => new Turn[]
        {
            new(Turn.User, $"Question {i:D4}?"),
            new(Turn.Assistant, "") { ToolCallsJson = JsonSerializer.Serialize(new[]
            {
                new { id = $"call{i:D5}", type = "function", function = new { name = "weather", arguments = new { town = $"T{i:D4}" } } },
            }) },
            new(Turn.Tool, "rain") { FieldsJson = JsonSerializer.Serialize(new { tool_call_id = $"call{i:D5}" }) },
            new(Turn.Assistant, $"Rain {i:D4}."),
        }),
    ];
}
