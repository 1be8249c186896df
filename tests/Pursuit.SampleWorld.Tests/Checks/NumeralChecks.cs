using System.Globalization;
using System.Text.RegularExpressions;
using static Pursuit.SampleWorld.Tests.Checks.NumberChecks;

namespace Pursuit.SampleWorld.Tests.Checks;

/// <summary>Numerals, units and dates again, by other rules than the generator's.</summary>
internal static class NumeralChecks
{
    private static readonly string[] Digits = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

    private static readonly Dictionary<string, int> Words = MakeWords();

    /// <summary>How many of the smallest unit of its kind a unit is.</summary>
    private static readonly Dictionary<string, decimal> Size = new()
    {
        ["millimetres"] = 1,
        ["centimetres"] = 10,
        ["metres"] = 1000,
        ["kilometres"] = 1000000,
        ["grams"] = 1,
        ["kilograms"] = 1000,
        ["tonnes"] = 1000000,
        ["millilitres"] = 1,
        ["litres"] = 1000,
        ["seconds"] = 1,
        ["minutes"] = 60,
        ["hours"] = 3600,
        ["days"] = 86400,
        ["weeks"] = 604800,
        ["inches"] = 1,
        ["feet"] = 12,
        ["yards"] = 36,
        ["ounces"] = 1,
        ["pounds"] = 16,
        ["quarts"] = 1,
        ["gallons"] = 4,
        ["pieces"] = 1,
        ["dozens"] = 12,
    };

    public static bool? Bases(Exchange e)
    {
        string q = e.Question, a = e.Answer;
        if (q.Contains("Roman", StringComparison.Ordinal) || q.StartsWith("Which year", StringComparison.Ordinal))
            return Roman(Regex.Matches(q + " " + a, @"\b[MDCLXVI]+\b")[0].Value) == Long(Regex.Match(q + " " + a, @"\d+").Value);
        if (q.Contains("words", StringComparison.Ordinal) || q.Contains("Spell", StringComparison.Ordinal))
            return Spoken(Regex.Replace(a, @"^\d+ is written |\.$", "")) == Long(Regex.Match(q, @"\d+").Value);
        if (q.Contains("binary", StringComparison.Ordinal) || q.Contains("base 2", StringComparison.Ordinal))
        {
            var toDecimal = q.Contains("decimal", StringComparison.Ordinal) || q.Contains("to base 10", StringComparison.Ordinal);
            var given = Regex.Match(q, @"\d+").Value;
            return EquationsHold(a) && (toDecimal ? FromBase(given, 2) == Last(a) : Long(given) == FromBase($"{Last(a)}", 2));
        }

        var from = Regex.Match(q, @"\b[0-9A-F]*\d[0-9A-F]*\b|\b[A-F]{2}\b|\b[A-F]\b").Value;
        return q.Contains("in decimal", StringComparison.Ordinal) || q.Contains("from base 16", StringComparison.Ordinal)
            ? FromBase(from, 16) == Last(a)
            : Long(from) == FromBase(
                Regex.Match(a, @"it is ([0-9A-F]+)|^([0-9A-F]+)$") is var m && m.Groups[1].Success ? m.Groups[1].Value : m.Value, 16);
    }

    public static bool? Units(Exchange e)
    {
        string q = e.Question;
        if (!EquationsHold(e.Answer))
            return false;
        if (q.Contains("Celsius", StringComparison.Ordinal))
        {
            var given = Last(q)!.Value;
            var result = Long(Regex.Match(e.Answer, @"(-?\d+) degrees").Groups[1].Value);
            var (c, f) = Regex.IsMatch(q, "Celsius.*Fahrenheit") ? (given, result) : (result, given);
            return 9 * c == 5 * (f - 32);
        }

        var units = Regex.Matches(q, @"[a-z]+").Select(m => m.Value).Where(Size.ContainsKey).ToArray();
        var amounts = Regex.Matches(q, @"(\d+) ([a-z]+)").Select(m => Long(m.Groups[1].Value) * Size[m.Groups[2].Value]).Sum();
        var counted = Regex.Matches(q, @"\d+ ([a-z]+)").Select(m => m.Groups[1].Value).ToHashSet();
        var wanted = units.Where(u => !counted.Contains(u))
            .DefaultIfEmpty(units.GroupBy(u => u).OrderByDescending(g => g.Count()).First().Key).First();
        return Last(e.Answer)! * Size[wanted] == amounts;
    }

