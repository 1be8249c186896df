using System.Text.Json;
using Pursuit.Data;
using Pursuit.Data.Deduplication;
using Pursuit.TestKit.Reference;

namespace Pursuit.Tests.Data.Deduplication;

/// <summary>What holds of a pool without near duplicates.</summary>
public sealed class NearDuplicateTests : PoolTestBase
{
    [Theory]
    [InlineData(0.8, 5)]
    [InlineData(0.8, 1)]
    [InlineData(0.6, 3)]
    [InlineData(0.95, 5)]
    [InlineData(1.0, 5)]
    public void What_is_dropped_and_for_which_row_is_what_comparing_all_pairs_finds(double threshold, int size)
    {
        var texts = Texts(600);
        var wanted = ReferenceNearDuplicates.Find(texts, size, threshold);
        using var pool = Near(Write(texts), new NearDuplicateOptions { Threshold = threshold, GramSize = size });
        wanted.Count(w => w is not null).ShouldBeInRange(20, 400, "the texts have something to find");
        foreach (var row in pool.Ledger.Rows())
        {
            var expected = wanted[(int)row.Row];
            row.Fate.ShouldBe(expected is null ? RowFate.Pool : RowFate.NearDuplicateOf);
            row.DuplicateOf.ShouldBe(expected?.Original ?? -1);
            row.Similarity.ShouldBe(expected?.Similarity);
        }
    }

    [Fact]
    public void Threads_files_compression_and_buffers_do_not_matter()
    {
        var texts = Texts(500);
        var whole = Write(texts);
        using var plain = Near(whole);
        var wanted = Describe(plain);
        plain.Ledger.NearDuplicateCount.ShouldBeGreaterThan(50);
        var options = new PoolOptions { Paths = [whole], NearDuplicates = new NearDuplicateOptions(), Threads = 4 };
        using var several = Open(options);
        Describe(several).ShouldBe(wanted);
        using var small = Open(options, blockBytes: 16);
        Describe(small).ShouldBe(wanted);
        using var parts = Open(options with { Paths = [Write(texts[..123], 0), Write(texts[123..], 123)] });
        Describe(parts).ShouldBe(wanted);
        using var packed = Open(options with { Paths = [Files.Write("p.jsonl.gz", Gzip(File.ReadAllText(whole)))] });
        Describe(packed).ShouldBe(wanted);
        Copied(packed, [.. Enumerable.Range(0, packed.Count)]).ShouldBe(Copied(plain, [.. Enumerable.Range(0, plain.Count)]));
    }

    [Fact]
    public void The_ledger_says_what_a_row_repeats_and_how_nearly_and_a_copy_of_it_does_so_too()
    {
        var text = Words(0, 40);
        var edited = text + " one more";
        var path = Files.Write("a.jsonl", string.Concat(
            Text(text, "first"), "{\n", Text(edited), Text(text), Text(edited), Text("something else altogether, said in other words")));
        using var pool = Near(path);
        pool.Count.ShouldBe(2);
        var ledger = pool.Ledger;
        ledger.Rows().Select(r => r.Fate).ShouldBe(
            [
                RowFate.Pool, RowFate.Quarantined, RowFate.NearDuplicateOf, RowFate.DuplicateOf, RowFate.NearDuplicateOf, RowFate.Pool,
            ]);
        (ledger.PoolCount, ledger.DuplicateCount, ledger.NearDuplicateCount, ledger.QuarantinedCount).ShouldBe((2, 1, 2, 1));
        ledger[2].DuplicateOf.ShouldBe(0);
        ledger[4].Similarity.ShouldBe(36.0 / 38);
        ledger[5].Position.ShouldBe(1);
        pool.Notes.ShouldContain(n => n.StartsWith("2 rows are near duplicates of earlier rows", StringComparison.Ordinal));

        using var written = new MemoryStream();
        ledger.Write(written, null, CancellationToken.None);
        var lines = System.Text.Encoding.UTF8.GetString(written.ToArray()).Split('\n');
        lines[2].ShouldBe(
            $$"""{"row":2,"source_file":"{{path}}","line":3,"fate":"near duplicate of","duplicate_of":0,"similarity":0.9474,"""
                + "\"reason\":\"near duplicate of first (0.94)\"}");
        lines[3].ShouldContain("\"fate\":\"duplicate of\",\"duplicate_of\":0");
    }

