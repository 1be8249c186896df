using System.Text;
using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Zip;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Tests.Selection.Zip;

public sealed class ZipTests
{
    private static readonly string[] Words =
    [
        "river", "stone", "court", "order", "green", "seven", "light", "paper", "under", "maybe", "x == y", "{ }",
        "often", "night", "glass",
    ];

    public static TheoryData<ZipExhaust> Exhausts => [ZipExhaust.Batch, ZipExhaust.Candidates];

    [Theory]
    [MemberData(nameof(Exhausts))]
    public void Choices_equal_the_plain_twins(ZipExhaust exhaust)
    {
        var texts = Texts(60, 12, 40);
        var options = new ZipOptions { Rescored = 25, Candidates = 8, Batch = 3, Exhaust = exhaust };
        var problem = Problem(texts, "20");
        new ZipSelector(options).Select(problem, CancellationToken.None).Rows.Select(r => r.Position)
            .ShouldBe(ReferenceZip.Choose(problem, texts, options, 20, CompressedText.Window));
    }

    [Fact]
    public void Choices_equal_the_plain_twins_where_the_chosen_outgrow_the_window()
    {
        var texts = Texts(24, 600, 900);
        var options = new ZipOptions { Rescored = 10, Candidates = 5, Batch = 2 };
        var problem = Problem(texts, "16");
        texts.Sum(t => t.Length).ShouldBeGreaterThan(2 * CompressedText.Window);
        new ZipSelector(options).Select(problem, CancellationToken.None).Rows.Select(r => r.Position)
            .ShouldBe(ReferenceZip.Choose(problem, texts, options, 16, CompressedText.Window));
    }

    [Fact]
    public void Within_the_window_ratios_are_those_of_everything_compressed_at_once()
    {
        // The authors compress all that is chosen with each candidate behind it; below 32 KiB the tail is all of it.
        var texts = Texts(40, 10, 30);
        var chosen = new CompressedText();
        using var compressor = new ManagedCompressor();
        var all = new List<byte>();
        foreach (var text in texts.Select(Encoding.UTF8.GetBytes))
        {
            var added = -compressor.SetTail(chosen.Tail) + compressor.SizeBehindTail(text);
            chosen.Append(text, added);
            all.AddRange(text);
            chosen.Compressed.ShouldBe(ManagedCompressor.Size(all.ToArray(), []));
        }

        all.Count.ShouldBeLessThan(CompressedText.Window);
    }

    [Fact]
    public void A_copied_state_of_libz_measures_the_whole_stream()
    {
        Assert.SkipUnless(LibzCompressor.IsPresent, "libz isn't on this machine");
        using var copied = new LibzCompressor();
        using var whole = new LibzCompressor();
        var random = new SeededRandom(3, "test/zip");
        foreach (var (tail, more) in new[] { (0, 0), (0, 1), (1, 0), (5, 3), (300, 1000), (CompressedText.Window, 2), (
            CompressedText.Window - 1, 70_000), (20_000, 40_000) })
        {
            var bytes = Encoding.UTF8.GetBytes(Text(random, (tail + more) / 4 + 1))[..(tail + more)];
            copied.SetTail(bytes.AsSpan(0, tail));
            var size = copied.SizeBehindTail(bytes.AsSpan(tail));
            copied.SizeBehindTail(bytes.AsSpan(tail)).ShouldBe(size); // measuring leaves the tail as it was
            whole.SetTail([]);
            size.ShouldBe(whole.SizeBehindTail(bytes), $"{tail} and {more} bytes");
        }
    }

    [Fact]
    public void Both_compressors_agree_on_what_repeats_and_what_does_not()
    {
        Assert.SkipUnless(LibzCompressor.IsPresent, "libz isn't on this machine");
        string[] texts =
            [.. Enumerable.Range(0, 10).Select(i => string.Concat(Enumerable.Repeat($"again {i} and ", 60))), .. Texts(10, 60, 80)];
        foreach (var compressor in new[] { ZipCompressor.Managed, ZipCompressor.Libz })
            new ZipSelector(new ZipOptions { Compressor = compressor }).Select(
                Problem(texts, "10"), CancellationToken.None).Rows.ShouldAllBe(r => r.Position >= 10);
    }

