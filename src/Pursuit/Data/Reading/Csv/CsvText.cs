using System.Buffers;
using System.Globalization;
using System.Text;
using Pursuit.Data.Hashing;
using Pursuit.Data.Reading.Compression;

namespace Pursuit.Data.Reading.Csv;

/// <summary>
/// A file of separated values (RFC 4180) as lines of JSON: every row an object of strings by the header's names, at the line where the
/// row begins. As many line ends follow it as the row has lines, so that lines are counted as in the file.
/// </summary>
/// <remarks>It goes through the file with bounded memory: a row is written while it is read.</remarks>
/// <param name="file">The file's text; owned.</param>
/// <param name="name">Its name for messages.</param>
/// <param name="isTabs">Values are separated by tabs; else by commas, or by what the header has in their place.</param>
internal sealed class CsvText(Stream file, string name, bool isTabs) : ForwardStream
{
    private const int MostHeaderBytes = 1 << 20;
    private const int OutputBytes = 1 << 16;

    private readonly byte[] _input = GC.AllocateUninitializedArray<byte>(1 << 16);
    private readonly ByteBuffer _output = new();
    private readonly ByteBuffer _field = new();
    private readonly List<byte[]> _columns = []; // each as it begins a member: quoted, with a colon and a quotation mark
    private readonly Dictionary<long, string> _faults = [];
    private SearchValues<byte> _special = SearchValues.Create(""u8);
    private byte _separator;
    private int _at;
    private int _end;
    private int _given;
    private State _state = State.Begin;
    private int _column;
    private long _line = 1;
    private long _rowLine = 1;
    private string? _fault;
    private bool _hasHeader;
    private bool _atEnd;

    private enum State
    {
        /// <summary>Before the first byte.</summary>
        Begin,

        /// <summary>Before a row's first byte.</summary>
        RowStart,

        /// <summary>Before a field's first byte.</summary>
        FieldStart,

        /// <summary>In a field without quotation marks around it.</summary>
        Plain,

        /// <summary>After a carriage return in such a field.</summary>
        PlainReturn,

        /// <summary>Between quotation marks.</summary>
        Quoted,

        /// <summary>After a quotation mark within them: the end, or the first of two.</summary>
        QuoteSeen,

        /// <summary>After a carriage return behind the closing quotation mark.</summary>
        QuotedReturn,
    }

