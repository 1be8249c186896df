using Pursuit.Data;

namespace Pursuit.Formats.Parquet;

/// <summary>Apache Parquet.</summary>
internal sealed class ParquetFormat : IRecordFormat
{
    public const string FormatName = "Parquet";

    public string Name => FormatName;

    public IReadOnlyList<string> Endings => [".parquet", ".pq"];

    public bool Recognizes(ReadOnlySpan<byte> head) => head.StartsWith("PAR1"u8) || head.StartsWith("PARE"u8);

    public IRecordTable Open(string path) => ParquetTable.Open(path);
}