    [Fact]
    public void Positions_user_ids_and_records_stay_together()
    {
        var texts = Texts(300);
        using var pool = Near(Write(texts));
        for (var position = 0; position < pool.Count; position++)
            pool.UserId(position).ShouldBe($"t{pool.InputRow(position)}");
        pool.Read(CancellationToken.None).Select(e => (e.Id, e.Text)).ShouldBe(
            Enumerable.Range(0, pool.Count).Select(p => ((string?)$"t{pool.InputRow(p)}", (string?)texts[(int)pool.InputRow(p)])));
    }

    [Fact]
    public void A_text_shorter_than_a_gram_is_one_and_a_text_without_words_repeats_nothing()
    {
        using var pool = Near(Files.Write("a.jsonl", string.Concat(
            Text("Good morning"), Text("good MORNING!"), Text("good morning all"), Text("..."), Text("!!!"), Text("- - -"))));
        pool.Ledger.Rows().Select(r => r.Fate).ShouldBe(
            [RowFate.Pool, RowFate.NearDuplicateOf, RowFate.Pool, RowFate.Pool, RowFate.Pool, RowFate.Pool]);
    }

    [Fact]
    public void Where_writing_has_no_spaces_letters_are_words()
    {
        var text = string.Concat(Enumerable.Range(0, 80).Select(i => (char)(0x4E00 + i * 37)));
        var (edited, reversed) = (text[..40] + "一" + text[41..], new string([.. text.Reverse()]));
        using var pool = Near(Files.Write("a.jsonl", Text(text) + Text(edited) + Text(reversed)));
        pool.Ledger.Rows().Select(r => r.Fate).ShouldBe([RowFate.Pool, RowFate.NearDuplicateOf, RowFate.Pool]);
        pool.Ledger[1].Similarity.ShouldBe(71.0 / 81);
    }

    [Fact]
    public void A_standing_instruction_does_not_count_and_a_tool_call_does()
    {
        var (system, question) = (Words(1, 200), Words(2, 30));
        var path = Files.Write("a.jsonl", string.Concat(
            Chat(system, question, "yes"), Chat(system, Words(3, 30), "yes"), Chat("", question + " please", "yes"),
            """{"messages":[{"role":"user","content":"look it up"},{"role":"assistant","content":"","tool_calls":[{"function":"""
                + """{"name":"find","arguments":{"a":"one two three four five six seven"}}}]}]}""" + "\n",
            """{"messages":[{"role":"user","content":"look it up"},{"role":"assistant","content":"","tool_calls":[{"function":"""
                + """{"name":"find","arguments":{"a":"eight nine ten eleven twelve thirteen"}}}]}]}""" + "\n"));
        using var pool = Near(path);
        pool.Ledger.Rows().Select(r => r.Fate).ShouldBe(
            [RowFate.Pool, RowFate.Pool, RowFate.NearDuplicateOf, RowFate.Pool, RowFate.Pool]);
    }

    [Fact]
    public void Where_answers_are_compared_too_another_answer_is_another_example()
    {
        var question = Words(2, 100);
        var path = Files.Write("a.jsonl", Chat("", question, "yes") + Chat("", question, "no") + Chat("", question + " now", "Yes."));
        using var whole = Near(path);
        whole.Ledger.Rows().Select(r => r.Fate).ShouldBe([RowFate.Pool, RowFate.NearDuplicateOf, RowFate.NearDuplicateOf]);
        using var both = Near(path, new NearDuplicateOptions { Compare = ComparedParts.WholeAndAnswers });
        both.Ledger.Rows().Select(r => r.Fate).ShouldBe([RowFate.Pool, RowFate.Pool, RowFate.NearDuplicateOf]);
        both.Ledger[2].DuplicateOf.ShouldBe(0);
    }

    [Fact]
    public void The_fingerprint_says_what_near_duplicates_are_though_there_be_none()
    {
        var path = Files.Write("a.jsonl", Text(Words(1, 30)) + Text(Words(2, 30)));
        using var exact = Open(path);
        NearDuplicateOptions[] all =
        [
            new(), new() { Threshold = 0.9 }, new() { GramSize = 4 }, new() { Unit = GramUnit.Characters }, new() { Seed = 1 },
            new() { Permutations = 64 }, new() { Compare = ComparedParts.WholeAndAnswers },
        ];
        var prints = all.Select(o =>
        {
            using var pool = Near(path, o);
            pool.Count.ShouldBe(2);
            return pool.Fingerprint;
        }).Append(exact.Fingerprint).ToArray();
        prints.Distinct().Count().ShouldBe(prints.Length);
    }

