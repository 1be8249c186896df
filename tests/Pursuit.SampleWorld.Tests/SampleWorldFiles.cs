using System.Runtime.CompilerServices;
using System.Text.Json;
using Pursuit.Data;

namespace Pursuit.SampleWorld.Tests;

/// <summary>One question of a record with the answer to it, without greetings and thanks.</summary>
internal sealed record Exchange(string Id, string System, string Question, string Answer);

/// <summary>The world drawn once for all tests, and the committed files as they lie in the repository.</summary>
internal static class SampleWorldFiles
{
    public static readonly World World = World.Build();

    public static readonly string Repository = Path.GetFullPath(Path.Combine(ThisFolder(), "../.."));

    public static readonly string Folder = Path.Combine(Repository, "samples/world");

    /// <summary>Python's outputs by the SHA-256 of the program, see tests/fixtures/sample-world/run_programs.py.</summary>
    public static readonly IReadOnlyDictionary<string, string> PythonOutputs = JsonSerializer.Deserialize<Dictionary<string, string>>(
        File.ReadAllText(Path.Combine(Repository, "tests/fixtures/sample-world/python-outputs.json")))!;

    private static readonly HashSet<string> Marked = [.. World.Marks.Select(m => m.Id)];

    /// <summary>Every unmarked record of the pool.</summary>
    public static IEnumerable<WorldRecord> Clean => World.Pool.Where(r => !Marked.Contains(r.Id));

    /// <summary>Every question of a skill that must have a right answer: the clean pool, dev and test.</summary>
    public static IEnumerable<Exchange> Exchanges(string skill) =>
        Clean.Concat(World.Targets.SelectMany(t => t.Dev.Concat(t.Test))).Where(r => r.Skill == skill).SelectMany(Exchanges);

    private static IEnumerable<Exchange> Exchanges(WorldRecord record)
    {
        var system = record.Turns[0].Role == Turn.System ? record.Turns[0].Content : "";
        for (var i = 0; i + 1 < record.Turns.Count; i++)
        {
            if (record.Turns[i].Role == Turn.User)
                yield return new Exchange(record.Id, system, Manner.Bare(record.Turns[i].Content), record.Turns[i + 1].Content);
        }
    }

    private static string ThisFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
