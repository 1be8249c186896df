using System.Text;

namespace Pursuit.TestKit;

/// <summary>An empty directory that is deleted with the test.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    /// <summary>Creates it.</summary>
    public TemporaryDirectory() => FullPath = Directory.CreateTempSubdirectory("pursuit-test-").FullName;

    /// <summary>Its absolute path.</summary>
    public string FullPath { get; }

    /// <summary>The path of a file in it.</summary>
    public string PathOf(string name) => Path.Combine(FullPath, name);

    /// <summary>Writes a text file into it and returns its path.</summary>
    public string Write(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text));

    /// <summary>Writes a file into it and returns its path.</summary>
    public string Write(string name, ReadOnlySpan<byte> bytes)
    {
        var path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(FullPath, recursive: true);
}
