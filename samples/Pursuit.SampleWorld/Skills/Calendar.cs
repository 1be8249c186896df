using Pursuit.Data;

namespace Pursuit.SampleWorld.Skills;

/// <summary>Dates, weekdays and clock times.</summary>
internal static class Calendar
{
    public static readonly Skill Dates = new("dates", "weekdays, days between dates, leap years, clock times", 150, Make);

    private static IReadOnlyList<Turn> Make(SeededRandom random)
    {
        var date = new DateOnly(random.Between(1990, 2035), 1, 1).AddDays(random.NextInt(365));
        var text = Text(date, random);
        switch (random.NextInt(6))
        {
            case 0:
                {
                    var day = Weekday(date);
                    return Talk.Once(
                        random.Pick(
                            $"What day of the week is {text}?", $"Which weekday does {text} fall on?", $"{text}: which day of the week?"),
                        random.Pick(day, $"{text} is a {day}."));
                }

            case 1:
                {
                    int today = random.NextInt(7), days = random.Between(8, 90);
                    string now = Words.Weekdays[today], then = Words.Weekdays[(today + days) % 7];
                    return Talk.Once(
                        random.Pick(
                            $"If today is {now}, what day is it in {days} days?",
                            $"Today is {now}. Which weekday comes {days} days from now?"),
                        random.Pick(
                            then,
                            $"{days} days are {Wording.Count(days / 7, "week")} and {Wording.Count(days % 7, "day")}, "
                                + $"so it will be {then}."));
                }

            case 2:
                {
                    var days = random.Between(3, 75);
                    var later = date.AddDays(days);
                    var form = IsIso(text) ? Iso(later) : LongText(later);
                    return Talk.Once(
                        random.Pick(
                            $"What date is {days} days after {text}?", $"Add {days} days to {text}.",
                            $"Which date comes {days} days after {text}?"),
                        random.Pick(form, $"It is {form}."));
                }

            case 3:
                {
                    var days = random.Between(5, 200);
                    var end = IsIso(text) ? Iso(date.AddDays(days)) : LongText(date.AddDays(days));
                    return Talk.Once(
                        random.Pick(
                            $"How many days are there from {text} to {end}?",
                            $"Count the days between {text} and {end}, not counting the first."),
                        random.Pick($"{days}", $"There are {days} days."));
                }

            case 4:
                {
                    int year = random.Between(1800, 2400), century = random.Chance(0.2) ? year / 100 * 100 : year;
                    var leap = DateTime.IsLeapYear(century);
                    var reason = century % 4 != 0 ? "it is not divisible by 4"
                        : century % 100 != 0 ? "it is divisible by 4 and not by 100"
                        : leap ? "it is divisible by 400" : "it is divisible by 100 but not by 400";
                    return Talk.Once(
                        random.Pick($"Is {century} a leap year?", $"Does {century} have a 29th of February?"),
                        $"{(leap ? "Yes" : "No")}, {reason}.");
                }

            default:
                {
                    int start = 5 * random.Between(60, 250), minutes = 5 * random.Between(3, 60);
                    var what = random.Pick("film", "train ride", "meeting", "lesson", "concert", "flight");
                    string from = Clock(start), to = Clock(start + minutes);
                    var length = minutes < 60 ? $"{minutes} minutes"
                        : Wording.Count(minutes / 60, "hour") + (minutes % 60 == 0 ? "" : $" and {minutes % 60} minutes");
                    return random.Chance(0.5)
                        ? Talk.Once(
                            random.Pick(
                                $"A {what} starts at {from} and takes {minutes} minutes. When does it end?",
                                $"The {what} begins at {from}. It lasts {minutes} minutes. What time is it over?"),
                            random.Pick(to, $"It ends at {to}."))
                        : Talk.Once(
                            random.Pick(
                                $"A {what} lasts from {from} to {to}. How long is that?",
                                $"How long is a {what} that begins at {from} and ends at {to}?"),
                            random.Pick(length, $"It takes {length}."));
                }
        }
    }

    private static string Clock(int minutes) => $"{minutes / 60 % 24:00}:{minutes % 60:00}";

    private static string Weekday(DateOnly date) => Words.Weekdays[((int)date.DayOfWeek + 6) % 7];

    private static string Text(DateOnly date, SeededRandom random) => random.Chance(0.35) ? Iso(date) : LongText(date);

    private static bool IsIso(string text) => char.IsDigit(text[0]) && text[4..5] == "-";

    private static string Iso(DateOnly date) => $"{date.Year:0000}-{date.Month:00}-{date.Day:00}";

    private static string LongText(DateOnly date) => $"{date.Day} {Words.Months[date.Month - 1]} {date.Year}";
}
