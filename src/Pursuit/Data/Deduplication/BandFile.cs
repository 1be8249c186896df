using System.Runtime.InteropServices;
using Pursuit.Storage;

namespace Pursuit.Data.Deduplication;

/// <summary>
/// The band hashes of all examples, band after band, in a temporary file that goes with the process: 8 bytes for each band of an example,
/// whose place its bucket takes later.
/// </summary>
internal sealed class BandFile : IDisposable
{
    /// <summary>The hash of an example without n-grams, which shares no bucket.</summary>
    public const ulong NoHash = 0;

    private readonly FileStream _file;
    private readonly int _bands;
    private readonly int _count;

    /// <summary>Creates the file.</summary>
    /// <param name="directory">Where; null for the system's temporary directory.</param>
    /// <param name="bands">Bands of an example.</param>
    /// <param name="count">Examples.</param>
    /// <exception cref="PursuitException">It can't be created.</exception>
    public BandFile(string? directory, int bands, int count)
    {
        (_bands, _count) = (bands, count);
        var path = Path.Combine(directory ?? Path.GetTempPath(), $"pursuit-{Guid.NewGuid():N}.bands");
        try
        {
            _file = Disk.CreateUnnamed(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(path, e);
        }
    }

    /// <summary>Writes the hashes of consecutive examples. Safe for several threads.</summary>
    /// <param name="first">The first example.</param>
    /// <param name="hashes">Theirs, [bands, examples].</param>
    /// <exception cref="PursuitException">There is no room.</exception>
    public void Write(int first, ReadOnlySpan<ulong> hashes)
    {
        var examples = hashes.Length / _bands;
        for (var band = 0; band < _bands; band++)
            Write(MemoryMarshal.AsBytes(hashes.Slice(band * examples, examples)), Start(band) + (long)first * sizeof(ulong));
    }

    /// <summary>Reads the hashes of one band, [examples].</summary>
    public void ReadBand(int band, Span<ulong> hashes) => Read(MemoryMarshal.AsBytes(hashes), Start(band));

    /// <summary>Writes one band's buckets, [examples], in place of its hashes.</summary>
    /// <exception cref="PursuitException">There is no room.</exception>
    public void WriteBuckets(int band, ReadOnlySpan<int> buckets) => Write(MemoryMarshal.AsBytes(buckets), Start(band));

    /// <summary>Reads the buckets of consecutive examples, [bands, examples].</summary>
    public void ReadBuckets(int first, Span<int> buckets)
    {
        var examples = buckets.Length / _bands;
        for (var band = 0; band < _bands; band++)
            Read(MemoryMarshal.AsBytes(buckets.Slice(band * examples, examples)), Start(band) + (long)first * sizeof(int));
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private long Start(int band) => (long)band * _count * sizeof(ulong);

    private void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            RandomAccess.Write(_file.SafeFileHandle, bytes, offset);
        }
        catch (IOException e)
        {
            throw Failed(_file.Name, e);
        }
    }

    private void Read(Span<byte> bytes, long offset)
    {
        while (bytes.Length > 0)
        {
            var read = RandomAccess.Read(_file.SafeFileHandle, bytes, offset);
            if (read == 0) throw new InvalidOperationException($"{_file.Name} ends at byte {offset}.");
            bytes = bytes[read..];
            offset += read;
        }
    }

    private PursuitException Failed(string path, Exception e) => PursuitException.At(
        path,
        $"the temporary file of near duplicates couldn't be written ({e.Message})",
        FormattableString.Invariant($"room for {(long)_bands * _count * sizeof(ulong):N0} bytes"),
        "Free the space, or name another directory for temporary files (TMPDIR).",
        e);
}
