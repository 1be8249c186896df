using Pursuit.Selection;
using Pursuit.Storage;

namespace Pursuit.Runs;

/// <summary>
/// One stage of a run: a directory whose files belong to one fingerprint. Its record, <c>stage.json</c>, is written last and has the
/// length and SHA-256 of every file, which are compared when the stage is opened.
/// </summary>
/// <remarks>
/// A stage that grows part by part may have parts that carry a sum and the stage's fingerprint themselves, such as a store's shards: the
/// record leaves them to whoever reads them, and they stay where the rest of the stage is damaged.
/// </remarks>
internal sealed class RunStage
{
    /// <summary>
    /// The directory within a stage for what is of its making alone: no record has it, and it goes when the stage is complete.
    /// </summary>
    public const string WorkName = "work";

    /// <summary>What to do about a finished stage's damaged file.</summary>
    internal const string RunAgain = "Run the command that made it again: what is damaged is made anew.";

    private const string StateName = "stage.json";
    private readonly Func<string, bool>? _isPart;
    private State _state;

    private RunStage(string directory, State state, Func<string, bool>? isPart)
    {
        FullPath = directory;
        (_state, _isPart) = (state, isPart);
        IsComplete = state.Complete;
    }

    /// <summary>Its absolute path.</summary>
    public string FullPath { get; }

    /// <summary>The hash of everything its files depend on.</summary>
    public string Fingerprint => _state.Fingerprint;

    /// <summary>True where the stage's result is whole and can be reused.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>The path of one of its files.</summary>
    public string PathOf(string name) => Path.Combine(FullPath, name);

    /// <summary>True where the finished stage's record has a file.</summary>
    /// <param name="name">Its name within the stage, with '/' between directories.</param>
    public bool Holds(string name) => IsComplete && _state.Files?.ContainsKey(name) == true;

    /// <summary>Reads one of a finished stage's files.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="PursuitException">The file is missing, or isn't what a stage of this version keeps under that name.</exception>
    public T ReadJson<T>(string name)
        where T : class => JsonFile.Read<T>(PathOf(name), RunJson.Indented, "what the stage keeps there", RunAgain);

    /// <summary>Looks again: another process may have completed the stage.</summary>
    /// <returns>Whether it is complete.</returns>
    public bool Refresh()
    {
        if (SealedJson.TryRead<State>(PathOf(StateName), out var state, out _) && state.Fingerprint == _state.Fingerprint) _state = state;
        return IsComplete = _state.Complete;
    }

    /// <summary>
    /// Takes back that the stage is complete: some of its parts must be made again. Its other files go; they are made of the parts.
    /// </summary>
    public void Reopen()
    {
        DeleteAllBut(FullPath, _isPart);
        Write(_state with { Complete = false, Files = null });
    }

    /// <summary>Says that every file of the stage is whole under its final name, and seals them.</summary>
    public void Complete()
    {
        var files = new SortedDictionary<string, FileSeal>(StringComparer.Ordinal);
        foreach (var name in Names(FullPath).Where(IsSealed)) files.Add(name, FileSeal.Of(PathOf(name)));
        Write(_state with { Complete = true, Files = files });
    }

    /// <summary>A finished stage of a run that may belong to another process; null where there is none. Nothing is written.</summary>
    /// <param name="runPath">The run's directory.</param>
    /// <param name="name">The stage's name.</param>
    /// <exception cref="PursuitException">A file of the stage isn't as it was written; names it.</exception>
    public static RunStage? Finished(string runPath, string name)
    {
        var directory = DirectoryOf(runPath, name);
        var record = Path.Combine(directory, StateName);
        if (!File.Exists(record)) return null;
        if (!SealedJson.TryRead<State>(record, out var state, out var fault))
            throw PursuitException.At(record, fault, "the record of a stage", RunAgain);
        if (!state.Complete) return null;
        return FirstFault(directory, state) is { } damage
            ? throw PursuitException.At(damage.Path, damage.Found, damage.Expected, RunAgain)
            : new RunStage(directory, state, null);
    }

    /// <summary>
    /// A stage of a run whose files aren't looked at, finished or not; null where there is none, or its record can't be read.
    /// </summary>
    /// <param name="runPath">The run's directory.</param>
    /// <param name="name">The stage's name.</param>
    public static RunStage? Look(string runPath, string name)
    {
        var directory = DirectoryOf(runPath, name);
        return SealedJson.TryRead<State>(Path.Combine(directory, StateName), out var state, out _)
            ? new RunStage(directory, state, null)
            : null;
    }

