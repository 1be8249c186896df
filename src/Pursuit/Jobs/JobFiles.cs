using Pursuit.Data.Reading;
using Pursuit.Runs;
using Pursuit.Selection.Features;
using Pursuit.Storage;

namespace Pursuit.Jobs;

/// <summary>
/// What a job reads and what it writes, by whatever names and links: no output may be an input, lie where one is, or be read as one by
/// the same job the next time.
/// </summary>
internal sealed class JobFiles
{
    private readonly List<Place> _files = [];
    private readonly List<Place> _directories = [];
    private readonly List<(string Option, IReadOnlyList<string> Paths)> _records = [];
    private readonly List<Place> _written = [];
    private readonly List<Place> _models = [];
    private readonly List<Place> _runs = [];

    /// <summary>Adds records that are read.</summary>
    /// <param name="option">What names them, for messages.</param>
    /// <param name="paths">Files, directories and globs.</param>
    /// <exception cref="PursuitException">A path doesn't exist, or a directory or glob holds nothing.</exception>
    public JobFiles ReadsRecords(string option, IReadOnlyList<string> paths)
    {
        _records.Add((option, paths));
        _files.AddRange(InputFiles.Expand(paths).Files.Select(path => new Place(option, path)));
        return this;
    }

    /// <summary>Adds a file or a directory that is read: options, a model, features, a run.</summary>
    /// <param name="option">What names it.</param>
    /// <param name="path">The path; null for none, and what isn't there is left to whoever opens it.</param>
    /// <exception cref="PursuitException">It is a pipe or a device.</exception>
    public JobFiles Reads(string option, string? path)
    {
        if (string.IsNullOrWhiteSpace(path)) return this;
        Disk.RequireRegular(path);
        (Directory.Exists(path) ? _directories : _files).Add(new Place(option, path));
        return this;
    }

    /// <summary>Adds a model that is read: its directory, or its adapters' and that of the model they belong to.</summary>
    /// <param name="option">What names it.</param>
    /// <param name="directory">The directory; null for none, and what isn't there is left to whoever opens it.</param>
    /// <exception cref="PursuitException">Adapters whose model isn't named or isn't there.</exception>
    public JobFiles ReadsModel(string option, string? directory)
    {
        Reads(option, directory);
        return Directory.Exists(directory) && ModelDirectory.Open(directory) is { AdapterPath: not null } adapters
            ? Reads(option, adapters.BasePath)
            : this;
    }

    /// <summary>Adds a file that is written.</summary>
    /// <param name="option">What names it, or what it follows from.</param>
    /// <param name="path">The path.</param>
    public JobFiles Writes(string option, string path)
    {
        _written.Add(new Place(option, path));
        return this;
    }

    /// <summary>Adds a directory that gets files of fixed names: a model, a tokenizer.</summary>
    /// <param name="option">What names it.</param>
    /// <param name="directory">The directory.</param>
    /// <param name="names">The files' names.</param>
    public JobFiles WritesInto(string option, string directory, IEnumerable<string> names)
    {
        _models.Add(new Place(option, directory));
        foreach (var name in names) Writes(option, Path.Combine(directory, name));
        return this;
    }

    /// <summary>Adds a run's directory, in which everything is the run's.</summary>
    /// <param name="option">What names it, or what it follows from.</param>
    /// <param name="directory">The directory.</param>
    public JobFiles WritesRun(string option, string directory)
    {
        _runs.Add(new Place(option, directory));
        return this;
    }

    /// <summary>Refuses a job that would write over what it reads, or where no file can stand. Nothing is written.</summary>
    /// <exception cref="PursuitException">
    /// An output is an input, lies where one is, or is a directory or a device; or two outputs are one.
    /// </exception>
    public void Refuse()
    {
        foreach (var output in _written)
        {
            if (Disk.Obstacle(output.Path) is { } obstacle)
                throw PursuitException.At(
                    output.Option, $"{output.Path} is {obstacle}", "a file's path", $"Choose another {output.Option}.");
        }

        var inputs = _files.Concat(_directories).ToLookup(p => p.Identity);
        foreach (var output in _written.Concat(_models).Concat(_runs))
        {
            if (inputs[output.Identity].FirstOrDefault() is { } input) throw Overwrites(output, input);
        }

        foreach (var output in _written)
        {
            RefuseWithinInputs(output);
            foreach (var (option, paths) in _records)
            {
                if (paths.FirstOrDefault(p => InputFiles.WouldRead(p, output.Path)) is { } place)
                    throw PursuitException.At(
                        output.Option, $"{output.Path}, which {option} {place} would read the next time",
                        "an output apart from everything that is read",
                        $"Choose another {output.Option}, or name the files of {option} one by one.");
            }
        }

        foreach (var run in _runs)
        {
            // The options of a run replay it in place.
            var options = FileIdentity.Of(Path.Combine(run.Path, RunDirectory.OptionsName));
            foreach (var input in _files.Where(f => f.Identity != options).Concat(_directories))
            {
                if (FileIdentity.Above(input.Path).Contains(run.Identity)) throw Overwrites(run, input);
            }
        }

        if (_written.Concat(_runs).GroupBy(p => p.Identity).FirstOrDefault(g => g.Count() > 1)?.ToArray() is [var first, var second, ..])
            throw PursuitException.At(
                second.Option, $"{second.Path}, which {first.Option} {first.Path} is too", "an output of its own for each",
                $"Choose another {second.Option}.");
    }

    /// <summary>
    /// Refuses a job that would write into a run, its own or another's: everything there is the run's. A job that is itself part of a run,
    /// as a proof's selections are, writes there, so this is asked for by whoever starts a job for a person.
    /// </summary>
    /// <exception cref="PursuitException">An output lies in a run.</exception>
    public void RefuseWithinRuns()
    {
        var own = _runs.Select(r => r.Identity).ToHashSet();
        foreach (var output in _written)
        {
            for (var at = Path.GetDirectoryName(Path.GetFullPath(output.Path)); at is not null; at = Path.GetDirectoryName(at))
            {
                if (own.Contains(FileIdentity.Of(at)) || File.Exists(Path.Combine(at, RunDirectory.MarkerName)))
                    throw PursuitException.At(
                        output.Option, $"{output.Path}, which lies in the run {at}",
                        "an output beside the run: everything in it is the run's", $"Choose another {output.Option}.");
            }
        }
    }

    /// <summary>Deletes what earlier processes, killed while they wrote, left beside the outputs.</summary>
    public void Sweep()
    {
        foreach (var output in _written) Disk.SweepPartialOf(output.Path);
    }

    /// <summary>
    /// A run or a store is whole: nothing else is written into it. Of another directory, such as a model's, its own files are read.
    /// </summary>
    private void RefuseWithinInputs(Place output)
    {
        var above = FileIdentity.Above(output.Path).ToArray();
        foreach (var input in _directories)
        {
            var isWhole = File.Exists(Path.Combine(input.Path, RunDirectory.MarkerName)) || FeatureSource.IsStore(input.Path);
            if (isWhole ? above.Contains(input.Identity) : File.Exists(output.Path) && above[0] == input.Identity)
                throw Overwrites(output, input);
        }
    }

    private static PursuitException Overwrites(Place output, Place input) => PursuitException.At(
        output.Option,
        $"{output.Path} would be written over the input {input.Option} {input.Path}",
        "an output apart from everything that is read",
        $"Choose another {output.Option}.");

    private sealed record Place(string Option, string Path)
    {
        public FileIdentity Identity { get; } = FileIdentity.Of(Path);
    }
}
