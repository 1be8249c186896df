using Pursuit.Data.Hashing;

namespace Pursuit.Data.Reading;

/// <summary>
/// Gets records' bytes again for one reading; one per thread. Reads ahead only while requests follow each other in a file.
/// </summary>
/// <param name="files">The pool's files.</param>
/// <param name="tables">Rows of tables that were asked for out of order.</param>
/// <param name="forward">Records are asked for in the pool's order from its beginning, so that compressed files need no
/// unpacked copy.</param>
/// <param name="token">Stops the unpacking of a compressed file.</param>
internal sealed class RecordFetcher(OpenFiles files, TableSpool tables, bool forward, CancellationToken token) : IDisposable
{
    /// <summary>Bytes read ahead where requests follow each other.</summary>
    private const int Window = 1 << 18;

    private byte[] _window = [];
    private int _source = -1;
    private long _windowOffset;
    private int _windowLength;
    private long _nextOffset;
    private ForwardText? _text;
    private TableRows? _table;

    /// <summary>The bytes of the last record fetched, from the first on; valid until the next one.</summary>
    public byte[] Bytes { get; private set; } = [];

    /// <summary>Reads a record into <see cref="Bytes"/>.</summary>
    /// <exception cref="PursuitException">The file can't be read, or has changed.</exception>
    public byte[] Fetch(RecordLocator locator)
    {
        if (Bytes.Length < locator.Length) Bytes = GC.AllocateUninitializedArray<byte>(Math.Max(locator.Length, 4096));
        var destination = Bytes.AsSpan(0, locator.Length);
        if (files.Files[locator.Source].Format is not null)
            FetchRow(locator, destination);
        else if (forward && files.Files[locator.Source].NeedsUnpacking)
            ForwardTo(locator.Source).Read(locator.Offset, destination);
        else
            Fetch(locator, destination);
        return Bytes;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _text?.Dispose();
        _table?.Dispose();
    }

    private void FetchRow(RecordLocator locator, Span<byte> destination)
    {
        if (tables.TryFind(locator, out var start))
        {
            files.ReadSpool(locator.Source, start, destination);
            return;
        }

        if (_table?.Source != locator.Source)
        {
            _table?.Dispose();
            _table = null;
            files.Files[locator.Source].RequireUnchanged();
            _table = new TableRows(files.Files[locator.Source], locator.Source);
        }

        _table.Read(locator, destination);
    }

    private void Fetch(RecordLocator locator, Span<byte> destination)
    {
        var isSame = locator.Source == _source;
        var follows = isSame && locator.Offset >= _nextOffset && locator.Offset - _nextOffset < Window;
        if (!isSame) _windowLength = 0;
        _source = locator.Source;
        _nextOffset = locator.Offset + locator.Length;
        var inWindow = _windowLength > 0 && locator.Offset >= _windowOffset && _nextOffset <= _windowOffset + _windowLength;
        if (!inWindow && (!follows || locator.Length > Window / 4))
        {
            files.Read(locator.Source, locator.Offset, destination, locator.Length, token);
            return;
        }

        if (!inWindow)
        {
            if (_window.Length == 0) _window = GC.AllocateUninitializedArray<byte>(Window);
            _windowOffset = locator.Offset;
            _windowLength = files.Read(locator.Source, locator.Offset, _window, locator.Length, token);
        }

        _window.AsSpan((int)(locator.Offset - _windowOffset), locator.Length).CopyTo(destination);
    }

    private ForwardText ForwardTo(int source)
    {
        if (_text?.Source == source) return _text;
        _text?.Dispose();
        files.Files[source].RequireUnchanged();
        return _text = new ForwardText(files.Files[source], source);
    }

    /// <summary>A table whose rows are asked for in its order, or one by one.</summary>
    private sealed class TableRows(SourceFile file, int source) : IDisposable
    {
        private readonly IRecordTable _rows = file.OpenTable();
        private readonly ByteBuffer _buffer = new();

        public int Source => source;

        public void Read(RecordLocator locator, Span<byte> destination)
        {
            _buffer.Clear();
            if (locator.Row >= _rows.RowCount || _rows.Read(locator.Row, destination.Length, _buffer) != destination.Length)
                throw PursuitException.At(
                    FormattableString.Invariant($"{file.Path}, row {locator.Row:N0}"), "the row isn't the one that was read before",
                    "input files that do not change during a run", "Run again from the start.");
            _buffer.Written.CopyTo(destination);
        }

        public void Dispose() => _rows.Dispose();
    }

    /// <summary>The text of a file that is compressed or the like from its beginning on: records must be asked for in file order.</summary>
    private sealed class ForwardText(SourceFile file, int source) : IDisposable
    {
        private readonly byte[] _skip = GC.AllocateUninitializedArray<byte>(1 << 16);
        private readonly Stream _text = file.OpenText(out _);
        private long _position;

        public int Source => source;

        public void Read(long offset, Span<byte> destination)
        {
            while (_position < offset) Advance(_skip.AsSpan(0, (int)Math.Min(_skip.Length, offset - _position)));
            Advance(destination);
        }

        public void Dispose() => _text.Dispose();

        private void Advance(Span<byte> destination)
        {
            var read = _text.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
            _position += read;
            if (read < destination.Length)
            {
                throw PursuitException.At(
                    file.Path, FormattableString.Invariant($"the file ends at byte {_position:N0}"),
                    "input files that do not change during a run", "Run again from the start.");
            }
        }
    }
}