    /// <summary>What is wrong with the row that begins at a line; null where nothing is. Asked once a row.</summary>
    public string? TakeFault(long line) => _faults.Remove(line, out var fault) ? fault : null;

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty) return 0;
        while (_given == _output.Length)
        {
            if (_atEnd) return 0;
            _output.Clear();
            _given = 0;
            Advance();
        }

        var ready = Math.Min(buffer.Length, _output.Length - _given);
        _output.Written.Slice(_given, ready).CopyTo(buffer);
        _given += ready;
        return ready;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) file.Dispose();
        base.Dispose(disposing);
    }

    private void Advance()
    {
        while (_output.Length < OutputBytes)
        {
            if (_at == _end)
            {
                _at = 0;
                _end = _state == State.Begin
                    ? file.ReadAtLeast(_input, _input.Length, throwOnEndOfStream: false) // enough to tell the separator
                    : file.Read(_input);
                if (_end == 0)
                {
                    Finish();
                    return;
                }
            }

            if (_state == State.Begin) Begin();
            else Step();
        }
    }

    private void Begin()
    {
        ReadOnlySpan<byte> head = _input.AsSpan(0, _end);
        if (head.StartsWith("\uFEFF"u8)) _at = 3;
        head = head[_at..];
        if (RecordSplitter.SkipToText(head) is [(byte)'{' or (byte)'[', ..])
            throw PursuitException.At(
                name, "JSON in a file whose name says separated values", "a header line, then a row a line",
                "Rename it to .jsonl or .json.");
        _separator = isTabs ? (byte)'\t' : SeparatorOf(head);
        _special = SearchValues.Create([_separator, (byte)'"', (byte)'\\', .. Enumerable.Range(0, 32).Select(c => (byte)c)]);
        _state = State.RowStart;
    }

    /// <summary>The comma, unless the header has none and another separator.</summary>
    private static byte SeparatorOf(ReadOnlySpan<byte> head)
    {
        bool inQuotes = false, hasSemicolon = false, hasTab = false;
        foreach (var b in head)
        {
            if (b == (byte)'"') inQuotes = !inQuotes;
            if (inQuotes) continue;
            if (b == (byte)',') return b;
            if (b is (byte)'\n' or (byte)'\r') break;
            hasSemicolon |= b == (byte)';';
            hasTab |= b == (byte)'\t';
        }

        return hasSemicolon ? (byte)';' : hasTab ? (byte)'\t' : (byte)',';
    }

    /// <summary>Takes up the next byte, or all up to the next that means something.</summary>
    private void Step()
    {
        var b = _input[_at];
        switch (_state)
        {
            case State.RowStart:
                _rowLine = _line;
                if (b is (byte)'\n' or (byte)'\r')
                {
                    // A blank line is no row; of CR LF the line feed ends it.
                    _at++;
                    if (b == (byte)'\n') EndLine();
                    break;
                }

                _column = 0;
                if (_hasHeader) _output.Append((byte)'{');
                _state = State.FieldStart;
                break;
            case State.FieldStart:
                BeginField();
                if (b == (byte)'"') _at++;
                _state = b == (byte)'"' ? State.Quoted : State.Plain;
                break;
            case State.Plain:
                StepPlain(b);
                break;
            case State.PlainReturn:
                if (b == (byte)'\n')
                {
                    EndRow();
                    break;
                }

                Escape((byte)'\r');
                _state = State.Plain;
                break;
            case State.Quoted:
                StepQuoted(b);
                break;
            default:
                StepAfterQuote(b);
                break;
        }
    }

    private void StepPlain(byte b)
    {
        if (b == _separator)
        {
            _at++;
            EndField();
            _state = State.FieldStart;
        }
        else if (b == (byte)'\n')
        {
            EndRow();
        }
        else if (b == (byte)'\r')
        {
            _at++;
            _state = State.PlainReturn;
        }
        else
        {
            TakeText(b);
        }
    }

    private void StepQuoted(byte b)
    {
        if (b == (byte)'"')
        {
            _at++;
            _state = State.QuoteSeen;
            return;
        }

        if (b == (byte)'\n') _line++;
        TakeText(b);
    }

    private void StepAfterQuote(byte b)
    {
        if (b == (byte)'\n')
        {
            EndRow();
        }
        else if (_state == State.QuotedReturn)
        {
            Stray();
        }
        else if (b == (byte)'"')
        {
            _at++;
            Escape((byte)'"');
            _state = State.Quoted;
        }
        else if (b == _separator)
        {
            _at++;
            EndField();
            _state = State.FieldStart;
        }
        else if (b == (byte)'\r')
        {
            _at++;
            _state = State.QuotedReturn;
        }
        else
        {
            Stray();
        }

        // What follows a closing quotation mark is kept, but the row is faulty.
        void Stray()
        {
            _fault ??= FormattableString.Invariant($"text after the closing quotation mark of field {_column + 1}; ")
                + "expected a separator or the line's end (a quotation mark within a field is doubled)";
            _state = State.Plain;
        }
    }

    private void TakeText(byte first)
    {
        if (_special.Contains(first))
        {
            Escape(first);
            _at++;
            return;
        }

        var rest = _input.AsSpan(_at, _end - _at);
        var length = rest.IndexOfAny(_special);
        if (length < 0) length = rest.Length;
        Target?.Append(rest[..length]);
        _at += length;
    }

    private void Escape(byte b)
    {
        if (Target is not { } target) return;
        switch (b)
        {
            case (byte)'"' or (byte)'\\':
                target.Append((byte)'\\');
                target.Append(b);
                break;
            case (byte)'\n':
                target.Append("\\n"u8);
                break;
            case (byte)'\r':
                target.Append("\\r"u8);
                break;
            case (byte)'\t':
                target.Append("\\t"u8);
                break;
            case < 32:
                target.Append(Encoding.ASCII.GetBytes("\\u" + b.ToString("x4", CultureInfo.InvariantCulture)));
                break;
            default:
                target.Append(b); // the separator, between quotation marks
                break;
        }
    }

    /// <summary>Where text goes: to the header's field, to the row, or nowhere, of a field that the header doesn't know.</summary>
    private ByteBuffer? Target
    {
        get
        {
            if (_hasHeader) return _column < _columns.Count ? _output : null;
            return _field.Length < MostHeaderBytes ? _field : throw PursuitException.At(
                name, FormattableString.Invariant($"a header of more than {MostHeaderBytes:N0} bytes"), "a line of column names",
                "A quotation mark may be missing in it.");
        }
    }

    private void BeginField()
    {
        if (!_hasHeader)
        {
            _field.Append((byte)'"');
            return;
        }

        if (_column >= _columns.Count) return;
        if (_column > 0) _output.Append((byte)',');
        _output.Append(_columns[_column]);
    }

    private void EndField()
    {
        if (!_hasHeader)
        {
            _field.Append("\":\""u8);
            _columns.Add(_field.Written.ToArray());
            _field.Clear();
            if (_columns.Sum(c => (long)c.Length) > MostHeaderBytes || _columns.Count > 1 << 14)
                throw PursuitException.At(
                    name, FormattableString.Invariant($"more than {_columns.Count - 1:N0} columns"), "a line of column names");
        }
        else if (_column < _columns.Count)
        {
            _output.Append((byte)'"');
        }

        _column++;
    }

    /// <summary>A row ends at a line feed, which is taken.</summary>
    private void EndRow()
    {
        _at++;
        CloseRow();
        EndLine();
    }

    private void CloseRow()
    {
        EndField();
        if (!_hasHeader)
        {
            CheckHeader();
        }
        else
        {
            _output.Append((byte)'}');
            if (_column != _columns.Count)
                _fault ??= FormattableString.Invariant($"{_column:N0} fields; expected {_columns.Count:N0}, as the header has");
            if (_fault is not null) _faults.Add(_rowLine, _fault);
        }

        _fault = null;
        _state = State.RowStart;
    }

    private void EndLine()
    {
        _line++;
        for (var line = _rowLine; line < _line; line++) _output.Append((byte)'\n');
    }

    private void CheckHeader()
    {
        if (_fault is not null)
            throw PursuitException.At(FormattableString.Invariant($"{name}, line {_rowLine}"), _fault, "a header of column names");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var column in _columns.Select(c => Encoding.UTF8.GetString(c.AsSpan(1, c.Length - 4))))
        {
            if (!seen.Add(column))
                throw PursuitException.At(
                    FormattableString.Invariant($"{name}, line {_rowLine}"), $"two columns named '{Json.JsonTape.Quote(column)}'",
                    "a header whose names differ", "Rename one. Is the first line the header?");
        }

        _hasHeader = true;
    }

    private void Finish()
    {
        _atEnd = true;
        if (_state is State.Quoted)
            throw PursuitException.At(
                FormattableString.Invariant($"{name}, line {_rowLine}"),
                "the file ends inside the quoted field of the row that begins here",
                "quotation marks that are closed", "The file may be truncated, or a quotation mark be missing in that row.");
        if (_state is State.Begin or State.RowStart) return;
        if (_state == State.FieldStart) BeginField();
        CloseRow();
    }
}