    [Fact]
    public void A_copy_is_chosen_last()
    {
        var texts = Texts(12, 40, 60).ToList();
        for (var i = 0; i < 6; i++) texts.Add(texts[i] + " ");
        var rows = new ZipSelector(new ZipOptions()).Select(Problem(texts, "12"), CancellationToken.None).Rows;
        rows.Select(r => r.Position % 12).Distinct().Count().ShouldBe(12);
    }

    [Fact]
    public void Neither_threads_nor_the_pools_order_change_the_choice()
    {
        var texts = Texts(50, 10, 40);
        var problem = Problem(texts, "30");
        int[] order = [.. Enumerable.Range(0, 50).Select(i => i * 7 % 50)];
        var moved = problem with
        {
            ContentIds = [.. order.Select(i => problem.ContentIds[i])],
            Texts = problem.Texts with { Pool = new MemoryTexts([.. order.Select(i => texts[i])]) },
        };
        var selector = new ZipSelector(new ZipOptions { Rescored = 20, Candidates = 10, Batch = 4 });
        selector.SelectWith(moved, 3, TestContext.Current.CancellationToken).Rows.Select(r => moved.ContentIds[r.Position])
            .ShouldBe(selector.Select(problem, CancellationToken.None).Rows.Select(r => problem.ContentIds[r.Position]));
    }

    [Fact]
    public void A_larger_budget_contains_the_smaller_ones_choice()
    {
        var texts = Texts(50, 10, 40);
        var selector = new ZipSelector(new ZipOptions { Rescored = 20, Candidates = 10, Batch = 4 });
        var large = selector.Select(Problem(texts, "31"), CancellationToken.None).Rows;
        selector.Select(
            Problem(texts, "13"), CancellationToken.None).Rows.Select(r => r.Position).ShouldBe(large.Take(13).Select(r => r.Position));
    }

    [Fact]
    public void An_empty_text_is_passed_over_and_told()
    {
        var selection = new ZipSelector(new ZipOptions()).Select(Problem(["one text", "", "another text"], "3"), CancellationToken.None);
        selection.Rows.Select(r => r.Position).Order().ShouldBe([0, 2]);
        selection.Remarks.ShouldHaveSingleItem().ShouldStartWith("1 examples without a text");
    }

    [Fact]
    public void Quotas_reach_beyond_what_the_rounds_chose()
    {
        var texts = Texts(30, 10, 40);
        var problem = Problem(texts, "10") with
        {
            Sources = [.. Enumerable.Range(0, 30).Select(i => i % 3)],
            SourceNames = ["a", "b", "c"],
            Quotas = [SourceQuota.Parse("a=8..9")],
        };
        new ZipSelector(new ZipOptions { Rescored = 10, Candidates = 6, Batch = 3 }).Select(problem, CancellationToken.None)
            .Rows.Count(r => r.Position % 3 == 0).ShouldBeInRange(8, 9);
    }

    private static SelectionProblem Problem(IReadOnlyList<string> texts, string budget) => new()
    {
        ContentIds = [.. Enumerable.Range(0, texts.Count).Select(i => Problems.Id($"text {i}"))],
        Budget = Budget.Parse(budget),
        Texts = new TextInputs { Pool = new MemoryTexts(texts) },
    };

    private static string[] Texts(int count, int least, int most)
    {
        var random = new SeededRandom(2, "test/zip");
        return [.. Enumerable.Range(0, count).Select(_ => Text(random, least + random.NextInt(most - least)))];
    }

    private static string Text(SeededRandom random, int words) =>
        string.Join(
            ' ',
            Enumerable.Range(0, words).Select(
                _ => random.NextInt(4) == 0
                    ? random.NextUInt64().ToString("x", System.Globalization.CultureInfo.InvariantCulture)[..5]
                    : Words[random.NextInt(Words.Length)]));
}
