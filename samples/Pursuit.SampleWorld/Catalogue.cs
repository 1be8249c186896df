using Pursuit.SampleWorld.Skills;

namespace Pursuit.SampleWorld;

/// <summary>Every skill of the world, and which of them are targets.</summary>
internal static class Catalogue
{
    /// <summary>The skills in the order of the README.</summary>
    public static readonly IReadOnlyList<Skill> Skills =
    [
        WordProblems.Skill, Numbers.Arithmetic, Numbers.Percent, Numbers.Sequence, Numbers.Comparison, Numerals.Bases,
        Numerals.Units, Calendar.Dates, ProgramOutput.Skill, Code.Write, Code.Explain,
        Extraction.Json, Extraction.Field, Formats.List, Formats.Table,
        Strings.Edit, Strings.Counting, Strings.Sorting,
        Classifying.Sentiment, Classifying.Intent, Reading.Answering, Reading.Summary, Letters.Skill,
        Language.Grammar, Language.Rewrite, Language.Relations, Tavo.Skill,
        Logic.Skill, Dialogue.Booking, Dialogue.Safety,
    ];

    /// <summary>The skills with dev and test files: of different character, each scorable by comparing text.</summary>
    public static readonly IReadOnlyList<Skill> Targets = [WordProblems.Skill, Extraction.Json, ProgramOutput.Skill];
}
