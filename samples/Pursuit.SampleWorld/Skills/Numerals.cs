using System.Text;
using Pursuit.Data;

namespace Pursuit.SampleWorld.Skills;

/// <summary>Other ways to write a number, and other units to write it in.</summary>
internal static class Numerals
{
    public static readonly Skill Bases = new("number-bases", "Roman numerals, binary, hexadecimal, numbers in words", 130, MakeBases);
    public static readonly Skill Units = new("unit-conversion", "lengths, weights, times and volumes in other units", 130, MakeUnits);

    private static readonly (string From, string To, int Factor)[] Conversions =
    [
        ("kilometres", "metres", 1000), ("metres", "centimetres", 100), ("centimetres", "millimetres", 10), ("kilograms", "grams", 1000),
        ("tonnes", "kilograms", 1000), ("litres", "millilitres", 1000), ("hours", "minutes", 60), ("minutes", "seconds", 60),
        ("days", "hours", 24), ("weeks", "days", 7), ("feet", "inches", 12), ("yards", "feet", 3), ("pounds", "ounces", 16),
        ("gallons", "quarts", 4), ("dozens", "pieces", 12),
    ];

    private static readonly (int Value, string Sign)[] RomanSigns =
    [
        (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"),
        (4, "IV"), (1, "I"),
    ];

    private static readonly string[] SmallNumbers =
    [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
        "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
    ];

    private static readonly string[] Tens = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

    private static string Roman(int number)
    {
        var text = new StringBuilder();
        foreach (var (value, sign) in RomanSigns)
        {
            for (; number >= value; number -= value)
                text.Append(sign);
        }

        return text.ToString();
    }

    private static string InWords(int number) => number switch
    {
        < 20 => SmallNumbers[number],
        < 100 => Tens[number / 10] + (number % 10 == 0 ? "" : "-" + SmallNumbers[number % 10]),
        < 1000 => $"{SmallNumbers[number / 100]} hundred" + (number % 100 == 0 ? "" : " and " + InWords(number % 100)),
        _ => $"{InWords(number / 1000)} thousand"
            + (number % 1000 == 0 ? "" : (number % 1000 < 100 ? " and " : " ") + InWords(number % 1000)),
    };

    private static IReadOnlyList<Turn> MakeBases(SeededRandom random)
    {
        var small = random.Between(5, 255);
        var year = random.Between(4, 2400);
        var binary = Convert.ToString(small, 2);
        return random.NextInt(7) switch
        {
            0 => Say(
                random,
                random.Pick(
                    $"Write {year} in Roman numerals.", $"What is {year} as a Roman numeral?", $"Convert {year} to Roman numerals."),
                Roman(year), $"{year} is {Roman(year)}."),
            1 => Say(
                random,
                random.Pick(
                    $"What number is the Roman numeral {Roman(year)}?", $"Convert {Roman(year)} from Roman numerals.",
                    $"Which year is {Roman(year)}?"),
                $"{year}", $"{Roman(year)} is {year}."),
            2 => Say(
                random, random.Pick($"Write {small} in binary.", $"Convert {small} to base 2.", $"What is {small} as a binary number?"),
                binary, $"{small} in binary is {binary}."),
            3 => Say(
                random, random.Pick($"What is binary {binary} in decimal?", $"Convert {binary} from base 2 to base 10."), $"{small}",
                BinarySum(binary, small)),
            4 => Say(
                random, random.Pick($"Write {small} in hexadecimal.", $"Convert {small} to base 16."), $"{small:X}",
                $"{small} = {small / 16} * 16 + {small % 16}, so it is {small:X} in hexadecimal."),
            5 => Say(
                random, random.Pick($"What is hexadecimal {small:X} in decimal?", $"Convert {small:X} from base 16 to base 10."),
                $"{small}", $"{small:X} is {small}."),
            _ => Say(
                random, random.Pick($"Write {year} in words.", $"Spell out the number {year}."), InWords(year),
                $"{year} is written {InWords(year)}."),
        };
    }

    private static string BinarySum(string binary, int value)
    {
        var powers = binary.Select((digit, i) => (digit, 1 << (binary.Length - 1 - i))).Where(p => p.digit == '1').Select(p => $"{p.Item2}")
            .ToArray();
        return powers.Length == 1 ? $"{binary} is {value}." : $"{string.Join(" + ", powers)} = {value}";
    }

    private static IReadOnlyList<Turn> Say(SeededRandom random, string question, string brief, string full) =>
        Talk.Once(question, random.Chance(0.5) ? brief : full);

    private static IReadOnlyList<Turn> MakeUnits(SeededRandom random)
    {
        var (from, to, factor) = random.Pick<(string, string, int)>(Conversions);
        var value = random.Between(2, 60);
        var result = value * factor;
        switch (random.NextInt(4))
        {
            case 0:
                return Talk.Once(
                    random.Pick(
                        $"How many {to} are {value} {from}?", $"Convert {value} {from} to {to}.", $"{value} {from} is how many {to}?"),
                    random.Pick(
                        $"{result}", $"{value} {from} are {result} {to}.",
                        $"{value} * {factor} = {result}, so {value} {from} are {result} {to}."));
            case 1:
                return Talk.Once(
                    random.Pick($"How many {from} are {result} {to}?", $"Convert {result} {to} to {from}."),
                    random.Pick(
                        $"{value}", $"{result} {to} are {value} {from}.",
                        $"{result} / {factor} = {value}, so {result} {to} are {value} {from}."));
            case 2:
                {
                    var rest = random.Between(1, factor - 1);
                    return Talk.Once(
                        random.Pick(
                            $"Write {value} {from} and {rest} {to} in {to} only.",
                            $"How many {to} are {value} {from} and {rest} {to} altogether?"),
                        $"{value} * {factor} = {result}. {result} + {rest} = {result + rest}, so it is {result + rest} {to}.");
                }

            default:
                {
                    var celsius = 5 * random.Between(-6, 20);
                    var fahrenheit = celsius * 9 / 5 + 32;
                    return random.Chance(0.5)
                        ? Talk.Once(
                            random.Pick(
                                $"What is {celsius} degrees Celsius in Fahrenheit?", $"Convert {celsius} degrees Celsius to Fahrenheit."),
                            random.Pick(
                                $"{fahrenheit} degrees Fahrenheit",
                                $"{celsius} * 9 / 5 + 32 = {fahrenheit}, so {fahrenheit} degrees Fahrenheit."))
                        : Talk.Once(
                            random.Pick(
                                $"What is {fahrenheit} degrees Fahrenheit in Celsius?",
                                $"Convert {fahrenheit} degrees Fahrenheit to Celsius."),
                            random.Pick(
                                $"{celsius} degrees Celsius", $"({fahrenheit} - 32) * 5 / 9 = {celsius}, so {celsius} degrees Celsius."));
                }
        }
    }
}
