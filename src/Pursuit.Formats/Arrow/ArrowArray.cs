using System.Buffers.Binary;
using System.Numerics;
using System.Text.Unicode;
using Pursuit.Formats.Rows;

namespace Pursuit.Formats.Arrow;

/// <summary>The values of a field in one batch.</summary>
internal sealed class ArrowArray
{
    private const long MillisecondsPerDay = 86_400_000;

    public required ArrowField Field { get; init; }

    public required long Length { get; init; }

    /// <summary>Null where every value is there, or where the type has none.</summary>
    public ArrowBuffer? Validity { get; init; }

    /// <summary>Fixed-size values, offsets, views, or a union's type numbers.</summary>
    public ArrowBuffer? First { get; init; }

    /// <summary>Bytes of texts, sizes of list views, or a dense union's offsets.</summary>
    public ArrowBuffer? Second { get; init; }

    /// <summary>The long texts of views.</summary>
    public IReadOnlyList<ArrowBuffer> Views { get; init; } = [];

    public IReadOnlyList<ArrowArray> Children { get; init; } = [];

    /// <summary>The dictionary's parts, where the values are indices.</summary>
    public IReadOnlyList<ArrowArray>? Dictionary { get; init; }

    /// <summary>Writes a value.</summary>
    public void Write(JsonRow row, long index)
    {
        Require(index);
        if (IsNull(index))
        {
            row.Null();
        }
        else if (Dictionary is not null)
        {
            var (part, at) = Referred(index);
            part.Write(row, at);
        }
        else
        {
            WriteValue(row, index);
        }
    }

    /// <summary>Refuses an index that the array doesn't have.</summary>
    public void Require(long index)
    {
        if (index < 0 || index >= Length) throw new InvalidDataException($"value {index:N0} of {Length:N0} in the field '{Field.Name}'");
    }

    public bool IsNull(long index) => Validity is { Length: > 0 } validity && !validity.Bit(index);

    /// <summary>The dictionary's part that has a value, and where.</summary>
    public (ArrowArray Part, long Index) Referred(long index)
    {
        var at = First!.Integer(index, Field.Index!.Bits, Field.Index.IsSigned);
        foreach (var part in Dictionary!)
        {
            if (at < part.Length) return (part, at);
            at -= part.Length;
        }

        throw new InvalidDataException("an index beyond its dictionary");
    }

    /// <summary>The items of a list or map among those of its child.</summary>
    public (long Start, long End) ItemsOf(long index)
    {
        var (start, end) = Field.Kind switch
        {
            ArrowKind.LargeList => (First!.Integer(index, 64), First.Integer(index + 1, 64)),
            ArrowKind.ListView or ArrowKind.LargeListView => Viewed(Field.Kind == ArrowKind.LargeListView ? 64 : 32),
            ArrowKind.FixedSizeList => (checked(index * Field.Size), checked((index + 1) * Field.Size)),
            _ => (First!.Integer(index, 32), First.Integer(index + 1, 32)),
        };
        return start >= 0 && end >= start && end <= Children[0].Length
            ? (start, end)
            : throw new InvalidDataException($"items {start:N0} to {end:N0} of {Children[0].Length:N0} in the field '{Field.Name}'");

        (long Start, long End) Viewed(int width)
        {
            var first = First!.Integer(index, width);
            return (first, checked(first + Second!.Integer(index, width)));
        }
    }

    /// <summary>A date's days since 1970-01-01.</summary>
    public long DayOf(long index) => Field.Bits == 32
        ? First!.Integer(index, 32)
        : (long)Math.Floor((double)First!.Integer(index, 64) / MillisecondsPerDay);

    /// <summary>A text's or a binary value's bytes.</summary>
    public ReadOnlySpan<byte> BytesOf(long index) => Field.Kind switch
    {
        ArrowKind.Utf8View or ArrowKind.BinaryView => View(index),
        ArrowKind.FixedSizeBinary => First!.Bytes(checked(index * Field.Size), Field.Size),
        _ => Text(index),
    };

    private void WriteValue(JsonRow row, long index)
    {
        switch (Field.Kind)
        {
            case ArrowKind.Null:
                row.Null();
                break;
            case ArrowKind.Bool:
                row.Boolean(First!.Bit(index));
                break;
            case ArrowKind.Int when Field is { IsSigned: false, Bits: 64 }:
                row.Integer((ulong)First!.Integer(index, 64));
                break;
            case ArrowKind.Int:
                row.Integer(First!.Integer(index, Field.Bits, Field.IsSigned));
                break;
            case ArrowKind.Duration:
                row.Integer(First!.Integer(index, 64));
                break;
            case ArrowKind.FloatingPoint:
                WriteFloat(row, First!.Integer(index, Field.Bits));
                break;
            case ArrowKind.Utf8 or ArrowKind.LargeUtf8 or ArrowKind.Utf8View:
                row.Text(BytesOf(index));
                break;
            case ArrowKind.Binary or ArrowKind.LargeBinary or ArrowKind.BinaryView or ArrowKind.FixedSizeBinary:
                WriteBinary(row, BytesOf(index));
                break;
            case ArrowKind.Decimal:
                row.Decimal(new BigInteger(First!.Bytes(checked(index * (Field.Bits / 8)), Field.Bits / 8)), Field.Scale);
                break;
            case ArrowKind.Date:
                IsoTimes.Date(row, DayOf(index));
                break;
            case ArrowKind.Time:
                IsoTimes.Time(row, First!.Integer(index, Field.Bits), Field.Unit);
                break;
            case ArrowKind.Timestamp:
                IsoTimes.Timestamp(row, First!.Integer(index, 64), Field.Unit, Field.IsUtc ? "Z" : "");
                break;
            case ArrowKind.Interval:
                WriteInterval(row, First!.Bytes(checked(index * (Field.Bits / 8)), Field.Bits / 8));
                break;
            default:
                WriteNested(row, index);
                break;
        }
    }

