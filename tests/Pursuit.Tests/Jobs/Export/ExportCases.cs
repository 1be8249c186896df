using System.Text.Json.Nodes;
using Pursuit.Data;
using Pursuit.Jobs.Export;
using Pursuit.TestKit;

namespace Pursuit.Tests.Jobs.Export;

/// <summary>Conversations of all shapes, and what an export makes of them.</summary>
internal static class ExportCases
{
    public static Turn Instruction(string content) => new(Turn.System, content);

    public static Turn User(string content) => new(Turn.User, content);

    public static Turn Says(string content) => new(Turn.Assistant, content);

    public static Turn Calls(string name, string argument, string words = "") =>
        new(Turn.Assistant, words)
        {
            ToolCallsJson = """[{"id":"c1","type":"function","function":{"name":"NAME","arguments":{"ARGUMENT":1}}}]"""
                .Replace("NAME", name, StringComparison.Ordinal).Replace("ARGUMENT", argument, StringComparison.Ordinal),
            IsContentNull = words.Length == 0,
        };

    public static Turn Answers(string content) => new(Turn.Tool, content) { FieldsJson = """{"tool_call_id":"c1"}""" };

    public static Example Of(params Turn[] turns) =>
        new() { ContentId = ContentId.Parse(new string('0', 64)), Locator = default, Turns = turns };

    public static Example Prompted(int prompt, params Turn[] turns) => Of(turns) with { PromptTurns = prompt };

    public static Example Prefers(Turn[] prompt, Turn chosen, Turn rejected) =>
        Of([.. prompt, chosen]) with { PromptTurns = prompt.Length, RejectedTurns = [rejected] };

    public static Example Text(string text) => Of() with { Text = text };

    /// <summary>
    /// Conversations whose every turn is drawn at random: any role behind any other, with and without calls, thoughts and marks.
    /// </summary>
    public static IReadOnlyList<Example> Random(int count, ulong seed)
    {
        var random = new SeededRandom(seed, "test/exports");
        return [.. Enumerable.Range(0, count)
            .Select(_ => Of([.. Enumerable.Range(0, 1 + random.NextInt(5)).Select(i => Draw(random, i))]) with
            {
                ToolsJson = random.NextInt(4) == 0 ? """[{"type":"function","function":{"name":"f"}}]""" : null,
            })];
    }

    /// <summary>What was written.</summary>
    public sealed record Written(IReadOnlyList<JsonObject> Rows, string Configuration, TrainerExport Export, IReadOnlyList<int> Lines);

    /// <summary>Exports examples to one trainer.</summary>
    public static Written Write(TemporaryDirectory directory, TrainerFormat format, IReadOnlyList<Example> examples, int copies = 1)
    {
        var records = directory.PathOf("out.jsonl");
        var export = TrainerExport.Plan(format, examples.Count, numbers => numbers.Select(i => examples[i]));
        var lines = export.Write(records, [.. Enumerable.Repeat(copies, examples.Count)]);
        var files = TrainerFiles.Beside(records, format);
        return new Written(
            [.. File.ReadAllLines(files.DataPath).Select(l => JsonNode.Parse(l)!.AsObject())],
            File.ReadAllText(files.ConfigurationPath), export, lines);
    }

    private static Turn Draw(SeededRandom random, int i)
    {
        var words = $"w{i} \U0001F600 é {random.NextInt(9)}";
        return random.NextInt(9) switch
        {
            0 => Instruction(words),
            1 or 2 => User(words),
            3 => Answers(words),
            4 => Calls("f", "x" + random.NextInt(3)),
            5 => Calls("g", "y", words),
            6 => Says(words) with { TrainMark = random.NextInt(2) == 0 },
            7 => Says(words) with { Reasoning = "because" },
            _ => random.NextInt(5) == 0 ? Says(words) with { UntrainedSpans = [new(0, 2), new(3, 5)] } : Says(words),
        };
    }
}
