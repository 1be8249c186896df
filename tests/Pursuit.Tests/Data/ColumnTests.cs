using Pursuit.Data;

namespace Pursuit.Tests.Data;

/// <summary>Columns with names of their own, read by what they mean.</summary>
public sealed class ColumnTests : PoolTestBase
{
    private const string Plain = """{"prompt":"q","completion":"a"}""";

    private static PoolOptions Options(string path, params (string Field, string Column)[] columns) =>
        new() { Paths = [path], Columns = columns.ToDictionary(c => c.Field, c => c.Column) };

    [Theory]
    [InlineData("a.jsonl", """{"question":"q","answer":"a","prompt":"metadata"}""")]
    [InlineData("a.json", """[{"question":"q","answer":"a"}]""")]
    [InlineData("a.csv", "question,answer\nq,a\n")]
    [InlineData("b.jsonl", """{"qu\u0065stion":"q","answer":"a"}""")]
    public void A_mapped_record_has_the_content_id_of_what_it_means(string name, string text)
    {
        using var pool = Open(Options(Files.Write(name, text), ("prompt", "question"), ("completion", "answer")));
        pool.Sources[0].Shape.ShouldBe(RecordShape.PromptCompletion);
        pool.ContentIds[0].ShouldBe(IdOf(Plain));
    }

    [Fact]
    public void Records_come_out_as_they_are_and_two_columns_may_change_places()
    {
        const string record = """{"completion":"q","prompt":"a","key":7}""";
        using var pool = Open(Options(Files.Write("a.jsonl", record), ("prompt", "completion"), ("completion", "prompt"), ("id", "key")));
        pool.ContentIds[0].ShouldBe(IdOf(Plain));
        pool.UserId(0).ShouldBe("7");
        Copied(pool, 0).ShouldBe(record + "\n");
        pool.Read(CancellationToken.None).Single().Turns[0].Content.ShouldBe("q");
    }

    [Fact]
    public void A_record_without_the_column_is_read_by_its_own_names_and_null_is_missing()
    {
        var path = Files.Write(
            "a.jsonl",
            """
            {"question":"q","answer":"a"}
            {"prompt":"x","completion":"y"}
            {"question":null,"prompt":"z","answer":"a"}
            """);
        using var pool = Open(Options(path, ("prompt", "question"), ("completion", "answer")));
        pool.Read(CancellationToken.None).Select(e => e.Turns[0].Content).ShouldBe(["q", "x"]);
        pool.Ledger.Quarantined().Single().Reason.ShouldStartWith("no 'prompt'");
    }

    [Fact]
    public void What_no_file_has_or_means_nothing_is_refused_with_what_there_is()
    {
        var a = Files.Write("a.jsonl", "{\"question\":\"q\",\"answer\":\"a\",\"lang\":null}");
        var b = Files.Write("b.jsonl", Plain);
        Fails(Options(a, ("prompt", "quesion"))).ShouldBe(
            "Columns: no record has a field 'quesion'; expected fields that exist: question, answer, lang. Did you mean 'question'?");
        Fails(Options(a, ("promt", "question"))).ShouldStartWith("Columns: 'promt' = 'question'; expected one of the fields messages, ");
        Fails(Options(a, ("prompt", "question"), ("completion", "question"))).ShouldContain("the column 'question' for two fields");
        using var pool = Open(Options(a, ("prompt", "question"), ("completion", "answer")) with { Paths = [b, a] });
        pool.Ledger.DuplicateCount.ShouldBe(1); // both say the same
        using var target = Open(Options(b, ("prompt", "question")).Beside([b]));
        target.Count.ShouldBe(1);
    }
}
