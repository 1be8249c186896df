namespace Pursuit.Formats.Parquet;

/// <summary>One value of a column: a number's bits, or bytes in a buffer that stay until the column goes on.</summary>
internal struct ColumnValue
{
    /// <summary>A truth value, an integer, or the bits of a floating-point number.</summary>
    public long Number;

    public byte[] Buffer;

    public int Start;

    public int Length;

    public readonly ReadOnlySpan<byte> Bytes => Buffer.AsSpan(Start, Length);
}