    private void WriteNested(JsonRow row, long index)
    {
        switch (Field.Kind)
        {
            case ArrowKind.Struct:
                WriteStruct(row, index);
                break;
            case ArrowKind.Map:
                WriteMap(row, index);
                break;
            case ArrowKind.List or ArrowKind.LargeList or ArrowKind.ListView or ArrowKind.LargeListView or ArrowKind.FixedSizeList:
                WriteList(row, index);
                break;
            case ArrowKind.Union:
                var child = Field.TypeIds.ToList().IndexOf((int)First!.Integer(index, 8));
                if (child < 0 || child >= Children.Count)
                    throw new InvalidDataException($"a union of the field '{Field.Name}' has no such type");
                Children[child].Write(row, Field.IsDense ? Second!.Integer(index, 32) : index);
                break;
            default:
                Children[1].Write(row, RunOf(index));
                break;
        }
    }

    private void WriteStruct(JsonRow row, long index)
    {
        row.Raw((byte)'{');
        for (var i = 0; i < Children.Count; i++)
        {
            if (i > 0) row.Raw((byte)',');
            row.Raw(Field.Children[i].Key);
            Children[i].Write(row, index);
        }

        row.Raw((byte)'}');
    }

    private void WriteList(JsonRow row, long index)
    {
        var (start, end) = ItemsOf(index);
        row.Raw((byte)'[');
        for (var i = start; i < end && !row.IsTooLong; i++)
        {
            if (i > start) row.Raw((byte)',');
            Children[0].Write(row, i);
        }

        row.Raw((byte)']');
    }

    private void WriteMap(JsonRow row, long index)
    {
        var (start, end) = ItemsOf(index);
        var (keys, values) = (Children[0].Children[0], Children[0].Children[1]);
        row.Raw((byte)'{');
        for (var i = start; i < end && !row.IsTooLong; i++)
        {
            if (i > start) row.Raw((byte)',');
            var isBare = !keys.Field.IsQuoted || keys.IsNull(i);
            if (isBare) row.Raw((byte)'"');
            keys.Write(row, i);
            if (isBare) row.Raw((byte)'"');
            row.Raw((byte)':');
            values.Write(row, i);
        }

        row.Raw((byte)'}');
    }

    private ReadOnlySpan<byte> Text(long index)
    {
        var bits = Field.Kind is ArrowKind.LargeUtf8 or ArrowKind.LargeBinary ? 64 : 32;
        var start = First!.Integer(index, bits);
        return Second!.Bytes(start, First.Integer(index + 1, bits) - start);
    }

    /// <summary>A view: a length, and the bytes where they are 12 at most, else their first four, their buffer and their place.</summary>
    private ReadOnlySpan<byte> View(long index)
    {
        var view = First!.Bytes(checked(index * 16), 16);
        var length = BinaryPrimitives.ReadInt32LittleEndian(view);
        if (length is >= 0 and <= 12) return view.Slice(4, length);
        var buffer = BinaryPrimitives.ReadInt32LittleEndian(view[8..]);
        if ((uint)buffer >= (uint)Views.Count) throw new InvalidDataException($"a view into buffer {buffer:N0} of {Views.Count:N0}");
        return Views[buffer].Bytes(BinaryPrimitives.ReadInt32LittleEndian(view[12..]), length);
    }

    private static void WriteBinary(JsonRow row, ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes)) row.Text(bytes);
        else row.Base64(bytes);
    }

    private void WriteFloat(JsonRow row, long bits)
    {
        switch (Field.Bits)
        {
            case 16:
                row.Number(BitConverter.Int16BitsToHalf((short)bits));
                break;
            case 32:
                row.Number(BitConverter.Int32BitsToSingle((int)bits));
                break;
            default:
                row.Number(BitConverter.Int64BitsToDouble(bits));
                break;
        }
    }

    private static void WriteInterval(JsonRow row, ReadOnlySpan<byte> bytes)
    {
        var first = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (bytes.Length == 4)
        {
            row.Raw("{\"months\":"u8);
            row.Integer((long)first);
        }
        else
        {
            row.Raw(bytes.Length == 8 ? "{\"days\":"u8 : "{\"months\":"u8);
            row.Integer((long)first);
            row.Raw(bytes.Length == 8 ? ",\"milliseconds\":"u8 : ",\"days\":"u8);
            row.Integer((long)BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]));
            if (bytes.Length == 16)
            {
                row.Raw(",\"nanoseconds\":"u8);
                row.Integer(BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]));
            }
        }

        row.Raw((byte)'}');
    }

    /// <summary>The run that holds a value: run ends ascend.</summary>
    public long RunOf(long index)
    {
        var ends = Children[0];
        long low = 0, high = ends.Length;
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            if (ends.First!.Integer(middle, ends.Field.Bits) > index) high = middle;
            else low = middle + 1;
        }

        return low;
    }
}
