using System.Text;
using K4os.Hash.xxHash;
using Pursuit.Data.Reading;
using Pursuit.Data.Reading.Compression;
using Pursuit.TestKit;

namespace Pursuit.Formats.Tests;

/// <summary>
/// Files by the reference programs of bzip2 and LZ4 (tests/fixtures/compression): whole they say what was put in, else they are refused.
/// </summary>
public sealed class CompressedTextTests : IDisposable
{
    private static readonly string[] Lines =
        [.. Enumerable.Range(1, 120).Select(i => $$"""{"text":"record {{i}}, whose square is {{i * i}}"}""")];

    private readonly TemporaryDirectory _directory = new();

    public CompressedTextTests() => CompressionFormats.Register();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("records.jsonl.bz2")]
    [InlineData("records.jsonl.lz4")]
    public void A_compressed_file_gives_the_records_of_the_plain_one(string name)
    {
        var path = RepositoryFiles.Fixture("compression", name);
        using var plain = Tables.Pool(_directory.Write("plain.jsonl", string.Join('\n', Lines) + "\n"));
        using var pool = Tables.Pool(path);
        pool.Fingerprint.ShouldBe(plain.Fingerprint);
        pool.Sources[0].IsCompressed.ShouldBeTrue();
        pool.Sources[0].Sha256.ShouldBe(plain.Sources[0].Sha256);
        using var copied = new MemoryStream();
        pool.CopyRecords([119, 0, 61], copied, CancellationToken.None);
        Encoding.UTF8.GetString(copied.ToArray()).ShouldBe($"{Lines[119]}\n{Lines[0]}\n{Lines[61]}\n");
        var text = string.Join('\n', Lines) + "\n";
        foreach (var size in new[] { 1, 7, 1 << 16 }) Text(File.ReadAllBytes(path), name, size).ShouldBe(text);
    }

    [Theory]
    [InlineData("records.jsonl.bz2", "bzip2")]
    [InlineData("records.jsonl.lz4", "LZ4")]
    public void A_compressed_file_cut_anywhere_is_refused(string name, string format)
    {
        var whole = File.ReadAllBytes(RepositoryFiles.Fixture("compression", name));
        var shorter = 0;
        for (var length = 12; length < whole.Length; length++)
        {
            if (Fault(whole[..length], name) is { } fault) fault.ShouldStartWith($"{name}: the {format} data is truncated");
            else shorter++;
        }

        shorter.ShouldBe(1); // between two streams or frames it is a whole file in its own right
    }

    [Theory]
    [InlineData("records.jsonl.bz2")]
    [InlineData("records.jsonl.lz4")]
    public void A_compressed_file_with_one_bit_turned_is_refused_or_says_the_same(string name)
    {
        var whole = File.ReadAllBytes(RepositoryFiles.Fixture("compression", name));
        var text = Text(whole, name);
        var same = 0;
        for (var i = 12; i < whole.Length; i++)
        {
            var damaged = whole.ToArray();
            damaged[i] ^= (byte)(1 << (i % 8));
            if (Fault(damaged, name) is not null) continue;
            Text(damaged, name).ShouldBe(text);
            same++;
        }

        same.ShouldBeLessThan(8); // bits that pad, and the block size a header allows
    }

    [Theory]
    [InlineData("records.jsonl.bz2")]
    [InlineData("records.jsonl.lz4")]
    public void Bytes_behind_a_compressed_file_are_refused(string name)
    {
        var whole = File.ReadAllBytes(RepositoryFiles.Fixture("compression", name));
        Fault([.. whole, .. "{\"text\":\"z\"}\n"u8], name).ShouldNotBeNull().ShouldContain("followed by other bytes");
    }

    [Fact]
    public void Frames_that_are_not_read_are_named()
    {
        Fault([0x02, 0x21, 0x4C, 0x18, 0, 0, 0, 0, 0, 0, 0, 0], "a.lz4").ShouldNotBeNull().ShouldContain("the legacy frame of 'lz4 -l'");
        byte[] descriptor = [0x61, 0x40, 1, 0, 0, 0]; // with a dictionary of number 1
        Fault([0x04, 0x22, 0x4D, 0x18, .. descriptor, Check(descriptor), 0, 0, 0, 0], "a.lz4")
            .ShouldNotBeNull().ShouldContain("a frame with a dictionary");
    }

    [Fact]
    public void A_bomb_of_zeros_takes_no_more_memory_than_a_window()
    {
        // 64 KiB of zeros a block, in blocks of four bytes and a few: some hundred megabytes in a file of half a megabyte.
        var path = _directory.Write("bomb.lz4", Bomb(blocks: 2000));
        using var text = new SourceFile(path).OpenText(out _);
        var buffer = new byte[1 << 16];
        var before = GC.GetAllocatedBytesForCurrentThread();
        var total = 0L;
        for (int read; (read = text.Read(buffer)) > 0;) total += read;
        total.ShouldBe(2000L << 16);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1 << 20);
    }

    private static byte Check(byte[] descriptor) => (byte)(XXH32.DigestOf(descriptor) >> 8);

    private static byte[] Bomb(int blocks)
    {
        byte[] descriptor = [0x60, 0x40]; // independent blocks of 64 KiB at most
        using var file = new MemoryStream();
        file.Write([0x04, 0x22, 0x4D, 0x18, .. descriptor, Check(descriptor)]);
        const int match = (1 << 16) - 1 - 5; // one literal before it, and five zeros behind
        byte[] length = [.. Enumerable.Repeat((byte)255, (match - 19) / 255), (match - 19) % 255];
        byte[] block = [0x1F, 0, 1, 0, .. length, 0x50, 0, 0, 0, 0, 0];
        for (var i = 0; i < blocks; i++)
        {
            file.Write(BitConverter.GetBytes(block.Length));
            file.Write(block);
        }

        file.Write(new byte[4]);
        return file.ToArray();
    }

    private static string? Fault(byte[] bytes, string name)
    {
        try
        {
            Text(bytes, name);
            return null;
        }
        catch (PursuitException e)
        {
            return e.Message;
        }
    }

    private static string Text(byte[] bytes, string name, int size = 1 << 16)
    {
        using var text = Codecs.Open(Codecs.Detect(bytes, name), new MemoryStream(bytes), name);
        using var all = new MemoryStream();
        var buffer = new byte[size];
        for (int read; (read = text.Read(buffer)) > 0;) all.Write(buffer, 0, read);
        return Encoding.UTF8.GetString(all.ToArray());
    }
}
