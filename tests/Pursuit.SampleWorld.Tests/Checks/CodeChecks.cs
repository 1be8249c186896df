using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Pursuit.SampleWorld.Tests.Checks;

/// <summary>Programs against what Python printed (tests/fixtures/sample-world/run_programs.py).</summary>
internal static class CodeChecks
{
    private static readonly Regex Block = new("```python\n(.*?)\n```", RegexOptions.Singleline);

    private static readonly Regex[] Calls =
    [
        new(@"For example, (?<call>\w+\(.*\)) should return (?<result>.*)\.$"), new(@"Example: (?<call>\w+\(.*\)) -> (?<result>.*)$"),
        new(@"`(?<call>\w+\(.*\))` returns `?(?<result>.*?)`?\.$"),
    ];

    private static readonly Regex Asked = new(@"(?:What does|And what is) (?<call>\w+\(.*\))(?: give)?\?$");

    /// <summary>The answer is what Python printed; null where Python has not run the program.</summary>
    public static bool? Output(Exchange e) =>
        Run(Block.Match(e.Question).Groups[1].Value) is { } output ? output == e.Answer : null;

    /// <summary>Every call that a record names, and whether Python returns what the record says.</summary>
    public static IEnumerable<(string What, bool Right)> Examples(WorldRecord record)
    {
        var turns = record.Turns;
        var codes = turns.SelectMany(t => Block.Matches(t.Content)).Select(m => m.Groups[1].Value).Where(c => c.Contains('\n')).ToArray();
        codes.ShouldNotBeEmpty(record.Id);
        var named = new List<(string Call, string Result)>();
        for (var i = 0; i < turns.Count; i++)
        {
            foreach (var line in turns[i].Content.Split('\n'))
            {
                named.AddRange(
                    Calls.Select(c => c.Match(line)).Where(m => m.Success).Select(m => (m.Groups["call"].Value, m.Groups["result"].Value)));
                if (Asked.Match(line) is { Success: true } m)
                    named.Add((m.Groups["call"].Value, turns[i + 1].Content));
            }
        }

        foreach (var (call, result) in named)
        {
            // A conversation may hold two functions of one name; the call belongs to one of them.
            var outputs =
                codes.Where(c => c.StartsWith($"def {call[..call.IndexOf('(', StringComparison.Ordinal)]}(", StringComparison.Ordinal))
                    .Select(c => Run($"{c}\nprint(repr({call}))"));
            yield return ($"{record.Id}: {call} = {result}", outputs.Contains(result));
        }
    }

    private static string? Run(string program) =>
        SampleWorldFiles.PythonOutputs.GetValueOrDefault(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(program))));
}
