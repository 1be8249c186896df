using Pursuit.Tests.Tokenization.ChatTemplates;
using Pursuit.Tokenization;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Tests.Tokenization.ExampleEncoding;

public sealed class FamilyMaskTests
{
    public static TheoryData<string> Families => [.. FamilyFixtures.Families];

    [Theory]
    [MemberData(nameof(Families))]
    public void The_trained_tokens_are_those_that_the_tags_put_in_by_hand_say(string family)
    {
        var encoder = FamilyFixtures.Encoder(family);
        foreach (var conversation in FamilyFixtures.Conversations)
        {
            var example = FamilyFixtures.Conversation(conversation);
            var (text, golden) = FamilyFixtures.Case(family, conversation);
            if (text is null)
            {
                encoder.TryEncode(example, out var refusal).ShouldBeNull(conversation);
                refusal.ShouldNotBeNull(conversation);
                continue;
            }

            encoder.Template.Render(example).Text.ShouldBe(text, conversation);
            var encoded = encoder.Encode(example);
            Trained(encoder.Tokenizer, encoded).ShouldBe(golden.Select(span => text[span.Start..span.End]), conversation);
        }
    }

    [Theory]
    [InlineData("llama-3.1")]
    [InlineData("qwen3")]
    [InlineData("gpt-oss")]
    [InlineData("command-r7b")]
    public void A_templates_own_tags_give_the_same_as_the_rule(string family)
    {
        var (tagged, plain) = (FamilyFixtures.Encoder(family, tags: true), FamilyFixtures.Encoder(family));
        tagged.Template.MarksAnswers.ShouldBeTrue();
        foreach (var conversation in FamilyFixtures.Conversations.Where(name => FamilyFixtures.Case(family, name).Text is not null))
        {
            var example = FamilyFixtures.Conversation(conversation);
            tagged.Encode(example).Trained.ShouldBe(plain.Encode(example).Trained, conversation);
        }
    }

    [Fact]
    public void There_are_fourteen_families_and_twelve_conversations() =>
        (FamilyFixtures.Families.Count(), FamilyFixtures.Conversations.Count()).ShouldBe((14, 12));

    internal static IEnumerable<string> Trained(Tokenizer tokenizer, EncodedExample encoded) =>
        ExampleView.Segments(tokenizer, encoded).Where(segment => segment.IsTrained).Select(segment => segment.Text);
}
