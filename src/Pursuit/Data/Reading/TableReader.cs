using System.Buffers;
using System.Security.Cryptography;

namespace Pursuit.Data.Reading;

/// <summary>
/// Reads a table's rows as records; what is hashed is their JSON, a line each, as a file of lines with the same records has it.
/// </summary>
/// <param name="table">The open table, which it owns.</param>
/// <param name="maxRecordBytes">Longer records are dropped, but counted.</param>
/// <param name="blockBytes">Bytes to aim at for a batch.</param>
/// <param name="hash">Takes the records' bytes; null where nobody asks.</param>
internal sealed class TableReader(IRecordTable table, int maxRecordBytes, int blockBytes, IncrementalHash? hash) : IRecordReader
{
    private long _row;

    public bool IsArray => false;

    public long BytesRead { get; private set; }

    public long FilePosition => table.BytesRead;

    public IReadOnlyList<long>? GroupStarts => table.GroupStarts;

    public string? Columns => table.Columns;

    public bool Next(RecordBatch batch)
    {
        batch.Clear();
        var bytes = new BatchBytes(batch);
        while (_row < table.RowCount && (bytes.Length < blockBytes || batch.Entries.Count == 0))
        {
            var start = bytes.Length;
            var length = table.Read(_row, maxRecordBytes, bytes);
            var isTooLong = length > maxRecordBytes;
            if (isTooLong)
                bytes.Length = start;
            else
                hash?.AppendData(batch.Bytes, start, (int)length);
            hash?.AppendData("\n"u8);
            BytesRead += length + 1;
            batch.Entries.Add(new RecordBatch.Entry(start, (int)Math.Min(length, int.MaxValue), _row, ++_row, isTooLong));
        }

        return batch.Entries.Count > 0;
    }

    public void Dispose() => table.Dispose();

    /// <summary>Lets a table write into a batch's bytes.</summary>
    private sealed class BatchBytes(RecordBatch batch) : IBufferWriter<byte>
    {
        public int Length { get; set; }

        public void Advance(int count) => Length += count;

        public Span<byte> GetSpan(int sizeHint = 0)
        {
            var needed = checked(Length + Math.Max(sizeHint, 1));
            if (needed > batch.Bytes.Length)
            {
                var bytes = batch.Bytes;
                Array.Resize(ref bytes, (int)Math.Min(Math.Max(2L * bytes.Length, needed), Array.MaxLength));
                batch.Bytes = bytes;
            }

            return batch.Bytes.AsSpan(Length);
        }

        public Memory<byte> GetMemory(int sizeHint = 0)
        {
            GetSpan(sizeHint);
            return batch.Bytes.AsMemory(Length);
        }
    }
}
