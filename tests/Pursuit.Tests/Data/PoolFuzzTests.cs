using System.Text;
using Pursuit.Data;

namespace Pursuit.Tests.Data;

/// <summary>Mutated files for a fixed number of rounds with a named seed: a pool, or a message for a person, and nothing else.</summary>
public sealed class PoolFuzzTests : PoolTestBase
{
    private static readonly string[] Seeds =
    [
        """{"id":"a","messages":[{"role":"user","content":"q é"},{"role":"assistant","content":null,"tool_calls":["""
            + """{"id":"c","type":"function","function":{"name":"f","arguments":{"x":[1,2.5e3,true,null]}}}]}],"tools":"["""
            + """{\"name\":\"f\"}]"}""",
        """{"conversations":[{"from":"human","value":"\ud83d\ude00 \u00e9\n"},{"from":"gpt","value":"b"}],"system":"s"}""",
        """{"instruction":"i","input":"n","output":"o","history":[["q","a"]],"extra":{"deep":[[[{}]]]}}""",
        """{"prompt":[{"role":"user","content":[{"type":"text","text":"p"}]}],"completion":[{"role":"assistant","content":"c"}]}""",
        """{"text":"かﾞ e\u0301\r\n \u3000","id":12}""",
    ];

    private static readonly byte[][] Tokens =
    [
        .. new[]
        {
            "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud800", "\\u0000", "null", "true", "1e999", "-", "\n", "\r\n", "\"text\":",
            "\"messages\":", "\"role\":\"user\"", "\uFEFF", "\uFFFE", "[{", "}]\n",
        }.Select(Encoding.UTF8.GetBytes),
        [0xC3], [0xED, 0xA0, 0x80], [0xF8], [0], [0x1F, 0x8B],
    ];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Mutated_records_and_bytes_end_in_a_pool_or_a_message(bool compressed)
    {
        var stream = new SeededRandom(2026, "test/pool-fuzz", compressed ? 1UL : 0UL);
        int pools = 0, refusals = 0;
        for (var round = 0; round < 1000; round++)
        {
            var text = MakeText(stream);
            if (!compressed || stream.NextInt(3) > 0) text = Mutate(stream, text);
            var bytes = compressed ? Gzip(Encoding.Latin1.GetString(text)) : text;
            if (compressed && stream.NextInt(2) == 0) bytes = Mutate(stream, bytes);
            var options = new PoolOptions
            {
                Paths = [Files.Write("a.jsonl", bytes)],
                MaxDepth = 2 + stream.NextInt(64),
                MaxRecordBytes = 16 + stream.NextInt(600),
                Shape = stream.NextInt(3) == 0 ? (RecordShape)stream.NextInt(5) : null,
            };
            try
            {
                using var pool = Open(options, 1 + stream.NextInt(300));
                pools++;
                var ledger = pool.Ledger;
                (ledger.PoolCount + ledger.DuplicateCount + ledger.QuarantinedCount).ShouldBe(ledger.RowCount);
                var examples = pool.Read(CancellationToken.None).ToList();
                examples.Select(e => e.ContentId).ShouldBe(pool.ContentIds.ToArray());
                examples.Select((e, i) => e.Id == pool.UserId(i)).ShouldAllBe(same => same);
                using var copied = new MemoryStream();
                pool.CopyRecords([.. Enumerable.Range(0, pool.Count)], copied, CancellationToken.None);
                if (pool.Sources[0].Shape is { } shape)
                {
                    // What comes out is a pool again, with the same examples.
                    using var again =
                        Open(options with { Paths = [Files.Write("b.jsonl", copied.ToArray())], Shape = shape, MaxRecordBytes = 4096 });
                    again.Fingerprint.ShouldBe(pool.Fingerprint);
                    again.Ledger.RowCount.ShouldBe(pool.Count);
                }
            }
            catch (PursuitException refusal)
            {
                refusals++;
                refusal.Message.ShouldContain("expected");
            }
        }

        // The mutations must leave both outcomes frequent, or the test would prove nothing.
        pools.ShouldBeGreaterThan(150);
        refusals.ShouldBeGreaterThan(150);
    }

    private static byte[] MakeText(SeededRandom stream)
    {
        var records = Enumerable.Range(0, 1 + stream.NextInt(5)).Select(_ => Seeds[stream.NextInt(Seeds.Length)]).ToList();
        return Encoding.UTF8.GetBytes(stream.NextInt(3) == 0 ? "[" + string.Join(",\n", records) + "]" : string.Join('\n', records));
    }

    private static byte[] Mutate(SeededRandom stream, byte[] bytes)
    {
        var list = bytes.ToList();
        for (var count = stream.NextInt(4); count >= 0; count--)
        {
            var at = stream.NextInt(list.Count + 1);
            switch (stream.NextInt(5))
            {
                case 0:
                    list.InsertRange(at, Tokens[stream.NextInt(Tokens.Length)]);
                    break;
                case 1:
                    list.RemoveRange(at, Math.Min(stream.NextInt(8), list.Count - at));
                    break;
                case 2 when at < list.Count:
                    list[at] ^= (byte)(1 << stream.NextInt(8));
                    break;
                case 3 when stream.NextInt(4) == 0:
                    list.RemoveRange(at, list.Count - at);
                    break;
                default:
                    var from = stream.NextInt(list.Count + 1);
                    list.InsertRange(at, list.GetRange(from, Math.Min(stream.NextInt(40), list.Count - from)));
                    break;
            }
        }

        return [.. list];
    }
}
