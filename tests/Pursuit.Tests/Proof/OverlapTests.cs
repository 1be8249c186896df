using Pursuit.Data;
using Pursuit.Proof;
using Pursuit.TestKit;

namespace Pursuit.Tests.Proof;

public sealed class OverlapTests
{
    private const string Fourteen = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen";

    [Fact]
    public void The_same_content_a_shared_run_and_a_shared_answer_are_told_apart()
    {
        var overlap = Compare(
            [
                ("a", "same", "content"), ("b", "question " + Fourteen, "x"), ("c", "something else", "well, " + Fourteen),
                ("d", "nothing in common with", "anything at all"),
            ],
            [("p1", "same", "content"), ("p2", "THIRTEEN WORDS? " + Fourteen.ToUpperInvariant(), "y"), ("p3", "unrelated", "words")]);
        overlap.TestExamples.ShouldBe(4);
        overlap.SameContent.ShouldBe(1);
        overlap.SharedRun.ShouldBe(3);
        overlap.SharedAnswerRun.ShouldBe(1);
        overlap.Examples.ShouldBe(2);
        overlap.First.Select(p => (p.Test, p.Other)).ShouldBe([("a", "p1"), ("b", "p2"), ("c", "p2")], ignoreOrder: true);
        overlap.First.Single(p => p.Test == "b").Shared.ShouldBe("one two three four five six seven eight nine ten eleven twelve thirteen");
    }

    [Fact]
    public void Twelve_words_in_common_are_no_run_and_runs_do_not_cross_turns()
    {
        var twelve = string.Join(' ', Fourteen.Split(' ')[..12]);
        Compare([("a", twelve + " apart", "x y z")], [("p", twelve + " other", "x y z")]).Any.ShouldBeFalse();
        Compare([("a", twelve, "thirteen fourteen")], [("p", twelve + " thirteen fourteen", "else")]).Any.ShouldBeFalse();
    }

    [Fact]
    public void Examples_of_few_words_are_compared_whole()
    {
        Compare([("a", "Two plus two?", "Four.")], [("p", "two plus two", "FOUR")]).SharedRun.ShouldBe(1);
        Compare([("a", "Two plus two?", "Four.")], [("p", "two plus two", "five")]).Any.ShouldBeFalse();
    }

    [Fact]
    public void A_run_is_found_at_either_end_of_a_turn_and_by_an_example_of_that_run_alone()
    {
        var run = string.Join(' ', Fourteen.Split(' ')[..13]);
        (string, string, string)[] test = [("a", run, "")];
        var (begins, ends) = (Compare(test, [("p", run + " more", "x")]), Compare(test, [("p", "more " + run, "x")]));
        (begins.Any, begins.SharedRun, begins.SameContent).ShouldBe((true, 1, 0));
        (ends.Any, ends.SharedRun, ends.SameContent).ShouldBe((true, 1, 0));
        ends.First.Single().Shared.ShouldBe(run);
    }

    [Fact]
    public void Examples_whose_turns_are_all_shorter_than_a_run_have_none_where_they_have_more_words_in_all()
    {
        var (seven, eight) = (string.Join(' ', Fourteen.Split(' ')[..7]), string.Join(' ', Fourteen.Split(' ')[6..]));
        Compare([("a", seven, eight)], [("p", seven + "!", eight)]).Any.ShouldBeFalse();
        var few = Compare([("a", "One two.", "Three.")], [("p", "one two", "three")]);
        few.First.Single().Shared.ShouldBe("one two three");
        few.SharedAnswerRun.ShouldBe(0);
    }

    [Fact]
    public void The_same_content_without_a_word_counts_and_so_does_every_example_that_passes()
    {
        var passed = new List<long>();
        var signs = Example("a", [new Turn(Turn.User, "?"), new Turn(Turn.Assistant, "!")]);
        var other = Example("b", [new Turn(Turn.User, "?"), new Turn(Turn.Assistant, ".")]);
        var overlap = new OverlapIndex([("test", [signs])]).Compare([other, signs, other], "pool", passed.Add)[0];
        (overlap.SameContent, overlap.SharedRun, overlap.Examples).ShouldBe((1, 1, 1));
        passed.ShouldBe([1, 2, 3]);
    }