    /// <summary>What of a fingerprint this stage was made with otherwise, by name; empty where it is the same.</summary>
    public IReadOnlyList<string> DifferencesFrom(Fingerprint fingerprint) => _state.Fingerprint == fingerprint.Hash
        ? []
        : [.. fingerprint.Parts.Where(p => _state.DependsOn.GetValueOrDefault(p.Key) != p.Value).Select(p => p.Key)];

    /// <summary>What the stage was made of, by the name of a fingerprint's part; null where it has none such.</summary>
    public string? DependsOn(string name) => _state.DependsOn.GetValueOrDefault(name);

    /// <summary>Opens a stage to make it, continue it or use it.</summary>
    /// <param name="directory">Its directory.</param>
    /// <param name="fingerprint">What its files depend on; a stage of another is emptied.</param>
    /// <param name="isPart">Files that carry their own sum and the stage's fingerprint, by name; null: none does.</param>
    /// <param name="onDamage">Told of a file that isn't as it was written. The stage is then emptied but for its parts.</param>
    internal static RunStage Open(string directory, Fingerprint fingerprint, Func<string, bool>? isPart, Action<string>? onDamage)
    {
        var wanted = new State(fingerprint.Hash, false, fingerprint.Parts.ToDictionary(p => p.Key, p => p.Value), null);
        var record = Path.Combine(directory, StateName);
        var isReadable = SealedJson.TryRead<State>(record, out var found, out var fault);
        var staysAnyway = isPart;
        if (isReadable && found!.Fingerprint != wanted.Fingerprint) staysAnyway = null; // parts of something else
        else if (isReadable && !found!.Complete) return new RunStage(directory, found, isPart);
        else if (isReadable)
        {
            if (FirstFault(directory, found!) is not { } damage) return new RunStage(directory, found!, isPart);
            onDamage?.Invoke($"{damage.Path}: {damage.Found}; expected {damage.Expected}.");
        }
        else if (Directory.Exists(directory) && Directory.EnumerateFileSystemEntries(directory).Any())
        {
            onDamage?.Invoke($"{record}: {fault}; expected the record of a stage.");
        }

        DeleteAllBut(directory, staysAnyway);
        Disk.CreateDirectory(directory);
        var stage = new RunStage(directory, wanted, isPart);
        stage.Write(wanted);
        return stage;
    }

    private static string DirectoryOf(string runPath, string name) =>
        Path.Combine(Path.GetFullPath(runPath), RunDirectory.StagesName, name);

    private static (string Path, string Found, string Expected)? FirstFault(string directory, State state)
    {
        if (state.Files is null)
            return (Path.Combine(directory, StateName), "a finished stage without its files' sums", "their lengths and SHA-256");
        foreach (var (name, seal) in state.Files)
        {
            // A dictionary's values may be null in JSON, whatever their type says.
            if (seal is null || name.Contains('\0', StringComparison.Ordinal))
                return (Path.Combine(directory, StateName), $"a file '{name}' without a sum", "its length and SHA-256");
            var path = Path.Combine(directory, name);
            if (seal.FaultOf(path) is { } fault) return (path, fault, $"{seal}, as written");
        }

        return null;
    }

    private static void DeleteAllBut(string directory, Func<string, bool>? isPart)
    {
        if (!Directory.Exists(directory)) return;
        if (isPart is null)
        {
            Disk.DeleteDirectory(directory);
            return;
        }

        foreach (var name in Names(directory).Where(n => n != StateName && !isPart(n)).ToArray())
            Disk.Delete(Path.Combine(directory, name));
    }

    private static IEnumerable<string> Names(string directory) =>
        Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(directory, path).Replace('\\', '/'));

    private bool IsSealed(string name) =>
        name != StateName
        && !name.StartsWith(WorkName + "/", StringComparison.Ordinal)
        && !name.EndsWith(Disk.PartialEnding, StringComparison.Ordinal)
        && Path.GetFileName(name) is not (RunDirectory.LockName or PursuitJournal.FileName)
        && _isPart?.Invoke(name) != true;

    private void Write(State state)
    {
        SealedJson.Write(PathOf(StateName), state);
        (_state, IsComplete) = (state, state.Complete);
    }

    /// <summary>What stage.json holds.</summary>
    /// <param name="Fingerprint">The hash of everything the files depend on.</param>
    /// <param name="Complete">Whether every file is whole.</param>
    /// <param name="DependsOn">What they depend on, by name.</param>
    /// <param name="Files">The finished stage's files by name, but for parts that carry their own sum.</param>
    private sealed record State(
        string Fingerprint, bool Complete, Dictionary<string, string> DependsOn, SortedDictionary<string, FileSeal>? Files);
}
