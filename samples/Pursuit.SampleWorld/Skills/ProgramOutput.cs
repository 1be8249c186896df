using Pursuit.Data;

namespace Pursuit.SampleWorld.Skills;

/// <summary>
/// Small Python programs and what they print. The answer is the printed text alone, so that it can be scored as it stands;
/// tests compare every one with what Python printed.
/// </summary>
internal static class ProgramOutput
{
    public static readonly Skill Skill = new("code-output", "what a small Python program prints", 160, Make)
    {
        // Renaming the variables of a program does not make another exercise.
        Essence = turns => Skill.Pieces(turns, @"-?\d+|""[^""]*""|\b(if|while|for|append|sort|len|sum|max|min|def|return)\b|[+*%/<>]+")
            + " -> " + turns[^1].Content,
    };

    private static readonly Func<SeededRandom, (string Code, string Output)>[] Programs =
        [
            Steps, AddInLoop, SumRange, CountMatches, WhileHalving, SliceText, Branch, ListIndex, NestedLoop, Function, BuildText,
            DictLookup, SortList, Comprehension, PrintLines, RunningMaximum,
        ];

    private static readonly string[] NumberNames = ["x", "n", "a", "total", "value", "k", "score"];
    private static readonly string[] ListNames = ["items", "nums", "data", "values", "xs"];
    private static readonly string[] TextNames = ["word", "s", "text", "name"];

    private static IReadOnlyList<Turn> Make(SeededRandom random)
    {
        var (code, output) = random.Pick<Func<SeededRandom, (string, string)>>(Programs)(random);
        var block = $"```python\n{code}\n```";
        return random.NextInt(6) switch
        {
            0 => Talk.Under("You are a Python interpreter. Reply with the program's output only.", block, output),
            1 => Talk.Once($"{block}\nWhat is the output?", output),
            _ => Talk.Once(
                random.Pick(
                    "What does this program print?", "Predict the output of this code.", "What is printed when this runs?",
                    "Run this in your head and tell me the output.", "Give the output of this Python program.")
                    + $"\n{block}",
                output),
        };
    }

    private static (string, string) Steps(SeededRandom r)
    {
        var v = r.Pick(NumberNames);
        int a = r.Between(2, 30), b = r.Between(2, 9), c = r.Between(1, 20);
        return r.NextInt(3) switch
        {
            0 => ($"{v} = {a}\n{v} = {v} * {b}\n{v} = {v} - {c}\nprint({v})", $"{a * b - c}"),
            1 => ($"{v} = {a}\n{v} += {c}\n{v} *= {b}\nprint({v})", $"{(a + c) * b}"),
            _ => ($"{v} = {a * b + c}\nprint({v} // {b + 1}, {v} % {b + 1})", $"{(a * b + c) / (b + 1)} {(a * b + c) % (b + 1)}"),
        };
    }

    private static (string, string) AddInLoop(SeededRandom r)
    {
        var v = r.Pick(NumberNames);
        int start = r.Between(0, 20), times = r.Between(2, 8), step = r.Between(2, 12);
        return ($"{v} = {start}\nfor i in range({times}):\n    {v} = {v} + {step}\nprint({v})", $"{start + times * step}");
    }

    private static (string, string) SumRange(SeededRandom r)
    {
        int low = r.Between(1, 9), count = r.Between(3, 6), factor = r.Between(1, 4);
        var expression = factor == 1 ? "i" : $"i * {factor}";
        return ($"total = 0\nfor i in range({low}, {low + count}):\n    total += {expression}\nprint(total)",
            $"{Enumerable.Range(low, count).Sum() * factor}");
    }

    private static (string, string) CountMatches(SeededRandom r)
    {
        var list = r.Pick(ListNames);
        var values = Values(r, r.Between(4, 6), 1, 30);
        var limit = r.Between(5, 25);
        return r.Chance(0.5)
            ? ($"{list} = [{string.Join(", ", values)}]\ncount = 0\nfor v in {list}:\n    if v > {limit}:\n"
                + "        count += 1\nprint(count)", $"{values.Count(v => v > limit)}")
            : ($"{list} = [{string.Join(", ", values)}]\ntotal = 0\nfor v in {list}:\n    if v % 2 == 0:\n        total += v\nprint(total)",
                $"{values.Where(v => v % 2 == 0).Sum()}");
    }