    [Fact]
    public void At_most_ten_pairs_are_kept_and_all_are_counted()
    {
        var test = Enumerable.Range(0, 12).Select(i => ("t" + i, "question " + i, "answer")).ToList();
        var overlap = Compare(test, test);
        overlap.SameContent.ShouldBe(12);
        overlap.First.Select(p => p.Test).ShouldBe(test.Take(10).Select(t => t.Item1));
    }

    [Fact]
    public void A_standing_instruction_may_be_shared()
    {
        static Example With(string id, string question) =>
            Example(id, [new Turn(Turn.System, Fourteen), new Turn(Turn.User, question), new Turn(Turn.Assistant, "yes")]);
        new OverlapIndex([("test", [With("a", "Is it?")])]).Compare([With("p", "Was it?")], "pool")[0].Any.ShouldBeFalse();
    }

    [Fact]
    public void A_rolling_hash_finds_what_comparing_words_finds()
    {
        // A third of the pool carries 10 to 16 words of a test example, so some reach a run of 13 and some don't.
        var random = new SeededRandom(11, "tests/words");
        var tests = Enumerable.Range(0, 30).Select(i => ("t" + i, Text(random, 20 + i), Text(random, 15))).ToList();
        var pool = Enumerable.Range(0, 60)
            .Select(i => ("p" + i,
                i % 3 == 0
                    ? Text(random, 9) + " " + string.Join(' ', tests[i / 2].Item2.Split(' ').Skip(3).Take(10 + i % 7))
                    : Text(random, 30),
                Text(random, 14)))
            .ToList();
        var overlap = Compare(tests, pool);
        var expected = tests.Count(t => pool.Any(p => SharesRun([t.Item2, t.Item3], [p.Item2, p.Item3])));
        expected.ShouldBeInRange(3, 29);
        overlap.SharedRun.ShouldBe(expected);
        overlap.Examples.ShouldBe(pool.Count(p => tests.Any(t => SharesRun([t.Item2, t.Item3], [p.Item2, p.Item3]))));
    }

    private static string Text(SeededRandom random, int words) =>
        string.Join(' ', Enumerable.Range(0, words).Select(_ => "w" + random.NextInt(40)));

    private static bool SharesRun(string[] a, string[] b)
    {
        static IEnumerable<string> Runs(string text) => text.Split(' ') is var words
            ? Enumerable.Range(0, Math.Max(0, words.Length - 12)).Select(i => string.Join(' ', words.Skip(i).Take(13)))
            : [];
        return a.SelectMany(Runs).Intersect(b.SelectMany(Runs)).Any();
    }

    private static Overlap Compare(
        IEnumerable<(string Id, string Question, string Answer)> test, IEnumerable<(string Id, string Question, string Answer)> pool)
    {
        static IReadOnlyList<Example> Examples(IEnumerable<(string Id, string Question, string Answer)> of) =>
            [.. of.Select(e => Example(e.Id, [new Turn(Turn.User, e.Question), new Turn(Turn.Assistant, e.Answer)]))];
        return new OverlapIndex([("test", Examples(test))]).Compare(Examples(pool), "pool")[0];
    }

    private static Example Example(string id, IReadOnlyList<Turn> turns)
    {
        using var directory = new TemporaryDirectory();
        var line =
            System.Text.Json.JsonSerializer.Serialize(new { id, messages = turns.Select(t => new { role = t.Role, content = t.Content }) });
        return Pool.ReadAll(
            new PoolOptions { Paths = [directory.Write("one.jsonl", line + "\n")] }, TestContext.Current.CancellationToken)[0];
    }
}
