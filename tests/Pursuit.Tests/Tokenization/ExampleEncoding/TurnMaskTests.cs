using Pursuit.Data;
using Pursuit.Tests.Tokenization.ChatTemplates;
using Pursuit.Tokenization;
using Pursuit.Tokenization.ChatTemplates;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Tests.Tokenization.ExampleEncoding;

/// <summary>Marks of the record, calls, thoughts, and where a turn begins and ends.</summary>
public sealed class TurnMaskTests
{
    private const string Calls =
        """[{"id": "call00001", "type": "function", "function": {"name": "weather", "arguments": {"town": "Bonn"}}}]""";

    private static (EncodedExample Encoded, string[] Trained) Encode(string template, Example example, Tokenizer? tokenizer = null)
    {
        var encoder = new ExampleEncoder(
            tokenizer ?? ByteTokenizer.Plain, ChatTemplate.Parse(template, TemplateFixtures.Config), TemplateFixtures.Config, 1_000_000);
        var encoded = encoder.Encode(example);
        return (encoded, [.. FamilyMaskTests.Trained(encoder.Tokenizer, encoded)]);
    }

    private static string Chat(string answer, string prompt = "<|im_start|>assistant\n") =>
        "{% for m in messages %}{% if m.role == 'assistant' %}"
        + answer + "{% else %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endif %}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '" + prompt.Replace("\n", "\\n", StringComparison.Ordinal) + "' }}{% endif %}";

    [Fact]
    public void A_turn_that_the_record_marks_as_untrained_is_not_trained()
    {
        var example = TemplateFixtures.Make(
            new(Turn.User, "a?"), new(Turn.Assistant, "bad") { TrainMark = false }, new(Turn.User, "b?"),
            new(Turn.Assistant, "good") { TrainMark = true });
        var (encoded, trained) = Encode(TemplateFixtures.TemplateText("chatml"), example);
        trained.ShouldBe(["good<|im_end|>"]);
        (encoded.LostAnswers, encoded.ShortenedAnswers, encoded.AllMasked).ShouldBe((0, 0, false));
        Encode(TemplateFixtures.TemplateText("chatml-generation"), example).Trained.ShouldBe(trained);
    }

    [Theory]
    [InlineData("chatml")]
    [InlineData("chatml-generation")]
    public void A_record_whose_every_answer_is_untrained_is_counted_as_all_masked(string template)
    {
        var example = TemplateFixtures.Make(new(Turn.User, "a?"), new(Turn.Assistant, "bad") { TrainMark = false }) with { Id = "masked" };
        var (encoded, trained) = Encode(TemplateFixtures.TemplateText(template), example);
        (trained.Length, encoded.AllMasked, encoded.LastTurnIsNotAssistant).ShouldBe((0, true, false));
    }

    [Fact]
    public void Untrained_words_within_an_answer_have_no_loss_and_no_token_beside_them_loses_its()
    {
        const string Answer = "the ab secret ab.";
        var turn = new Turn(Turn.Assistant, Answer)
        {
            UntrainedSpans =
            [
                new UntrainedSpan(Answer.IndexOf("secret", StringComparison.Ordinal), Answer.IndexOf(" ab.", StringComparison.Ordinal)),
            ],
        };
        var example = TemplateFixtures.Make(new(Turn.User, "q"), turn);
        foreach (var template in new[] { "chatml", "chatml-generation" })
        {
            Encode(TemplateFixtures.TemplateText(template), example).Trained.ShouldBe(["the ab ", " ab.<|im_end|>"]);
            // " a" and " ab" are tokens of their own here.
            Encode(TemplateFixtures.TemplateText(template), example, ByteTokenizer.Merged).Trained.ShouldBe(["the ab ", " ab.<|im_end|>"]);
        }
    }

    [Fact]
    public void A_token_over_the_edge_of_untrained_words_is_not_trained()
    {
        var turn = new Turn(Turn.Assistant, "xab") { UntrainedSpans = [new UntrainedSpan(2, 3)] };
        // "ab" is one token.
        Encode(TemplateFixtures.TemplateText("chatml"), TemplateFixtures.Make(new(Turn.User, "q"), turn), ByteTokenizer.Merged).Trained
            .ShouldBe(["x", "<|im_end|>"]);
    }

    [Fact]
    public void Marks_of_untrained_words_survive_json_and_splitting()
    {
        var turn = new Turn(Turn.Assistant, "one \"two\" three") { UntrainedSpans = [new UntrainedSpan(4, 9)] };
        var example = TemplateFixtures.Make(new(Turn.User, "q"), turn);
        Encode(Chat("{{ '<|im_start|>assistant\n' }}{{ m.content | tojson }}<|im_end|>"), example).Trained
            .ShouldBe(["\"one ", " three\"<|im_end|>"]);
        Encode(Chat("{{ '<|im_start|>assistant\n' }}{{ m.content.split(' ') | join('_') }}<|im_end|>"), example).Trained
            .ShouldBe(["one_", "_three<|im_end|>"]);
    }

