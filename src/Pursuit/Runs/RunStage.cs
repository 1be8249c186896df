using System.Text.Json;
using Pursuit.Storage;

namespace Pursuit.Runs;

/// <summary>One stage of a run: a directory whose files belong to one fingerprint.</summary>
public sealed class RunStage
{
    private const string StateName = "stage.json";
    private readonly State _state;

    private RunStage(string directory, State state)
    {
        FullPath = directory;
        _state = state;
        IsComplete = state.Complete;
    }

    /// <summary>Its absolute path.</summary>
    public string FullPath { get; }

    /// <summary>True where the stage's result is whole and can be reused.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>The path of one of its files.</summary>
    public string PathOf(string name) => Path.Combine(FullPath, name);

    /// <summary>Looks again: another process may have completed the stage.</summary>
    /// <returns>Whether it is complete.</returns>
    public bool Refresh() => IsComplete = ReadState(PathOf(StateName)) is { Complete: true } state && state.Fingerprint == _state.Fingerprint;

    /// <summary>Takes back that the stage is complete: some of its files must be made again.</summary>
    public void Reopen()
    {
        WriteState(FullPath, _state with { Complete = false });
        IsComplete = false;
    }

    /// <summary>Says that every file of the stage is whole under its final name.</summary>
    public void Complete()
    {
        WriteState(FullPath, _state with { Complete = true });
        IsComplete = true;
    }

    /// <summary>A finished stage of a run that may belong to another process; null where there is none. Nothing is written.</summary>
    /// <param name="runPath">The run's directory.</param>
    /// <param name="name">The stage's name.</param>
    public static RunStage? Finished(string runPath, string name)
    {
        var directory = Path.Combine(Path.GetFullPath(runPath), RunDirectory.StagesName, name);
        return ReadState(Path.Combine(directory, StateName)) is { Complete: true } state ? new RunStage(directory, state) : null;
    }

    /// <summary>What of a fingerprint this stage was made with otherwise, by name; empty where it is the same.</summary>
    public IReadOnlyList<string> DifferencesFrom(Fingerprint fingerprint) => _state.Fingerprint == fingerprint.Hash
        ? []
        : [.. fingerprint.Parts.Where(p => _state.DependsOn.GetValueOrDefault(p.Key) != p.Value).Select(p => p.Key)];

    /// <summary>What the stage was made of, by the name of a fingerprint's part; null where it has none such.</summary>
    public string? DependsOn(string name) => _state.DependsOn.GetValueOrDefault(name);

    internal static RunStage Open(string directory, Fingerprint fingerprint)
    {
        var wanted = new State(fingerprint.Hash, false, fingerprint.Parts.ToDictionary(p => p.Key, p => p.Value));
        var found = ReadState(Path.Combine(directory, StateName));
        if (found?.Fingerprint == wanted.Fingerprint) return new RunStage(directory, found);

        Disk.DeleteDirectory(directory);
        Disk.CreateDirectory(directory);
        WriteState(directory, wanted);
        return new RunStage(directory, wanted);
    }

    private static State? ReadState(string path)
    {
        if (!File.Exists(path)) return null;
        try
        {
            return JsonSerializer.Deserialize<State>(File.ReadAllBytes(path), RunJson.Indented);
        }
        catch (JsonException)
        {
            return null; // whatever stands there isn't this stage's: it is started afresh
        }
    }

    private static void WriteState(string directory, State state) =>
        AtomicFile.Write(Path.Combine(directory, StateName), s => JsonSerializer.Serialize(s, state, RunJson.Indented));

    private sealed record State(string Fingerprint, bool Complete, Dictionary<string, string> DependsOn);
}
