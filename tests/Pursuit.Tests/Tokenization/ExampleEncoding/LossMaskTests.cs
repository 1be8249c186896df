using Pursuit.Data;
using Pursuit.Tests.Tokenization.ChatTemplates;
using Pursuit.Tokenization;
using Pursuit.Tokenization.ChatTemplates;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Tests.Tokenization.ExampleEncoding;

public sealed class LossMaskTests
{
    private static readonly TokenizerConfig Config = TemplateFixtures.Config;

    /// <summary>Template, its end token, whether it trims answers, whether it knows a system turn.</summary>
    public static TheoryData<string, string, bool, bool> Families => new()
    {
        { "chatml", "<|im_end|>", false, true },
        { "chatml-generation", "<|im_end|>", false, true },
        { "smollm2", "<|im_end|>", false, true },
        { "qwen25", "<|im_end|>", false, true },
        { "llama2", "</s>", true, true },
        { "llama3", "<|eot_id|>", true, true },
        { "llama31", "<|eot_id|>", true, true },
        { "mistral-v01", "</s>", false, false },
        { "mistral-v03", "</s>", true, true },
        { "zephyr", "</s>", false, true },
        { "tulu", "</s>", false, true },
    };

    private static ExampleEncoder Encoder(ChatTemplate template, Tokenizer tokenizer, int maxLength = 1_000_000) =>
        new(tokenizer, template, Config, maxLength);

    // The trained stretches as text.
    private static string[] Trained(Tokenizer tokenizer, EncodedExample encoded) =>
        [.. ExampleView.Segments(tokenizer, encoded).Where(segment => segment.IsTrained).Select(segment => segment.Text)];

    [Theory]
    [MemberData(nameof(Families))]
    public void Exactly_the_answers_and_their_end_tokens_are_trained(string name, string end, bool trims, bool system)
    {
        var encoder = Encoder(TemplateFixtures.Template(name), ByteTokenizer.Plain);
        var random = new SeededRandom(1, "test/loss masks");
        for (var round = 0; round < 60; round++)
        {
            var example = RandomConversations.Next(random, system);
            var encoded = encoder.Encode(example);
            var answers = example.Turns.Where(turn => turn.IsTrained).Select(turn => trims ? turn.Content.Trim() : turn.Content);
            // Llama 2 prints a blank before its end token, which is not trained.
            var expected = name == "llama2" ? answers.SelectMany(answer => new[] { answer, end }) : answers.Select(answer => answer + end);
            Trained(encoder.Tokenizer, encoded).ShouldBe(expected);
            encoded.SupervisedTokens.ShouldBe(encoded.Trained.Count(trained => trained));
            (encoded.LostAnswers, encoded.ShortenedAnswers, encoded.AnswersWithoutEnd).ShouldBe((0, 0, 0));
            encoded.AllMasked.ShouldBeFalse();
        }
    }

    [Theory]
    [InlineData("chatml", "<|im_end|>", true)]
    [InlineData("llama2", "</s>", true)]
    [InlineData("llama3", "<|eot_id|>", true)]
    [InlineData("mistral-v01", "</s>", false)]
    [InlineData("zephyr", "</s>", true)]
    public void A_token_over_an_answers_edge_is_trained_and_no_other_beside_it(string name, string end, bool system)
    {
        var template = TemplateFixtures.Template(name);
        var encoder = Encoder(template, ByteTokenizer.Merged);
        var random = new SeededRandom(2, "test/loss masks");
        for (var round = 0; round < 60; round++)
        {
            var example = RandomConversations.Next(random, system);
            var encoded = encoder.Encode(example);
            var ids = new List<int>();
            var spans = new List<TokenSpan>();
            var rendered = template.Render(example);
            encoder.Tokenizer.Encode(rendered.Text, addSpecialTokens: false, ids, spans);
            encoded.Ids.ShouldBe(ids);
            encoded.Ids.Count(id => id == encoder.Tokenizer.TokenToId(end)).ShouldBeGreaterThanOrEqualTo(rendered.Answers.Count);
            for (var i = 1; i < ids.Count; i++)
            {
                var inAnswer = rendered.TrainedSpans.Any(span => spans[i].Start < span.End && spans[i].End > span.Start);
                var isEnd = ids[i] == encoder.Tokenizer.TokenToId(end) && rendered.TrainedSpans.Any(span =>
                    span.End <= spans[i].Start && string.IsNullOrWhiteSpace(rendered.Text[span.End..spans[i].Start]));
                encoded.Trained[i].ShouldBe(inAnswer || isEnd, $"{rendered.Text} at {spans[i]}");
            }
        }
    }

