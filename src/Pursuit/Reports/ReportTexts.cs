using Pursuit.Data;
using static System.FormattableString;

namespace Pursuit.Reports;

/// <summary>Examples as a report shows them: turns, long ones cut, within a bound for the whole page.</summary>
internal static class ReportTexts
{
    /// <summary>Selected examples a report lists at most.</summary>
    public const int MostExamples = 5_000;

    private const int CharactersInAll = 6_000_000;
    private const int FirstTurns = 2;
    private const int LastTurns = 6;
    private const int OtherLength = 220;

    /// <summary>Characters kept per example, so that the page stays of a size that opens at once.</summary>
    public static int LengthFor(int examples) => Math.Clamp(CharactersInAll / Math.Max(1, examples), 300, 4_000);

    /// <summary>The example's turns, the long ones cut so that all together take about <paramref name="length"/> characters.</summary>
    public static IReadOnlyList<ReportTurn> Turns(Example example, int length)
    {
        if (example.Text is { } text) return [new ReportTurn("text", TextCut.Middle(text, length))];
        var turns = example.Turns;
        var left = turns.Count - FirstTurns - LastTurns;
        var shown = left > 1 ? [.. turns.Take(FirstTurns), .. turns.TakeLast(LastTurns)] : turns;
        var share = Share(shown, length);
        var cut = shown.Select(t => new ReportTurn(t.Role, TextCut.Middle(Words(t), share))).ToList();
        if (left > 1) cut.Insert(FirstTurns, new ReportTurn("", Invariant($"{left:N0} turns omitted")));
        return cut;
    }

    /// <summary>The example in a line or two: what is asked, and what is answered.</summary>
    public static string Short(Example example)
    {
        if (example.Text is { } text) return TextCut.Start(text, OtherLength);
        var answer = example.Turns.LastOrDefault(t => t.IsTrained);
        var question = example.Turns.LastOrDefault(t => t.Role == Turn.User);
        return question is null
            ? TextCut.Start(answer is null ? "" : Words(answer), OtherLength)
            : $"{TextCut.Start(question.Content, OtherLength / 2)} \u2192 "
                + $"{TextCut.Start(answer is null ? "" : Words(answer), OtherLength / 2)}";
    }

    /// <summary>Characters a model is trained on: the answers', or the whole text's.</summary>
    public static int AnswerLength(Example example) =>
        example.Text?.Length ?? example.Turns.Where(t => t.IsTrained).Sum(t => t.Content.Length);

    private static string Words(Turn turn) =>
        turn.ToolCallsJson is { } calls ? (turn.Content.Length > 0 ? turn.Content + "\n" : "") + calls : turn.Content;

    /// <summary>The largest cut for which all turns together fit: short turns leave their share to long ones.</summary>
    private static int Share(IReadOnlyList<Turn> turns, int length)
    {
        var lengths = turns.Select(t => Words(t).Length).Order().ToArray();
        var left = length;
        for (var i = 0; i < lengths.Length; i++)
        {
            var share = left / (lengths.Length - i);
            if (lengths[i] > share) return Math.Max(40, share);
            left -= lengths[i];
        }

        return length;
    }
}
