using System.Globalization;
using Pursuit.Data;
using Pursuit.Tests.Tokenization.ChatTemplates;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Tests.Tokenization.ExampleEncoding;

public sealed class DatasetAuditTests
{
    private static ExampleEncoder Encoder(int limit, string template = "llama2") =>
        new(ByteTokenizer.Plain, TemplateFixtures.Template(template), TemplateFixtures.Config, limit);

    [Fact]
    public void An_audit_says_what_its_examples_say_one_by_one()
    {
        var encoder = Encoder(80);
        var audit = new DatasetAudit(encoder);
        var random = new SeededRandom(1, "test/audit");
        var all = new List<EncodedExample>();
        for (var i = 0; i < 500; i++)
        {
            var example = random.NextInt(10) == 0
                ? TemplateFixtures.MakeText(RandomConversations.Text(random, 30))
                : RandomConversations.Next(random);
            all.Add(audit.Encode(example with { Id = i.ToString(CultureInfo.InvariantCulture) })!);
        }

        var report = audit.ToReport();
        report.Examples.ShouldBe(500);
        report.Texts.ShouldBe(all.Count(example => example.IsText));
        report.PromptCut.Count.ShouldBe(all.Count(example => example.Truncation.PromptTokensCut > 0));
        report.AnswerCut.Count.ShouldBe(all.Count(example => example.Truncation.AnswerTokensCut > 0));
        report.PromptCut.FirstIds.ShouldBe(
            all.Where(example => example.Truncation.PromptTokensCut > 0).Take(5).Select(example => example.Id));
        (report.PromptTokensCut + report.AnswerTokensCut)
            .ShouldBe(all.Sum(example => (long)example.Truncation.PromptTokensCut + example.Truncation.AnswerTokensCut));
        var lengths = all.Select(example => example.Truncation.FullLength).Order().ToArray();
        report.Lengths.ShouldBe(new LengthSummary(lengths[0], lengths[249], lengths[449], lengths[494], lengths[499], lengths.Sum()));
        report.SupervisedTokens!.Total.ShouldBe(all.Sum(example => (long)example.SupervisedTokens));
        report.Longest.Select(example => example.Tokens).ShouldBe(lengths.Reverse().Take(5));
    }

    [Fact]
    public void What_the_template_refuses_is_counted_with_its_reason()
    {
        var audit = new DatasetAudit(Encoder(80));
        audit.Encode(TemplateFixtures.Make(new(Turn.Assistant, "I begin"), new(Turn.User, "no")) with { Id = "first" }).ShouldBeNull();
        audit.Encode(TemplateFixtures.Make(new(Turn.User, ""), new(Turn.Assistant, "")) with { Id = "second" }).ShouldNotBeNull();
        var report = audit.ToReport();
        report.Refused.Count.ShouldBe(1);
        report.Refused.FirstIds.ShouldBe(["first"]);
        report.RefusalReasons.Single().ShouldContain("Roles must alternate");
        report.AllMasked.FirstIds.ShouldBe(["second"]);
        report.EmptyTurns.Count.ShouldBe(1);
        report.Examples.ShouldBe(1);
    }

    [Fact]
    public void The_table_is_the_same_under_every_culture()
    {
        var audit = new DatasetAudit(Encoder(60));
        var random = new SeededRandom(2, "test/audit");
        for (var i = 0; i < 1000; i++) audit.Encode(RandomConversations.Next(random) with { Id = "e" + i });
        var report = audit.ToReport();
        var expected = AuditText.Render(report);
        expected.ShouldContain("examples                               1,000\n");
        expected.Split('\n').ShouldAllBe(line => line.Length < 200);
        var culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("de-DE");
            AuditText.Render(report).ShouldBe(expected);
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [Fact]
    public void An_empty_audit_has_no_lengths()
    {
        var report = new DatasetAudit(Encoder(60)).ToReport();
        report.Lengths.ShouldBeNull();
        AuditText.Render(report).ShouldContain("none");
    }

    [Fact]
    public void The_view_shows_every_token_once_with_the_trained_ones_in_brackets()
    {
        var encoder = Encoder(1000, "chatml");
        var encoded = encoder.Encode(TemplateFixtures.Conversation("one question"));
        var segments = ExampleView.Segments(encoder.Tokenizer, encoded);
        string.Concat(segments.Select(segment => segment.Text)).ShouldBe(encoder.Tokenizer.Decode(encoded.Ids, skipSpecialTokens: false));
        ExampleView.WithBrackets(segments).ShouldBe(
            "<|im_start|>user\nWhat is 2 + 2?<|im_end|>\n<|im_start|>assistant\n⟦4.<|im_end|>⟧\n");
    }
}
