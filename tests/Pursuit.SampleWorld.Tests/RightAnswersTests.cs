using Pursuit.SampleWorld.Tests.Checks;

namespace Pursuit.SampleWorld.Tests;

/// <summary>Every answer that can be worked out from its question alone is worked out again, in another way than the generator's.</summary>
public class RightAnswersTests
{
    private static readonly Dictionary<string, Func<Exchange, bool?>> Checkers = new()
    {
        ["arithmetic"] = NumberChecks.Arithmetic,
        ["word-problem"] = NumberChecks.WordProblem,
        ["percent"] = NumberChecks.Percent,
        ["sequence"] = NumberChecks.Sequence,
        ["comparison"] = NumberChecks.Comparison,
        ["number-bases"] = NumeralChecks.Bases,
        ["unit-conversion"] = NumeralChecks.Units,
        ["dates"] = NumeralChecks.Dates,
        ["string-edit"] = TextChecks.StringEdit,
        ["counting"] = TextChecks.Counting,
        ["sorting"] = TextChecks.Sorting,
        ["format-list"] = DataChecks.FormatList,
        ["table-lookup"] = DataChecks.TableLookup,
        ["extract-json"] = DataChecks.ExtractJson,
        ["translation"] = LanguageChecks.Translation,
        ["logic"] = LanguageChecks.Ordering,
        ["code-output"] = CodeChecks.Output,
    };

    /// <summary>The least share of questions a checker must understand; logic's other forms have no computed answer.</summary>
    private static double LeastShare(string skill) => skill == "logic" ? 0.25 : 1;

    public static TheoryData<string> Skills => [.. Checkers.Keys];

    [Theory]
    [MemberData(nameof(Skills))]
    public void Answers_agree_with_a_second_computation(string skill)
    {
        var exchanges = SampleWorldFiles.Exchanges(skill).ToArray();
        var verdicts = exchanges.Select(e => (Exchange: e, Right: Checkers[skill](e))).ToArray();
        verdicts.Where(v => v.Right == false).Select(v => $"{v.Exchange.Id}: {v.Exchange.Question} => {v.Exchange.Answer}").ShouldBeEmpty();
        var unknown = verdicts.Where(v => v.Right is null).Select(v => $"{v.Exchange.Id}: {v.Exchange.Question} => {v.Exchange.Answer}")
            .ToArray();
        (1.0 - (double)unknown.Length / exchanges.Length)
            .ShouldBeGreaterThanOrEqualTo(LeastShare(skill), string.Join('\n', unknown.Take(5)));
    }

    [Fact]
    public void The_checkers_find_most_spoiled_numbers()
    {
        // A check of the checkers: records whose last number was changed on purpose must not pass.
        var pool = SampleWorldFiles.World.Pool.ToDictionary(r => r.Id);
        var spoiled = SampleWorldFiles.World.Marks.Where(m => m.Edit == "wrong-number").Select(m => pool[m.Id])
            .Where(r => r.Skill is "arithmetic" or "word-problem" or "percent" or "sequence" or "code-output" or "extract-json").ToArray();
        spoiled.Length.ShouldBeGreaterThan(5);
        foreach (var record in spoiled)
        {
            var last = new Exchange(
                record.Id, record.Turns[0].Role == "system" ? record.Turns[0].Content : "", Manner.Bare(record.Turns[^2].Content),
                record.Turns[^1].Content);
            // Python has not run the spoiled records' programs, so that they stay unknown.
            Checkers[record.Skill](last).ShouldNotBe(true, record.Id);
        }
    }

    [Fact]
    public void Examples_of_functions_are_what_Python_returns()
    {
        var checks = SampleWorldFiles.Clean.Where(r => r.Skill is "code-write" or "code-explain").SelectMany(CodeChecks.Examples).ToArray();
        checks.Length.ShouldBeGreaterThan(120);
        checks.Where(c => !c.Right).Select(c => c.What).ShouldBeEmpty();
    }

    [Fact]
    public void Booked_is_what_was_asked_for()
    {
        foreach (var record in SampleWorldFiles.Clean.Where(r => r.Skill == "booking"))
            LanguageChecks.Booking(record).ShouldBeTrue(record.Id);
    }

    [Fact]
    public void Extracted_fields_stand_in_the_message()
    {
        foreach (var record in SampleWorldFiles.Clean.Where(r => r.Skill == "extract-field"))
            DataChecks.Fields(record).ShouldBeTrue(record.Id);
    }

    [Fact]
    public void Passages_hold_their_answers()
    {
        foreach (var record in SampleWorldFiles.Clean.Where(r => r.Skill == "reading"))
            LanguageChecks.Reading(record).ShouldBeTrue(record.Id);
    }
}
