using System.Security.Cryptography;

namespace Pursuit.Data.Reading.Compression;

/// <summary>The check behind each block of an .xz stream: none, a CRC of 32 or 64 bits, or SHA-256.</summary>
internal sealed class XzCheck : IDisposable
{
    private const int None = 0;
    private const int Crc32 = 1;
    private const int Crc64 = 4;
    private const int Sha256 = 10;

    private readonly int _kind;
    private readonly IncrementalHash? _sha256;
    private ulong _crc;

    /// <summary>Prepares a check of a kind.</summary>
    /// <param name="kind">As a stream's flags number it.</param>
    public XzCheck(int kind)
    {
        if (kind is not (None or Crc32 or Crc64 or Sha256)) throw new NotSupportedException("a check other than CRC32, CRC64 and SHA-256");
        _kind = kind;
        if (kind == Sha256) _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    }

    /// <summary>Its bytes.</summary>
    public int Length => _kind switch
    {
        None => 0,
        Crc32 => sizeof(uint),
        Crc64 => sizeof(ulong),
        _ => SHA256.HashSizeInBytes,
    };

    /// <summary>A block begins.</summary>
    public void Begin() => _crc = 0;

    /// <summary>Adds text of the block.</summary>
    public void Add(ReadOnlySpan<byte> text)
    {
        if (_kind == Crc32) _crc = Crc.Add32((uint)_crc, text);
        else if (_kind == Crc64) _crc = Crc.Add64(_crc, text);
        else _sha256?.AppendData(text);
    }

    /// <summary>Reads the check and compares it.</summary>
    public void Verify(ByteSource source)
    {
        var isRight = _kind switch
        {
            None => true,
            Crc32 => source.NextUInt32() == (uint)_crc,
            Crc64 => source.NextUInt64() == _crc,
            _ => IsRightDigest(source),
        };
        if (!isRight) throw new InvalidDataException("a bad check of a block");
    }

    /// <inheritdoc/>
    public void Dispose() => _sha256?.Dispose();

    private bool IsRightDigest(ByteSource source)
    {
        Span<byte> expected = stackalloc byte[SHA256.HashSizeInBytes];
        source.Next(expected);
        return _sha256!.GetHashAndReset().AsSpan().SequenceEqual(expected);
    }
}
