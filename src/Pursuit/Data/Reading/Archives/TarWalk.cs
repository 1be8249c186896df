using System.Globalization;
using System.Text;

namespace Pursuit.Data.Reading.Archives;

/// <summary>
/// Goes through a tar (POSIX ustar and pax, GNU, and the old form) from header to header. The framework's reader takes a header's word for
/// how much memory an extension needs; this one allows 1 MiB.
/// </summary>
/// <param name="text">The tar, from its first byte.</param>
internal sealed class TarWalk(Stream text)
{
    private const int Block = 512;
    private const int MostExtension = 1 << 20;

    private readonly byte[] _header = new byte[Block];
    private string? _longName;
    private long? _longSize;
    private string? _globalName;

    /// <summary>The next regular file's path, first byte and size.</summary>
    /// <returns>Null behind the last.</returns>
    /// <exception cref="InvalidDataException">A header is damaged.</exception>
    /// <exception cref="EndOfStreamException">The tar ends before its two empty blocks, or within a file.</exception>
    /// <exception cref="NotSupportedException">A file with holes.</exception>
    public (string Name, long Start, long Bytes)? Next()
    {
        while (true)
        {
            text.ReadExactly(_header);
            if (!_header.AsSpan().ContainsAnyExcept((byte)0))
            {
                text.ReadExactly(_header);
                return _header.AsSpan().ContainsAnyExcept((byte)0) ? throw new InvalidDataException("a lone empty block") : null;
            }

            RequireChecksum();
            var kind = (char)_header[156];
            var size = _longSize ?? Number(_header.AsSpan(124, 12));
            if (kind is >= '1' and <= '6') size = 0; // links, devices and directories have nothing behind them
            var start = text.Position;
            if (size < 0 || size > text.Length - start) throw new EndOfStreamException();
            var isExtension = kind is 'x' or 'g' or 'L' or 'K';
            if (isExtension) ReadExtension(kind, size);
            if (kind == 'S') throw new NotSupportedException("a file with holes");
            var next = start + ((size + Block - 1) / Block * Block);
            if (next > text.Length) throw new EndOfStreamException();
            text.Position = next;
            if (isExtension) continue;
            var name = _longName ?? _globalName ?? Name();
            (_longName, _longSize) = (null, null);
            if (kind is '0' or '\0' or '7') return (name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name, start, size);
        }
    }

    private void RequireChecksum()
    {
        var expected = Number(_header.AsSpan(148, 8));
        long unsigned = 8 * ' ', signed = unsigned;
        for (var i = 0; i < Block; i++)
        {
            if (i is >= 148 and < 156) continue;
            unsigned += _header[i];
            signed += (sbyte)_header[i];
        }

        if (expected != unsigned && expected != signed) throw new InvalidDataException("a header with a bad checksum");
    }

    /// <summary>A header's number: octal digits, or, with the first bit set, its bytes.</summary>
    private static long Number(ReadOnlySpan<byte> field)
    {
        var value = 0L;
        if ((field[0] & 0x80) != 0)
        {
            var bytes = field[1..];
            var above = bytes[..Math.Max(0, bytes.Length - sizeof(long))];
            if (field[0] != 0x80 || above.ContainsAnyExcept((byte)0)) throw new InvalidDataException("too large a number");
            foreach (var b in bytes[above.Length..]) value = (value << 8) | b;
            return value;
        }

        foreach (var digit in field.Trim(" \0"u8))
        {
            if (digit is < (byte)'0' or > (byte)'7') throw new InvalidDataException("a bad number");
            value = (value << 3) | (long)(digit - '0'); // twelve digits at most
        }

        return value;
    }

    private string Name()
    {
        var name = Text(_header.AsSpan(0, 100));
        var prefix = _header.AsSpan(257, 6).SequenceEqual("ustar\0"u8) ? Text(_header.AsSpan(345, 155)) : "";
        return prefix.Length == 0 ? name : $"{prefix}/{name}";
    }

    /// <summary>An extension changes what follows: the name or the size of the next file, or of all.</summary>
    private void ReadExtension(char kind, long size)
    {
        if (size > MostExtension) throw new InvalidDataException("too long an extension");
        var bytes = new byte[size];
        text.ReadExactly(bytes);
        if (kind == 'L') _longName = Text(bytes);
        if (kind is 'x' or 'g') ReadRecords(bytes, isGlobal: kind == 'g');
    }

    /// <summary>Reads pax records: "LENGTH KEY=VALUE" and a line feed, the length that of the whole record.</summary>
    private void ReadRecords(ReadOnlySpan<byte> records, bool isGlobal)
    {
        while (!records.IsEmpty)
        {
            var space = records.IndexOf((byte)' ');
            if (space is < 1 or > 8 || !int.TryParse(records[..space], out var length) || length <= space + 1 || length > records.Length
                || records[length - 1] != (byte)'\n')
                throw new InvalidDataException("a bad extension");
            var record = records[(space + 1)..(length - 1)];
            records = records[length..];
            var equals = record.IndexOf((byte)'=');
            if (equals < 0) throw new InvalidDataException("a bad extension");
            var (key, value) = (Text(record[..equals]), Text(record[(equals + 1)..]));
            if (key.StartsWith("GNU.sparse.", StringComparison.Ordinal)) throw new NotSupportedException("a file with holes");
            if (key == "path" && isGlobal) _globalName = value;
            else if (key == "path") _longName = value;
            else if (key == "size" && !isGlobal) _longSize = SizeOf(value);
        }
    }

    private static long SizeOf(string value) =>
        long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            ? size
            : throw new InvalidDataException("a bad size");

    private static string Text(ReadOnlySpan<byte> field)
    {
        var end = field.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? field : field[..end]);
    }
}