    [Fact]
    public void Texts_that_share_most_of_their_words_are_dropped_or_kept_by_what_they_share()
    {
        // One word of each differs: of 100 words that is little, of 12 much.
        var (longer, shorter) = (Words(4, 100).Split(' '), Words(5, 12).Split(' '));
        var texts = Enumerable.Range(0, 400).Select(i => string.Join(' ', longer.Select((w, k) => k == 50 ? $"n{i}" : w)))
            .Concat(Enumerable.Range(0, 400).Select(i => string.Join(' ', shorter.Select((w, k) => k == 6 ? $"n{i}" : w)))).ToArray();
        using var pool = Near(Write(texts));
        pool.Count.ShouldBe(1 + 400);
        pool.Ledger.Rows().Skip(1).Take(399).ShouldAllBe(r => r.DuplicateOf == 0);
    }

    [Fact]
    public void Each_stage_tells_how_far_it_has_come_and_stops_when_asked()
    {
        var path = Write(Texts(1200));
        var options = new PoolOptions { Paths = [path], NearDuplicates = new NearDuplicateOptions() };
        var seen = new HashSet<string>();
        Pool.Open(options, new Told(p => { if (p.Work is { } work) seen.Add(work); }), CancellationToken.None).Dispose();
        seen.ShouldBe(["hashing the texts", "sorting the hashes", "comparing texts"], ignoreOrder: true);
        foreach (var stage in seen)
        {
            using var source = new CancellationTokenSource();
            Should.Throw<OperationCanceledException>(
                () => Pool.Open(options, new Told(p => { if (p.Work == stage && p.RowsRead < p.RowsTotal) source.Cancel(); }), source.Token)
                    .Dispose());
        }
    }

    [Theory]
    [InlineData("threshold", "dedup.threshold: 1.5; expected 0.1 to 1")]
    [InlineData("gram", "dedup.gram-size: 0; expected 1 to 64")]
    [InlineData("permutations", "dedup.permutations: 8; expected 16 to 1024")]
    [InlineData("seed", "dedup.seed: -1; expected 0 or more")]
    public void What_cannot_be_is_refused(string what, string message)
    {
        var options = what switch
        {
            "threshold" => new NearDuplicateOptions { Threshold = 1.5 },
            "gram" => new NearDuplicateOptions { GramSize = 0 },
            "permutations" => new NearDuplicateOptions { Permutations = 8 },
            _ => new NearDuplicateOptions { Seed = -1 },
        };
        Fails(new PoolOptions { Paths = [Files.Write("a.jsonl", Text("a"))], NearDuplicates = options }).ShouldContain(message);
    }

    private static Pool Near(string path, NearDuplicateOptions? options = null) =>
        Open(new PoolOptions { Paths = [path], NearDuplicates = options ?? new NearDuplicateOptions() });

    /// <summary>Distinct texts of 8 to 120 words, half of them edits of earlier ones.</summary>
    private static string[] Texts(int count)
    {
        var random = new SeededRandom(11, "test/near");
        var texts = new List<string>();
        while (texts.Count < count)
        {
            if (texts.Count < 10 || random.NextInt(2) == 0)
            {
                texts.Add(Words(random.NextInt(1 << 20), 8 + random.NextInt(113)));
                continue;
            }

            var words = texts[random.NextInt(texts.Count)].Split(' ');
            if (random.NextInt(4) == 0)
            {
                texts.Add($"{string.Join(", ", words).ToUpperInvariant()}."); // the same words
                continue;
            }

            for (var edits = random.NextInt(4); edits >= 0; edits--) words[random.NextInt(words.Length)] = $"E{random.NextInt(1 << 20)}";
            texts.Add(string.Join(' ', words));
        }

        return [.. texts.Distinct()];
    }

    private static string Words(int seed, int count)
    {
        var random = new SeededRandom((ulong)seed, "test/words");
        return string.Join(' ', Enumerable.Range(0, count).Select(_ => $"w{random.NextInt(5000)}"));
    }

    private static string Text(string text, string? id = null) =>
        (id is null ? JsonSerializer.Serialize(new { text }) : JsonSerializer.Serialize(new { id, text })) + "\n";

    private static string Chat(string system, string question, string answer) => JsonSerializer.Serialize(new
    {
        messages = new[]
        {
            new { role = "system", content = system }, new { role = "user", content = question },
            new { role = "assistant", content = answer },
        },
    }) + "\n";

    private string Write(IEnumerable<string> texts, int first = 0) =>
        Files.Write($"{Guid.NewGuid():N}.jsonl", string.Concat(texts.Select((t, i) => Text(t, $"t{first + i}"))));

    private sealed class Told(Action<PoolProgress> told) : IProgress<PoolProgress>
    {
        public void Report(PoolProgress value)
        {
            lock (told) told(value);
        }
    }
}
