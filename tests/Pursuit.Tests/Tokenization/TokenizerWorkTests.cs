using System.Text;
using Pursuit.Storage;
using Pursuit.Tokenization;
using Pursuit.Tokenization.Patterns;
using Pursuit.Tokenization.Reading;

namespace Pursuit.Tests.Tokenization;

public sealed class TokenizerWorkTests
{
    private static Tokenizer Make(string normalizer, string preTokenizer = "null") => Tokenizer.Parse(
        Encoding.UTF8.GetBytes(
            """{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []}, "normalizer": """
                + $$"""{{normalizer}}, "pre_tokenizer": {{preTokenizer}}}"""),
        "here");

    private static string Replace(string content) => $$"""{"type": "Replace", "pattern": {"String": "a"}, "content": "{{content}}"}""";

    private static string Sequence(string step, int count) =>
        $$"""{"type": "Sequence", "normalizers": [{{string.Join(',', Enumerable.Repeat(step, count))}}]}""";

    [Theory]
    [InlineData("aa", 40)]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 5)]
    public void A_normalizer_that_makes_a_text_grow_without_bound_refuses_the_text_by_name(string content, int steps)
    {
        var message = Should.Throw<PursuitException>(() => Make(Sequence(Replace(content), steps)).Encode("a", false)).Message;
        message.ShouldContain("here");
        message.ShouldContain("normalizer");
        message.ShouldContain("4,194,304");
    }

    [Fact]
    public void A_text_may_grow_by_64_times_and_four_million_characters() =>
        Make(Replace(new string('a', 64))).Encode(new string('a', 1000), false).Length.ShouldBe(64_000);

    [Fact]
    public void Steps_that_change_nothing_are_charged_too()
    {
        var tokenizer = Make(Sequence(Replace("a"), 2000));
        Should.Throw<PursuitException>(() => tokenizer.Encode(new string('a', 200_000), false)).Message.ShouldContain("touch more than");
    }

    [Fact]
    public void Many_short_words_share_one_account_of_a_patterns_steps()
    {
        // Alone each word is within its steps; 20,000 of them aren't.
        var words = string.Concat(Enumerable.Repeat("aaaaaaaaaaaaaab ", 20_000));
        const string Steps = """{"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Split", "pattern": """
            + """{"Regex": "(?:a+)+$"}, "behavior": "Isolated"}]}""";
        Make("null", Steps).Encode("aaaaaaaaaaaaaab", false).Length.ShouldBe(15);
        Should.Throw<PursuitException>(() => Make("null", Steps).Encode(words, false)).Message.ShouldContain("steps a character");
    }

    [Theory]
    [InlineData("(?:a|aa)+$")]
    [InlineData("(?:a*b?)*?c|a")]
    [InlineData("(?:(?=a+b)a)+b")]
    [InlineData("(?>a+|b)+c")]
    public void A_pattern_takes_steps_within_its_texts_account_whatever_its_shape(string expression)
    {
        RegexPattern pattern;
        try
        {
            pattern = new RegexPattern(expression, "here");
        }
        catch (PursuitException)
        {
            return; // a shape that isn't read can't cost
        }

        foreach (var length in (int[])[1000, 2000, 4000])
        {
            var work = new TextWork(length, "here");
            try
            {
                pattern.FindAll(new string('a', length), [], work);
            }
            catch (PursuitException e)
            {
                e.Message.ShouldContain("steps a character");
            }

            work.Steps.ShouldBeLessThanOrEqualTo(TextWork.StepsAlways + (TextWork.StepsPerCharacter * length) + 1);
        }
    }

    [Fact]
    public void Added_tokens_are_found_in_time_linear_in_the_text()
    {
        var finder = Finder([.. Enumerable.Range(1, 600).Select(length => new string('a', length) + "b")]);
        foreach (var length in (int[])[10_000, 20_000, 40_000])
        {
            foreach (var text in (string[])
            [
                new('a', length), new string('a', length - 1) + "b", string.Concat(Enumerable.Repeat("ab", length / 2)),
            ])
                finder.Split(text, []).ShouldBeLessThanOrEqualTo(2L * length);
        }
    }

    [Fact]
    public void Added_tokens_are_the_leftmost_and_the_longest_of_those_that_begin_there()
    {
        var random = new SeededRandom(5, "test/added tokens");
        for (var round = 0; round < 3000; round++)
        {
            var texts = Enumerable.Range(0, 1 + random.NextInt(6)).Select(_ => Word(1 + random.NextInt(4))).Distinct().ToArray();
            var text = Word(random.NextInt(30));
            var sections = new List<AddedSection>();
            Finder(texts).Split(text, sections);
            sections.Where(section => section.Token is not null).Select(section => (section.Start, section.End))
                .ShouldBe(Expected(texts, text), $"{string.Join('|', texts)}: {text}");
        }

        string Word(int length) => new([.. Enumerable.Range(0, length).Select(_ => "ab"[random.NextInt(2)])]);
    }

    [Fact]
    public void A_literal_is_found_where_the_runtime_finds_it()
    {
        var random = new SeededRandom(6, "test/literals");
        for (var round = 0; round < 3000; round++)
        {
            var text = Word(random.NextInt(200));
            var literal = Word(1 + random.NextInt(40));
            if (random.NextInt(2) == 0 && text.Length > 30) literal = text.Substring(random.NextInt(text.Length - 30), 30);
            var from = random.NextInt(text.Length + 1);
            var search = new LiteralSearch(literal);
            search.Next(text, from).ShouldBe(text.IndexOf(literal, from, StringComparison.Ordinal));
            search.Last(text, from).ShouldBe(text.AsSpan(0, from).LastIndexOf(literal, StringComparison.Ordinal));
        }

        string Word(int length) => new([.. Enumerable.Range(0, length).Select(_ => "aaab"[random.NextInt(4)])]);
    }

    [Fact]
    public void A_replacement_is_charged_beside_the_characters_it_writes()
    {
        const int Length = 1_000;
        Touched("a").ShouldBe(Touched("b") + (Length * (TextWork.TouchedPerMatch + 1)));

        static long Touched(string replaced)
        {
            using var json = JsonFile.Parse(
                Encoding.UTF8.GetBytes($$"""{"type":"Replace","pattern":{"String":"{{replaced}}"},"content":"c"}"""), "test");
            var work = new TextWork(Length, "test");
            PipelineReader.Normalizer(json.Root)!.Apply(new MappedText(new string('a', Length), 0, true, work));
            return work.Touched;
        }
    }

    [Fact]
    public void Merges_chosen_to_crowd_a_few_slots_of_their_table_are_spread_all_the_same()
    {
        // The table's first hash run backward: products that differ only below the bits that name a slot.
        const ulong Golden = 0x9E3779B97F4A7C15;
        const int Count = 20_000;
        var inverse = Golden;
        for (var i = 0; i < 6; i++) inverse *= 2 - (Golden * inverse);
        (Golden * inverse).ShouldBe(1ul);
        var merges = new List<(int Left, int Right, int Result)>();
        for (var low = 0ul; merges.Count < Count; low++)
        {
            var mixed = ((0x123ul << 52) | low) * inverse;
            var key = mixed ^ (mixed >> 29);
            key = mixed ^ (key >> 29);
            key = mixed ^ (key >> 29);
            (key ^ (key >> 29)).ShouldBe(mixed);
            if ((key & 0x8000_0000_8000_0000) == 0) merges.Add(((int)(key >> 32), (int)key, merges.Count));
        }

        var table = new MergeTable(merges);
        table.LongestProbe.ShouldBeLessThanOrEqualTo(MergeTable.MostProbes);
        for (var rank = 0; rank < Count; rank++) table.RankOf(merges[rank].Left, merges[rank].Right).ShouldBe(rank);
    }

    [Fact]
    public void Long_runs_of_marks_in_order_have_the_same_normal_forms()
    {
        var random = new SeededRandom(7, "test/marks");
        string[] marks =
        [
            "\u0301", "\u0316", "\u0334", "\u0345", "\u0344", "\u093c", "\u0900", "\u0903", "\u3099", "\uff9e", "\u05b0", "\U0001d165",
            "\u20dd", "\u0323",
        ];
        foreach (var form in Enum.GetValues<NormalizationForm>())
        {
            for (var round = 0; round < 100; round++)
            {
                var text = "xe"
                    + string.Concat(Enumerable.Range(0, 64 + random.NextInt(200)).Select(_ => marks[random.NextInt(marks.Length)])) + "y";
                var ordered = CombiningMarks.InOrder(text, form);
                PlatformForm(ordered, form).ShouldBe(PlatformForm(text, form));
                // In order already, so that the platform has nothing to move.
                if (form == NormalizationForm.FormD) ordered[2..].ShouldBe(PlatformForm(ordered[2..], form));
            }
        }
    }

    // The platform's own, which the law is about.
#pragma warning disable RS0030
    private static string PlatformForm(string text, NormalizationForm form) => text.Normalize(form);
#pragma warning restore RS0030

    private static IEnumerable<(int Start, int End)> Expected(string[] texts, string text)
    {
        for (var at = 0; at < text.Length;)
        {
            var here = texts.Where(token => string.CompareOrdinal(text, at, token, 0, token.Length) == 0).MaxBy(token => token.Length);
            if (here is not null) yield return (at, at + here.Length);
            at += here?.Length ?? 1;
        }
    }

    private static AddedTokenFinder Finder(string[] texts) =>
        new(texts.Select((text, id) => (text, new AddedToken(id, text, true, false, false, false, false))));
}
