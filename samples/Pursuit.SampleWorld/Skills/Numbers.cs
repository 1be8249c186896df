using Pursuit.Data;

namespace Pursuit.SampleWorld.Skills;

/// <summary>Plain calculation: sums with carrying, percentages and averages, sequences, comparisons.</summary>
internal static class Numbers
{
    public static readonly Skill Arithmetic = new(
        "arithmetic", "sums, differences, products and quotients, some with the carrying shown", 190, MakeArithmetic);
    public static readonly Skill Percent = new("percent", "percentages, discounts, averages", 120, MakePercent);
    public static readonly Skill Sequence = new("sequence", "the next number of a sequence", 130, MakeSequence);
    public static readonly Skill Comparison = new(
        "comparison", "which number is larger; decimals, fractions, ordering signs", 130, MakeComparison);

    private static IReadOnlyList<Turn> MakeArithmetic(SeededRandom random)
    {
        switch (random.NextInt(6))
        {
            case 0:
                return ShowCarrying(random.Between(120, 9899), random.Between(120, 9899), random);
            case 1:
                {
                    int a = random.Between(200, 9999), b = random.Between(100, a - 1);
                    return Answer(
                        random,
                        random.Pick($"What is {a} - {b}?", $"Subtract {b} from {a}.", $"Calculate {a} - {b}.", $"Work out {a} - {b}."),
                        $"{a} - {b}", $"{a - b}");
                }

            case 2:
                {
                    int a = random.Between(12, 99), b = random.Between(3, 99);
                    if (random.Chance(0.4) && b > 10 && b % 10 != 0)
                    {
                        int tens = b / 10 * 10, ones = b % 10;
                        return Talk.Once(
                            random.Pick(
                                $"Calculate {a} * {b} step by step.", $"Multiply {a} by {b} and show your steps.",
                                $"What is {a} * {b}? Explain how you get there."),
                            $"Split {b} into {tens} and {ones}.\n{a} * {tens} = {a * tens}\n{a} * {ones} = {a * ones}\n"
                                + $"{a * tens} + {a * ones} = {a * b}\nSo {a} * {b} = {a * b}.");
                    }

                    return Answer(
                        random,
                        random.Pick(
                            $"What is {a} * {b}?", $"Multiply {a} by {b}.", $"Find the product of {a} and {b}.", $"How much is {a} * {b}?"),
                        $"{a} * {b}", $"{a * b}");
                }

            case 3:
                {
                    int divisor = random.Between(3, 19), quotient = random.Between(5, 99), rest = random.NextInt(divisor);
                    var dividend = divisor * quotient + rest;
                    var answer = rest == 0 ? $"{quotient}" : $"{quotient} remainder {rest}";
                    return Answer(
                        random,
                        random.Pick(
                            $"What is {dividend} / {divisor}? Give a remainder if there is one.",
                            $"Divide {dividend} by {divisor}, with remainder.",
                            $"Calculate {dividend} / {divisor} as a whole number and a remainder."),
                        $"{dividend} / {divisor}", answer);
                }

            case 4:
                {
                    int a = random.Between(15, 480), b = random.Between(15, 480), c = random.Between(15, 480);
                    return Answer(
                        random, random.Pick($"What is {a} + {b} + {c}?", $"Add {a}, {b} and {c}.", $"Find the sum of {a}, {b} and {c}."),
                        $"{a} + {b} + {c}", $"{a + b + c}");
                }

            default:
                {
                    int a = random.Between(15, 9999), b = random.Between(15, 9999);
                    return Answer(
                        random,
                        random.Pick(
                            $"What is {a} + {b}?", $"Add {a} and {b}.", $"Calculate {a} + {b}.", $"{a} + {b} = ?",
                            $"Find the sum of {a} and {b}."),
                        $"{a} + {b}", $"{a + b}");
                }
        }
    }

