using Pursuit.Data;
using Pursuit.Proof;
using Pursuit.TestKit;

namespace Pursuit.Tests.Proof;

/// <summary>Texts are long where a share of their runs matters: a quarter of the runs is sampled, so of 1000 about 250.</summary>
public sealed class DuplicateGroupsTests
{
    [Fact]
    public void Copies_stand_in_one_group_named_by_its_first_member_and_others_alone()
    {
        var (a, b, c) = (Text("a", 40), Text("b", 40), Text("c", 40));
        Groups(a, b, a, c, b, a).ShouldBe([0, 1, 0, 3, 1, 0]);
    }

    [Fact]
    public void A_part_of_an_example_is_its_copy_in_either_order()
    {
        var (whole, part) = (Text("a", 4000), Text("a", 1000));
        Groups(whole, part).ShouldBe([0, 0]);
        Groups(part, whole).ShouldBe([0, 0]);
    }

    [Theory]
    [InlineData(300, false)]
    [InlineData(700, true)]
    public void It_takes_half_of_the_smaller_ones_runs(int common, bool isCopy)
    {
        // The smaller has 1000 words, the larger 1500, of which these are common.
        var (smaller, larger) = (Text("a", common) + " " + Text("b", 1000 - common), Text("a", common) + " " + Text("c", 1500 - common));
        Groups(smaller, larger).ShouldBe(isCopy ? [0, 0] : [0, 1]);
        Groups(larger, smaller).ShouldBe(isCopy ? [0, 0] : [0, 1]);
    }

    [Fact]
    public void What_is_joined_by_others_stands_in_one_group()
    {
        var (a, b, c) = (Text("a", 500), Text("b", 500), Text("c", 500));
        // The last holds the three before it, which have nothing in common; the one between stays alone.
        Groups(a, b, Text("d", 500), c, $"{c} {b} {a}").ShouldBe([0, 0, 2, 0, 0]);
        // Two groups of two, then one that joins them.
        Groups(Text("d", 500), a, b, b, a, $"{b} {a}").ShouldBe([0, 1, 1, 1, 1, 1]);
    }

    [Fact]
    public void Examples_of_fewer_words_than_a_run_are_copies_when_they_have_the_same_words()
    {
        Groups("two plus two", "Two plus two!", "two plus three", "two").ShouldBe([0, 0, 2, 3]);
    }

    [Fact]
    public void Examples_without_a_word_are_no_copies_of_one_another()
    {
        Groups("!", "?", "!").ShouldBe([0, 1, 2]);
    }

    [Fact]
    public void Every_example_of_at_least_a_run_is_found_again_though_few_runs_are_sampled()
    {
        // Texts of one run each: three in four of them have no sampled run, and their smallest stands in.
        string[] texts = [.. Enumerable.Range(0, 100).Select(i => Text($"t{i}x", WordRuns.Length))];
        Groups([.. texts, .. texts]).ShouldBe(Enumerable.Range(0, 200).Select(i => i % 100));
    }

    [Fact]
    public void Neither_threads_nor_blocks_change_the_groups_and_progress_counts_every_example()
    {
        string[] texts = [.. Enumerable.Range(0, 600).Select(i => Text($"t{i * i % 290}x", 20))];
        var expected = Enumerable.Range(0, 600).Select(i => Array.IndexOf(texts, texts[i])).ToArray();
        expected.Distinct().Count().ShouldBeInRange(50, 400);
        foreach (var threads in new[] { 1, 3 })
        {
            var seen = new List<int>();
            DuplicateGroups.Of(texts.Select(Example), threads, seen.Add, TestContext.Current.CancellationToken).ShouldBe(expected);
            seen[^1].ShouldBe(600);
            seen.ShouldBe(seen.Order());
        }
    }

    /// <summary>"a0 a1 a2 ...": texts of other names have no word in common, and of one name the shorter begins the longer.</summary>
    private static string Text(string name, int words) => string.Join(' ', Enumerable.Range(0, words).Select(i => name + i));

    private static int[] Groups(params string[] texts) =>
        DuplicateGroups.Of(texts.Select(Example), 1, null, TestContext.Current.CancellationToken);

    private static Example Example(string text) => new() { ContentId = Problems.Id(text), Text = text, Locator = default };
}
