using System.Text;
using Pursuit.Data;
using Pursuit.Data.Filtering;
using Pursuit.Data.Json;

namespace Pursuit.Tests.Data.Filtering;

/// <summary>The language of filters: what a condition says of a record.</summary>
public sealed class FilterTests : PoolTestBase
{
    private const string Record = """
        {"lang":"en","text":"Gr\u00fc\u00dfe, 😀!","score":0.7,"n":12345678901234567890,"big":1e300,"ok":true,"bad":false,"none":null,
        "meta":{"source":"web","deep":{"er":[1,2]}},"messages":[{"role":"user","content":"hi"},{"role":"assistant"}],"content-type":"t",
        "digits":"42","and":"word"}
        """;

    [Theory]
    [InlineData("lang = 'en'", true)]
    [InlineData("lang == \"en\" and score > 0.5", true)]
    [InlineData("lang != 'en' or not ok", false)]
    [InlineData("LANG = 'en'", null)]
    [InlineData("length(text) = 9", true)]
    [InlineData("length(messages) >= 2 and length(meta) = 2 and length(lang) < 3", true)]
    [InlineData("length(score) > 0", null)]
    [InlineData("score >= .7", null, "column 10: '.'; expected a field")]
    [InlineData("score <= 7e-1", true)]
    [InlineData("n = 12345678901234567891", false)]
    [InlineData("n = 12345678901234567890", true)]
    [InlineData("big > 1e299", true)]
    [InlineData("-1 < score", true)]
    [InlineData("digits > 5", true)]
    [InlineData("digits > '5'", false)]
    [InlineData("lang > 5", null)]
    [InlineData("ok", true)]
    [InlineData("bad", false)]
    [InlineData("not bad and ok = true", true)]
    [InlineData("lang", null)]
    [InlineData("none = 1", null)]
    [InlineData("not none = 1", null)]
    [InlineData("none is null and missing is null and lang is not null", true)]
    [InlineData("none = 1 or ok", true)]
    [InlineData("none = 1 and bad", false)]
    [InlineData("none = 1 and ok", null)]
    [InlineData("lang in ('de', 'en')", true)]
    [InlineData("lang not in ('de', 'en')", false)]
    [InlineData("score in (1, 0.70)", true)]
    [InlineData("none in (1)", null)]
    [InlineData("none not in (1)", null)]
    [InlineData("meta.source = 'web' and meta.deep.er.1 = 2", true)]
    [InlineData("messages.0.content = 'hi' and messages.1.content is null and messages.2 is null", true)]
    [InlineData("`content-type` = 't'", true)]
    [InlineData("`and` = 'word'", true)]
    [InlineData("text matches '^Gr..e'", true)]
    [InlineData("text matches '(?i)GRÜSSE|grüße'", true)]
    [InlineData("text not matches '\\d'", true)]
    [InlineData("none matches 'x'", null)]
    [InlineData("(lang = 'de' or lang = 'en') and not (bad or none is not null)", true)]
    [InlineData("lang = 'de' and bad or ok", true)]
    [InlineData("lang = 'de' and (bad or ok)", false)]
    [InlineData("lang = 'it''s'", false)]
    [InlineData("lang = meta.source", false)]
    [InlineData("true", true)]
    public void A_condition_holds_doesn_t_or_can_t_be_told(string filter, bool? holds, string? fault = null)
    {
        if (fault is not null)
        {
            Should.Throw<PursuitException>(() => RecordFilter.Parse(filter)).Message.ShouldStartWith("Where: " + fault);
            return;
        }

        var tape = new JsonTape(32);
        var bytes = Encoding.UTF8.GetBytes(Record);
        tape.Read(bytes, 0, bytes.Length).ShouldBeNull();
        new FilterParser(FilterLexer.Read(filter)).Read().Holds(tape).ShouldBe(holds);
        RecordFilter.Parse(filter).LeavesOut(tape).ShouldBe(holds != true);
    }

