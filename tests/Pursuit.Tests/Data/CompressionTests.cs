using Pursuit.Data;
using Pursuit.Data.Reading.Compression;
using Pursuit.TestKit;

namespace Pursuit.Tests.Data;

/// <summary>
/// Files by the reference program of xz (tests/fixtures/compression): whole they say what was put in, else they are refused. The kinds
/// that packages decompress are tested beside those.
/// </summary>
public sealed class CompressionTests : PoolTestBase
{
    private static readonly string[] Lines =
        [.. Enumerable.Range(1, 120).Select(i => $$"""{"text":"record {{i}}, whose square is {{i * i}}"}""")];

    [Fact]
    public void A_compressed_file_gives_the_records_of_the_plain_one()
    {
        using var plain = Open(Files.Write("plain.jsonl", string.Join('\n', Lines) + "\n"));
        foreach (var block in new[] { 1, 7, 1 << 20 })
        {
            using var pool = Open(new PoolOptions { Paths = [Fixture] }, block);
            Describe(pool).ShouldBe(Describe(plain));
            pool.Sources[0].IsCompressed.ShouldBeTrue();
            pool.Sources[0].Sha256.ShouldBe(plain.Sources[0].Sha256);
            Copied(pool, 119, 0, 61).ShouldBe($"{Lines[119]}\n{Lines[0]}\n{Lines[61]}\n");
        }
    }

    [Fact]
    public void A_compressed_file_cut_anywhere_is_refused()
    {
        var whole = File.ReadAllBytes(Fixture);
        var shorter = 0;
        for (var length = 12; length < whole.Length; length++)
        {
            var path = Files.Write("cut.xz", whole.AsSpan(0, length));
            if (IsRead(path, out var message)) shorter++;
            else message.ShouldStartWith($"{path}: the xz data is truncated");
        }

        // Between two streams it is a whole file in its own right; there are two paddings and a seam without one.
        shorter.ShouldBe(4);
    }

    [Fact]
    public void A_compressed_file_with_one_bit_turned_is_refused_or_says_the_same()
    {
        var whole = File.ReadAllBytes(Fixture);
        var text = Text(whole);
        var same = 0;
        for (var i = 12; i < whole.Length; i++)
        {
            var damaged = whole.ToArray();
            damaged[i] ^= (byte)(1 << (i % 8));
            try
            {
                Text(damaged).ShouldBe(text);
                same++;
            }
            catch (PursuitException)
            {
                // refused
            }
        }

        same.ShouldBeLessThan(8); // bits that pad
    }

    [Fact]
    public void A_file_that_lacks_a_block_or_has_one_twice_is_refused_by_its_index()
    {
        // 'xz --list -vv' of the fixture: the second stream's first block, with a check of its own.
        const int first = 392, end = 620;
        var whole = File.ReadAllBytes(Fixture);
        Refusal([.. whole[..first], .. whole[end..]]).ShouldContain("an index of other blocks");
        Refusal([.. whole[..end], .. whole[first..]]).ShouldContain("an index of other blocks");

        string Refusal(byte[] bytes) => Should.Throw<PursuitException>(() => Text(bytes)).Message;
    }

    [Fact]
    public void Bytes_behind_a_compressed_file_are_refused() =>
        Fails(Files.Write("a.xz", [.. File.ReadAllBytes(Fixture), .. "{\"text\":\"z\"}\n"u8])).ShouldContain("followed by other bytes");

    [Theory]
    [InlineData("a.bz2", "BZh9\u0017rE8P\u0090\0\0\0\0", "bzip2")]
    [InlineData("a.lz4", "\u0004\"M\u0018", "LZ4")]
    [InlineData("a.zst", "(\u00B5/\u00FD", "zstd")]
    public void A_kind_whose_decoder_is_a_package_says_what_to_register(string name, string head, string kind) =>
        Fails(Files.Write(name, System.Text.Encoding.Latin1.GetBytes(head))).ShouldContain(
            $"{name}: the file is compressed by {kind}, and no decoder for it is registered; expected Pursuit.Formats, which has one. "
                + "Call Pursuit.Formats.CompressionFormats.Register() first");

    [Fact]
    public void What_a_name_says_of_compression_is_no_matter()
    {
        var path = Files.Write("records.jsonl", File.ReadAllBytes(Fixture));
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

    private static string Fixture => RepositoryFiles.Fixture("compression", "records.jsonl.xz");

    private static string Text(byte[] bytes)
    {
        using var text = new StreamReader(Codecs.Open(CompressionKind.Xz, new MemoryStream(bytes), "a.xz"));
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
