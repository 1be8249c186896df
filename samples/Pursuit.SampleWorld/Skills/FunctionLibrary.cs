namespace Pursuit.SampleWorld.Skills;

/// <summary>A small Python function, what it does in words, and one call with its result.</summary>
/// <param name="Name">The function's name.</param>
/// <param name="Does">Completes "a function that ...".</param>
/// <param name="Code">Its source.</param>
/// <param name="Call">A call of it.</param>
/// <param name="Result">What Python shows for that call.</param>
internal sealed record PythonFunction(string Name, string Does, string Code, string Call, string Result);

/// <summary>The functions that code-write asks for and code-explain explains, each with its own constants.</summary>
internal static class FunctionLibrary
{
    private static readonly Func<SeededRandom, PythonFunction>[] All =
    [
        Linear, Larger, IsMultiple, CountAbove, SumMultiples, KeepShort, ReverseText, CountLetter, Repeat, Clamp, Factorial, Power,
        FirstLast, Initials, EveryNth, Average, StartsWith, Label, AddToAll, Distance, LongestWord, Range, DigitSum, Surround, Discount,
    ];

    public static PythonFunction Draw(SeededRandom random) => random.Pick<Func<SeededRandom, PythonFunction>>(All)(random);

    private static PythonFunction One(string name, string parameters, string does, string body, string arguments, string result) =>
        new(
            name, does, $"def {name}({parameters}):\n    {body.Replace("\n", "\n    ", StringComparison.Ordinal)}",
            $"{name}({arguments})", result);

    private static int[] Numbers(SeededRandom r, int high = 20) =>
        [.. Enumerable.Range(0, r.Between(3, 5)).Select(_ => r.Between(1, high))];

    private static string List(int[] values) => $"[{string.Join(", ", values)}]";

    private static string Text(string word) => $"'{word}'";

    private static PythonFunction Linear(SeededRandom r)
    {
        int a = r.Between(2, 12), b = r.Between(1, 30), x = r.Between(1, 20);
        var name = r.Pick("scale", "convert", "transform");
        return One(name, "x", $"multiplies a number by {a} and adds {b}", $"return x * {a} + {b}", $"{x}", $"{x * a + b}");
    }

    private static PythonFunction Larger(SeededRandom r)
    {
        int a = r.Between(1, 99), b = r.Between(1, 99);
        return r.Chance(0.5)
            ? One(
                "larger", "a, b", "returns the larger of two numbers", "if a > b:\n    return a\nreturn b", $"{a}, {b}",
                $"{Math.Max(a, b)}")
            : One(
                "smaller", "a, b", "returns the smaller of two numbers", "if a < b:\n    return a\nreturn b", $"{a}, {b}",
                $"{Math.Min(a, b)}");
    }

    private static PythonFunction IsMultiple(SeededRandom r)
    {
        int a = r.Between(2, 15), x = r.Chance(0.5) ? a * r.Between(1, 9) : r.Between(1, 99);
        return One(
            r.Pick("is_multiple", "fits"), "n", $"tells whether a number is a multiple of {a}", $"return n % {a} == 0", $"{x}",
            x % a == 0 ? "True" : "False");
    }

    private static PythonFunction CountAbove(SeededRandom r)
    {
        var limit = r.Between(3, 40);
        var values = Numbers(r, 60);
        return One(
            "count_above", "numbers", $"counts the numbers in a list that are greater than {limit}",
            $"return len([n for n in numbers if n > {limit}])", List(values), $"{values.Count(v => v > limit)}");
    }

    private static PythonFunction SumMultiples(SeededRandom r)
    {
        var a = r.Between(2, 9);
        var values = Numbers(r);
        return One(
            "sum_multiples", "numbers", $"adds up the numbers in a list that are divisible by {a}",
            $"total = 0\nfor n in numbers:\n    if n % {a} == 0:\n        total += n\nreturn total", List(values),
            $"{values.Where(v => v % a == 0).Sum()}");
    }

    private static PythonFunction KeepShort(SeededRandom r)
    {
        var length = r.Between(4, 7);
        var words = r.Sample<string>(Words.Plain, 3);
        return One(
            "keep_short", "words", $"keeps the words of a list that have fewer than {length} letters",
            $"return [w for w in words if len(w) < {length}]", Wording.Quoted(words),
            $"[{string.Join(", ", words.Where(w => w.Length < length).Select(Text))}]");
    }

