using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Pursuit;

/// <summary>
/// The SHA-256 of an example's normalized content (content id v1, see docs/formats/content-id.md): two records with the
/// same id are the same example, wherever they stand and whatever their metadata.
/// </summary>
/// <remarks>Ordered as its bytes are; every tie in a selection is broken by this order, so results depend on no row order.</remarks>
[SuppressMessage("Design", "CA1036", Justification = "Ordered for tie-breaking; relational operators would invite use as a number.")]
public readonly struct ContentId : IEquatable<ContentId>, IComparable<ContentId>
{
    /// <summary>Bytes in an id.</summary>
    public const int Length = 32;

    private readonly ulong _first;
    private readonly ulong _second;
    private readonly ulong _third;
    private readonly ulong _fourth;

    /// <summary>The first eight bytes, as a number that is ordered as they are.</summary>
    internal ulong Prefix => _first;

    /// <summary>Reads an id from its 32 bytes.</summary>
    /// <exception cref="ArgumentException">The span is not 32 bytes long.</exception>
    public ContentId(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Length)
            throw new ArgumentException($"A content id is {Length} bytes; got {bytes.Length}.", nameof(bytes));
        _first = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _second = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _third = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        _fourth = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
    }

    /// <summary>Parses 64 hexadecimal digits.</summary>
    /// <exception cref="FormatException">The text is not 64 hexadecimal digits.</exception>
    public static ContentId Parse(string hex)
    {
        var bytes = Convert.FromHexString(hex);
        return bytes.Length == Length
            ? new ContentId(bytes)
            : throw new FormatException($"A content id is {2 * Length} hexadecimal digits; got {hex.Length}.");
    }

    /// <summary>
    /// An id made of a caller's own, where the examples themselves aren't at hand: equal texts give equal ids, and no other program or
    /// version gives another.
    /// </summary>
    /// <param name="id">What the caller calls the example; every example's must differ.</param>
    public static ContentId OfOwn(string id) => new(SHA256.HashData(Encoding.UTF8.GetBytes("pursuit own id v1\0" + id)));

    /// <summary>Writes the 32 bytes.</summary>
    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _first);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _second);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], _third);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], _fourth);
    }

    /// <inheritdoc/>
    public bool Equals(ContentId other) =>
        _first == other._first && _second == other._second && _third == other._third && _fourth == other._fourth;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ContentId other && Equals(other);

    /// <summary>The first four bytes: already uniform, and the same in every process.</summary>
    public override int GetHashCode() => (int)(_first >> 32);

    /// <inheritdoc/>
    public int CompareTo(ContentId other)
    {
        var order = _first.CompareTo(other._first);
        if (order == 0) order = _second.CompareTo(other._second);
        if (order == 0) order = _third.CompareTo(other._third);
        return order != 0 ? order : _fourth.CompareTo(other._fourth);
    }

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Length];
        CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    /// <summary>Equality of all 32 bytes.</summary>
    public static bool operator ==(ContentId left, ContentId right) => left.Equals(right);

    /// <summary>Inequality of any of the 32 bytes.</summary>
    public static bool operator !=(ContentId left, ContentId right) => !left.Equals(right);
}
