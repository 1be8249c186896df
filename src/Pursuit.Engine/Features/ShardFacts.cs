using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Pursuit.Runs;
using Pursuit.Storage;

namespace Pursuit.Engine.Features;

/// <summary>
/// What a shard's examples were, kept beside the store while it is made and after, so that a continued run counts them all.
/// </summary>
/// <param name="stage">Whose shards.</param>
/// <param name="name">What its files are called.</param>
/// <param name="counts">Counts per shard.</param>
internal sealed class ShardFacts(RunStage stage, string name, int counts)
{
    private const string Ending = ".bin";

    /// <summary>True for the name of a file of facts within its stage.</summary>
    public static bool IsFile(string name) =>
        name.EndsWith(Ending, StringComparison.Ordinal) && !name.Contains('/', StringComparison.Ordinal);

    /// <summary>True where a shard's facts are there as they were written, and of this stage.</summary>
    public bool Has(int shard) => Content(shard) is not null;

    /// <summary>
    /// Little-endian: the counts (int64), then the values (float32), then a SHA-256 over the stage's fingerprint, the file's name and both.
    /// </summary>
    public void Write(int shard, long[] totals, float[] values)
    {
        byte[] content = [.. MemoryMarshal.AsBytes<long>(totals), .. MemoryMarshal.AsBytes<float>(values)];
        AtomicFile.Write(PathOf(shard), s =>
        {
            s.Write(content);
            s.Write(Seal(shard, content));
        });
    }

    /// <summary>All shards' counts added up, and each shard's values.</summary>
    /// <exception cref="PursuitException">A shard's facts are missing or damaged; names the file.</exception>
    public (long[] Totals, float[][] Values) Read(int shards)
    {
        var (totals, values) = (new long[counts], new float[shards][]);
        for (var shard = 0; shard < shards; shard++)
        {
            var content = Content(shard)
                ?? throw PursuitException.At(
                    PathOf(shard),
                    File.Exists(PathOf(shard)) ? "bytes that don't match the SHA-256 at their end" : "no such file",
                    "the file as it was written",
                    "Run the command that made it, which makes this shard alone anew.");
            var head = MemoryMarshal.Cast<byte, long>(content.AsSpan(0, counts * sizeof(long)));
            for (var i = 0; i < counts; i++) totals[i] += head[i];
            values[shard] = MemoryMarshal.Cast<byte, float>(content.AsSpan(counts * sizeof(long))).ToArray();
        }

        return (totals, values);
    }

    private string NameOf(int shard) => string.Create(CultureInfo.InvariantCulture, $"{name}-{shard:D5}{Ending}");

    private string PathOf(int shard) => stage.PathOf(NameOf(shard));

    /// <summary>A file's bytes without the sum; null where it isn't whole or isn't there.</summary>
    private byte[]? Content(int shard)
    {
        byte[] bytes;
        try
        {
            if (!File.Exists(PathOf(shard))) return null;
            bytes = File.ReadAllBytes(PathOf(shard));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PursuitException.At(
                PathOf(shard), $"the file can't be read ({e.Message})", "a readable file", "Check the disk and the file's permissions.", e);
        }

        var length = bytes.Length - SHA256.HashSizeInBytes;
        if (length < counts * sizeof(long)) return null;
        var content = bytes[..length];
        return bytes.AsSpan(length).SequenceEqual(Seal(shard, content)) ? content : null;
    }

    private byte[] Seal(int shard, byte[] content) =>
        SHA256.HashData([.. Encoding.UTF8.GetBytes($"{stage.Fingerprint}/{NameOf(shard)}/"), .. content]);
}
