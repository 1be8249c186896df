using Pursuit.Data;
using Pursuit.Formats.Rows;

namespace Pursuit.Formats.Arrow;

/// <summary>Apache Arrow's IPC format: files, which Feather 2 is too, streams, and saved data sets.</summary>
internal sealed class ArrowFormat : IRecordFormat
{
    public const string FormatName = "Arrow";

    public string Name => FormatName;

    public IReadOnlyList<string> Endings => [".arrow", ".arrows", ".feather", ".ipc"];

    public bool Recognizes(ReadOnlySpan<byte> head) =>
        head.StartsWith("ARROW1"u8) || head.StartsWith("FEA1"u8) || SavedDataset.IsState(head)
        || head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFF, 0xFF, 0xFF]);

    public IRecordTable Open(string path)
    {
        var file = new FormatFile(path, FormatName);
        if (!IsState(file)) return ArrowTable.Open(file);
        file.Dispose();
        return SavedDataset.Open(path);
    }

    public IRecordTable Open(FilePart part)
    {
        var file = new FormatFile(part, FormatName);
        if (!IsState(file)) return ArrowTable.Open(file);
        file.Dispose();
        throw PursuitException.At(
            part.Name, "the state of a saved data set, within an archive", "an Arrow file", "Unpack the archive, and name the folder.");
    }

    private static bool IsState(FormatFile file)
    {
        try
        {
            Span<byte> first = stackalloc byte[1];
            if (file.Length > 0) file.Read(0, first);
            return first[0] == (byte)'{';
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