    [Fact]
    public void A_calls_opening_is_trained_where_the_generation_prompt_opens_a_thought()
    {
        var example = TemplateFixtures.Make(
            new(Turn.User, "q"), new Turn(Turn.Assistant, "") { ToolCallsJson = Calls }, new(Turn.Tool, "rain"),
            new(Turn.Assistant, "Rain."));
        var template = Chat(
            "{{ '<|im_start|>assistant\n' }}{% if m.tool_calls %}<tool_call>{{ m.tool_calls[0].function.name }}</tool_call>{% else %}{{ "
                + "m.content }}{% endif %}{{ '<|im_end|>\n' }}",
            "<|im_start|>assistant\n<think>\n");
        Encode(template, example).Trained.ShouldBe(["<tool_call>weather</tool_call><|im_end|>", "Rain.<|im_end|>"]);
    }

    [Fact]
    public void An_end_token_behind_another_is_trained_and_one_behind_the_turn_is_not()
    {
        var example = TemplateFixtures.Make(new(Turn.User, "q"), new(Turn.Assistant, "a"));
        Encode(Chat("{{ '<|im_start|>assistant\n' + m.content + '<|im_end|><|eot_id|>\n' }}"), example).Trained
            .ShouldBe(["a<|im_end|><|eot_id|>"]);
        // Phi-3.5 ends the text where it prints no generation prompt.
        Encode(Chat("{{ '<|im_start|>assistant\n' + m.content + '<|im_end|>\n' }}") + "{{ eos_token }}", example).Trained
            .ShouldBe(["a<|im_end|>"]);
        // Where nothing else ends the turn, the end of text does.
        Encode(Chat("{{ '<|im_start|>assistant\n' + m.content }}") + "{{ eos_token }}", example).Trained.ShouldBe(["a</s>"]);
    }

    [Fact]
    public void The_next_turns_header_is_not_trained_though_it_begins_with_a_special_token()
    {
        var example = TemplateFixtures.Make(new(Turn.User, "q"), new(Turn.Assistant, "a"), new(Turn.User, "r"), new(Turn.Assistant, "b"));
        const string Template = "{% for m in messages %}{{ ('<|start_header_id|>' if m.role == 'user' else '<|im_start|>') + '\n"
            + "' + m.content }}{% endfor %}{% if add_generation_prompt %}<|im_start|>{% endif %}";
        var (encoded, trained) = Encode(Template, example);
        trained.ShouldBe(["a", "b"]);
        encoded.AnswersWithoutEnd.ShouldBe(2);
    }

    [Theory]
    [InlineData("I look.", "chatml", 1, 0)]
    [InlineData("I look.", "qwen25", 0, 0)]
    [InlineData("", "chatml", 0, 1)]
    public void A_turn_whose_call_is_not_printed_is_counted(string content, string template, int shortened, int lost)
    {
        var example = TemplateFixtures.Make(
            new(Turn.User, "q"), new Turn(Turn.Assistant, content) { ToolCallsJson = Calls }, new(Turn.Tool, "rain"),
            new(Turn.Assistant, "Rain."));
        var encoded = Encode(TemplateFixtures.TemplateText(template), example).Encoded;
        (encoded.ShortenedAnswers, encoded.LostAnswers).ShouldBe((shortened, lost));
    }

    [Fact]
    public void A_turn_of_whose_calls_only_the_first_is_printed_is_counted_as_shortened()
    {
        var encoded = FamilyFixtures.Encoder("gpt-oss").Encode(FamilyFixtures.Conversation("two calls at once"));
        (encoded.ShortenedAnswers, encoded.LostAnswers).ShouldBe((1, 0));
        FamilyFixtures.Encoder("qwen3").Encode(FamilyFixtures.Conversation("two calls at once")).ShortenedAnswers.ShouldBe(0);
    }

    [Fact]
    public void Tools_and_documents_that_are_not_printed_are_counted()
    {
        var example = TemplateFixtures.Make(new(Turn.User, "q"), new(Turn.Assistant, "a")) with
        {
            ToolsJson = """[{"name": "a"}, {"name": "b"}]""",
            DocumentsJson = """[{"text": "c"}]""",
        };
        var without = Encode(TemplateFixtures.TemplateText("chatml"), example).Encoded;
        (without.ToolsNotPrinted, without.DocumentsNotPrinted).ShouldBe((2, 1));
        var with = Encode("{{ tools[0] | tojson }}{{ documents[0].text }}" + TemplateFixtures.TemplateText("chatml"), example).Encoded;
        (with.ToolsNotPrinted, with.DocumentsNotPrinted).ShouldBe((1, 0));
    }

    [Fact]
    public void Thoughts_that_are_printed_are_trained_and_those_that_are_not_are_counted_once()
    {
        var example = FamilyFixtures.Conversation("thoughts beside the words");
        var qwen = FamilyFixtures.Encoder("qwen3").Encode(example);
        (qwen.ThoughtsNotPrinted, qwen.ShortenedAnswers, qwen.LostAnswers).ShouldBe((1, 0, 0));
        var phi = FamilyFixtures.Encoder("phi-3.5").Encode(example);
        (phi.ThoughtsNotPrinted, phi.ShortenedAnswers, phi.LostAnswers).ShouldBe((2, 0, 0));
    }

    [Fact]
    public void A_turn_that_only_thinks_is_not_empty()
    {
        var example = TemplateFixtures.Make(new(Turn.User, "q"), new Turn(Turn.Assistant, "") { Reasoning = "hm" });
        var encoded = FamilyFixtures.Encoder("phi-3.5").Encode(example);
        (encoded.EmptyTurns, encoded.ThoughtsNotPrinted, encoded.LostAnswers, encoded.AllMasked).ShouldBe((0, 1, 0, true));
    }
}
