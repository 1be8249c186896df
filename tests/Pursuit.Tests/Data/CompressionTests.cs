using Pursuit.Data;
using Pursuit.Data.Reading.Compression;
using Pursuit.TestKit;

namespace Pursuit.Tests.Data;

/// <summary>
/// Compressed files by the reference programs (tests/fixtures/compression): whole they say what was put in, else they are refused.
/// </summary>
public sealed class CompressionTests : PoolTestBase
{
    private static readonly string[] Lines =
        [.. Enumerable.Range(1, 120).Select(i => $$"""{"text":"record {{i}}, whose square is {{i * i}}"}""")];

    [Theory]
    [InlineData("records.jsonl.bz2")]
    [InlineData("records.jsonl.xz")]
    [InlineData("records.jsonl.lz4")]
    public void A_compressed_file_gives_the_records_of_the_plain_one(string name)
    {
        using var plain = Open(Files.Write("plain.jsonl", string.Join('\n', Lines) + "\n"));
        foreach (var block in new[] { 1, 7, 1 << 20 })
        {
            using var pool = Open(new PoolOptions { Paths = [RepositoryFiles.Fixture("compression", name)] }, block);
            Describe(pool).ShouldBe(Describe(plain));
            pool.Sources[0].IsCompressed.ShouldBeTrue();
            pool.Sources[0].Sha256.ShouldBe(plain.Sources[0].Sha256);
            Copied(pool, 119, 0, 61).ShouldBe($"{Lines[119]}\n{Lines[0]}\n{Lines[61]}\n");
        }
    }

    [Theory]
    [InlineData("records.jsonl.bz2", "bzip2", 1)]
    [InlineData("records.jsonl.xz", "xz", 2)]
    [InlineData("records.jsonl.lz4", "LZ4", 1)]
    public void A_compressed_file_cut_anywhere_is_refused(string name, string format, int seams)
    {
        var whole = File.ReadAllBytes(RepositoryFiles.Fixture("compression", name));
        var shorter = 0;
        for (var length = 12; length < whole.Length; length++)
        {
            var path = Files.Write(name, whole.AsSpan(0, length));
            if (IsRead(path, out var message)) shorter++;
            else message.ShouldStartWith($"{path}: the {format} data is truncated");
        }

        // Between two streams it is a whole file in its own right; xz has two paddings and a seam without one.
        shorter.ShouldBe(name.EndsWith("xz", StringComparison.Ordinal) ? seams + 2 : seams);
    }

    [Theory]
    [InlineData("records.jsonl.bz2")]
    [InlineData("records.jsonl.xz")]
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
            try
            {
                Text(damaged, name).ShouldBe(text);
                same++;
            }
            catch (PursuitException)
            {
                // refused
            }
        }

        same.ShouldBeLessThan(8); // bits that pad, and the block size a header allows
    }

    [Fact]
    public void Bytes_behind_a_compressed_file_are_refused()
    {
        foreach (var name in new[] { "records.jsonl.bz2", "records.jsonl.xz", "records.jsonl.lz4" })
        {
            var whole = File.ReadAllBytes(RepositoryFiles.Fixture("compression", name));
            Fails(Files.Write(name, [.. whole, .. "{\"text\":\"z\"}\n"u8])).ShouldContain("followed by other bytes");
        }
    }

    [Fact]
    public void What_a_name_says_of_compression_is_no_matter()
    {
        var path = Files.Write("records.jsonl", File.ReadAllBytes(RepositoryFiles.Fixture("compression", "records.jsonl.xz")));
        using var pool = Open(path, Files.Write("plain.jsonl.bz2", Lines[0] + "\n{\"text\":\"another\"}\n"));
        pool.Count.ShouldBe(121);
        pool.Sources.Select(s => s.IsCompressed).ShouldBe([true, false]);
    }

    [Fact]
    public void Text_that_begins_like_a_compressed_file_is_text()
    {
        using var pool = Open(Files.Write("a.csv", "BZh9,text\n1,words\n"));
        pool.Count.ShouldBe(1);
    }

    [Fact]
    public void A_bomb_of_zeros_takes_no_more_memory_than_a_window()
    {
        // 64 KiB of zeros a block, in blocks of four bytes and a few: some hundred megabytes in a file of half a megabyte.
        var path = Files.Write("bomb.lz4", Bomb(blocks: 2000));
        using var text = new Pursuit.Data.Reading.SourceFile(path).OpenText(out _);
        var buffer = new byte[1 << 16];
        var before = GC.GetAllocatedBytesForCurrentThread();
        var total = 0L;
        for (int read; (read = text.Read(buffer)) > 0;) total += read;
        total.ShouldBe(2000L << 16);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1 << 20);
    }

    private static byte[] Bomb(int blocks)
    {
        byte[] descriptor = [0x60, 0x40]; // independent blocks of 64 KiB at most
        using var file = new MemoryStream();
        file.Write([0x04, 0x22, 0x4D, 0x18, .. descriptor, (byte)(XxHash32.Of(descriptor) >> 8)]);
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

    private static string Text(byte[] bytes, string name)
    {
        using var text = new StreamReader(Codecs.Open(Codecs.Detect(bytes, name), new MemoryStream(bytes), name));
        return text.ReadToEnd();
    }

    private static bool IsRead(string path, out string message)
    {
        try
        {
            Open(path).Dispose();
            message = "";
            return true;
        }
        catch (PursuitException e)
        {
            message = e.Message;
            return false;
        }
    }
}
