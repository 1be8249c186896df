using System.Buffers;
using System.Globalization;
using System.Numerics;

namespace Pursuit.Formats.Rows;

/// <summary>
/// One row as JSON in UTF-8, as Python's <c>json.dumps(row, ensure_ascii=False)</c> spells it without its blanks. Keeps no more bytes
/// than are of use, and counts the rest.
/// </summary>
internal sealed class JsonRow
{
    private const int LongestNumber = 64;

    private static readonly SearchValues<byte> Escaped = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Select(c => (byte)c), (byte)'"', (byte)'\\']);

    private byte[] _bytes = new byte[4096];
    private int _most;

    /// <summary>Bytes of the row so far, kept or not.</summary>
    public long Length { get; private set; }

    /// <summary>It is longer than allowed: what follows is of no use.</summary>
    public bool IsTooLong => Length > _most;

    /// <summary>The row, where it isn't longer than allowed.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, (int)Length);

    /// <summary>Begins a row.</summary>
    public void Begin(int most) => (_most, Length) = (most, 0);

    public void Raw(ReadOnlySpan<byte> bytes)
    {
        var start = Length;
        Length += bytes.Length;
        if (Length > _most) return;
        if (Length > _bytes.Length) Array.Resize(ref _bytes, (int)Math.Min(Math.Max(2L * _bytes.Length, Length), Array.MaxLength));
        bytes.CopyTo(_bytes.AsSpan((int)start));
    }

    public void Raw(byte value) => Raw([value]);

    public void Null() => Raw("null"u8);

    public void Boolean(bool value) => Raw(value ? "true"u8 : "false"u8);

    /// <summary>A text in quotes; bytes that aren't UTF-8 go through, for whoever reads the record to refuse.</summary>
    public void Text(ReadOnlySpan<byte> text)
    {
        Raw((byte)'"');
        while (text.IndexOfAny(Escaped) is >= 0 and var at)
        {
            Raw(text[..at]);
            Escape(text[at]);
            text = text[(at + 1)..];
        }

        Raw(text);
        Raw((byte)'"');
    }

    public void Base64(ReadOnlySpan<byte> bytes)
    {
        Raw((byte)'"');
        Span<byte> block = stackalloc byte[400];
        for (var i = 0; i < bytes.Length; i += 300)
        {
            Base64Encode(bytes.Slice(i, Math.Min(300, bytes.Length - i)), block, out var written);
            Raw(block[..written]);
        }

        Raw((byte)'"');
    }

    public void Integer(long value)
    {
        Span<byte> digits = stackalloc byte[LongestNumber];
        value.TryFormat(digits, out var written, default, CultureInfo.InvariantCulture);
        Raw(digits[..written]);
    }

    public void Integer(ulong value)
    {
        Span<byte> digits = stackalloc byte[LongestNumber];
        value.TryFormat(digits, out var written, default, CultureInfo.InvariantCulture);
        Raw(digits[..written]);
    }

    /// <summary>The shortest digits that read as the same number; JSON has no word for infinity and no number, which are null.</summary>
    public void Number<T>(T value)
        where T : IFloatingPointIeee754<T>, IUtf8SpanFormattable
    {
        if (!T.IsFinite(value))
        {
            Null();
            return;
        }

        Span<byte> digits = stackalloc byte[LongestNumber];
        value.TryFormat(digits, out var written, default, CultureInfo.InvariantCulture);
        Raw(digits[..written]);
        if (digits[..written].IndexOfAny((byte)'.', (byte)'E') < 0) Raw(".0"u8);
    }

    /// <summary>A decimal number: digits with the point where the scale has it.</summary>
    public void Decimal(BigInteger unscaled, int scale)
    {
        var digits = BigInteger.Abs(unscaled).ToString(CultureInfo.InvariantCulture);
        if (unscaled.Sign < 0) Raw((byte)'-');
        if (scale > 0)
        {
            digits = digits.PadLeft(scale + 1, '0');
            digits = $"{digits[..^scale]}.{digits[^scale..]}";
        }
        else if (scale < 0 && !unscaled.IsZero)
        {
            digits += new string('0', -scale);
        }

        Raw(System.Text.Encoding.ASCII.GetBytes(digits));
    }

    /// <summary>A text of ASCII without quotes.</summary>
    public void Word(string ascii) => Raw(System.Text.Encoding.ASCII.GetBytes($"\"{ascii}\""));

    private static void Base64Encode(ReadOnlySpan<byte> bytes, Span<byte> block, out int written) =>
        System.Buffers.Text.Base64.EncodeToUtf8(bytes, block, out _, out written);

    private void Escape(byte value)
    {
        ReadOnlySpan<byte> known = value switch
        {
            (byte)'"' => "\\\""u8,
            (byte)'\\' => "\\\\"u8,
            (byte)'\n' => "\\n"u8,
            (byte)'\r' => "\\r"u8,
            (byte)'\t' => "\\t"u8,
            (byte)'\b' => "\\b"u8,
            (byte)'\f' => "\\f"u8,
            _ => [],
        };
        if (known.IsEmpty)
            Raw([.. "\\u00"u8, (byte)"0123456789abcdef"[value >> 4], (byte)"0123456789abcdef"[value & 15]]);
        else
            Raw(known);
    }
}