    private static PythonFunction ReverseText(SeededRandom r)
    {
        var word = r.Pick(Words.Plain);
        return r.Chance(0.5)
            ? One(
                "reverse", "text", "returns a string backwards", "return text[::-1]", $"\"{word}\"", Text(new string([.. word.Reverse()])))
            : One(
                "shout", "text", "returns a string in capital letters with an exclamation mark at the end", "return text.upper() + \"!\"",
                $"\"{word}\"", Text(word.ToUpperInvariant() + "!"));
    }

    private static PythonFunction CountLetter(SeededRandom r)
    {
        var word = r.Pick(Words.Plain);
        var letter = r.Pick('a', 'e', 'i', 'o', 'n', 'r', 't', 'l');
        return One(
            $"count_{letter}", "text", $"counts how often the letter {letter} is in a string",
            $"count = 0\nfor c in text:\n    if c == \"{letter}\":\n        count += 1\nreturn count", $"\"{word}\"",
            $"{word.Count(c => c == letter)}");
    }

    private static PythonFunction Repeat(SeededRandom r)
    {
        var n = r.Between(2, 5);
        var word = r.Pick(Words.Plain);
        return One(
            "repeat", "text", $"repeats a string {n} times with hyphens in between", $"return \"-\".join([text] * {n})", $"\"{word}\"",
            Text(string.Join('-', Enumerable.Repeat(word, n))));
    }

    private static PythonFunction Clamp(SeededRandom r)
    {
        int low = r.Between(0, 10), high = low + r.Between(5, 60), x = r.Between(0, 99);
        return One(
            "clamp", "n", $"limits a number to the range from {low} to {high}", $"return max({low}, min({high}, n))", $"{x}",
            $"{Math.Clamp(x, low, high)}");
    }

    private static PythonFunction Factorial(SeededRandom r)
    {
        var n = r.Between(2, 8);
        return r.Chance(0.5)
            ? One(
                "factorial", "n", "computes the factorial of n with a loop",
                "result = 1\nfor i in range(2, n + 1):\n    result *= i\nreturn result", $"{n}",
                $"{Enumerable.Range(1, n).Aggregate((a, b) => a * b)}")
            : One("triangle", "n", "adds all whole numbers from 1 to n", "return sum(range(1, n + 1))", $"{n}", $"{n * (n + 1) / 2}");
    }

    private static PythonFunction Power(SeededRandom r)
    {
        int e = r.Between(2, 4), x = r.Between(2, 9), add = r.Between(1, 9);
        return One(
            "power_plus", "n", $"raises a number to the power of {e} and adds {add}", $"return n ** {e} + {add}", $"{x}",
            $"{Enumerable.Repeat(x, e).Aggregate((a, b) => a * b) + add}");
    }

    private static PythonFunction FirstLast(SeededRandom r)
    {
        var values = Numbers(r, 50);
        return r.Chance(0.5)
            ? One(
                "ends", "items", "returns the first and the last item of a list as a list", "return [items[0], items[-1]]", List(values),
                $"[{values[0]}, {values[^1]}]")
            : One(
                "spread", "items", "returns the difference between the largest and the smallest number of a list",
                "return max(items) - min(items)", List(values), $"{values.Max() - values.Min()}");
    }

    private static PythonFunction Initials(SeededRandom r)
    {
        string first = r.Pick(Words.Names), last = r.Pick(Words.Surnames);
        return One(
            "initials", "name", "returns the initials of a name", "return \"\".join([part[0] for part in name.split()])",
            $"\"{first} {last}\"", Text($"{first[0]}{last[0]}"));
    }

    private static PythonFunction EveryNth(SeededRandom r)
    {
        int n = r.Between(2, 5), length = r.Between(5, 9), start = r.Between(1, 9);
        var values = Enumerable.Range(start, length).ToArray();
        return One(
            "every_nth", "items", $"returns every {Wording.Ordinal(n)} item of a list, starting with the first", $"return items[::{n}]",
            List(values), List([.. values.Where((_, i) => i % n == 0)]));
    }