    private static (string, string) WhileHalving(SeededRandom r)
    {
        int start = r.Between(9, 200), limit = r.Between(1, 8), steps = 0, x = start;
        for (; x > limit; steps++)
            x /= 2;
        return ($"n = {start}\nsteps = 0\nwhile n > {limit}:\n    n = n // 2\n    steps += 1\nprint(n, steps)", $"{x} {steps}");
    }

    private static (string, string) SliceText(SeededRandom r)
    {
        string v = r.Pick(TextNames), word = r.Pick(Words.Plain);
        int a = r.Between(1, 2), b = r.Between(3, Math.Max(3, word.Length - 1));
        return r.NextInt(5) switch
        {
            0 => ($"{v} = \"{word}\"\nprint({v}[::-1])", new string([.. word.Reverse()])),
            1 => ($"{v} = \"{word}\"\nprint({v}[{a}:{b}])", word[a..Math.Min(b, word.Length)]),
            2 => ($"{v} = \"{word}\"\nprint({v}[0].upper() + {v}[1:])", Wording.Capital(word)),
            3 => ($"{v} = \"{word}\"\nprint(len({v}) * {a + b})", $"{word.Length * (a + b)}"),
            _ => ($"{v} = \"{word}\"\nprint({v}[-1] + {v}[:{a + 1}])", word[^1] + word[..(a + 1)]),
        };
    }

    private static (string, string) Branch(SeededRandom r)
    {
        var v = r.Pick(NumberNames);
        int x = r.Between(1, 60), limit = r.Between(10, 50);
        var words = r.Sample<string>(Words.Plain, 3);
        return (
            $"{v} = {x}\nif {v} > {limit}:\n    print(\"{words[0]}\")\nelif {v} % 2 == 0:\n    print(\"{words[1]}\")\n"
                + $"else:\n    print(\"{words[2]}\")",
            x > limit ? words[0] : x % 2 == 0 ? words[1] : words[2]);
    }

    private static (string, string) ListIndex(SeededRandom r)
    {
        var list = r.Pick(ListNames);
        var values = Values(r, r.Between(4, 6), 1, 40);
        var i = r.NextInt(values.Length);
        var more = r.Between(1, 40);
        return r.NextInt(3) switch
        {
            0 => ($"{list} = [{string.Join(", ", values)}]\nprint({list}[{i}] + {list}[-1])", $"{values[i] + values[^1]}"),
            1 => ($"{list} = [{string.Join(", ", values)}]\n{list}.append({more})\nprint(len({list}), sum({list}))",
                $"{values.Length + 1} {values.Sum() + more}"),
            _ => ($"{list} = [{string.Join(", ", values)}]\nprint(max({list}) - min({list}))", $"{values.Max() - values.Min()}"),
        };
    }

    private static (string, string) NestedLoop(SeededRandom r)
    {
        int a = r.Between(2, 5), b = r.Between(2, 5), c = r.Between(1, 6);
        var sum = 0;
        for (var i = 0; i < a; i++)
        {
            for (var j = 0; j < b; j++)
                sum += i * j + c;
        }

        return ($"total = 0\nfor i in range({a}):\n    for j in range({b}):\n        total += i * j + {c}\nprint(total)", $"{sum}");
    }

    private static (string, string) Function(SeededRandom r)
    {
        var f = r.Pick("f", "g", "step", "change");
        int a = r.Between(2, 9), b = r.Between(1, 20), x = r.Between(1, 12);
        return r.Chance(0.5)
            ? ($"def {f}(x):\n    return x * {a} + {b}\n\nprint({f}({x}))", $"{x * a + b}")
            : ($"def {f}(x):\n    return x + {a}\n\nprint({f}({f}({x + b})))", $"{x + b + a + a}");
    }

