using System.Security.Cryptography;
using Pursuit.Data.Reading.Csv;

namespace Pursuit.Data.Reading;

/// <summary>
/// Cuts one file's text into records, batch by batch, whatever the sizes in which the text arrives. Tells an array from
/// lines by the first byte that isn't white space.
/// </summary>
/// <param name="text">The decompressed file.</param>
/// <param name="name">The file's name for messages.</param>
/// <param name="maxRecordBytes">Longer records are dropped, but counted.</param>
/// <param name="blockBytes">Bytes to aim at for a batch.</param>
/// <param name="hash">Takes all bytes of the text; null where nobody asks.</param>
internal sealed class RecordReader(Stream text, string name, int maxRecordBytes, int blockBytes, IncrementalHash? hash) : IRecordReader
{
    private RecordSplitter? _splitter;
    private string? _foreign;
    private byte[] _carry = [];
    private bool _markSkipped;
    private bool _atEnd;
    private bool _done;
    private Dropped? _dropped;

    // The batch being filled: bytes from _start to _end are read but not consumed.
    private int _start;
    private int _end;

    /// <summary>The 1-based line of the byte at _start.</summary>
    private long _line = 1;

    /// <summary>True where records may span lines: in an array, or as objects one after the other.</summary>
    public bool IsArray => _splitter is ArraySplitter or ObjectSplitter;

    /// <summary>Bytes of the text read.</summary>
    public long BytesRead { get; private set; }

    /// <summary>The file underneath the text, where that is another stream.</summary>
    public Stream? Raw { get; init; }

    public long FilePosition => (Raw ?? text).Position;

    public IReadOnlyList<long>? GroupStarts => null;

    public string? Columns => null;

    /// <summary>Fills a batch with the next records.</summary>
    /// <returns>False when there are no more.</returns>
    /// <exception cref="PursuitException">The file is both array and lines, or its array isn't closed, or its compressed data
    /// is broken.</exception>
    public bool Next(RecordBatch batch)
    {
        batch.Clear();
        if (_done) return false;
        var room = Math.Max(blockBytes, _carry.Length);
        if (batch.Bytes.Length < room) batch.Bytes = GC.AllocateUninitializedArray<byte>(room);
        _carry.CopyTo(batch.Bytes, 0);
        _start = 0;
        _end = _carry.Length;
        _carry = [];
        while (true)
        {
            if (_splitter is null && !TryBegin(batch))
            {
                if (_atEnd && _start == _end)
                {
                    _done = true;
                    return false;
                }

                Fill(batch);
                continue;
            }

            if (_foreign is not null) return AddForeign(batch);
            var data = batch.Bytes.AsSpan(_start, _end - _start);
            var status = _splitter!.Next(data, _atEnd, out var found);
            switch (status)
            {
                case SplitStatus.Record:
                    Add(batch, data, found);
                    Consume(data[..found.Consumed]);
                    break;

                case SplitStatus.NeedMore:
                    Consume(data[..found.Consumed]);
                    if (_end - _start > maxRecordBytes) Drop(batch);
                    if (_end == batch.Bytes.Length && batch.Entries.Count > 0)
                    {
                        _carry = batch.Bytes.AsSpan(_start, _end - _start).ToArray();
                        return true;
                    }

                    Fill(batch);
                    break;

                case SplitStatus.End:
                    _done = true;
                    return batch.Entries.Count > 0;

                default:
                    throw Broken(status, _line + data[..found.Start].Count((byte)'\n'));
            }
        }
    }

    /// <summary>Closes the text.</summary>
    public void Dispose() => text.Dispose();

    /// <summary>Skips the byte-order mark and white space, and chooses the splitter by what follows.</summary>
    private bool TryBegin(RecordBatch batch)
    {
        var data = batch.Bytes.AsSpan(_start, _end - _start);
        if (!_markSkipped)
        {
            var mark = "\uFEFF"u8;
            if (data.Length < mark.Length && !_atEnd) return false;
            _markSkipped = true;
            if (data.StartsWith(mark))
            {
                _start += mark.Length;
                data = data[mark.Length..];
            }
        }

        var first = data.IndexOfAnyExcept(RecordSplitter.WhiteSpace);
        Consume(first < 0 ? data : data[..first]);
        if (first < 0) return false;
        if (LayoutDetector.Detect(data[first..], _atEnd, out var bracket) is not { } layout) return false;
        if (layout == FileLayout.Foreign) _foreign = LayoutDetector.DescribeForeign(data[first..]);
        _splitter = layout switch
        {
            FileLayout.Array or FileLayout.Wrapped => new ArraySplitter(bracket, isWrapped: layout == FileLayout.Wrapped),
            FileLayout.Objects => new ObjectSplitter(),
            _ => new LineSplitter(),
        };
        return true;
    }

