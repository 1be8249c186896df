using Pursuit.Data;

namespace Pursuit.SampleWorld.Skills;

/// <summary>Lists and tables: writing them in a format, reading a value out of them.</summary>
internal static class Formats
{
    public static readonly Skill List = new(
        "format-list", "lists and pairs as JSON, CSV, bullets, numbers or a markdown table", 140, MakeList);
    public static readonly Skill Table = new("table-lookup", "a cell, the largest, a total or a count from a small table", 140, MakeTable);

    private static IReadOnlyList<Turn> MakeList(SeededRandom random)
    {
        if (random.Chance(0.5))
        {
            var items = random.Sample<string>(random.Pick(Words.Plain, Words.Products, Words.Cities, Words.Names), random.Between(3, 6));
            var given = random.Chance(0.5) ? string.Join(", ", items) : Wording.And(items);
            var (format, answer) = random.NextInt(4) switch
            {
                0 => ("a JSON array", Wording.Quoted(items)),
                1 => (random.Pick("a markdown bullet list", "bullet points with hyphens"), string.Join('\n', items.Select(i => $"- {i}"))),
                2 => ("a numbered list", string.Join('\n', items.Select((i, n) => $"{n + 1}. {i}"))),
                _ => ("one line of text separated by semicolons", string.Join("; ", items)),
            };
            return Talk.Once(
                random.Pick($"Write these as {format}: {given}", $"Turn this list into {format}: {given}", $"Format as {format}: {given}"),
                answer);
        }

        var (head, labels, column, unit, low, high) = random.Pick(
            ("name", Words.Names, "age", "years", 18, 80), ("player", Words.Names, "score", "points", 10, 100),
            ("item", Words.Products, "price", "dollars", 2, 90), ("item", Words.Things, "stock", "pieces", 1, 300));
        var rows = random.Sample<string>(labels, random.Between(2, 4));
        var values = rows.Select(_ => random.Between(low, high)).ToArray();
        var text = string.Join(", ", rows.Zip(values, (r, v) => $"{r} {v} {unit}"));
        var (kind, result) = random.NextInt(4) switch
        {
            0 => ($"CSV with the header {head},{column}", $"{head},{column}\n" + string.Join('\n', rows.Zip(values, (r, v) => $"{r},{v}"))),
            1 => ($"a markdown table with the columns {head} and {column}",
                $"| {head} | {column} |\n|---|---|\n" + string.Join('\n', rows.Zip(values, (r, v) => $"| {r} | {v} |"))),
            2 => ($"a JSON object from {head} to {column}", $"{{{string.Join(", ", rows.Zip(values, (r, v) => $"\"{r}\": {v}"))}}}"),
            _ => ($"a JSON array of objects with {head} and {column}",
                $"[{string.Join(", ", rows.Zip(values, (r, v) => $"{{\"{head}\": \"{r}\", \"{column}\": {v}}}"))}]"),
        };
        return Talk.Once(
            random.Pick($"Write this as {kind}: {text}", $"Convert to {kind}: {text}", $"Please make {kind} out of this: {text}"), result);
    }

    private static IReadOnlyList<Turn> MakeTable(SeededRandom random)
    {
        var (head, labels, kinds) = random.Pick<(string, string[], string[])>(
            ("name", Words.Names, ["age", "score", "rank", "salary"]), ("city", Words.Cities, ["rating", "area", "rainfall", "rent"]),
            ("product", Words.Products, ["price", "stock", "weight", "rating"]),
            ("company", Words.Companies, ["profit", "staff", "rating", "debt"]));
        var columns = random.Sample<string>(kinds, 2);
        var rows = random.Sample<string>(labels, random.Between(3, 5));
        var cells = random.Sample<int>([.. Enumerable.Range(1, 150)], rows.Length * 2);
        int At(int row, int column) => cells[row * 2 + column];

        var table = random.Chance(0.6)
            ? $"| {head} | {columns[0]} | {columns[1]} |\n|---|---|---|\n"
                + string.Join('\n', rows.Select((r, i) => $"| {r} | {At(i, 0)} | {At(i, 1)} |"))
            : $"{head},{columns[0]},{columns[1]}\n" + string.Join('\n', rows.Select((r, i) => $"{r},{At(i, 0)},{At(i, 1)}"));
        int chosen = random.NextInt(rows.Length), c = random.NextInt(2);
        var column = Enumerable.Range(0, rows.Length).Select(i => At(i, c)).ToArray();
        var name = columns[c];
        var best = rows[Array.IndexOf(column, column.Max())];
        var worst = rows[Array.IndexOf(column, column.Min())];
        var limit = random.Between(20, 120);
        var (question, answer) = random.NextInt(5) switch
        {
            0 => (random.Pick($"What is the {name} of {rows[chosen]}?", $"Look up the {name} for {rows[chosen]}."),
                random.Pick($"{column[chosen]}", $"The {name} of {rows[chosen]} is {column[chosen]}.")),
            1 => ($"Which {head} has the highest {name}?", random.Pick(best, $"{best}, with {column.Max()}.")),
            2 => ($"Which {head} has the lowest {name}?", random.Pick(worst, $"{worst}, with {column.Min()}.")),
            3 => (random.Pick($"What is the total of the column {name}?", $"Add up the {name} column."),
                random.Pick($"{column.Sum()}", $"{string.Join(" + ", column)} = {column.Sum()}")),
            _ => (random.Pick(
                $"In how many rows is the value of {name} above {limit}?", $"Count the rows where {name} is more than {limit}."),
                $"{column.Count(v => v > limit)}"),
        };
        return random.Chance(0.6) ? Talk.Once($"{table}\n\n{question}", answer) : Talk.Once($"{question}\n\n{table}", answer);
    }
}
