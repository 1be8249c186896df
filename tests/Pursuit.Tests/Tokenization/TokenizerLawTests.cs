using System.Text;
using Pursuit.Tokenization;

namespace Pursuit.Tests.Tokenization;

public sealed class TokenizerLawTests
{
    public static TheoryData<string> Names => [.. TokenizerFixtures.Names];

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama3")]
    [InlineData("o200k")]
    [InlineData("deepseek")]
    public void Decoding_a_byte_level_encoding_gives_the_text_back(string name)
    {
        var tokenizer = TokenizerFixtures.Load(name);
        foreach (var text in TokenizerFixtures.Texts.Take(2000))
            tokenizer.Decode(tokenizer.Encode(text, false), skipSpecialTokens: false).ShouldBe(text);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Spans_are_ordered_and_within_the_text(string name)
    {
        var tokenizer = TokenizerFixtures.Load(name);
        List<int> ids = [];
        List<TokenSpan> spans = [];
        foreach (var text in TokenizerFixtures.Texts.Take(2000))
        {
            ids.Clear();
            spans.Clear();
            tokenizer.Encode(text, true, ids, spans);
            spans.Count.ShouldBe(ids.Count);
            var (start, end) = (0, 0);
            foreach (var span in spans)
            {
                if (span.Start < start || span.End < end || span.End < span.Start || span.End > text.Length)
                    Assert.Fail($"{name}: span {span} after [{start}, {end}) in {text.Length} characters: {text}");
                (start, end) = (span.Start, span.End);
            }
        }
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama3")]
    [InlineData("qwen2")]
    [InlineData("llama2")]
    [InlineData("mistral")]
    public void The_spans_of_a_lossless_encoding_cover_the_text_in_whole_characters(string name)
    {
        var tokenizer = TokenizerFixtures.Load(name);
        List<int> ids = [];
        List<TokenSpan> spans = [];
        foreach (var text in TokenizerFixtures.Texts.Take(2000))
        {
            ids.Clear();
            spans.Clear();
            tokenizer.Encode(text, false, ids, spans);
            var covered = 0;
            foreach (var span in spans)
            {
                if (span.Start > covered) Assert.Fail($"{name}: characters {covered} to {span.Start} have no token: {text}");
                if (span.Start < text.Length && char.IsLowSurrogate(text[span.Start]))
                    Assert.Fail($"{name}: {span} begins inside a character: {text}");
                if (span.End > 0 && char.IsHighSurrogate(text[span.End - 1]))
                    Assert.Fail($"{name}: {span} ends inside a character: {text}");
                covered = span.End;
            }

            covered.ShouldBe(text.Length, text);
        }
    }

    [Fact]
    public void Each_token_of_a_split_character_has_the_whole_character_for_its_span()
    {
        const string Text = "a\U00012345b"; // cuneiform outside every training text: four bytes, at least two tokens
        foreach (var name in (string[])["gpt2", "llama3", "llama2", "mistral"])
        {
            List<int> ids = [];
            List<TokenSpan> spans = [];
            TokenizerFixtures.Load(name).Encode(Text, false, ids, spans);
            var inside = spans.Where(span => span.Start == 1).ToList();
            inside.Count.ShouldBeGreaterThan(1, name);
            inside.ShouldAllBe(span => span == new TokenSpan(1, 3), name);
        }
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("qwen2")]
    [InlineData("metaspace")]
    public void The_text_under_a_span_encodes_to_the_token_again_where_words_are_whole(string name)
    {
        var tokenizer = TokenizerFixtures.Load(name);
        List<int> ids = [];
        List<TokenSpan> spans = [];
        const string Text = "the house of water and the function";
        tokenizer.Encode(Text, false, ids, spans);
        for (var i = 0; i < ids.Count; i++)
            tokenizer.Encode(Text[spans[i].Start..spans[i].End], false).ShouldBe([ids[i]], $"{name}: token {i}");
    }

    [Fact]
    public void Normalized_text_keeps_the_origin_of_each_character()
    {
        // NFC joins e and the accent: the token made of them covers both, and what follows stands where it stood.
        List<int> ids = [];
        List<TokenSpan> spans = [];
        const string Text = "e\u0301 x";
        TokenizerFixtures.Load("qwen2").Encode(Text, false, ids, spans);
        spans[0].Start.ShouldBe(0);
        spans.First(span => span.End >= 2).ShouldBe(new TokenSpan(0, 2));
        spans[^1].End.ShouldBe(4);
        TokenizerFixtures.Load("qwen2").Encode("\u00e9 x", false).ShouldBe(ids);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Ids_do_not_depend_on_what_was_encoded_before_nor_on_the_thread(string name)
    {
        var shared = TokenizerFixtures.Load(name);
        var expected = TokenizerFixtures.Texts.Take(600).Select(text => shared.Encode(text, false)).ToArray();
        var fresh = TokenizerFixtures.Load(name);
        Parallel.For(0, expected.Length, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            var at = expected.Length - 1 - i;
            fresh.Encode(TokenizerFixtures.Texts[at], false).ShouldBe(expected[at]);
        });
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_lone_surrogate_is_read_as_the_replacement_character(string name)
    {
        var tokenizer = TokenizerFixtures.Load(name);
        foreach (var text in (string[])["a\ud800b", "\udc00", "x\ud83d", "\udc00\ud800 the\ud800\ud800"])
        {
            var replaced = string.Concat(text.Select(c => char.IsSurrogate(c) ? '\uFFFD' : c));
            tokenizer.Encode(text, false).ShouldBe(tokenizer.Encode(replaced, false));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Encoding_appends_and_its_forms_agree(string name)
    {
        var tokenizer = TokenizerFixtures.Load(name);
        List<int> ids = [7];
        List<TokenSpan> spans = [new TokenSpan(3, 3)];
        tokenizer.Encode("the house", true, ids, spans);
        ids[0].ShouldBe(7);
        ids.Skip(1).ShouldBe(tokenizer.Encode("the house", true));
        spans.Count.ShouldBe(ids.Count);
        tokenizer.Encode("", false).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama2")]
    [InlineData("o200k")]
    public void A_word_of_a_quarter_of_a_million_characters_ends(string name)
    {
        // Quadratic work on one word would be 3e10 steps here, and the class would be felt; it is about 0.1 s.
        var tokenizer = TokenizerFixtures.Load(name);
        var text = new string('a', 1 << 18);
        tokenizer.Decode(tokenizer.Encode(text, false), true).ShouldBe(text);
    }

    [Fact]
    public void Merging_by_heap_equals_merging_by_scan_and_the_definition()
    {
        var random = new SeededRandom(5, "test/merge");
        for (var round = 0; round < 200; round++)
        {
            var merges = new List<(int, int, int)>();
            for (var i = 0; i < 40; i++) merges.Add((random.NextInt(4 + i), random.NextInt(4 + i), 4 + i));
            var table = new MergeTable(merges);
            var word = Enumerable.Range(0, 1 + random.NextInt(90)).Select(_ => random.NextInt(4)).ToList();
            var symbols = new SymbolBuffer();
            for (var i = 0; i < word.Count; i++) symbols.Add(word[i], i, i + 1);
            symbols.Merge(table);
            symbols.Ids.ToArray().ShouldBe(MergePlainly(word, merges));
            symbols.Ends.ToArray()[..^1].ShouldBe(symbols.Starts.ToArray()[1..]);
        }
    }

    [Fact]
    public void The_byte_alphabet_is_a_bijection_that_keeps_printable_ascii()
    {
        var all = Enumerable.Range(0, 256).Select(value => ByteAlphabet.ToCharacter((byte)value)).ToArray();
        all.Distinct().Count().ShouldBe(256);
        for (var value = 0; value < 256; value++) ByteAlphabet.ToByte(all[value]).ShouldBe(value);
        for (var c = '!'; c <= '~'; c++) ByteAlphabet.ToCharacter((byte)c).ShouldBe(c);
        ByteAlphabet.Decode(ByteAlphabet.Encode("ß 😀")).ShouldBe(Encoding.UTF8.GetBytes("ß 😀"));
    }

    [Fact]
    public void The_vocabulary_reads_both_ways()
    {
        var tokenizer = TokenizerFixtures.Load("llama3");
        tokenizer.VocabularySize.ShouldBe(1000);
        for (var id = 0; id < tokenizer.VocabularySize; id++) tokenizer.TokenToId(tokenizer.IdToToken(id)!).ShouldBe(id);
        tokenizer.IdToToken(1000).ShouldBeNull();
        tokenizer.TokenToId("no such token").ShouldBeNull();
        tokenizer.IsSpecial(tokenizer.TokenToId("<|im_start|>")!.Value).ShouldBeTrue();
        tokenizer.IsSpecial(500).ShouldBeFalse();
        tokenizer.Decode(tokenizer.Encode("<|im_start|>the", true), skipSpecialTokens: true).ShouldBe("the");
    }

    private static List<int> MergePlainly(List<int> word, List<(int Left, int Right, int Result)> merges)
    {
        var symbols = word.ToList();
        while (true)
        {
            var best = (Rank: int.MaxValue, At: -1);
            for (var i = 0; i + 1 < symbols.Count; i++)
            {
                var rank = merges.FindLastIndex(merge => merge.Left == symbols[i] && merge.Right == symbols[i + 1]);
                if (rank >= 0 && rank < best.Rank) best = (rank, i);
            }

            if (best.At < 0) return symbols;
            symbols[best.At] = merges[best.Rank].Result;
            symbols.RemoveAt(best.At + 1);
        }
    }
}