    private static (string, string) BuildText(SeededRandom r)
    {
        var v = r.Pick(TextNames);
        string word = r.Pick(Words.Plain), mark = r.Pick("-", "*", "o", "ab", "+");
        var times = r.Between(2, 5);
        return r.Chance(0.5)
            ? ($"{v} = \"\"\nfor c in \"{word}\":\n    if c not in \"aeiou\":\n        {v} += c\nprint({v})",
                new string([.. word.Where(c => !"aeiou".Contains(c, StringComparison.Ordinal))]))
            : ($"{v} = \"{mark}\" * {times}\nprint({v} + \"{word}\" + {v})",
                string.Concat(Enumerable.Repeat(mark, times)) + word + string.Concat(Enumerable.Repeat(mark, times)));
    }

    private static (string, string) DictLookup(SeededRandom r)
    {
        var things = r.Sample<string>(Words.Things, 3);
        var prices = Values(r, 3, 2, 30);
        var n = r.Between(2, 6);
        var dictionary = string.Join(", ", things.Zip(prices, (t, p) => $"\"{t}\": {p}"));
        int i = r.NextInt(3), j = r.NextInt(3);
        return r.Chance(0.5)
            ? ($"prices = {{{dictionary}}}\nprint(prices[\"{things[i]}\"] * {n})", $"{prices[i] * n}")
            : ($"stock = {{{dictionary}}}\nstock[\"{things[i]}\"] += {n}\nprint(stock[\"{things[i]}\"] + stock[\"{things[j]}\"])",
                $"{prices[i] + n + prices[j] + (i == j ? n : 0)}");
    }

    private static (string, string) SortList(SeededRandom r)
    {
        var list = r.Pick(ListNames);
        if (r.Chance(0.5))
        {
            var words = r.Sample<string>(Words.Plain, r.Between(3, 4));
            return ($"{list} = {Wording.Quoted(words)}\n{list}.sort()\nprint({list}[0])", words.Order(StringComparer.Ordinal).First());
        }

        var values = Values(r, r.Between(4, 5), 1, 60);
        return ($"{list} = [{string.Join(", ", values)}]\nprint(sorted({list}))", $"[{string.Join(", ", values.Order())}]");
    }

    private static (string, string) Comprehension(SeededRandom r)
    {
        var values = Values(r, r.Between(3, 5), 1, 15);
        int a = r.Between(2, 5), limit = r.Between(3, 12);
        return r.Chance(0.5)
            ? ($"print([v * {a} for v in [{string.Join(", ", values)}]])", $"[{string.Join(", ", values.Select(v => v * a))}]")
            : ($"print([v for v in [{string.Join(", ", values)}] if v < {limit}])", $"[{string.Join(", ", values.Where(v => v < limit))}]");
    }

    private static (string, string) PrintLines(SeededRandom r)
    {
        int start = r.Between(1, 20), step = r.Between(2, 7), count = r.Between(2, 4);
        var name = r.Pick(Words.Plain);
        return r.Chance(0.5)
            ? ($"for i in range({start}, {start + step * count}, {step}):\n    print(i)",
                string.Join('\n', Enumerable.Range(0, count).Select(i => start + i * step)))
            : ($"for i in range({count}):\n    print(\"{name}\", i + {start})",
                string.Join('\n', Enumerable.Range(0, count).Select(i => $"{name} {i + start}")));
    }

    private static (string, string) RunningMaximum(SeededRandom r)
    {
        var values = Values(r, r.Between(4, 6), 1, 50);
        var changes = 0;
        var best = 0;
        foreach (var value in values)
        {
            if (value > best)
                (best, changes) = (value, changes + 1);
        }

        return ($"best = 0\nchanges = 0\nfor v in [{string.Join(", ", values)}]:\n    if v > best:\n        best = v\n"
            + "        changes += 1\nprint(best, changes)", $"{best} {changes}");
    }

    private static int[] Values(SeededRandom r, int count, int low, int high)
    {
        var values = new int[count];
        for (var i = 0; i < count; i++)
            values[i] = r.Between(low, high);
        return values;
    }
}