    private static PythonFunction Average(SeededRandom r)
    {
        var mean = r.Between(4, 40);
        var d = r.Between(1, 3);
        return One(
            "average", "numbers", "returns the average of a list of numbers, or 0 for an empty list",
            "if not numbers:\n    return 0\nreturn sum(numbers) / len(numbers)", List([mean - d, mean + d]), $"{mean}.0");
    }

    private static PythonFunction StartsWith(SeededRandom r)
    {
        var letter = r.Pick('a', 'b', 'c', 'd', 'f', 'g', 'h', 'l', 'm', 'p', 's', 't');
        var words = r.Sample<string>(Words.Plain, 3);
        return One(
            $"starting_with_{letter}", "words", $"returns the words of a list that start with the letter {letter}",
            $"result = []\nfor w in words:\n    if w.startswith(\"{letter}\"):\n        result.append(w)\nreturn result",
            Wording.Quoted(words), $"[{string.Join(", ", words.Where(w => w[0] == letter).Select(Text))}]");
    }

    private static PythonFunction Label(SeededRandom r)
    {
        int limit = r.Between(5, 90), x = r.Between(1, 100);
        var (high, low) = r.Pick(("high", "low"), ("pass", "fail"), ("big", "small"), ("warm", "cold"));
        return One(
            "label", "n", $"returns \"{high}\" when n is at least {limit} and \"{low}\" otherwise",
            $"if n >= {limit}:\n    return \"{high}\"\nreturn \"{low}\"", $"{x}", Text(x >= limit ? high : low));
    }

    private static PythonFunction AddToAll(SeededRandom r)
    {
        var a = r.Between(2, 25);
        var values = Numbers(r);
        return r.Chance(0.5)
            ? One(
                "add_to_all", "numbers", $"adds {a} to every number of a list", $"return [n + {a} for n in numbers]", List(values),
                List([.. values.Select(v => v + a)]))
            : One(
                "times_all", "numbers", $"multiplies every number of a list by {a}", $"return [n * {a} for n in numbers]", List(values),
                List([.. values.Select(v => v * a)]));
    }

    private static PythonFunction Distance(SeededRandom r)
    {
        int target = r.Between(5, 60), x = r.Between(1, 99);
        return One(
            "distance", "n", $"returns how far a number is from {target}", $"return abs(n - {target})", $"{x}", $"{Math.Abs(x - target)}");
    }

    private static PythonFunction LongestWord(SeededRandom r)
    {
        var words = r.Sample<string>(Words.Plain, 4);
        return One(
            "longest", "words", "returns the longest word of a list, the first one if there are several",
            "best = words[0]\nfor w in words:\n    if len(w) > len(best):\n        best = w\nreturn best", Wording.Quoted(words),
            Text(words.MaxBy(w => w.Length)!));
    }

    private static PythonFunction Range(SeededRandom r)
    {
        int step = r.Between(2, 9), n = r.Between(3, 6);
        return One(
            "multiples", "n", $"returns a list of the first n multiples of {step}", $"return [{step} * i for i in range(1, n + 1)]", $"{n}",
            List([.. Enumerable.Range(1, n).Select(i => i * step)]));
    }

    private static PythonFunction DigitSum(SeededRandom r)
    {
        var n = r.Between(100, 9999);
        return One(
            "digit_sum", "n", "adds up the digits of a positive whole number", "return sum(int(d) for d in str(n))", $"{n}",
            $"{$"{n}".Sum(c => c - '0')}");
    }

    private static PythonFunction Surround(SeededRandom r)
    {
        var (open, close, what) = r.Pick(
            ("(", ")", "round brackets"), ("[", "]", "square brackets"), ("<", ">", "angle brackets"), ("*", "*", "asterisks"));
        var word = r.Pick(Words.Plain);
        return One(
            "surround", "text", $"puts a string between {what}", $"return \"{open}\" + text + \"{close}\"", $"\"{word}\"",
            Text(open + word + close));
    }

    private static PythonFunction Discount(SeededRandom r)
    {
        int limit = 10 * r.Between(3, 20), off = r.Between(2, 25), x = r.Between(10, 250);
        return One(
            "price_after", "price", $"takes {off} off a price of {limit} or more and leaves lower prices alone",
            $"if price >= {limit}:\n    return price - {off}\nreturn price", $"{x}", $"{(x >= limit ? x - off : x)}");
    }
}