    public static bool? Dates(Exchange e)
    {
        string q = e.Question, a = e.Answer;
        var dates = FindDates(q);
        if (Regex.IsMatch(q, "weekday does|day of the week"))
            return Regex.Match(a, "[A-Z][a-z]+day").Value == WeekdayNames[(DayNumber(dates[0]) % 7 + 7) % 7];
        if (Regex.Match(q, @"(?:If today|Today) is (\w+)") is { Success: true } today)
        {
            var start = Array.IndexOf(WeekdayNames, today.Groups[1].Value);
            return Regex.Matches(a, "[A-Z][a-z]+day")[^1].Value
                == WeekdayNames[(start + (int)Long(Regex.Match(q, @"(\d+) days").Groups[1].Value)) % 7];
        }

        if (dates.Length == 2)
            return DayNumber(dates[1]) - DayNumber(dates[0]) == Last(a);
        if (dates.Length == 1)
            return DayNumber(FindDates(a)[0]) - DayNumber(dates[0]) == Long(Regex.Match(q, @"(\d+) days").Groups[1].Value);
        if (q.Contains(':'))
            return ClockTimes(q, a);
        var year = Long(Regex.Match(q, @"\d{4}").Value);
        var leap = DayNumber(((int)year, 3, 1)) - DayNumber(((int)year, 2, 28)) == 2;
        return Regex.IsMatch(q, "leap|29th") ? a.StartsWith(leap ? "Yes," : "No,", StringComparison.Ordinal) : null;
    }

    private static readonly string[] WeekdayNames = ["Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday"];

    private static bool ClockTimes(string q, string a)
    {
        var times = Regex.Matches(q + " " + a, @"(\d\d):(\d\d)").Select(m => Long(m.Groups[1].Value) * 60 + Long(m.Groups[2].Value))
            .ToArray();
        var length = Regex.Match(q + " " + a, @"(?:(\d+) hours?)?(?: and )?(?:(\d+) minutes)?(?=[ .]|$)(?<=hours?|minutes)");
        long Part(int i) => length.Groups[i].Success ? Long(length.Groups[i].Value) : 0;
        return ((times[1] - times[0] + 1440) % 1440) == Part(1) * 60 + Part(2);
    }

    private static (int Year, int Month, int Day)[] FindDates(string text) =>
    [
        .. Regex.Matches(text, @"(\d{4})-(\d\d)-(\d\d)|(\d{1,2}) ([A-Z][a-z]+) (\d{4})").Select(m => m.Groups[1].Success
            ? (int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture), int.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture),
                int.Parse(m.Groups[3].Value, CultureInfo.InvariantCulture))
            : (int.Parse(m.Groups[6].Value, CultureInfo.InvariantCulture),
                DateTime.ParseExact(m.Groups[5].Value, "MMMM", CultureInfo.InvariantCulture).Month,
                int.Parse(m.Groups[4].Value, CultureInfo.InvariantCulture))),
    ];

    /// <summary>
    /// Days since 1 March of the year 0, by the lengths of months in a year that begins in March; that day was a Wednesday.
    /// </summary>
    private static int DayNumber((int Year, int Month, int Day) date)
    {
        var month = (date.Month + 9) % 12;
        var year = date.Year - month / 10;
        return 365 * year + year / 4 - year / 100 + year / 400 + (306 * month + 5) / 10 + date.Day - 1;
    }

    private static long Roman(string text)
    {
        var values = text.Select(c => c switch { 'M' => 1000, 'D' => 500, 'C' => 100, 'L' => 50, 'X' => 10, 'V' => 5, _ => 1 }).ToArray();
        return values.Select((v, i) => i + 1 < values.Length && v < values[i + 1] ? -v : v).Sum();
    }

    private static long FromBase(string text, int radix) =>
        text.Aggregate(0L, (sum, c) => sum * radix + (char.IsDigit(c) ? c - '0' : c - 'A' + 10));

    private static long Spoken(string text)
    {
        long total = 0, part = 0;
        foreach (var word in text.Split(' ', '-'))
        {
            if (word == "thousand")
                (total, part) = (total + part * 1000, 0);
            else if (word == "hundred")
                part *= 100;
            else if (word != "and")
                part += Words[word];
        }

        return total + part;
    }

    private static Dictionary<string, int> MakeWords()
    {
        var words = Digits.Select((w, i) => (w, i)).ToDictionary(p => p.w, p => p.i);
        const string Others = "ten 10 eleven 11 twelve 12 thirteen 13 fourteen 14 fifteen 15 sixteen 16 seventeen 17 eighteen 18 "
            + "nineteen 19 twenty 20 thirty 30 forty 40 fifty 50 sixty 60 seventy 70 eighty 80 ninety 90";
        foreach (var (word, value) in Others.Split(' ').Chunk(2).Select(p => (p[0], int.Parse(p[1], CultureInfo.InvariantCulture))))
            words[word] = value;
        return words;
    }
}