    [Fact]
    public void Qwen3_trains_what_follows_the_generation_prompt()
    {
        var encoder = Encoder(TemplateFixtures.Template("qwen3"), ByteTokenizer.Plain);
        var encoded = encoder.Encode(TemplateFixtures.Conversation("thoughts"));
        Trained(encoder.Tokenizer, encoded).ShouldBe(["A.<|im_end|>", "<think>\nsecond\nline\n</think>\n\nB.<|im_end|>"]);
        encoded.ShortenedAnswers.ShouldBe(2); // the first turn's thoughts are left out; of the last, the tags are the template's
        Trained(encoder.Tokenizer, encoder.Encode(TemplateFixtures.Conversation("one question")))
            .ShouldBe(["<think>\n\n</think>\n\n4.<|im_end|>"]);
    }

    [Theory]
    [InlineData(
        "qwen25", "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"town\": \"Köln\", \"days\": 2}}\n</tool_call><|im_end|>",
        "Grey.<|im_end|>")]
    [InlineData("llama31", "{\"name\": \"weather\", \"parameters\": {\"town\": \"Köln\", \"days\": 2}}<|eot_id|>", "Grey.<|eot_id|>")]
    [InlineData(
        "mistral-v03",
        "[TOOL_CALLS] [{\"name\": \"weather\", \"arguments\": {\"town\": \"Köln\", \"days\": 2}, \"id\": \"abcdefghi\"}]</s>", "Grey.</s>")]
    public void A_tool_call_is_trained_with_what_the_template_prints_around_it(string name, string call, string answer)
    {
        var encoder = Encoder(TemplateFixtures.Template(name), ByteTokenizer.Plain);
        Trained(encoder.Tokenizer, encoder.Encode(TemplateFixtures.Conversation("a tool"))).ShouldBe([call, answer]);
    }

    [Fact]
    public void A_calls_name_printed_again_with_the_tools_result_is_not_trained()
    {
        const string Text = """
            {%- for m in messages %}
            {%- if m.tool_calls %}{{ '<|im_start|>assistant\n' + m.tool_calls[0].function.name ~ '<|im_end|>' }}
            {%- elif m.role == 'tool' %}{{ '<|im_start|>' + messages[loop.index0 - 1].tool_calls[0].function.name ~ '\n' ~ m.content ~ '<|im_end|>' }}
            {%- else %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>' }}{% endif %}
            {%- endfor %}
            {%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}
            """;
        var encoder = Encoder(ChatTemplate.Parse(Text, Config), ByteTokenizer.Plain);
        Trained(encoder.Tokenizer, encoder.Encode(TemplateFixtures.Conversation("a tool")))
            .ShouldBe(["weather<|im_end|>", "Grey.<|im_end|>"]);
    }

    [Fact]
    public void An_answer_the_template_leaves_out_or_tears_apart_is_counted_and_not_trained()
    {
        var example = TemplateFixtures.Make(
            new(Turn.User, "q"), new(Turn.Assistant, "one"), new(Turn.User, "r"), new(Turn.Assistant, "two"));
        var dropped = Encoder(ChatTemplate.Parse("{{ messages[0].content }}:{{ messages[3].content }}</s>", Config), ByteTokenizer.Plain)
            .Encode(example);
        (dropped.LostAnswers, dropped.SupervisedTokens).ShouldBe((1, 4));
        var torn = Encoder(
            ChatTemplate.Parse(
                "{% for m in messages %}{{ m.content[0] }}{% endfor %}{% for m in messages %}{{ m.content[1:] }}{% endfor %}", Config),
            ByteTokenizer.Plain).Encode(example);
        (torn.LostAnswers, torn.AllMasked).ShouldBe((2, true));
    }

