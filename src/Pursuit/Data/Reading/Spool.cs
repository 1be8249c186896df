using Microsoft.Win32.SafeHandles;
using Pursuit.Storage;

namespace Pursuit.Data.Reading;

/// <summary>A compressed file unpacked into a temporary file that has no name (where the system allows) and goes with the process.</summary>
internal sealed class Spool : IDisposable
{
    private readonly FileStream _file;

    public Spool(SourceFile source, string? directory, CancellationToken token)
    {
        var path = Path.Combine(directory ?? Path.GetTempPath(), $"pursuit-{Guid.NewGuid():N}.spool");
        try
        {
            _file = Disk.CreateUnnamed(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(path, source, e);
        }

        try
        {
            using var text = source.OpenText(out _);
            var buffer = new byte[1 << 16];
            for (int read; (read = text.Read(buffer)) > 0;)
            {
                token.ThrowIfCancellationRequested();
                _file.Write(buffer, 0, read);
            }

            _file.Flush();
        }
        catch (IOException e)
        {
            _file.Dispose();
            throw Failed(path, source, e);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    public SafeFileHandle Handle => _file.SafeFileHandle;

    public void Dispose() => _file.Dispose();

    private static PursuitException Failed(string path, SourceFile source, Exception e) => PursuitException.At(
        path,
        $"the temporary copy of {source.Path} couldn't be written ({e.Message})",
        "room for the decompressed file",
        "Decompress the file yourself, or name another directory for temporary files (TMPDIR).",
        e);
}
