using System.Data;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Pursuit.SampleWorld.Tests.Checks;

/// <summary>Calculation again, with the framework's expression evaluator. Null: the question was not understood.</summary>
internal static class NumberChecks
{
    public static bool? Arithmetic(Exchange e)
    {
        var n = Numbers(e.Question);
        var q = e.Question;
        if (n.Length < 2 || !EquationsHold(e.Answer))
            return n.Length < 2 ? null : false;
        if (q.Contains(" / ", StringComparison.Ordinal) || q.StartsWith("Divide", StringComparison.Ordinal))
        {
            var match = Regex.Match(e.Answer, @"(\d+)(?: remainder (\d+))?\.?$");
            long quotient = Long(match.Groups[1].Value), rest = match.Groups[2].Success ? Long(match.Groups[2].Value) : 0;
            return quotient * n[1] + rest == n[0] && rest < n[1];
        }

        long? expected = q.Contains(" - ", StringComparison.Ordinal) ? n[0] - n[1]
            : q.StartsWith("Subtract", StringComparison.Ordinal) ? n[1] - n[0]
            : q.Contains(" * ", StringComparison.Ordinal) || q.StartsWith("Multiply", StringComparison.Ordinal)
                || q.Contains("product", StringComparison.Ordinal)
            ? n[0] * n[1]
            : q.Contains(" + ", StringComparison.Ordinal) || Regex.IsMatch(q, "^(Add|Find the sum|Show me how to add)") ? n.Sum()
            : null;
        return expected is null ? null : Last(e.Answer) == expected;
    }

    /// <summary>Every line's equation holds, uses only numbers already known, and the last result is the answer.</summary>
    public static bool? WordProblem(Exchange e)
    {
        var known = Numbers(e.Question).ToHashSet();
        var lines = e.Answer.Split('\n');
        foreach (var line in lines[..^1])
        {
            if (!EquationsHold(line) || Numbers(line.Split('=')[0]).Any(n => !known.Contains(n)))
                return false;
            known.Add(Last(line)!.Value);
        }

        return lines[^1] == $"Answer: {Last(lines[^2])}";
    }

    public static bool? Percent(Exchange e)
    {
        var n = Numbers(e.Question);
        if (!EquationsHold(e.Answer))
            return false;
        if (Regex.IsMatch(e.Question, "average|mean"))
            return Last(e.Answer) * n.Length == n.Sum();
        int percent = (int)Long(Regex.Match(e.Question, @"(\d+)%").Groups[1].Value),
            whole = (int)n.First(v => v != percent || n.Count(w => w == percent) > 1);
        var part = whole * (decimal)percent / 100;
        return Last(e.Answer) == (e.Question.Contains("% o", StringComparison.Ordinal) && !Regex.IsMatch(e.Question, "sale|shop") ? part
            : Regex.IsMatch(e.Question, "sale|shop") ? whole - part : whole + part);
    }

    /// <summary>The sequence with its next number is arithmetic, geometric, additive, or has constant second differences.</summary>
    public static bool? Sequence(Exchange e)
    {
        var n = Numbers(e.Question).Append(Last(e.Answer)!.Value).ToArray();
        var d = Differences(n);
        return n.Length >= 5 && (d.Distinct().Count() == 1 || Differences(d).Distinct().Count() == 1
            || Enumerable.Range(1, n.Length - 2).All(i => n[i] * n[i] == n[i - 1] * n[i + 1])
            || Enumerable.Range(2, n.Length - 2).All(i => n[i] == n[i - 1] + n[i - 2]));
    }

    public static bool? Comparison(Exchange e)
    {
        var q = e.Question;
        if (q.Contains('/'))
        {
            var f = Regex.Matches(q, @"(\d+)/(\d+)")
                .Select(m => (Text: m.Value, Top: Long(m.Groups[1].Value), Bottom: Long(m.Groups[2].Value))).ToArray();
            var sign = (f[0].Top * f[1].Bottom).CompareTo(f[1].Top * f[0].Bottom);
            return e.Answer.EndsWith(sign == 0 ? "are equal." : $"so {f[sign > 0 ? 0 : 1].Text} is larger.", StringComparison.Ordinal);
        }

        var n = Regex.Matches(q, @"\d+(\.\d+)?").Select(m => decimal.Parse(m.Value, CultureInfo.InvariantCulture)).ToArray();
        if (q.Contains('<'))
            return Regex.Match(e.Answer, "[<>=]").Value == (n[0] < n[1] ? "<" : n[0] > n[1] ? ">" : "=");
        if (n[0] == n[1])
            return e.Answer == "They are equal.";
        var given = decimal.Parse(Regex.Match(e.Answer, @"\d+(\.\d+)?").Value, CultureInfo.InvariantCulture);
        return q.Contains("smallest", StringComparison.Ordinal) ? given == n.Min() : given == n.Max();
    }

    public static long[] Numbers(string text) => [.. Regex.Matches(text, @"-?(?<![\w.])\d+").Select(m => Long(m.Value))];

    public static long? Last(string text) => Regex.Matches(text, @"-?\d+") is { Count: > 0 } m ? Long(m[^1].Value) : null;

    public static long Long(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>Every "3 * 4 + 1 = 13" in a text is true.</summary>
    public static bool EquationsHold(string text)
    {
        using var table = new DataTable { Locale = CultureInfo.InvariantCulture };
        return Regex.Matches(text, @"(?<left>\(?-?\d+(?: [-+*/] \(?-?\d+\)?)+) = (?<right>-?\d+)(?!\d| remainder)").All(m =>
            Convert.ToDecimal(table.Compute(m.Groups["left"].Value, ""), CultureInfo.InvariantCulture) == Long(m.Groups["right"].Value));
    }

    private static long[] Differences(long[] values) => [.. values.Zip(values.Skip(1), (a, b) => b - a)];
}
