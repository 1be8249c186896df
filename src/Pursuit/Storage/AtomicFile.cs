namespace Pursuit.Storage;

/// <summary>
/// Writes a file beside its final name and renames it when whole, so that a name in a run directory always means a
/// complete file: write, flush to disk, rename.
/// </summary>
internal sealed class AtomicFile : IDisposable
{
    private readonly string _temporaryPath;
    private FileStream? _stream;
    private bool _whole;

    /// <summary>
    /// Opens a temporary file in the destination's own directory, under a name of this writer alone: processes of several machines may
    /// write one name at once, each its own whole file.
    /// </summary>
    /// <param name="path">The final name; its directory is created.</param>
    /// <exception cref="PursuitException">The directory can't be written, or something other than a file is there.</exception>
    public AtomicFile(string path)
    {
        FinalPath = Path.GetFullPath(path);
        if (Disk.Obstacle(FinalPath) is { } obstacle)
            throw PursuitException.At(
                FinalPath, obstacle, "a file's path", "Choose another path.", new IOException($"{FinalPath} is {obstacle}"));
        try
        {
            _stream = Disk.CreatePartial(FinalPath, out _temporaryPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PursuitException.At(
                FinalPath, $"the file can't be written ({e.Message})", "a writable directory with free space",
                Disk.CureOf(e, "Choose another path or free some space."), e);
        }
    }

    /// <summary>The name the file gets when it is whole.</summary>
    public string FinalPath { get; }

    /// <summary>Where to write.</summary>
    public FileStream Stream => _stream ?? throw new ObjectDisposedException(nameof(AtomicFile));

    /// <summary>
    /// Flushes to disk and gives the file its final name, replacing what stood there: a link itself, not what it leads to.
    /// </summary>
    /// <exception cref="PursuitException">The disk is full or the directory read-only; nothing changed under the final name.</exception>
    public void Commit()
    {
        try
        {
            Stream.Flush(flushToDisk: true);
            Stream.Dispose();
            _stream = null;
            Disk.Rename(_temporaryPath, FinalPath);
            _whole = true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PursuitException.At(
                FinalPath, $"the file couldn't be completed ({e.Message})", "a writable directory with free space",
                "Nothing was left under that name; free some space and run again.", e);
        }
    }

    /// <summary>Drops the temporary file unless <see cref="Commit"/> succeeded.</summary>
    public void Dispose()
    {
        if (_stream is not null)
        {
            try
            {
                _stream.Dispose();
            }
            catch (IOException)
            {
                // A full disk fails the last flush too; the file is deleted below either way.
            }

            _stream = null;
        }

        if (!_whole) Disk.Delete(_temporaryPath);
    }

    /// <summary>Writes a whole file at once.</summary>
    /// <param name="path">The final name.</param>
    /// <param name="write">Fills the stream.</param>
    /// <exception cref="PursuitException">The file can't be written; nothing is left under its name.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        using var file = new AtomicFile(path);
        try
        {
            write(file.Stream);
        }
        catch (IOException e)
        {
            throw PursuitException.At(
                file.FinalPath, $"writing failed ({e.Message})", "free space",
                "Nothing was left under that name; free some space and run again.", e);
        }

        file.Commit();
    }
}
