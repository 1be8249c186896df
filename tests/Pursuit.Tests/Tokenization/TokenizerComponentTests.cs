using System.Text;
using System.Text.Json.Nodes;
using Pursuit.Storage;
using Pursuit.Tokenization;
using Pursuit.Tokenization.Patterns;
using Pursuit.Tokenization.Reading;
using Pursuit.Tokenization.Splitting;

namespace Pursuit.Tests.Tokenization;

/// <summary>Components one by one, on a vocabulary of single characters where the spans show what was done.</summary>
public sealed class TokenizerComponentTests
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyzABCDEF0123456789 .,!-_\u2581\u00e9\u0301ie\U00010400\u00bd\u0663";

    [Theory]
    [InlineData("Removed", "a|b|c")]
    [InlineData("Isolated", "a|-|-|b|-|c")]
    [InlineData("MergedWithPrevious", "a-|-|b-|c")]
    [InlineData("MergedWithNext", "a|-|-b|-c")]
    [InlineData("Contiguous", "a|--|b|-|c")]
    public void A_split_does_with_its_matches_what_it_says(string behavior, string expected)
    {
        Words($$"""{"type":"Split","pattern":{"String":"-"},"behavior":"{{behavior}}","invert":false}""", "a--b-c").ShouldBe(expected);
        Words($$"""{"type":"Split","pattern":{"Regex":"-"},"behavior":"{{behavior}}","invert":false}""", "a--b-c").ShouldBe(expected);
    }

    [Theory]
    [InlineData("""{"type":"Digits","individual_digits":true}""", "ab12\u0663", "ab|1|2|\u0663")]
    [InlineData("""{"type":"Digits","individual_digits":false}""", "ab12\u00bd.", "ab|12\u00bd|.")]
    [InlineData("""{"type":"Punctuation"}""", "a.,b", "a|.|,|b")]
    [InlineData("""{"type":"Punctuation","behavior":"Contiguous"}""", "a.,b", "a|.,|b")]
    [InlineData("""{"type":"Whitespace"}""", "ab_1 .,! \U00010400c", "ab_1|.,!|\U00010400c")]
    [InlineData("""{"type":"WhitespaceSplit"}""", "ab.  c ", "ab.|c")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}""", "ab  c", "▁ab|▁|▁c")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"never","split":true}""", "ab c", "ab|▁c")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":false}""", "ab c", "▁ab▁c")]
    [InlineData("""{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Punctuation"}]}""", "a.b c", "a|.|b|c")]
    [InlineData(
        """{"type":"Split","pattern":{"Regex":"\\p{L}+|[^\\p{L}]"},"behavior":"Removed","invert":true}""", "a\U00010400 1b",
        "a\U00010400| |1|b")]
    public void A_pre_tokenizer_cuts_where_the_crate_does(string preTokenizer, string text, string expected) =>
        Words(preTokenizer, text).ShouldBe(expected);

    [Theory]
    [InlineData("""{"type":"NFC"}""", "e\u0301a", "\u00e9a")]
    [InlineData("""{"type":"NFD"}""", "\u00e9a", "e\u0301a")]
    [InlineData("""{"type":"NFKC"}""", "\uff41\u2460", "a1")]
    [InlineData("""{"type":"NFKD"}""", "\ufb01\u00e9", "fie\u0301")]
    [InlineData("""{"type":"Lowercase"}""", "AbC\u0130", "abci\u0307")]
    [InlineData("""{"type":"Strip","strip_left":true,"strip_right":false}""", "  a ", "a ")]
    [InlineData("""{"type":"Strip","strip_left":true,"strip_right":true}""", " \u00a0a b\n", "a b")]
    [InlineData("""{"type":"Sequence","normalizers":[{"type":"NFD"},{"type":"StripAccents"}]}""", "\u00e9a\u0301", "ea")]
    [InlineData("""{"type":"Prepend","prepend":"▁"}""", "a", "▁a")]
    [InlineData("""{"type":"Replace","pattern":{"Regex":" {2,}"},"content":"-"}""", "a  b   c d", "a-b-c d")]
    [InlineData("""{"type":"Replace","pattern":{"String":"ab"},"content":""}""", "cabab", "c")]
    public void A_normalizer_rewrites_as_the_crate_does(string normalizer, string text, string expected)
    {
        var read = PipelineReader.Normalizer(Field(normalizer))!;
        read.Apply(new MappedText(text, 0, true, new TextWork(text.Length, "test"))).Value.ShouldBe(expected);
        read.Apply(new MappedText(text, 0, false, new TextWork(text.Length, "test"))).Value.ShouldBe(expected);
    }

    [Fact]
    public void What_is_normalized_away_or_in_keeps_spans_in_the_text_given()
    {
        var read = PipelineReader.Normalizer(Field(
            """{"type":"Sequence","normalizers":[{"type":"Strip"},{"type":"NFKC"},{"type":"Prepend","prepend":"▁"},"""
                + """{"type":"Replace","pattern":{"String":"x"},"content":"yyy"}]}"""))!;
        var mapped = read.Apply(new MappedText("  \ufb01xe\u0301 ", 10, true, new TextWork(6, "test")));
        mapped.Value.ShouldBe("▁fiyyy\u00e9");
        mapped.Origin(0, 1).Length.ShouldBe(0);
        mapped.Origin(1, 2).ShouldBe(new TokenSpan(12, 13)); // f and i both come from the ligature
        mapped.Origin(2, 3).ShouldBe(new TokenSpan(12, 13));
        mapped.Origin(3, 6).ShouldBe(new TokenSpan(13, 14));
        mapped.Origin(6, 7).ShouldBe(new TokenSpan(14, 16));
    }

    [Fact]
    public void Added_tokens_take_white_space_and_respect_words_as_they_say()
    {
        var root = Minimal();
        root["added_tokens"] = JsonNode.Parse("""
            [{"id":100,"content":"<l>","lstrip":true},{"id":101,"content":"<r>","rstrip":true},{"id":102,"content":"cd","single_word":true},
             {"id":103,"content":"<l>x"},{"id":104,"content":"be","normalized":true}]
            """);
        root["normalizer"] = JsonNode.Parse("""{"type":"Lowercase"}""");
        var tokenizer = Load(root);
        Pieces(tokenizer, "a  <l> b").ShouldBe("a|  <l>| |b");
        Pieces(tokenizer, "a <r>  b").ShouldBe("a| |<r>  |b");
        Pieces(tokenizer, "cd.cde").ShouldBe("cd|.|c|d|e");
        Pieces(tokenizer, "a<l>x").ShouldBe("a|<l>x"); // the longest that begins here
        Pieces(tokenizer, "aBE").ShouldBe("a|BE");
    }

    [Fact]
    public void Unknown_characters_are_fused_dropped_or_spelt_in_bytes_as_the_model_says()
    {
        var root = Minimal();
        Load(root).Encode("a\u4e00\u4e01b", false).Length.ShouldBe(2);
        root["model"]!["unk_token"] = "?";
        root["model"]!["vocab"]!["?"] = 200;
        Load(root).Encode("a\u4e00\u4e01b", false).Count(id => id == 200).ShouldBe(2);
        root["model"]!["fuse_unk"] = true;
        Load(root).Encode("a\u4e00\u4e01b", false).Count(id => id == 200).ShouldBe(1);
        root["model"]!["byte_fallback"] = true;
        Load(root).Encode("\u4e00", false).ShouldBe([200]); // not every byte has its token
        foreach (var (value, i) in Encoding.UTF8.GetBytes("\u4e00").Select((value, i) => (value, i)))
            root["model"]!["vocab"]![$"<0x{value:X2}>"] = 201 + i;
        Load(root).Encode("\u4e00", false).Length.ShouldBe(3);
    }

    [Fact]
    public void A_unigram_model_without_an_unknown_token_refuses_a_text_it_can_not_cover()
    {
        var root = Minimal();
        root["model"] = JsonNode.Parse("""{"type":"Unigram","vocab":[["a",-1],["ab",-3],["b",-1.5]]}""");
        Load(root).Encode("abab", false).ShouldBe([0, 2, 0, 2]); // -2.5 for a and b against -3
        Should.Throw<PursuitException>(() => Load(root).Encode("abc", false)).Message.ShouldContain("no piece covers 'c'");
    }

    [Fact]
    public void Pieces_know_the_characters_they_come_from()
    {
        var tokenizer = TokenizerFixtures.Load("bert");
        const string Text = "Caf\u00E9\u0007\u4E00 house";
        var (ids, spans) = (new List<int>(), new List<TokenSpan>());
        tokenizer.Encode(Text, true, ids, spans);
        spans[0].ShouldBe(new TokenSpan(0, 0));
        spans[^1].ShouldBe(new TokenSpan(Text.Length, Text.Length));
        spans.Count.ShouldBe(ids.Count);
        spans.ShouldContain(new TokenSpan(5, 6)); // the Chinese character, behind the one that went
        var covered = spans.SelectMany(span => Enumerable.Range(span.Start, span.Length)).Distinct().Order();
        covered.ShouldBe([0, 1, 2, 3, 5, 7, 8, 9, 10, 11]);
    }

    [Theory]
    [InlineData("model", """{"type":"WordLevel","vocab":{}}""", "WordLevel")]
    [InlineData("model", """{"type":"WordPiece","vocab":{"a":0}}""", "'[UNK]'")]
    [InlineData("model", """{"type":"WordPiece","vocab":{"[UNK]":0},"max_input_chars_per_word":100000}""", "max_input_chars_per_word")]
    [InlineData("model", """{"type":"Unigram","vocab":[["a",-1]],"unk_id":1}""", "unk_id")]
    [InlineData("model", """{"type":"Unigram","vocab":[["a","x"]]}""", "vocab[0]")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":[],"dropout":0.1}""", "dropout")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":["a b"]}""", "'b'")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0,"b":0},"merges":[]}""", "id 0")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":[],"unk_token":"u"}""", "'u'")]
    [InlineData("normalizer", """{"type":"ByteLevel"}""", "ByteLevel")]
    [InlineData("normalizer", """{"type":"Precompiled","precompiled_charsmap":"AAAA"}""", "a compiled map")]
    [InlineData("pre_tokenizer", """{"type":"UnicodeScripts"}""", "UnicodeScripts")]
    [InlineData("pre_tokenizer", """{"type":"Split","pattern":{"Regex":"\\p{Klingon}"},"behavior":"Isolated"}""", "\\p{Klingon}")]
    [InlineData("pre_tokenizer", """{"type":"Split","pattern":{"Regex":"(?<=ab)c"},"behavior":"Isolated"}""", "look-behind")]
    [InlineData("post_processor", """{"type":"Other"}""", "Other")]
    [InlineData("post_processor", """{"type":"TemplateProcessing","single":[{"Sequence":{"id":"B"}}],"special_tokens":{}}""", "Sequence")]
    [InlineData("decoder", """{"type":"CTC"}""", "CTC")]
    public void What_is_not_supported_is_refused_by_name(string part, string value, string named)
    {
        var root = Minimal();
        root[part] = JsonNode.Parse(value);
        var message = Should.Throw<PursuitException>(() => Load(root)).Message;
        message.ShouldContain(named);
        message.ShouldContain(part);
    }

    [Theory]
    [InlineData("(a|b)+c?", "xababcab", "ababc|ab")]
    [InlineData("a*?b", "aab", "aab")]
    [InlineData("a++b|a", "aaaa", "a|a|a|a")]
    [InlineData("(?>a|ab)c", "abc ac", "ac")]
    [InlineData("(?<=\\s)b|(?<!\\s)c", " b c ac", "b|c")]
    [InlineData("^a|a$", "a\na a", "a|a|a")]
    [InlineData("\\Aa|a\\z", "a\na", "a|a")]
    [InlineData("[[a-c]&&[^b]]+", "abcac", "a|cac")]
    [InlineData("(?i)k|x", "KkX\u212a", "K|k|X")]
    [InlineData("[^a]", "a\U00010330\ud83d\ude00", "\U00010330|\ud83d\ude00")]
    [InlineData("\\p{L}+", "\U00010400\U00010330a1\u16ee", "\U00010400\U00010330a")]
    [InlineData("\\x{10400}|\\u0061", "a\U00010400", "a|\U00010400")]
    [InlineData("\\S{2}", "a bc d", "bc")]
    public void A_regular_expression_matches_whole_code_points_as_oniguruma_does(string pattern, string text, string expected)
    {
        var matches = new List<TextMatch>();
        new RegexPattern(pattern, "test").FindAll(text, matches, new TextWork(text.Length, "test"));
        string.Join('|', matches.Select(match => text[match.Start..match.End])).ShouldBe(expected);
    }

    [Fact]
    public void A_scanned_pattern_cuts_as_the_same_pattern_read_by_the_general_matcher()
    {
        foreach (var pattern in (string[])
        [
            Gpt2Scanner.Pattern, Gpt2Scanner.PatternGrouped, Llama3Scanner.Llama3Pattern, Llama3Scanner.Qwen2Pattern,
        ])
        {
            var scanned = new ScannerPattern(WordScanner.ForPattern(pattern)!);
            var general = new RegexPattern(pattern, "test");
            foreach (var text in TokenizerFixtures.Texts.Take(500).Append("a\u0085b\ufeffc \u0085\ufeff"))
            {
                List<TextMatch> expected = [];
                List<TextMatch> found = [];
                general.FindAll(text, expected, new TextWork(text.Length, "test"));
                scanned.FindAll(text, found, new TextWork(text.Length, "test"));
                if (!found.SequenceEqual(expected)) Assert.Fail($"{pattern}: {text}");
            }
        }
    }

    [Fact]
    public void A_pattern_that_needs_too_many_steps_is_refused_and_does_not_hang()
    {
        var pattern = new RegexPattern("(?:a+)+$", "here");
        Should.Throw<PursuitException>(() => pattern.FindAll(new string('a', 60) + "b", [], new TextWork(61, "here"))).Message
            .ShouldContain("steps");
    }

    [Fact]
    public void A_configuration_reads_tokens_and_templates_in_both_their_forms()
    {
        var config = TokenizerConfig.Parse(Encoding.UTF8.GetBytes(
            """{"bos_token":{"content":"<s>","lstrip":false},"eos_token":"</s>","pad_token":null,"add_eos_token":false,"chat_template":["""
                + """{"name":"tool_use","template":"T"},{"name":"default","template":"D"}]}"""), "config");
        (config.BosToken, config.EosToken, config.PadToken, config.AddBosToken, config.AddEosToken, config.ChatTemplate)
            .ShouldBe(("<s>", "</s>", null, null, false, "D"));
        config.ChatTemplates["tool_use"].ShouldBe("T");
        Should.Throw<PursuitException>(() => TokenizerConfig.Parse(Encoding.UTF8.GetBytes("""{"bos_token":3}"""), "config")).Message
            .ShouldContain("config.bos_token");
        TokenizerConfig.Load(Path.GetTempPath()).ChatTemplate.ShouldBeNull();
    }

    private static string Words(string preTokenizer, string text)
    {
        var cut = new PreTokenizer(PipelineReader.PreTokenizer(Field(preTokenizer)))
            .Cut(new MappedText(text, 0, true, new TextWork(text.Length, "test")), true);
        return string.Join('|', cut.Words.Select(word => cut.Text.Value[word.Start..word.End]));
    }

    private static string Pieces(Tokenizer tokenizer, string text)
    {
        List<TokenSpan> spans = [];
        tokenizer.Encode(text, false, [], spans);
        return string.Join('|', spans.Select(span => text[span.Start..span.End]));
    }

    private static JsonObject Minimal()
    {
        var vocabulary = new JsonObject();
        foreach (var rune in Alphabet.EnumerateRunes().Distinct()) vocabulary[rune.ToString()] = vocabulary.Count;
        return new JsonObject { ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray() } };
    }

    private static Tokenizer Load(JsonObject root) => Tokenizer.Parse(Encoding.UTF8.GetBytes(root.ToJsonString()), "file");

    private static JsonField Field(string json) => JsonFile.Parse(Encoding.UTF8.GetBytes(json), "test").Root;
}
