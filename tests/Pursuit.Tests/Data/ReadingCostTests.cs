using Pursuit.Data;

namespace Pursuit.Tests.Data;

/// <summary>What reading takes: steps in proportion to a record's length, and few handles for many files.</summary>
public sealed class ReadingCostTests : PoolTestBase
{
    /// <summary>Shapes of records that grow with a number.</summary>
    public static TheoryData<string> Shapes =>
        ["keys", "escaped keys", "long keys", "top-level keys", "messages", "parts", "escapes", "calls", "deep", "documents", "details"];

    private static string Make(string shape, int size)
    {
        string Repeat(Func<int, string> item, string separator = ",") => string.Join(separator, Enumerable.Range(0, size).Select(item));
        static string Message(string fields) => $$"""{"messages":[{"role":"user","content":"q"},{"role":"assistant",{{fields}}}]}""";
        return shape switch
        {
            "keys" => "{\"text\":\"t\",\"meta\":{" + Repeat(i => $"\"k{i}\":{i}") + "}}",
            "escaped keys" => "{\"text\":\"t\",\"meta\":{" + Repeat(i => $"\"\\u006b{i}\":{i}") + "}}",
            "long keys" => "{\"text\":\"t\",\"meta\":{" + Repeat(i => $"\"{new string('k', 100)}{i}\":{i}") + "}}",
            "top-level keys" => $$"""{"text":"t",{{Repeat(i => $"\"k{i}\":{i}")}}}""",
            "messages" => """{"messages":["""
                + $$"""{{Repeat(i => $$"""{"role":"user","content":"{{i}}"},{"role":"assistant","content":"a","train":false}""")}}]}""",
            "parts" =>
                Message($"\"content\":[{Repeat(i => $$"""{"type":"text","text":"{{i}}","train":{{(i % 2 == 0 ? "false" : "true")}}}""")}]"),
            "escapes" => $$"""{"text":"{{Repeat(_ => "\\u00e9\\n", "")}}"}""",
            "calls" => Message("\"tool_calls\":[" + Repeat(i => "{\"name\":\"f\",\"arguments\":{\"b\":" + i + ",\"a\":1}}") + "]"),
            "deep" => $$"""{"text":"t","meta":[{{Repeat(_ => new string('[', 100) + new string(']', 100))}}]}""",
            "documents" => $$"""{"messages":[{"role":"user","content":"q"}],"documents":[{{Repeat(i => $$"""{"title":"{{i}}"}""")}}]}""",
            "details" => Message(
                $"\"content\":\"{new string('x', 2 * size)}\",\"train_detail\":["
                    + Repeat(i => $$"""{"begin_offset":{{2 * i}},"end_offset":{{2 * i}},"train":true}""")
                    + "]"),
            _ => throw new ArgumentException(shape),
        };
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Twice_the_record_takes_twice_the_steps(string shape)
    {
        var (small, large) = (Steps(Make(shape, 2000)), Steps(Make(shape, 8000)));
        // Sorted keys cost a logarithm more: 8,000 keys take 13 comparisons each, 2,000 take 11.
        ((double)large / small).ShouldBeLessThan(5, $"{small} steps, then {large}");
        small.ShouldBeLessThan(60 * Make(shape, 2000).Length);
    }

    private static long Steps(string record)
    {
        var parser = new Pursuit.Data.Reading.RecordParser(new PoolOptions { Paths = ["-"] });
        var bytes = System.Text.Encoding.UTF8.GetBytes(record);
        var shape = record.StartsWith("{\"text", StringComparison.Ordinal) ? RecordShape.Text : RecordShape.Messages;
        parser.ReadExample(bytes, bytes.Length, shape, default, default).ShouldNotBeNull();
        var batch = new Pursuit.Data.Reading.RecordBatch { Bytes = bytes };
        batch.Entries.Add(new(0, bytes.Length, 0, 1, false));
        parser.Parse(batch, shape, CancellationToken.None);
        batch.Results[0].Reason.ShouldBeNull();
        return parser.Steps;
    }

    [Fact]
    public void A_record_may_nest_256_deep_and_no_deeper()
    {
        static string Nested(int depth) => $$"""{"text":"t","x":{{new string('[', depth - 1)}}{{new string(']', depth - 1)}}}""";
        Example(Nested(256)).Text.ShouldBe("t");
        Reason(Nested(257), RecordShape.Text)
            .ShouldBe("nested too deep: more than 256 lists and objects inside each other at byte 271 of the record; expected at most 256");
    }

    [Fact]
    public void A_run_of_marks_of_any_length_is_read_and_leaves_the_platform_nothing_to_move()
    {
        static string Marked(string marks) => $$"""{"text":"a{{marks}}"}""";
        static string Times(string mark, int count) => string.Concat(Enumerable.Repeat(mark, count));
        foreach (var pairs in (int[])[1, 31, 32, 33, 1_000, 100_000])
        {
            // U+0323 below goes before U+0301 above, whichever was written first.
            IdOf(Marked(Times("\u0301\u0323", pairs))).ShouldBe(IdOf(Marked(Times("\u0323", pairs) + Times("\u0301", pairs))));
        }

        // The platform inserts each mark where it belongs: of 100,000 pairs, in minutes.
        CombiningMarks.InOrder("a" + Times("\u0301\u0323", 10_000), System.Text.NormalizationForm.FormC)
            .ShouldBe("a" + Times("\u0323", 10_000) + Times("\u0301", 10_000));
    }

    [Fact]
    public void However_many_files_there_are_few_are_open_at_once()
    {
        const int files = 3 * Pursuit.Data.Reading.OpenFiles.UsualMost;
        for (var i = 0; i < files; i++) Files.Write($"many/{i:D4}.jsonl", $"{{\"id\":{i},\"text\":\"text {i}\"}}\n");
        for (var i = files; i < 2 * files; i++) Files.Write($"many/{i:D4}.jsonl.gz", Gzip($"{{\"id\":{i},\"text\":\"text {i}\"}}\n"));
        using var pool = Open(Files.PathOf("many"));
        var order = Enumerable.Range(0, pool.Count).Select(i => i * 7 % pool.Count).ToArray();
        foreach (var (example, position) in pool.Read(order, CancellationToken.None).Zip(order))
        {
            example.Text.ShouldBe($"text {position}");
            pool.OpenFileCount.ShouldBeLessThanOrEqualTo(Pursuit.Data.Reading.OpenFiles.UsualMost);
            OpenDescriptors().ShouldBeLessThanOrEqualTo(Pursuit.Data.Reading.OpenFiles.UsualMost);
        }

        Parallel.For(0, 8, reader =>
        {
            foreach (var (example, position) in pool.Read([.. order.Skip(reader).Concat(order.Take(reader))], CancellationToken.None)
                .Zip([.. order.Skip(reader), .. order.Take(reader)]))
                example.Text.ShouldBe($"text {position}");
        });
        pool.Read(CancellationToken.None).Select(e => e.Text).ShouldBe(Enumerable.Range(0, pool.Count).Select(i => $"text {i}"));
    }

    /// <summary>The process's descriptors of this test's files, as the system counts them.</summary>
    private int OpenDescriptors() => OperatingSystem.IsLinux()
        ? Directory.GetFiles("/proc/self/fd")
            .Count(descriptor => new FileInfo(descriptor).LinkTarget?.StartsWith(Files.FullPath, StringComparison.Ordinal) == true)
        : 0;
}
