using Pursuit.Data;

namespace Pursuit.Formats.Arrow;

/// <summary>Apache Arrow's IPC format: files, which Feather 2 is too, and streams.</summary>
internal sealed class ArrowFormat : IRecordFormat
{
    public const string FormatName = "Arrow";

    public string Name => FormatName;

    public IReadOnlyList<string> Endings => [".arrow", ".arrows", ".feather", ".ipc"];

    public bool Recognizes(ReadOnlySpan<byte> head) =>
        head.StartsWith("ARROW1"u8) || head.StartsWith("FEA1"u8) || head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFF, 0xFF, 0xFF]);

    public IRecordTable Open(string path) => ArrowTable.Open(path);
}
