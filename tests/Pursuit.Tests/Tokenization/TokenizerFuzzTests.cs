using System.Text;
using Pursuit.Tokenization;
using Pursuit.Tokenization.Patterns;

namespace Pursuit.Tests.Tokenization;

/// <summary>
/// Damaged files and random texts, from named seeds for a fixed number of rounds: nothing but a PursuitException escapes.
/// </summary>
public sealed class TokenizerFuzzTests
{
    private static readonly string[] Fragments =
    [
        "null", "true", "-1", "1e99", "16777216", "2147483648", "\"\"", "\"\\ud800\"", "[]", "{}", "[[]]", "\"Sequence\"", "\"NFKD\"",
        "\"Lowercase\"", "\"ByteLevel\"", "\"Metaspace\"", "\"Removed\"", "\"MergedWithNext\"", "{\"Regex\":\"(a|b\"}",
        "{\"Regex\":\"(?:a+)+$\"}", "{\"Regex\":\"\\\\p{Han}+\"}", "{\"Regex\":\"[^\\\\s]{2,1000}\"}", "{\"String\":\"\"}",
        "{\"type\":\"WordPiece\"}", "\"Unigram\"", "\"BertNormalizer\"",
        "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"x*\"},\"behavior\":\"Isolated\"}",
    ];

    public static TheoryData<string> Names => [.. TokenizerFixtures.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_damaged_tokenizer_file_is_refused_with_a_message_or_works(string name)
    {
        var random = new SeededRandom(11, "test/fuzz-tokenizer/" + name);
        var whole = Shrink(TokenizerFixtures.FileOf(name));
        var loaded = 0;
        for (var round = 0; round < 120; round++)
        {
            try
            {
                var tokenizer = Tokenizer.Parse(Damage(whole, random), name);
                loaded++;
                foreach (var text in (string[])["the house", "a\u0301\U00010330 12 \r\n<s>", new string('a', 300)])
                    tokenizer.Decode(tokenizer.Encode(text, true), false).ShouldNotBeNull();
            }
            catch (PursuitException e)
            {
                e.Message.ShouldNotBeNullOrWhiteSpace();
            }
        }

        loaded.ShouldBeLessThan(120);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Any_text_is_encoded_and_its_ids_are_in_the_vocabulary(string name)
    {
        var random = new SeededRandom(12, "test/fuzz-text/" + name);
        var tokenizer = TokenizerFixtures.Load(name);
        for (var round = 0; round < 400; round++)
        {
            var characters = new char[random.NextInt(40)];
            for (var i = 0; i < characters.Length; i++)
                characters[i] = (char)(random.NextInt(3) == 0 ? random.NextInt(128) : random.NextInt(char.MaxValue + 1));
            var text = new string(characters);
            var ids = tokenizer.Encode(text, true);
            if (ids.Any(id => tokenizer.IdToToken(id) is null)) Assert.Fail($"an id without a token: {text}");
            tokenizer.Decode(ids, true).ShouldNotBeNull();
        }
    }

    [Fact]
    public void Any_ids_are_decoded()
    {
        var random = new SeededRandom(13, "test/fuzz-ids");
        foreach (var name in TokenizerFixtures.Names)
        {
            var tokenizer = TokenizerFixtures.Load(name);
            for (var round = 0; round < 100; round++)
            {
                var ids = Enumerable.Range(0, random.NextInt(20)).Select(_ => random.NextInt(1400) - 100).ToArray();
                tokenizer.Decode(ids, random.NextInt(2) == 0).ShouldNotBeNull();
            }
        }
    }

    [Fact]
    public void A_damaged_configuration_is_refused_with_a_message_or_works()
    {
        var random = new SeededRandom(14, "test/fuzz-config");
        var whole = Encoding.UTF8.GetBytes(
            """{"bos_token":{"content":"<s>"},"eos_token":"</s>","add_bos_token":true,"chat_template":["""
                + """{"name":"default","template":"x"}]}""");
        for (var round = 0; round < 2000; round++)
        {
            try
            {
                TokenizerConfig.Parse(Damage(whole, random), "config").ShouldNotBeNull();
            }
            catch (PursuitException e)
            {
                e.Message.ShouldNotBeNullOrWhiteSpace();
            }
        }
    }

    [Fact]
    public void A_random_regular_expression_is_refused_matches_or_runs_out_of_its_steps()
    {
        var random = new SeededRandom(15, "test/fuzz-regex");
        string[] parts =
        [
            "a", "b", "\\p{L}", "[^\\s\\d]", "(", ")", "(?:", "(?=", "(?!", "(?<!", "(?i:", "(?>", "|", "*", "+", "?", "{2,3}", "{1000}",
            "[", "]", "&&", "^", "$", ".", "\\", "\U00010330", "-",
        ];
        for (var round = 0; round < 4000; round++)
        {
            var pattern = string.Concat(Enumerable.Range(0, 1 + random.NextInt(9)).Select(_ => parts[random.NextInt(parts.Length)]));
            try
            {
                var matches = new List<TextMatch>();
                new RegexPattern(pattern, "test").FindAll("aab \U00010330b1 aaaaaaaaaa", matches, new TextWork(21, "test"));
                matches.Zip(matches.Skip(1)).ShouldAllBe(pair => pair.First.End <= pair.Second.Start);
            }
            catch (PursuitException e)
            {
                e.Message.ShouldContain("test");
            }
        }
    }

    /// <summary>Keeps a file's structure and the byte alphabet, drops most of its vocabulary: damage then hits what matters.</summary>
    private static byte[] Shrink(byte[] file)
    {
        var root = System.Text.Json.Nodes.JsonNode.Parse(file)!;
        var model = root["model"]!;
        foreach (var list in new[] { model["merges"], model["vocab"] }.OfType<System.Text.Json.Nodes.JsonArray>())
        {
            while (list.Count > 20) list.RemoveAt(list.Count - 1);
        }

        return Encoding.UTF8.GetBytes(root.ToJsonString());
    }

    private static byte[] Damage(byte[] whole, SeededRandom random)
    {
        var text = Encoding.UTF8.GetString(whole);
        switch (random.NextInt(5))
        {
            case 0: // another value
                var colons = Places(text, ':');
                var at = colons[random.NextInt(Math.Min(colons.Count, 60))] + 1;
                var end = text.IndexOfAny([',', '}'], at);
                return Encoding.UTF8.GetBytes(text[..at] + Fragments[random.NextInt(Fragments.Length)] + text[end..]);
            case 1: // truncated
                return whole[..random.NextInt(whole.Length)];
            case 2: // a byte changed near the beginning, where the pipeline stands
                var changed = whole.ToArray();
                changed[random.NextInt(Math.Min(changed.Length, 2500))] = (byte)random.NextInt(256);
                return changed;
            case 3: // a stretch removed
                var start = random.NextInt(Math.Min(text.Length, 2500));
                return Encoding.UTF8.GetBytes(text.Remove(start, Math.Min(random.NextInt(40), text.Length - start)));
            default: // two quoted names exchanged for one
                var quotes = Places(text, '"');
                var first = quotes[random.NextInt(Math.Min(quotes.Count, 200))];
                return Encoding.UTF8.GetBytes(text.Insert(first, Fragments[random.NextInt(Fragments.Length)]));
        }
    }

    private static List<int> Places(string text, char c) => [.. Enumerable.Range(0, text.Length).Where(i => text[i] == c)];
}
