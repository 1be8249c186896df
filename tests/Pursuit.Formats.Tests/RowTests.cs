using System.Text.Json.Nodes;

namespace Pursuit.Formats.Tests;

/// <summary>A row is the record that was written, as JSON of its columns.</summary>
public sealed class RowTests
{
    public static TheoryData<string> Names => [.. Tables.OfRecords];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_row_is_the_record_that_was_written_with_null_for_what_it_lacks(string name)
    {
        using var table = Tables.Open(Tables.PathOf(name));
        var rows = Tables.Rows(table);
        var records = File.ReadAllLines(Tables.PathOf("records.jsonl"));
        rows.Count.ShouldBe(records.Length);
        for (var i = 0; i < rows.Count; i++)
            JsonNode.DeepEquals(WithoutNulls(JsonNode.Parse(rows[i])), WithoutNulls(JsonNode.Parse(records[i]))).ShouldBeTrue(rows[i]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Rows_are_the_same_in_any_order_of_reading(string name)
    {
        using var table = Tables.Open(Tables.PathOf(name));
        var rows = Tables.Rows(table);
        foreach (var step in (int[])[1, 3, 7, 20])
        {
            using var other = Tables.Open(Tables.PathOf(name));
            for (var row = 0; row < rows.Count; row += step) Tables.Row(other, row).ShouldBe(rows[row]);
            for (var row = rows.Count - 1; row >= 0; row -= step) Tables.Row(other, row).ShouldBe(rows[row]);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_row_longer_than_allowed_tells_so_and_leaves_the_next_ones_readable(string name)
    {
        using var table = Tables.Open(Tables.PathOf(name));
        var rows = Tables.Rows(table);
        using var again = Tables.Open(Tables.PathOf(name));
        var most = rows.Max(r => System.Text.Encoding.UTF8.GetByteCount(r)) - 1;
        for (var row = 0; row < rows.Count; row++)
        {
            var bytes = new System.Buffers.ArrayBufferWriter<byte>();
            var length = again.Read(row, most, bytes);
            if (length <= most) System.Text.Encoding.UTF8.GetString(bytes.WrittenSpan).ShouldBe(rows[row]);
            else length.ShouldBeGreaterThan(most);
        }
    }

    [Fact]
    public void Types_that_JSON_lacks_are_spelled_as_ISO_and_exact_numbers()
    {
        using var table = Tables.Open(Tables.PathOf("types.parquet"));
        Tables.Rows(table).ShouldBe(
        [
            "{\"day\":\"2024-02-29T01:02:03.004Z\",\"date\":\"2024-02-29\",\"nanos\":\"2023-11-14T22:13:20.123456789\","
                + "\"time\":\"01:02:03.004000\",\"price\":12.500,\"small\":255,\"large\":18446744073709551615,\"single\":0.1,"
                + "\"double\":null,\"bytes\":\"/wA=\",\"guid\":\"00112233-4455-6677-8899-aabbccddeeff\",\"list\":[1,null,3],"
                + "\"flag\":null,\"half\":1.5}",
            "{\"day\":\"1969-12-31T23:59:59Z\",\"date\":\"0001-01-01\",\"nanos\":\"1969-12-31T23:59:59.999999999\","
                + "\"time\":\"00:00:00\",\"price\":-0.001,\"small\":0,\"large\":0,\"single\":-3.0,\"double\":1E+300,"
                + "\"bytes\":\"text\",\"guid\":\"00000000-0000-0000-0000-000000000000\",\"list\":[],\"flag\":true,\"half\":0.0}",
        ]);
        table.Columns.ShouldStartWith("day: timestamp, date: date, nanos: timestamp, time: time, price: decimal, small: uint32");
    }

    [Fact]
    public void Columns_are_told_with_the_types_of_their_parts()
    {
        foreach (var name in (string[])["zstd.parquet", "file.arrow"])
        {
            using var table = Tables.Open(Tables.PathOf(name));
            table.Columns.ShouldBe("id: string, lang: string, messages: list<struct<role: string, content: string, tool_calls: "
                + "list<struct<function: struct<name: string, arguments: string>>>>>, score: double, n: int64, ok: bool, "
                + "tags: list<string>");
        }
    }

    [Fact]
    public void A_table_without_rows_has_none()
    {
        using var table = Tables.Open(Tables.PathOf("empty.parquet"));
        table.RowCount.ShouldBe(0);
        table.GroupStarts.ShouldBeEmpty();
    }

    private static JsonNode? WithoutNulls(JsonNode? node)
    {
        if (node is JsonArray list)
            foreach (var item in list) WithoutNulls(item);
        if (node is not JsonObject record) return node;
        foreach (var key in record.Select(p => p.Key).ToArray())
        {
            if (record[key] is null) record.Remove(key);
            else WithoutNulls(record[key]);
        }

        return node;
    }
}