    [Fact]
    public void Marks_survive_what_a_template_does_to_an_answer()
    {
        var example = TemplateFixtures.Make(new(Turn.User, "x, y"), new(Turn.Assistant, "  x, y\nz "));
        foreach (var (expression, printed) in new[]
        {
            ("content | trim | upper", "X, Y\nZ"),
            ("content.strip().split(', ') | join(' + ')", "x + y\nz"),
            ("content | replace('\\n', '\\\\n') | trim", "x, y\\nz"),
            ("content[::-1] | trim", "z\ny ,x"),
            ("(content ~ '') | indent(2) | trim", "x, y\n  z"),
            ("content | tojson", "\"  x, y\\nz \""),
            ("content.splitlines() | map('trim') | join('/')", "x, y/z"),
        })
        {
            var template = ChatTemplate.Parse(
                "{% for m in messages %}<|im_start|>{% set content = m.content %}{{ " + expression + " }}</s>{% endfor %}", Config);
            var encoder = Encoder(template, ByteTokenizer.Plain);
            Trained(encoder.Tokenizer, encoder.Encode(example)).ShouldBe([printed + "</s>"], expression);
        }
    }

    [Fact]
    public void An_opening_token_is_no_end_token()
    {
        const string Text = "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '\\n' }}{% endfor %}{% if "
            + "add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
        var encoder = Encoder(ChatTemplate.Parse(Text, Config), ByteTokenizer.Plain);
        var encoded = encoder.Encode(TemplateFixtures.Conversation("system and two questions"));
        Trained(encoder.Tokenizer, encoded).ShouldBe(["Blue.", "Red, \"as\" wine."]);
        encoded.AnswersWithoutEnd.ShouldBe(2);
    }

    [Fact]
    public void Rendered_text_is_not_given_special_tokens_again()
    {
        var encoded = Encoder(TemplateFixtures.Template("llama3"), ByteTokenizer.WithBos)
            .Encode(TemplateFixtures.Conversation("one question"));
        encoded.Ids.Count(id => id == ByteTokenizer.WithBos.TokenToId("<s>")).ShouldBe(1);
        var without = Encoder(TemplateFixtures.Template("chatml"), ByteTokenizer.WithBos)
            .Encode(TemplateFixtures.Conversation("one question"));
        without.Ids.ShouldNotContain(ByteTokenizer.WithBos.TokenToId("<s>")!.Value);
    }

    [Fact]
    public void Every_token_of_a_text_but_the_first_is_trained_and_its_end_is_marked()
    {
        var encoder = Encoder(TemplateFixtures.Template("chatml"), ByteTokenizer.WithBos);
        var encoded = encoder.Encode(TemplateFixtures.MakeText("ab"));
        encoder.Tokenizer.Decode(encoded.Ids, skipSpecialTokens: false).ShouldBe("<s>ab</s>");
        encoded.Trained.ShouldBe([false, true, true, true]);
        (encoded.SupervisedTokens, encoded.IsText, encoded.LastTurnIsNotAssistant).ShouldBe((3, true, false));
        // An end that stands there already is not doubled.
        encoder.Encode(TemplateFixtures.MakeText("ab</s>")).Ids.ShouldBe(encoded.Ids);
    }

    [Fact]
    public void Empty_turns_are_counted()
    {
        var encoder = Encoder(TemplateFixtures.Template("chatml"), ByteTokenizer.Plain);
        var encoded = encoder.Encode(TemplateFixtures.Make(new(Turn.User, " \n"), new(Turn.Assistant, "")));
        (encoded.EmptyTurns, encoded.AllMasked, encoded.LostAnswers, encoded.LastTurnIsNotAssistant).ShouldBe((2, true, 0, false));
        encoder.Encode(TemplateFixtures.Make(new Turn(Turn.User, "q"))).LastTurnIsNotAssistant.ShouldBeTrue();
    }

    [Fact]
    public void Threads_share_an_encoder_without_changing_what_it_gives()
    {
        var encoder = Encoder(TemplateFixtures.Template("qwen3"), ByteTokenizer.Merged);
        var random = new SeededRandom(3, "test/loss masks");
        var examples = Enumerable.Range(0, 200).Select(_ => RandomConversations.Next(random)).ToArray();
        var alone = examples.Select(encoder.Encode).ToArray();
        Parallel.For(0, examples.Length * 4, i =>
        {
            var encoded = encoder.Encode(examples[i % examples.Length]);
            encoded.Ids.ShouldBe(alone[i % examples.Length].Ids);
            encoded.Trained.ShouldBe(alone[i % examples.Length].Trained);
        });
    }
}
