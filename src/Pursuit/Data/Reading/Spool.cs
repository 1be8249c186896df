using Microsoft.Win32.SafeHandles;
using Pursuit.Storage;

namespace Pursuit.Data.Reading;

/// <summary>
/// A temporary file that has no name (where the system allows) and goes with the process. It gets the text of every compressed
/// file that is read out of order, one after the other, and the rows of tables that are, so that one handle serves for all of them.
/// </summary>
/// <param name="directory">Where to make it; null for the system's temporary directory.</param>
internal sealed class Spool(string? directory) : IDisposable
{
    private readonly Dictionary<int, (long Start, long Length)> _texts = [];
    private readonly Lock _gate = new();
    private FileStream? _file;

    /// <summary>Where it is made; null for the system's temporary directory.</summary>
    public string? Directory => directory;

    /// <summary>The file, once a text is in it.</summary>
    public SafeFileHandle Handle => _file!.SafeFileHandle;

    /// <summary>Where a file's text begins in the spool; unpacks it if it isn't there yet.</summary>
    /// <exception cref="PursuitException">There is no room, or the file is broken or has changed.</exception>
    public long StartOf(int source, SourceFile file, CancellationToken token)
    {
        lock (_gate)
        {
            if (!_texts.TryGetValue(source, out var text)) _texts.Add(source, text = Unpack(file, token));
            return text.Start;
        }
    }

    /// <summary>Bytes of a text that is in the spool.</summary>
    public long LengthOf(int source)
    {
        lock (_gate) return _texts[source].Length;
    }

    /// <summary>Adds bytes; they can be read after <see cref="Flush"/>.</summary>
    /// <returns>Where they begin.</returns>
    /// <exception cref="PursuitException">There is no room.</exception>
    public long Append(SourceFile source, ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            var file = _file ??= Create(source);
            try
            {
                file.Seek(0, SeekOrigin.End);
                var start = file.Position;
                file.Write(bytes);
                return start;
            }
            catch (IOException e)
            {
                throw Failed(file.Name, source, e);
            }
        }
    }

    /// <summary>Lets everything that was added be read.</summary>
    /// <param name="source">A file whose rows were added, for messages.</param>
    /// <exception cref="PursuitException">There is no room.</exception>
    public void Flush(SourceFile source)
    {
        lock (_gate)
        {
            try
            {
                _file?.Flush();
            }
            catch (IOException e)
            {
                throw Failed(_file!.Name, source, e);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    /// <summary>Unpacks a file to the spool's end.</summary>
    /// <returns>Where its text begins, and its bytes.</returns>
    /// <exception cref="PursuitException">There is no room, or the file is broken or has changed.</exception>
    public (long Start, long Length) Unpack(SourceFile source, CancellationToken token)
    {
        source.RequireUnchanged();
        var file = _file ??= Create(source);
        var start = file.Length;
        try
        {
            file.Position = start;
            using var text = source.OpenText(out _);
            var buffer = new byte[1 << 16];
            for (int read; (read = text.Read(buffer)) > 0;)
            {
                token.ThrowIfCancellationRequested();
                file.Write(buffer, 0, read);
            }

            file.Flush();
            return (start, file.Length - start);
        }
        catch (IOException e)
        {
            throw Failed(file.Name, source, e);
        }
    }

    private FileStream Create(SourceFile source)
    {
        var path = Path.Combine(directory ?? Path.GetTempPath(), $"pursuit-{Guid.NewGuid():N}.spool");
        try
        {
            return Disk.CreateUnnamed(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(path, source, e);
        }
    }

    private static PursuitException Failed(string path, SourceFile source, Exception e) => PursuitException.At(
        path,
        $"the temporary copy of {source.Path} couldn't be written ({e.Message})",
        "room for the decompressed file",
        "Decompress the file yourself, or name another directory for temporary files (TMPDIR).",
        e);
}
