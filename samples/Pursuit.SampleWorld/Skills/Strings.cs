using Pursuit.Data;

namespace Pursuit.SampleWorld.Skills;

/// <summary>Work on letters, words and lists. What is worked on always stands in quotes or after the last colon.</summary>
internal static class Strings
{
    public static readonly Skill Edit = new("string-edit", "reversal, case, replacing and removing letters", 150, MakeEdit);
    public static readonly Skill Counting = new("counting", "counting letters, vowels, words and items", 140, MakeCounting);
    public static readonly Skill Sorting = new("sorting", "numbers and words in order", 140, MakeSorting);

    private const string Vowels = "aeiou";

    private static IReadOnlyList<Turn> MakeEdit(SeededRandom random)
    {
        var word = random.Pick(Words.Plain);
        var words = random.Sample<string>(Words.Plain, random.Between(2, 4));
        var phrase = string.Join(' ', words);
        var (question, answer) = random.NextInt(9) switch
        {
            0 => (random.Pick($"Reverse the word \"{word}\".", $"Write \"{word}\" backwards.", $"Spell \"{word}\" from back to front."),
                Reverse(word)),
            1 => (random.Pick($"Reverse the letters of \"{phrase}\".", $"Write the whole text \"{phrase}\" backwards, letter by letter."),
                Reverse(phrase)),
            2 => (random.Pick($"Reverse the order of the words in \"{phrase}\".", $"Put the words of \"{phrase}\" in the opposite order."),
                string.Join(' ', words.Reverse())),
            3 => (random.Pick(
                $"Write \"{phrase}\" in capital letters.", $"Change \"{phrase}\" to upper case.", $"Uppercase this: \"{phrase}\""),
                phrase.ToUpperInvariant()),
            4 => (random.Pick($"Capitalize every word in \"{phrase}\".", $"Turn \"{phrase}\" into title case."),
                string.Join(' ', words.Select(Wording.Capital))),
            5 => (random.Pick($"Remove all vowels from \"{phrase}\".", $"Delete the vowels in \"{phrase}\"."),
                new string([.. phrase.Where(c => !Vowels.Contains(c, StringComparison.Ordinal))])),
            6 => Replace(random, phrase),
            7 => (random.Pick(
                $"Take the first letter of each word in \"{phrase}\".", $"What is the acronym of \"{phrase}\", in lower case?"),
                new string([.. words.Select(w => w[0])])),
            _ => (random.Pick($"Join the words in \"{phrase}\" with hyphens.", $"Replace the spaces in \"{phrase}\" with hyphens."),
                string.Join('-', words)),
        };
        return random.Chance(0.15)
            ? Talk.Under(
                random.Pick("You edit text. Return only the edited text.", "Reply with the changed text and nothing else."),
                question, answer)
            : Talk.Once(question, answer);
    }

    private static (string, string) Replace(SeededRandom random, string phrase)
    {
        var from = random.Pick<char>([.. phrase.Where(char.IsLetter).Distinct()]);
        var to = random.Pick('o', 'u', 'k', 'z', 'm', '*');
        return (random.Pick(
            $"Replace every \"{from}\" with \"{to}\" in \"{phrase}\".", $"Swap each \"{from}\" for \"{to}\" in \"{phrase}\"."),
            phrase.Replace(from, to));
    }

    private static string Reverse(string text) => new([.. text.Reverse()]);

