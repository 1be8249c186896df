using Pursuit.Fuzz.Mutation;

namespace Pursuit.Fuzz;

/// <summary>One reader: what it is fed with, and how it is called.</summary>
internal abstract class FuzzTarget : IDisposable
{
    /// <summary>Sound inputs that are mutated.</summary>
    public abstract IReadOnlyList<byte[]> Seeds { get; }

    /// <summary>How they are mutated.</summary>
    public virtual Mutator Mutator { get; } = new ByteMutator([]);

    /// <summary>Reads an input and works with what was read, as a command would.</summary>
    /// <exception cref="PursuitException">The input is refused, as it may be.</exception>
    public abstract void Read(byte[] input);

    /// <summary>Removes what the target put on the disk.</summary>
    public virtual void Dispose()
    {
    }

    /// <summary>The files of a folder of seeds.</summary>
    protected static IReadOnlyList<byte[]> SeedsOf(string folder) =>
        [.. Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "seeds", folder)).Order(StringComparer.Ordinal)
            .Select(File.ReadAllBytes)];
}

/// <summary>A target whose reader takes a file, or a directory it stands in.</summary>
internal abstract class FileTarget : FuzzTarget
{
    /// <summary>Where the input is written: in memory where the system has such a file system.</summary>
    protected string Folder { get; } = Directory.CreateDirectory(
        Path.Combine(
            Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(),
            $"pursuit-fuzz-{Environment.ProcessId}-{Guid.NewGuid():N}")).FullName;

    /// <summary>The input's name.</summary>
    protected abstract string FileName { get; }

    /// <summary>The input's path.</summary>
    protected string FilePath => Path.Combine(Folder, FileName);

    public sealed override void Read(byte[] input)
    {
        File.WriteAllBytes(FilePath, input);
        ReadFile();
    }

    public override void Dispose()
    {
        Directory.Delete(Folder, recursive: true);
        base.Dispose();
    }

    /// <summary>Reads <see cref="FilePath"/>.</summary>
    protected abstract void ReadFile();
}
