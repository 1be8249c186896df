using System.Text;
using Pursuit.Data.Tables;

namespace Pursuit.Tests.Data.Tables;

/// <summary>The columns in which records fit hold every record as it is, or are refused by name.</summary>
public sealed class ColumnInferenceTests
{
    [Theory]
    [InlineData("""{"a":1}""", "a: Integer")]
    [InlineData("""{"a":1} {"a":-0.5}""", "a: Number")]
    [InlineData("""{"a":9007199254740993} {"a":2}""", "a: Integer")]
    [InlineData("""{"a":-0}""", "a: Number")]
    [InlineData("""{"a":"x"} {"b":true} {"a":null}""", "a: Text, b: Boolean")]
    [InlineData("""{"a":null}""", "a: Text")]
    [InlineData("""{"a":[]} {}""", "a: List[Text]")]
    [InlineData("""{"a":[null,[1]]} {"a":[[0.5,null]]}""", "a: List[List[Number]]")]
    [InlineData("""{"m":[{"r":"u"},{"c":"x","r":"v"}]} {"m":null}""", "m: List[Struct{r: Text, c: Text}]")]
    [InlineData("""{"m":{"b":1}} {"m":{"a":{"x":false}}}""", "m: Struct{b: Integer, a: Struct{x: Boolean}}")]
    [InlineData("""{"t":"x"} {"t":"y","b":2}""", "t: Text, b: Integer")]
    public void Records_have_columns_in_the_order_in_which_they_first_come(string records, string columns) =>
        string.Join(", ", Infer(records).Select(Describe)).ShouldBe(columns);

    [Theory]
    [InlineData("""{"a":1} {"a":"x"}""", "the column 'a' has an integer in record 0 and a text in record 1; expected one type")]
    [InlineData("""{"m":[{"c":"x"}]} {} {"m":[{"c":["y"]}]}""", "the column 'm[].c' has a text in record 0 and a list in record 2")]
    [InlineData("""{"a":{"b":true}} {"a":{"b":{}}}""", "the column 'a.b' has true or false in record 0 and an object in record 1")]
    [InlineData("""{"a":9007199254740993} {"a":0.5}""", "the column 'a' has an integer in record 0 and a number with a frac")]
    [InlineData("""{"a":9223372036854775808}""", "the column 'a' has the integer 9223372036854775808 in record 0; expected 64 bits")]
    [InlineData("""{"a":1e400}""", "the column 'a' has the number 1e400 in record 0; expected at most 1.8e308")]
    [InlineData("""{"x":1} {"a":{}}""", "the column 'a' has objects without fields, as in record 1")]
    public void What_would_be_lost_is_refused_by_the_column_s_name_with_what_to_do(string records, string fault)
    {
        var message = Should.Throw<PursuitException>(() => Infer(records)).Message;
        message.ShouldContain(fault);
        message.ShouldContain("Write .jsonl");
    }

    [Fact]
    public void Objects_whose_keys_are_data_and_deep_nests_are_refused()
    {
        var keys = string.Join(',', Enumerable.Range(0, 10_001).Select(i => $"\"k{i}\":1"));
        Should.Throw<PursuitException>(() => Infer($"{{\"a\":{{{keys}}}}}")).Message.ShouldContain("more than 10,000 columns");
        var deep = string.Concat(Enumerable.Repeat("[", 30)) + string.Concat(Enumerable.Repeat("]", 30));
        Should.Throw<PursuitException>(() => Infer($"{{\"a\":{deep}}}")).Message.ShouldContain("more than 24 levels");
    }

    [Fact]
    public void Lines_come_whole_however_they_are_written()
    {
        var text = Encoding.UTF8.GetBytes("one\n\ntwo\nthree\n");
        for (var size = 1; size < text.Length; size++)
        {
            var lines = new List<string>();
            using var stream = new LineStream(line => lines.Add(Encoding.UTF8.GetString(line)));
            for (var at = 0; at < text.Length; at += size) stream.Write(text, at, Math.Min(size, text.Length - at));
            lines.ShouldBe(["one", "", "two", "three"]);
        }
    }

    private static IReadOnlyList<TableColumn> Infer(string records)
    {
        var inference = new ColumnInference(64, number => $"record {number}");
        foreach (var record in records.Split(' ')) inference.Add(Encoding.UTF8.GetBytes(record));
        return inference.Columns();
    }

    private static string Describe(TableColumn column) =>
        $"{column.Name}{(column.Name.Length > 0 ? ": " : "")}{column.Kind}{Within(column)}";

    private static string Within(TableColumn column) => column.Kind switch
    {
        ColumnKind.List => $"[{Describe(column.Children[0] with { Name = "" })}]",
        ColumnKind.Struct => $"{{{string.Join(", ", column.Children.Select(Describe))}}}",
        _ => "",
    };
}
