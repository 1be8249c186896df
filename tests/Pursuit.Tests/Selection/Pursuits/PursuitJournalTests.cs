using System.Buffers.Binary;
using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.Pursuits;

/// <summary>
/// A pursuit that was stopped anywhere continues there, to the same bytes; and nothing is believed that isn't whole or isn't its own.
/// </summary>
public sealed class PursuitJournalTests : IDisposable
{
    private const int HeaderBytes = 32;
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(PursuitCases.All), MemberType = typeof(PursuitCases))]
    public void Stopped_after_any_answer_a_pursuit_continues_to_the_same_choice(string method, string[] settings)
    {
        var problem = PursuitCases.Problem();
        var alone = Choose(problem, method, settings, null);
        var path = _directory.PathOf("whole.journal");
        Choose(problem, method, settings, path).ShouldBe(alone, "a journal changes nothing");
        var whole = File.ReadAllBytes(path);
        var records = Records(whole);
        records.Count(r => r.Kind == JournalKind.Pass).ShouldBeGreaterThan(2);
        foreach (var (_, end) in records.Prepend((default, HeaderBytes)))
        {
            foreach (var torn in end < whole.Length ? new[] { 0, 20 } : [0])
            {
                var cut = _directory.PathOf("cut.journal");
                File.WriteAllBytes(cut, whole[..(end + torn)]);
                Choose(problem, method, settings, cut, out var found, out _, out _).ShouldBe(alone, $"stopped at {end} and {torn} bytes");
                found.ShouldBe(records.Count(r => r.Kind == JournalKind.Pass && r.End <= end));
                File.ReadAllBytes(cut).ShouldBe(whole, "what continues keeps what one run would have kept");
            }
        }
    }

    [Fact]
    public void What_was_found_is_not_asked_of_the_features_again()
    {
        var problem = PursuitCases.Problem();
        var path = _directory.PathOf("whole.journal");
        Choose(problem, "gtp", ["gtp.noise-floor=off"], path, out _, out _, out var tiles);
        tiles.ShouldBeGreaterThan(0);
        Choose(problem, "gtp", ["gtp.noise-floor=off"], path, out var found, out var dropped, out tiles);
        (found, dropped, tiles).ShouldBe((Records(File.ReadAllBytes(path)).Count(r => r.Kind == JournalKind.Pass), null, 0));
    }

    [Fact]
    public void A_damaged_record_and_all_behind_it_are_left_out_with_a_word()
    {
        var problem = PursuitCases.Problem();
        var alone = Choose(problem, "gtp", [], null);
        var path = _directory.PathOf("whole.journal");
        Choose(problem, "gtp", [], path);
        var whole = File.ReadAllBytes(path);
        var records = Records(whole);
        for (var at = 3; at < whole.Length; at += whole.Length / 23)
        {
            var damaged = (byte[])whole.Clone();
            damaged[at] ^= 0x10;
            File.WriteAllBytes(path, damaged);
            Choose(problem, "gtp", [], path, out var found, out var dropped, out _).ShouldBe(alone, $"damaged at {at}");
            found.ShouldBe(at < HeaderBytes ? 0 : records.Count(r => r.Kind == JournalKind.Pass && r.End <= at));
            dropped.ShouldNotBeNull().ShouldContain(at < HeaderBytes ? "another pursuit's" : "aren't whole");
        }
    }

    [Fact]
    public void Another_pursuits_answers_are_not_believed()
    {
        var problem = PursuitCases.Problem();
        var alone = Choose(problem, "gtp", [], null);
        var path = _directory.PathOf("foreign.journal");
        Choose(problem, "gtp", [], path, fingerprint: "other");
        Choose(problem, "gtp", [], path, out var found, out var dropped, out _).ShouldBe(alone);
        (found, dropped).ShouldBe((0, "it is another pursuit's, or no journal"));

        // Under the same fingerprint, which can't be, answers still belong to their questions.
        File.Delete(path);
        Choose(problem, "gtp", ["gtp.iterations=7"], path);
        Choose(problem, "gtp", [], path, out _, out dropped, out _).ShouldBe(alone);
        dropped.ShouldNotBeNull().ShouldContain("answers to other questions");
        Choose(problem, "gtp", [], path, out _, out dropped, out _).ShouldBe(alone);
        dropped.ShouldBeNull();
    }

    private static string Choose(SelectionProblem problem, string method, string[] settings, string? path, string fingerprint = "own") =>
        Choose(problem, method, settings, path, out _, out _, out _, fingerprint);

    /// <summary>A choice with all that is told of it.</summary>
    private static string Choose(
        SelectionProblem problem,
        string method,
        string[] settings,
        string? path,
        out int found,
        out string? dropped,
        out int tiles,
        string fingerprint = "own")
    {
        using var journal = path is null ? null : PursuitJournal.Open(path, fingerprint);
        found = journal?.PassesFound ?? 0;
        var counted = new CountedTiles(problem.Gradients.Pool!);
        var told = PursuitCases.Choose(
            problem with { Gradients = problem.Gradients with { Pool = counted } },
            method,
            settings,
            new SelectionContext { Threads = 1, Journal = journal });
        tiles = counted.Tiles;
        dropped = journal?.Dropped;
        return told;
    }

    /// <summary>Each record's kind and where it ends.</summary>
    private static List<(JournalKind Kind, int End)> Records(byte[] journal)
    {
        var records = new List<(JournalKind, int)>();
        for (var at = HeaderBytes; at < journal.Length;)
        {
            var end = at + 1 + sizeof(long) + 32 + (int)BinaryPrimitives.ReadInt64LittleEndian(journal.AsSpan(at + 1)) + 32;
            records.Add(((JournalKind)journal[at], end));
            at = end;
        }

        return records;
    }

    /// <summary>Counts reads of several rows at once, which passes make and nothing else.</summary>
    private sealed class CountedTiles(IDenseFeatures inner) : ForwardedFeatures(inner)
    {
        public int Tiles { get; private set; }

        public override FeatureTile Read(int block, int firstRow, int rows, Span<float> scratch)
        {
            if (rows > 1) Tiles++;
            return base.Read(block, firstRow, rows, scratch);
        }
    }
}
