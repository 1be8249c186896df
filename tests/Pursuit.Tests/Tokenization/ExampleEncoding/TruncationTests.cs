using Pursuit.Data;
using Pursuit.Tests.Tokenization.ChatTemplates;
using Pursuit.Tokenization.ChatTemplates;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Tests.Tokenization.ExampleEncoding;

public sealed class TruncationTests
{
    private sealed record Case(
        ChatTemplate Template, Example Example, EncodedExample Full, EncodedExample Cut, int Limit, int Header, int Start, int End);

    // Random conversations cut to random limits, with the whole example's header and last answer.
    private static readonly Lazy<Case[]> All = new(() => [.. Make()]);

    private static Case[] Cases() => All.Value;

    private static IEnumerable<Case> Make()
    {
        var random = new SeededRandom(1, "test/truncation");
        foreach (var name in new[] { "chatml", "qwen25", "llama2", "llama3", "zephyr", "tulu", "qwen3" })
        {
            var template = TemplateFixtures.Template(name);
            for (var round = 0; round < 80; round++)
            {
                var example = RandomConversations.Next(random);
                if (random.NextInt(4) == 0)
                    example = example with { Turns = [.. example.Turns, new Turn(Turn.User, RandomConversations.Text(random, 5))] };
                var full = Encode(template, example, 1_000_000);
                var limit = 2 + random.NextInt(full.Ids.Length + 3);
                var end = Array.LastIndexOf(full.Trained, true) + 1;
                var rendered = template.Render(example);
                var before = rendered.Text[..rendered.Answers[^1].Span.Start];
                var start = ByteTokenizer.Plain.Encode(before, addSpecialTokens: false).Length;
                var header = ByteTokenizer.Plain.Encode(rendered.Text[..rendered.HeaderLength], addSpecialTokens: false).Length;
                yield return new Case(template, example, full, Encode(template, example, limit), limit, header, start, end);
            }
        }
    }

    private static EncodedExample Encode(ChatTemplate template, Example example, int limit) =>
        new ExampleEncoder(ByteTokenizer.Plain, template, TemplateFixtures.Config, limit).Encode(example);

    [Fact]
    public void An_example_is_cut_only_when_it_must_be_and_then_fills_its_limit()
    {
        foreach (var (_, _, full, cut, limit, _, _, _) in Cases())
        {
            cut.Ids.Length.ShouldBe(Math.Min(limit, full.Ids.Length));
            cut.Trained.Length.ShouldBe(cut.Ids.Length);
            cut.Truncation.IsCut.ShouldBe(full.Ids.Length > limit);
            if (full.Ids.Length <= limit) cut.Ids.ShouldBe(full.Ids);
        }
    }

    [Fact]
    public void The_facts_add_up()
    {
        foreach (var (_, _, full, cut, _, _, _, _) in Cases())
        {
            var facts = cut.Truncation;
            facts.FullLength.ShouldBe(full.Ids.Length);
            (cut.Ids.Length + facts.PromptTokensCut + facts.AnswerTokensCut + facts.TrailingTokensCut).ShouldBe(full.Ids.Length);
            facts.EarlierAnswerTokensCut.ShouldBeLessThanOrEqualTo(facts.PromptTokensCut);
        }
    }

    [Fact]
    public void All_of_the_last_answer_stays_while_it_fits_behind_one_token()
    {
        foreach (var (_, _, full, cut, limit, _, start, end) in Cases())
        {
            if (end - start >= limit) continue;
            cut.Truncation.AnswerTokensCut.ShouldBe(0);
            var answer = full.Ids[start..end];
            var at = cut.Ids.AsSpan().LastIndexOf(answer);
            at.ShouldBeGreaterThan(0);
            cut.Trained[at..(at + answer.Length)].ShouldBe(full.Trained[start..end]);
        }
    }

    [Fact]
    public void Nothing_becomes_all_masked_by_truncation()
    {
        foreach (var (_, _, full, cut, _, _, _, _) in Cases())
        {
            full.AllMasked.ShouldBeFalse();
            cut.AllMasked.ShouldBeFalse();
        }
    }

    [Fact]
    public void The_prompts_oldest_tokens_go_first_and_the_header_stays_while_it_fits()
    {
        var headersKept = 0;
        foreach (var (_, _, full, cut, limit, header, start, end) in Cases())
        {
            if (full.Ids.Length <= limit || end <= limit || end - start >= limit) continue;
            var room = limit - (end - start);
            var kept = header == 0 ? 0 : room >= header ? header : 1;
            if (kept > 1) headersKept++;
            cut.Ids.ShouldBe([.. full.Ids[..kept], .. full.Ids[(start - (room - kept))..end]]);
        }

        headersKept.ShouldBeGreaterThan(20);
    }

    [Fact]
    public void An_answer_that_does_not_fit_is_cut_at_its_end_behind_the_first_token()
    {
        var seen = 0;
        foreach (var (_, _, full, cut, limit, _, start, end) in Cases())
        {
            if (end - start < limit || full.Ids.Length <= limit) continue;
            seen++;
            cut.Ids.ShouldBe([full.Ids[0], .. full.Ids[start..(start + limit - 1)]]);
            cut.Truncation.AnswerTokensCut.ShouldBe(end - start - (limit - 1));
        }

        seen.ShouldBeGreaterThan(20);
    }

    [Fact]
    public void What_follows_the_last_answer_goes_before_anything_else()
    {
        foreach (var (_, _, full, cut, limit, _, _, end) in Cases())
        {
            if (full.Ids.Length > limit && end <= limit) cut.Ids.ShouldBe(full.Ids[..limit]);
        }
    }

    [Fact]
    public void A_text_loses_its_end()
    {
        var encoder = new ExampleEncoder(ByteTokenizer.WithBos, TemplateFixtures.Template("chatml"), TemplateFixtures.Config, 4);
        var cut = encoder.Encode(TemplateFixtures.MakeText("abcdef"));
        encoder.Tokenizer.Decode(cut.Ids, skipSpecialTokens: false).ShouldBe("<s>abc");
        cut.Truncation.ShouldBe(new Truncation(8, 0, 0, 4, 0));
        cut.SupervisedTokens.ShouldBe(3);
    }

    [Fact]
    public void A_limit_below_two_is_refused() =>
        Should.Throw<PursuitException>(
            () => new ExampleEncoder(ByteTokenizer.Plain, TemplateFixtures.Template("chatml"), TemplateFixtures.Config, 1));
}