    [Theory]
    [InlineData("", "column 1: the end; expected a field")]
    [InlineData("lang", null)]
    [InlineData("lang = ", "column 8: the end; expected a field")]
    [InlineData("lang = 'en", "column 8: a ' that isn't closed; expected another '")]
    [InlineData("lang = 'en' an x", "column 13: 'an'; expected 'and', 'or' or the end.")]
    [InlineData("lang = null", "column 8: '= null'; expected 'is null' or 'is not null'.")]
    [InlineData("lang in 'en'", "column 9: 'en'; expected '('.")]
    [InlineData("lang in ('en' 'de')", "column 15: 'de'; expected ')'.")]
    [InlineData("lang in (x)", "column 10: 'x'; expected a text in quotation marks, a number, true or false.")]
    [InlineData("(lang = 'en'", "column 13: the end; expected ')'.")]
    [InlineData("length(text)", "column 13: the end; expected a comparison, such as > 200.")]
    [InlineData("length(text", "column 12: the end; expected ')'.")]
    [InlineData("lang is 5", "column 9: '5'; expected 'null' or 'not null'.")]
    [InlineData("lang not 5", "column 10: '5'; expected 'in' or 'matches'.")]
    [InlineData("lang ; x", "column 6: ';'; expected a field")]
    [InlineData("'a' is null", "column 1: 'a'; expected a field before 'is null'.")]
    [InlineData("text matches '('", "column 14: no regular expression")]
    [InlineData("text matches '(?=x)'", "column 14: no regular expression")]
    [InlineData("text matches '(a)\\1'", "column 14: no regular expression")]
    [InlineData("1.2.3 = n", "column 1: '1.2.3'; expected a number.")]
    [InlineData("a. = 1", "column 4: '='; expected a field")]
    public void A_fault_is_told_with_its_column(string filter, string? fault)
    {
        if (fault is null) RecordFilter.Parse(filter);
        else Should.Throw<PursuitException>(() => RecordFilter.Parse(filter)).Message.ShouldStartWith("Where: " + fault);
    }

    [Fact]
    public void Too_many_brackets_are_refused_and_a_hard_expression_takes_no_time()
    {
        Should.Throw<PursuitException>(() => RecordFilter.Parse(new string('(', 100_000) + "ok")).Message.ShouldContain("more than 100");
        var path = Files.Write("a.jsonl", $"{{\"text\":\"{new string('a', 100_000)}b\"}}\n{{\"text\":\"x\"}}");
        using var pool = Open(new PoolOptions { Paths = [path], Where = "not text matches '^(a+)+$'" });
        pool.Count.ShouldBe(2);
    }

    [Fact]
    public void Rows_left_out_stand_in_the_ledger_as_filtered_whatever_the_order_of_reading()
    {
        var path = Files.Write(
            "a.jsonl",
            """
            {"lang":"de","text":"eins"}
            {"lang":"en","text":"one"}
            not JSON
            {"lang":"de","no":"shape"}
            {"lang":"en","text":"one"}
            {"text":"no language"}
            {"lang":"en","text":"two","id":"b"}
            """);
        foreach (var threads in new[] { 1, 3 })
        {
            var options = new PoolOptions { Paths = [path], Where = "lang = 'en'", Threads = threads };
            using var pool = Open(options, 1);
            pool.Ledger.Rows().Select(r => r.Fate).ShouldBe(
            [
                RowFate.Filtered, RowFate.Pool, RowFate.Quarantined, RowFate.Filtered, RowFate.DuplicateOf, RowFate.Filtered, RowFate.Pool,
            ]);
            pool.Ledger.FilteredCount.ShouldBe(3);
            pool.Ledger.QuarantinedCount.ShouldBe(1);
            pool.Ledger.NearDuplicateCount.ShouldBe(0);
            pool.InputRow(1).ShouldBe(6);
            pool.Notes.ShouldBe(["3 of 7 rows are filtered: they don't fulfill lang = 'en'"]);
            using var near = Open(options with { NearDuplicates = new() });
            near.Ledger.FilteredCount.ShouldBe(3);
            near.Ledger.NearDuplicateCount.ShouldBe(0);
            using var ledger = new MemoryStream();
            pool.Ledger.Write(ledger, null, CancellationToken.None);
            Encoding.UTF8.GetString(ledger.ToArray()).ShouldContain("\"line\":1,\"fate\":\"filtered\"}");
        }
    }

    [Fact]
    public void The_filter_is_a_part_of_the_pool_s_fingerprint_even_where_it_leaves_out_nothing()
    {
        var path = Files.Write("a.jsonl", "{\"text\":\"a\"}\n{\"text\":\"b\"}");
        using var all = Open(path);
        using var filtered = Open(new PoolOptions { Paths = [path], Where = "text is not null" });
        filtered.Count.ShouldBe(2);
        filtered.Fingerprint.ShouldNotBe(all.Fingerprint);
        using var beside = Open(new PoolOptions { Paths = [path], Where = "text = 'a'" }.Beside([path]));
        beside.Fingerprint.ShouldBe(all.Fingerprint);
        Fails(new PoolOptions { Paths = [path], Where = "text = 'c'" }).ShouldContain("none of 2 records fulfills Where text = 'c'");
    }

    [Fact]
    public void The_shape_is_that_of_the_records_that_stay()
    {
        var others = string.Concat(Enumerable.Range(0, 40).Select(i => $"{{\"set\":1,\"text\":\"{i}\"}}\n"));
        using var pool = Open(new PoolOptions
        {
            Paths = [Files.Write("a.jsonl", others + "{\"set\":2,\"prompt\":\"q\",\"completion\":\"a\"}\n")],
            Where = "set = 2",
        });
        pool.Sources[0].Shape.ShouldBe(RecordShape.PromptCompletion);
        pool.Count.ShouldBe(1);
    }
}
