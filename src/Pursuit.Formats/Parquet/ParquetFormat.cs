using Pursuit.Data;
using Pursuit.Formats.Rows;

namespace Pursuit.Formats.Parquet;

/// <summary>Apache Parquet.</summary>
internal sealed class ParquetFormat : IRecordFormat
{
    public const string FormatName = "Parquet";

    public string Name => FormatName;

    public IReadOnlyList<string> Endings => [".parquet", ".pq"];

    public bool Recognizes(ReadOnlySpan<byte> head) => head.StartsWith("PAR1"u8) || head.StartsWith("PARE"u8);

    public IRecordTable Open(string path) => ParquetTable.Open(new FormatFile(path, FormatName));

    public IRecordTable Open(FilePart part) => ParquetTable.Open(new FormatFile(part, FormatName));
}