    /// <summary>One row for a file without JSON, which is read to its end for its digest alone.</summary>
    private bool AddForeign(RecordBatch batch)
    {
        batch.Entries.Add(new RecordBatch.Entry(0, 0, BytesRead - (_end - _start), _line, false, _foreign));
        while (!_atEnd)
        {
            (_start, _end) = (0, 0);
            Fill(batch);
        }

        _done = true;
        return true;
    }

    private void Consume(ReadOnlySpan<byte> bytes)
    {
        _line += bytes.Count((byte)'\n');
        _start += bytes.Length;
    }

    private void Add(RecordBatch batch, ReadOnlySpan<byte> data, RecordSplitter.Found found)
    {
        var offset = BytesRead - (_end - _start) + found.Start;
        var line = _line + data[..found.Start].Count((byte)'\n');
        var span = (long)found.Span;
        if (_dropped is { } dropped)
        {
            (offset, line) = (dropped.Offset, dropped.Line);
            span += dropped.Bytes;
            _dropped = null;
        }

        var tooLong = span > maxRecordBytes;
        batch.Entries.Add(
            new RecordBatch.Entry(
                _start + found.Start, tooLong ? (int)Math.Min(span, int.MaxValue) : found.Length, offset, line, tooLong,
                (text as CsvText)?.TakeFault(line)));
    }

    private void Drop(RecordBatch batch)
    {
        var bytes = batch.Bytes.AsSpan(_start, _end - _start);
        _dropped ??= new Dropped(BytesRead - bytes.Length, _line, 0);
        _dropped = _dropped.Value with { Bytes = _dropped.Value.Bytes + bytes.Length };
        _line += bytes.Count((byte)'\n');
        _end = _start;
        _splitter!.Discard();
    }

    private void Fill(RecordBatch batch)
    {
        if (_end == batch.Bytes.Length)
        {
            if (_start > 0 && batch.Entries.Count == 0)
            {
                batch.Bytes.AsSpan(_start, _end - _start).CopyTo(batch.Bytes);
                _end -= _start;
                _start = 0;
            }
            else
            {
                var bytes = batch.Bytes;
                Array.Resize(ref bytes, (int)Math.Min(2L * bytes.Length, Array.MaxLength));
                batch.Bytes = bytes;
            }
        }

        int read;
        try
        {
            read = text.Read(batch.Bytes.AsSpan(_end));
        }
        catch (IOException e)
        {
            throw PursuitException.At(
                name, FormattableString.Invariant($"reading failed after {BytesRead:N0} bytes ({e.Message})"), "a readable file",
                "Check the disk.", e);
        }

        hash?.AppendData(batch.Bytes, _end, read);
        _end += read;
        BytesRead += read;
        _atEnd = read == 0;
    }

    private PursuitException Broken(SplitStatus status, long line) => status switch
    {
        SplitStatus.Mixed when IsArray => PursuitException.At(
            FormattableString.Invariant($"{name}, line {line}"), "more data after the end of the JSON array",
            "either one array or one record per line, not both", "Split the file in two, or write all of it as lines."),
        SplitStatus.Mixed => PursuitException.At(
            FormattableString.Invariant($"{name}, line {line}"), "a JSON array of records begins after lines of JSON",
            "either one array or one record per line, not both", "Split the file in two, or write all of it as lines."),
        SplitStatus.Unclosed when _splitter is ObjectSplitter => PursuitException.At(
            FormattableString.Invariant($"{name}, line {line}"), "the file ends inside the JSON object that begins here",
            "objects that are closed", "The file may be truncated, or a quotation mark or bracket be missing in that object."),
        _ => PursuitException.At(
            FormattableString.Invariant($"{name}, line {line}"),
            "the file ends before the JSON array's closing bracket; its last record begins here", "an array that is closed",
            "The file may be truncated, or a quotation mark or bracket be missing in that record."),
    };

    /// <summary>A record too long to keep, so far.</summary>
    private readonly record struct Dropped(long Offset, long Line, long Bytes);
}