    private static IReadOnlyList<Turn> MakeCounting(SeededRandom random)
    {
        var word = random.Pick(Words.Plain);
        var phrase = string.Join(' ', random.Sample<string>(Words.Plain, random.Between(2, 7)));
        switch (random.NextInt(5))
        {
            case 0:
                {
                    var text = random.Chance(0.4) ? word : phrase;
                    var letter = random.Chance(0.85)
                        ? random.Pick<char>([.. text.Where(char.IsLetter).Distinct()])
                        : random.Pick('a', 'e', 's', 't');
                    var count = text.Count(c => c == letter);
                    return Talk.Once(
                        random.Pick(
                            $"How many times does the letter \"{letter}\" appear in \"{text}\"?",
                            $"Count the letter \"{letter}\" in \"{text}\".", $"How often does \"{letter}\" occur in \"{text}\"?"),
                        random.Pick($"{count}", $"The letter \"{letter}\" appears {(count == 1 ? "once" : $"{count} times")}."));
                }

            case 1:
                return Talk.Once(
                    random.Pick(
                        $"How many letters are in \"{word}\"?", $"Count the letters of \"{word}\".", $"How long is the word \"{word}\"?"),
                    random.Pick($"{word.Length}", $"{string.Join('-', word.ToCharArray())}: {word.Length} letters."));
            case 2:
                return Talk.Once(
                    random.Pick($"How many words are in \"{phrase}\"?", $"Count the words in \"{phrase}\"."),
                    random.Pick($"{phrase.Split(' ').Length}", $"There are {phrase.Split(' ').Length} words."));
            case 3:
                {
                    var found = phrase.Where(c => Vowels.Contains(c, StringComparison.Ordinal)).ToArray();
                    return Talk.Once(
                        random.Pick($"How many vowels are in \"{phrase}\"?", $"Count the vowels in \"{phrase}\"."),
                        random.Pick($"{found.Length}", $"The vowels are {string.Join(", ", found)}, so there are {found.Length}."));
                }

            default:
                {
                    var kinds = random.Sample<string>(Words.Things, random.Between(2, 3));
                    var items = kinds.SelectMany(k => Enumerable.Repeat(k, random.Between(1, 4))).ToArray();
                    random.Shuffle<string>(items);
                    var asked = random.Pick(kinds);
                    var count = items.Count(i => i == asked);
                    return Talk.Once(
                        random.Pick(
                            $"How many times does \"{asked}\" stand in this list: {string.Join(", ", items)}",
                            $"Count \"{asked}\" in the list: {string.Join(", ", items)}"),
                        random.Pick($"{count}", $"\"{asked}\" stands in the list {(count == 1 ? "once" : $"{count} times")}."));
                }
        }
    }

    private static IReadOnlyList<Turn> MakeSorting(SeededRandom random)
    {
        if (random.Chance(0.5))
        {
            var values = new int[random.Between(4, 8)];
            var negative = random.Chance(0.2);
            for (var i = 0; i < values.Length; i++)
                values[i] = random.Between(negative ? -50 : 1, random.Chance(0.5) ? 99 : 500);
            var list = string.Join(", ", values);
            if (random.Chance(0.3))
                return Talk.Once(
                    random.Pick($"Sort from largest to smallest: {list}", $"Put these numbers in descending order: {list}"),
                    string.Join(", ", values.OrderDescending()));
            return Talk.Once(
                random.Pick(
                    $"Sort from smallest to largest: {list}", $"Put these numbers in ascending order: {list}",
                    $"Sort these numbers in increasing order: {list}"),
                string.Join(", ", values.Order()));
        }

        var words = random.Sample<string>(Words.Plain, random.Between(4, 8));
        var given = string.Join(", ", words);
        return random.NextInt(4) switch
        {
            0 => Talk.Once(
                random.Pick($"Sort in reverse alphabetical order: {given}", $"Order these words from Z to A: {given}"),
                string.Join(", ", words.OrderDescending(StringComparer.Ordinal))),
            1 => Talk.Once(
                random.Pick(
                    $"Sort these words by length, shortest first, and keep the order of words of equal length: {given}",
                    $"Order by number of letters (ties stay as they are): {given}"),
                string.Join(", ", words.OrderBy(w => w.Length))),
            2 => Talk.Once(
                $"Sort these words alphabetically, one per line: {given}", string.Join('\n', words.Order(StringComparer.Ordinal))),
            _ => Talk.Once(
                random.Pick(
                    $"Sort these words alphabetically: {given}", $"Put in alphabetical order: {given}", $"Arrange from A to Z: {given}"),
                string.Join(", ", words.Order(StringComparer.Ordinal))),
        };
    }
}
