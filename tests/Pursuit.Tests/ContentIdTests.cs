using System.Globalization;
using System.Text;
using Pursuit.Data;
using Pursuit.Data.Hashing;
using Pursuit.TestKit;
using Pursuit.Tests.Data;

namespace Pursuit.Tests;

public sealed class ContentIdTests : PoolTestBase
{
    [Theory]
    [InlineData("messages.jsonl.gz", 1200)]
    [InlineData("text.jsonl.gz", 800)]
    public void Ids_are_those_of_the_Python_reference(string file, int records)
    {
        // tests/fixtures/content-id/make.py
        using var pool = Open(RepositoryFiles.Fixture("content-id", file));
        pool.Ledger.QuarantinedCount.ShouldBe(0);
        pool.Ledger.RowCount.ShouldBe(records);
        pool.Count.ShouldBeGreaterThan(records * 9 / 10);
        var expected = Copied(pool, [.. Enumerable.Range(0, pool.Count)]).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => System.Text.Json.JsonDocument.Parse(line).RootElement.GetProperty("expected").GetString()).ToArray();
        pool.ContentIds.ToArray().Select(id => id.ToString()).ShouldBe(expected);
    }

    [Fact]
    public void Ids_of_version_2_are_those_of_the_Python_reference()
    {
        // tests/fixtures/content-id/make.py
        using var pool = Open(
            new PoolOptions { Paths = [RepositoryFiles.Fixture("content-id", "second.jsonl.gz")], Preference = PreferenceReading.Chosen });
        pool.Ledger.ReasonCounts.ShouldBeEmpty();
        pool.Count.ShouldBe(400);
        var expected = Copied(pool, [.. Enumerable.Range(0, pool.Count)]).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => System.Text.Json.JsonDocument.Parse(line).RootElement.GetProperty("expected").GetString()).ToArray();
        pool.ContentIds.ToArray().Select(id => id.ToString()).ShouldBe(expected);
    }

    [Fact]
    public void What_is_learned_changes_an_id_and_how_it_is_spelled_does_not()
    {
        static string Answer(string more, string beside = "") =>
            $$"""{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"{{more}}}]{{beside}}}""";
        var plain = IdOf(Good);
        string[] same =
        [
            Answer(""","reasoning_content":"","thinking":null"""), Answer(""","train":true"""), Answer(""","weight":1,"loss":"true" """),
            Answer("", ""","label":true"""), Answer("", ""","documents":[]"""), Answer("", ""","images":[],"rejected":null"""),
            Answer(""","name":"n","tool_call_id":"c" """),
        ];
        same.Select(IdOf).ShouldAllBe(id => id == plain);

        var thought = IdOf(Answer(",\"reasoning_content\":\"hm\""));
        string[] thoughts = [Answer(",\"reasoning\":\"hm \""), Answer(",\"thinking\":\"hm\",\"reasoning_content\":\"hm\"")];
        thoughts.Select(IdOf).ShouldAllBe(id => id == thought);
        var untrained = IdOf(Answer(""","train":false"""));
        IdOf(Answer(""","weight":0""")).ShouldBe(untrained);
        IdOf("""{"messages":[{"role":"user","content":"q","train":false},{"role":"assistant","content":"a","loss_mask":0}]}""")
            .ShouldBe(untrained);

        ContentId[] all =
        [
            plain, thought, untrained,
            IdOf(Answer("", ""","documents":[{"text":"d"}]""")),
            IdOf(Answer(""","train_detail":[{"begin_offset":0,"end_offset":0,"train":false}]""")),
            IdOf("""{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"","reasoning":"hm"}]}"""),
        ];
        all.Distinct().Count().ShouldBe(all.Length);
    }

    [Fact]
    public void The_same_conversation_has_the_same_id_in_every_shape()
    {
        string[] spellings =
        [
            """{"messages":[{"role":"system","content":"s"},{"role":"user","content":"a"},{"role":"assistant","content":"b"},"""
                + """{"role":"user","content":"do\n\nthis"},{"role":"assistant","content":"done"}]}""",
            """{"system":"s","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":["""
                + """{"type":"text","text":"do\n"},{"type":"text","text":"\nthis"}]},{"role":"assistant","content":"done"}]}""",
            """{"conversations":[{"from":"system","value":"s"},{"from":"human","value":"a"},{"from":"gpt","value":"b"},"""
                + """{"from":"human","value":"do\n\nthis"},{"from":"gpt","value":"done"}]}""",
            """{"system":"s","conversations":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},"""
                + """{"role":"user","content":"do\n\nthis"},{"role":"assistant","content":"done"}]}""",
            """{"instruction":"do","input":"this","output":"done","system":"s","history":[["a","b"]]}""",
            """{"instruction":"do\n\nthis","input":" \n","output":"done","system":"s","history":[["a","b"]]}""",
        ];
        spellings.Select(IdOf).Distinct().Count().ShouldBe(1);

        // What the assistant says in a prompt is not learned, so that it is another example.
        var prompted = IdOf(
            """{"prompt":[{"role":"system","content":"s"},{"role":"user","content":"a"},{"role":"assistant","content":"b"},"""
                + """{"role":"user","content":"do\n\nthis"}],"completion":[{"role":"assistant","content":"done"}]}""");
        prompted.ShouldNotBe(IdOf(spellings[0]));
        prompted.ShouldBe(IdOf(spellings[0].Replace("\"content\":\"b\"", "\"content\":\"b\",\"train\":false", StringComparison.Ordinal)));

        string[] pairs =
        [
            """{"instruction":"q","input":"","output":"a"}""", """{"prompt":"q","completion":"a"}""",
            """{"prompt":"q","response":"a"}""", Good,
        ];
        pairs.Select(IdOf).Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public void Metadata_spelling_and_outer_white_space_do_not_change_an_id()
    {
        var id = IdOf("""{"text":"é\nx"}""");
        IdOf("""{"id":7,"source":{"a":[1]},"text":"\u0065\u0301\nx"}""").ShouldBe(id);
        IdOf("""{"text":"\u3000 é\r\nx\t\u0085"}""").ShouldBe(id);
        IdOf("""{"text":"É\nx"}""").ShouldNotBe(id);
        IdOf("""{"text":"é\n\nx"}""").ShouldNotBe(id);
        IdOf("""{"text":"é\rx"}""").ShouldNotBe(id);
    }

    [Fact]
    public void What_a_turn_says_is_hashed_and_how_it_is_linked_is_not()
    {
        static string Call(string call, string more = "") =>
            $$"""{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":null,"tool_calls":[{{call}}]}]{{more}}}""";
        var id = IdOf(Call("""{"id":"call_1","type":"function","function":{"name":"f","arguments":{"a":1,"b":"x"}}}"""));
        IdOf(Call("""{"function":{"arguments":{"b":"\u0078","a":1},"name":"f"}}""")).ShouldBe(id);
        IdOf(Call("""{"name":"f","arguments":{"a":1,"b":"x"}}""")).ShouldBe(id);
        IdOf(Call("""{"name":"f","arguments":{"a":1,"b":"x"}}""", ""","tools":[]""")).ShouldBe(id);

        string[] others =
        [
            Call("""{"name":"g","arguments":{"a":1,"b":"x"}}"""),
            Call("""{"name":"f","arguments":{"a":1.0,"b":"x"}}"""),
            Call("""{"name":"f","arguments":{"a":"1","b":"x"}}"""),
            Call("""{"name":"f","arguments":"{\"a\":1,\"b\":\"x\"}"}"""),
            Call("""{"name":"f","arguments":{"a":1,"b":"x"}}""", ""","tools":[{"name":"f"}]"""),
            Good,
            """{"messages":[{"role":"user","content":"q"},{"role":"tool","content":"a"}]}""",
            """{"messages":[{"role":"user","content":"qa"}]}""",
            """{"messages":[{"role":"user","content":"q"},{"role":"user","content":"a"}]}""",
            """{"text":"q"}""",
        ];
        others.Select(IdOf).Append(id).Distinct().Count().ShouldBe(others.Length + 1);
    }

    [Fact]
    public void Tools_given_as_a_text_hash_as_the_list_they_hold()
    {
        var list = Example("""{"tools":[{"name":"f", "n":1}],"messages":[{"role":"user","content":"q"}]}""");
        var text = Example("""{"tools":"[{\"n\":1,\"name\":\"f\"}]","messages":[{"role":"user","content":"q"}]}""");
        text.ContentId.ShouldBe(list.ContentId);
        list.ToolsJson.ShouldBe("""[{"name":"f", "n":1}]""");
        text.ToolsJson.ShouldBe("""[{"n":1,"name":"f"}]""");
    }

    [Fact]
    public void What_is_taken_for_NFC_without_asking_is_NFC_in_every_context()
    {
        var kept = new List<string>();
        for (var c = 1; c <= 0x10FFFF; c++)
        {
            if (!Rune.IsValid(c) || c == 0xFFFE) continue; // .NET refuses to normalize U+FFFE
            var text = new Rune(c).ToString();
            if (!TextNormalizer.IsCertainlyNfc(Encoding.UTF8.GetBytes(text))) continue;
            kept.Add(text);
            // Alone, and after each kind of character that composes with what follows it.
            foreach (var before in new[] { "", "a", "\u1100", "\uAC00", "か" })
                (before + text).IsNormalized(NormalizationForm.FormC).ShouldBeTrue(c.ToString("X4", CultureInfo.InvariantCulture));
        }

        kept.Count.ShouldBeGreaterThan(30_000); // Han and Hangul at least
        var joined = string.Concat(kept);
        UnicodeText.Normalize(joined, NormalizationForm.FormC).ShouldBe(joined);
    }

    [Fact]
    public void An_id_of_a_caller_s_own_is_the_sum_that_the_format_says()
    {
        // python3 -c "import hashlib; print(hashlib.sha256(b'pursuit own id v1\0row-17').hexdigest())"
        ContentId.OfOwn("row-17").ToString().ShouldBe("3bbdfc6a15204da6d51c80cb05ee5059c5d7276b0f1d0510497d74b4acce988a");
        ContentId.OfOwn("row-18").ShouldNotBe(ContentId.OfOwn("row-17"));
    }
}
