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