    private static IReadOnlyList<Turn> ShowCarrying(int a, int b, SeededRandom random)
    {
        var question = random.Pick(
            $"Add {a} and {b}. Show the carrying.", $"What is {a} + {b}? Work column by column.",
            $"Calculate {a} + {b} and write down every carry.", $"Show me how to add {a} and {b} by hand.");
        var lines = new List<string>();
        string[] columns = ["Ones", "Tens", "Hundreds", "Thousands"];
        var carry = 0;
        for (int i = 0, x = a, y = b; x > 0 || y > 0; i++, x /= 10, y /= 10)
        {
            var sum = x % 10 + y % 10 + carry;
            var terms = $"{x % 10} + {y % 10}" + (carry > 0 ? " + 1" : "");
            lines.Add($"{columns[i]}: {terms} = {sum}, write {sum % 10}" + (sum > 9 ? ", carry 1." : "."));
            carry = sum / 10;
        }

        if (carry > 0)
            lines.Add("The last carry gives a leading 1.");
        lines.Add($"{a} + {b} = {a + b}");
        return Talk.Once(question, string.Join('\n', lines));
    }

    private static IReadOnlyList<Turn> Answer(SeededRandom random, string question, string task, string answer) =>
        random.NextInt(6) switch
        {
            0 => Talk.Under("You are a calculator. Reply with the result only.", question, answer),
            1 or 2 => Talk.Once(question, answer),
            3 or 4 => Talk.Once(question, $"{task} = {answer}"),
            _ => Talk.Once(question, $"The answer is {answer}."),
        };

    private static IReadOnlyList<Turn> MakePercent(SeededRandom random)
    {
        if (random.Chance(0.3))
        {
            var count = random.Between(3, 5);
            var mean = random.Between(6, 60);
            var values = new int[count];
            for (var i = 0; i + 1 < count; i++)
                values[i] = mean + random.Between(-5, 5);
            values[^1] = mean * count - values.Sum();
            if (values[^1] < 1)
                values = [mean, mean - 1, mean + 1];
            var list = Wording.And([.. values.Select(v => $"{v}")]);
            var sum = values.Sum();
            return Talk.Once(
                random.Pick(
                    $"What is the average of {list}?", $"Find the mean of {list}.",
                    $"Calculate the average of {list} and show the sum first."),
                $"{string.Join(" + ", values)} = {sum}, and {sum} / {values.Length} = {sum / values.Length}. "
                    + $"The average is {sum / values.Length}.");
        }

        var percent = random.Pick(5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 80);
        var whole = 20 * random.Between(2, 60);
        var part = whole * percent / 100;
        switch (random.NextInt(3))
        {
            case 0:
                return Talk.Once(
                    random.Pick(
                        $"What is {percent}% of {whole}?", $"Calculate {percent}% of {whole}.", $"How much is {percent}% of {whole}?"),
                    random.Pick(
                        $"{part}", $"{percent}% of {whole} is {part}.", $"1% of {whole} is {Hundredth(whole)}, so {percent}% is {part}."));
            case 1:
                {
                    var item = random.Pick(Words.Products);
                    return Talk.Once(
                        random.Pick(
                            $"{Wording.Capital(Wording.A(item))} costs {whole} dollars and is on sale at {percent}% "
                                + "off. What is the sale price?",
                            $"The shop takes {percent}% off {Wording.A(item)} priced at {whole} dollars. What do I pay?"),
                        $"The discount is {percent}% of {whole}, which is {part} dollars. {whole} - {part} = {whole - part}, "
                            + $"so the price is {whole - part} dollars.");
                }

            default:
                {
                    var city = random.Pick(Words.Cities);
                    return Talk.Once(
                        random.Pick(
                            $"The library in {city} had {whole} members. Membership grew by {percent}%. How many members are there now?",
                            $"A club in {city} with {whole} members grew by {percent}%. How many members does it have now?"),
                        $"{percent}% of {whole} is {part}. {whole} + {part} = {whole + part}, so there are {whole + part} members now.");
                }
        }
    }

    private static string Hundredth(int whole) => whole % 100 == 0 ? $"{whole / 100}" : $"{whole / 100}.{whole % 100:00}".TrimEnd('0');

