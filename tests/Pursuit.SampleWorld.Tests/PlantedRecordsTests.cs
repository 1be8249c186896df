using Pursuit.Data;

namespace Pursuit.SampleWorld.Tests;

/// <summary>What the marks say is what the records are.</summary>
public class PlantedRecordsTests
{
    private static readonly Dictionary<string, WorldRecord> Pool = SampleWorldFiles.World.Pool.ToDictionary(r => r.Id);

    private static IEnumerable<(Mark Mark, WorldRecord Record)> Planted(string kind) =>
        SampleWorldFiles.World.Marks.Where(m => m.Kind == kind).Select(m => (m, Pool[m.Id]));

    private static string Whole(WorldRecord record) => string.Join('\u0001', record.Turns.Select(t => $"{t.Role}\u0002{t.Content.Trim()}"));

    [Fact]
    public void Exact_duplicates_have_the_messages_of_an_unmarked_record()
    {
        var marked = SampleWorldFiles.World.Marks.Select(m => m.Id).ToHashSet();
        foreach (var (mark, record) in Planted("exact"))
        {
            marked.ShouldNotContain(mark.Of!);
            record.Turns.ShouldBe(Pool[mark.Of!].Turns);
            record.Skill.ShouldBe(Pool[mark.Of!].Skill);
        }
    }

    [Fact]
    public void No_other_record_occurs_twice()
    {
        var exact = Planted("exact").Select(p => p.Record.Id).ToHashSet();
        var others = Pool.Values.Where(r => !exact.Contains(r.Id)).Select(Whole).ToArray();
        others.Distinct().Count().ShouldBe(others.Length);
    }

    [Fact]
    public void Near_duplicates_keep_every_answer_and_change_the_question_a_little()
    {
        foreach (var (mark, record) in Planted("near"))
        {
            var original = Pool[mark.Of!];
            Whole(record).ShouldNotBe(Whole(original));
            record.Turns.Count.ShouldBe(original.Turns.Count);
            record.Turns.Where(t => t.Role != Turn.User).ShouldBe(original.Turns.Where(t => t.Role != Turn.User));
            record.Turns.Zip(original.Turns).Count(p => p.First != p.Second).ShouldBe(1);
            Overlap(Whole(record), Whole(original)).ShouldBeGreaterThan(0.4, $"{mark.Id} of {mark.Of}, {mark.Edit}");
            Skill.Pieces(record.Turns, @"\d+|""[^""]*""")
                .ShouldBe(Skill.Pieces(original.Turns, @"\d+|""[^""]*"""), $"{mark.Id}: what the task is about must stay");
        }
    }

    [Fact]
    public void Near_duplicates_come_from_every_kind_of_edit() =>
        Planted("near").Select(p => p.Mark.Edit).Distinct().Order()
            .ShouldBe(["greeting", "lower-case", "please", "punctuation", "spacing", "thanks", "typo"]);

    [Fact]
    public void Noise_repeats_no_question_of_a_clean_record_and_comes_in_equal_parts()
    {
        var clean = SampleWorldFiles.Clean.Select(r => Skill.NormalisedQuestion(r.Turns)).ToHashSet();
        foreach (var (mark, record) in Planted("noise"))
        {
            mark.Of.ShouldBeNull();
            clean.ShouldNotContain(Skill.NormalisedQuestion(record.Turns), mark.Id);
        }

        var counts = Planted("noise").CountBy(p => p.Mark.Edit!).Select(c => c.Value).ToArray();
        counts.Length.ShouldBe(Noise.Kinds.Count);
        (counts.Max() - counts.Min()).ShouldBeLessThanOrEqualTo(1);
    }

    [Fact]
    public void Pool_dev_and_test_share_no_question()
    {
        var pool = SampleWorldFiles.World.Pool.SelectMany(Questions).ToHashSet();
        foreach (var target in SampleWorldFiles.World.Targets)
        {
            var dev = target.Dev.SelectMany(Questions).ToHashSet();
            var test = target.Test.SelectMany(Questions).ToHashSet();
            dev.Count.ShouldBe(target.Dev.Count);
            test.Count.ShouldBe(target.Test.Count);
            dev.Overlaps(test).ShouldBeFalse(target.Skill);
            dev.Overlaps(pool).ShouldBeFalse(target.Skill);
            test.Overlaps(pool).ShouldBeFalse(target.Skill);
        }
    }

    [Fact]
    public void Target_tasks_are_new_even_in_other_words()
    {
        foreach (var (skill, target) in Catalogue.Targets.Zip(SampleWorldFiles.World.Targets))
        {
            // Greetings hold no numbers, quotation marks or code, so the essence of a greeted record is that of the task.
            var held = target.Dev.Concat(target.Test).Select(r => skill.Essence(r.Turns)).ToArray();
            held.Distinct().Count().ShouldBe(held.Length, skill.Name);
            var pool = SampleWorldFiles.Clean.Where(r => r.Skill == skill.Name).SelectMany(Parts).Select(skill.Essence);
            pool.Intersect(held).ShouldBeEmpty(skill.Name);
        }
    }

    /// <summary>Each question and answer of a record on its own.</summary>
    private static IEnumerable<IReadOnlyList<Turn>> Parts(WorldRecord record) =>
        record.Turns.Where(t => t.Role != Turn.System).Chunk(2);

    private static IEnumerable<string> Questions(WorldRecord record) =>
        record.Turns.Where(t => t.Role == Turn.User).Select(t => Skill.Normalise(Manner.Bare(t.Content)));

    /// <summary>Jaccard overlap of the sets of five-character pieces.</summary>
    private static double Overlap(string a, string b)
    {
        var (x, y) = (Pieces(a), Pieces(b));
        return (double)x.Intersect(y).Count() / x.Union(y).Count();
    }

    private static HashSet<string> Pieces(string text) =>
        [.. Enumerable.Range(0, Math.Max(1, text.Length - 4)).Select(i => text.Substring(i, Math.Min(5, text.Length - i)))];
}
