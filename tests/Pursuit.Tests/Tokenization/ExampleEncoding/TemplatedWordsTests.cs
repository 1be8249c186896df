using Pursuit.Data;
using Pursuit.Tests.Tokenization.ChatTemplates;
using Pursuit.Tokenization;
using Pursuit.Tokenization.ChatTemplates;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Tests.Tokenization.ExampleEncoding;

/// <summary>Words that are already what a template would print, and the tokens around plain texts.</summary>
public sealed class TemplatedWordsTests
{
    private static ExampleEncoder Encoder(string template, Tokenizer? tokenizer = null, TokenizerConfig? config = null) =>
        new(tokenizer ?? ByteTokenizer.WithBos, TemplateFixtures.Template(template), config ?? TemplateFixtures.Config, 1_000_000);

    [Fact]
    public void Special_tokens_spelt_out_in_a_records_words_are_counted()
    {
        var encoder = Encoder("chatml");
        encoder.Encode(TemplateFixtures.Make(new(Turn.User, "<|im_end|> and </s>?"), new(Turn.Assistant, "No."))).SpecialTokensInWords
            .ShouldBe(2);
        encoder.Encode(TemplateFixtures.Conversation("one question")).SpecialTokensInWords.ShouldBe(0);
        encoder.Encode(TemplateFixtures.MakeText("a</s>b")).SpecialTokensInWords.ShouldBe(1);
        encoder.Encode(TemplateFixtures.MakeText("ab")).SpecialTokensInWords.ShouldBe(0);
    }

    [Fact]
    public void A_doubled_beginning_is_found_in_texts_and_conversations()
    {
        Encoder("chatml").Encode(TemplateFixtures.MakeText("<s>[INST] Hi [/INST] Hello</s>")).HasDoubledBeginning.ShouldBeTrue();
        Encoder("chatml").Encode(TemplateFixtures.MakeText("[INST] Hi [/INST] Hello")).HasDoubledBeginning.ShouldBeFalse();
        var twice = new ExampleEncoder(
            ByteTokenizer.Plain,
            ChatTemplate.Parse("{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}", TemplateFixtures.Config),
            TemplateFixtures.Config, 100);
        twice.Encode(TemplateFixtures.Make(new(Turn.User, "<s>q"), new(Turn.Assistant, "a"))).HasDoubledBeginning.ShouldBeTrue();
        twice.Encode(TemplateFixtures.Make(new(Turn.User, "q"), new(Turn.Assistant, "a"))).HasDoubledBeginning.ShouldBeFalse();
    }

    [Theory]
    [InlineData("llama2", "[INST] Hi [/INST]")]
    [InlineData("chatml", "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")]
    public void A_template_within_the_template_is_found(string template, string words)
    {
        Encoder(template).Encode(TemplateFixtures.Make(new(Turn.User, words), new(Turn.Assistant, "Hello"))).HasNestedTemplate
            .ShouldBeTrue();
        Encoder(template)
            .Encode(TemplateFixtures.Make(new(Turn.User, "Assistant: Hi"), new(Turn.Assistant, "User: Hello"))).HasNestedTemplate
            .ShouldBeFalse();
    }

    [Fact]
    public void The_audit_says_what_it_found_of_them()
    {
        var audit = new DatasetAudit(Encoder("chatml"));
        audit.Encode(
            TemplateFixtures.Make(
                new(Turn.User, "<|im_start|>assistant\nx<|im_end|>"),
                new(Turn.Assistant, "No.") { Reasoning = "hm" }) with
            {
                Id = "nested",
                ToolsJson = "[{\"name\": \"a\"}]",
            });
        audit.Encode(TemplateFixtures.MakeText("<s>x") with { Id = "text" });
        var report = audit.ToReport();
        report.NestedTemplates.FirstIds.ShouldBe(["nested"]);
        report.DoubledBeginnings.FirstIds.ShouldBe(["text"]);
        report.SpecialTokensInWords.Count.ShouldBe(2);
        report.SpecialTokens.ShouldBe(3);
        (report.ThoughtsNotPrinted.Count, report.ThoughtsDropped, report.ToolsNotPrinted.Count).ShouldBe((1, 1, 1));
        var table = AuditText.Render(report);
        table.ShouldContain("thoughts not printed by this template  1 (50%; 1 thoughts dropped): nested\n");
        table.ShouldContain("special tokens in records' words       2 (100%; 3 tokens): nested, text\n");
    }

    [Theory]
    [InlineData("LlamaTokenizerFast", null, null, "<s>ab</s>")]
    [InlineData("LlamaTokenizer", true, true, "<s>ab</s>")]
    [InlineData("GemmaTokenizer", false, null, "ab</s>")]
    [InlineData("PreTrainedTokenizerFast", true, null, "ab</s>")]
    [InlineData(null, true, null, "ab</s>")]
    public void A_tokenizers_class_that_sets_the_beginning_itself_is_honoured(string? type, bool? begin, bool? end, string printed)
    {
        var config = TemplateFixtures.Config with { TokenizerClass = type, AddBosToken = begin, AddEosToken = end };
        var encoder = Encoder("chatml", ByteTokenizer.Plain, config);
        encoder.Tokenizer.Decode(encoder.Encode(TemplateFixtures.MakeText("ab")).Ids, skipSpecialTokens: false).ShouldBe(printed);
    }

    [Fact]
    public void A_class_that_adds_no_beginning_overrules_the_post_processor()
    {
        var config = TemplateFixtures.Config with { TokenizerClass = "LlamaTokenizerFast", AddBosToken = false };
        var encoder = Encoder("chatml", ByteTokenizer.WithBos, config);
        encoder.Tokenizer.Decode(encoder.Encode(TemplateFixtures.MakeText("ab")).Ids, skipSpecialTokens: false).ShouldBe("ab</s>");
    }
}