    private static IReadOnlyList<Turn> MakeSequence(SeededRandom random)
    {
        int start = random.Between(1, 30), step = random.Between(2, 15), shown = random.Between(4, 6);
        Func<int, int> term;
        string rule;
        switch (random.NextInt(5))
        {
            case 0:
                term = i => start + i * step;
                rule = $"Each number is {step} more than the one before";
                break;
            case 1:
                start += 7 * step;
                term = i => start - i * step;
                rule = $"Each number is {step} less than the one before";
                break;
            case 2:
                {
                    int first = random.Between(1, 9), factor = random.Between(2, 4);
                    term = i => Enumerable.Repeat(factor, i).Aggregate(first, (product, f) => product * f);
                    rule = $"Each number is {factor} times the one before";
                    break;
                }

            case 3:
                {
                    int a = random.Between(1, 9), b = random.Between(1, 9);
                    term = i => Enumerable.Range(0, i).Aggregate((a, b), (pair, _) => (pair.b, pair.a + pair.b)).a;
                    rule = "Each number is the sum of the two before it";
                    break;
                }

            default:
                {
                    var grow = random.Between(1, 4);
                    term = i => start + i * step + grow * i * (i - 1) / 2;
                    rule = $"The steps grow by {grow} each time";
                    break;
                }
        }

        var list = string.Join(", ", Enumerable.Range(0, shown).Select(term));
        var next = term(shown);
        var question = random.Pick(
            $"What number comes next: {list}?", $"Continue the sequence: {list}, ...", $"Find the next number in this pattern: {list}",
            $"Here is a sequence: {list}. What is the next term?");
        return Talk.Once(question, random.Pick($"{next}", $"The next number is {next}.", $"{rule}, so the next number is {next}."));
    }

    private static IReadOnlyList<Turn> MakeComparison(SeededRandom random)
    {
        switch (random.NextInt(4))
        {
            case 0:
                {
                    int whole = random.Between(0, 9), a = random.Between(1, 99), b = random.Between(1, 999);
                    string x = $"{whole}.{a:00}", y = $"{whole}.{b:000}";
                    if (a * 10 == b)
                        return Talk.Once($"Which is larger, {x} or {y}?", "They are equal.");
                    var larger = a * 10 > b ? x : y;
                    return Talk.Once(
                        random.Pick($"Which is larger, {x} or {y}?", $"Is {x} or {y} the larger number?"),
                        random.Pick(larger, $"{larger} is larger.", $"The larger number is {larger}."));
                }

            case 1:
                {
                    int a = random.Between(1, 9), b = random.Between(a + 1, 12), c = random.Between(1, 9), d = random.Between(c + 1, 12);
                    var sign = (a * d).CompareTo(b * c);
                    var verdict = sign == 0 ? $"{a}/{b} and {c}/{d} are equal" : sign > 0 ? $"{a}/{b} is larger" : $"{c}/{d} is larger";
                    return Talk.Once(
                        random.Pick(
                            $"Which fraction is larger, {a}/{b} or {c}/{d}?",
                            $"Compare the fractions {a}/{b} and {c}/{d}. Which one is larger?"),
                        $"With the common denominator {b * d} they are {a * d}/{b * d} and {c * b}/{b * d}, so {verdict}.");
                }

            case 2:
                {
                    int a = random.Between(100, 9999), b = a + random.Pick(-90, -9, -1, 0, 1, 9, 90);
                    var sign = a < b ? "<" : a > b ? ">" : "=";
                    return Talk.Once(
                        random.Pick($"Put <, > or = between the numbers: {a} ? {b}", $"Which sign belongs between {a} and {b}: <, > or =?"),
                        random.Pick(sign, $"{a} {sign} {b}"));
                }

            default:
                {
                    var values = random.Sample<int>([.. Enumerable.Range(100, 900)], random.Between(3, 5));
                    var largest = random.Chance(0.5);
                    var list = Wording.And([.. values.Select(v => $"{v}")]);
                    var answer = largest ? values.Max() : values.Min();
                    var word = largest ? "largest" : "smallest";
                    return Talk.Once(
                        random.Pick($"Which of these is the {word}: {list}?", $"Pick the {word} of {list}."),
                        random.Pick($"{answer}", $"The {word} is {answer}."));
                }
        }
    }
}
