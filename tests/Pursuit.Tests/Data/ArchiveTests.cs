using System.Formats.Tar;
using System.IO.Compression;
using Pursuit.Data;
using Pursuit.TestKit;

namespace Pursuit.Tests.Data;

/// <summary>Zip and tar files by the reference programs: their files of records are files of the pool.</summary>
public sealed class ArchiveTests : PoolTestBase
{
    [Theory]
    [InlineData("records.zip")]
    [InlineData("records.tar.gz")]
    [InlineData("records.tar")]
    public void The_records_of_an_archive_s_files_are_the_pool(string name)
    {
        var path = PathOf(name);
        using var pool = Open(path);
        pool.Sources.Select(s => s.Path).ShouldBe([$"{path}/data/a.jsonl", $"{path}/data/deep/b.jsonl.gz", $"{path}/data/deep/c.csv"]);
        pool.Read(CancellationToken.None).Select(e => e.Text).ShouldBe(
            Enumerable.Range(1, 120).Select(i => $"record {i}, whose square is {i * i}"));
        pool.Locator(90).Line.ShouldBe(2);
        pool.Ledger.NotRead.ShouldHaveSingleItem().ShouldBe(new FileNotRead($"{path}/data/e.orc", "a .orc file"));
        Copied(pool, 119, 0, 60).ShouldBe(
            """
            {"text":"record 120, whose square is 14400"}
            {"text":"record 1, whose square is 1"}
            {"text":"record 61, whose square is 3721"}

            """);
        pool.Read([100, 5, 70], CancellationToken.None).Select(e => e.Text![..10]).ShouldBe(["record 101", "record 6, ", "record 71,"]);
    }

    [Theory]
    [InlineData("records.zip", "the zip is truncated, corrupt")]
    [InlineData("records.tar", "the tar is truncated or corrupt")]
    [InlineData("records.tar.gz", "the gzip data is truncated, corrupt")]
    public void An_archive_cut_anywhere_is_refused(string name, string message)
    {
        var whole = File.ReadAllBytes(PathOf(name));
        for (var length = whole.Length - 1; length > 10; length -= 1 + (whole.Length / 100))
        {
            // tar pads its end to 10 KiB
            if (name == "records.tar" && IsZero(whole.AsSpan(Math.Max(0, length - 1024), Math.Min(length, 1024)))) continue;
            Fails(Files.Write("cut-" + name, whole.AsSpan(0, length))).ShouldContain(message);
        }
    }

    [Theory]
    [InlineData(TarEntryFormat.V7, 60)]
    [InlineData(TarEntryFormat.Ustar, 140)]
    [InlineData(TarEntryFormat.Pax, 400)]
    [InlineData(TarEntryFormat.Gnu, 400)]
    public void Every_form_of_a_tar_is_read_with_long_names_and_without_links(TarEntryFormat format, int length)
    {
        var name = string.Concat(Enumerable.Repeat("0123456789/", length / 11)) + "a.jsonl";
        using var bytes = new MemoryStream();
        using (var tar = new TarWriter(bytes, format, leaveOpen: true))
        {
            tar.WriteEntry(Entry(TarEntryType.Directory, "data/"));
            var link = Entry(TarEntryType.SymbolicLink, "link.jsonl");
            link.LinkName = "a.jsonl";
            tar.WriteEntry(link);
            foreach (var (path, text) in new[] { (name, "old"), ("b.jsonl", "b"), (name, "new") })
            {
                var entry = Entry(format == TarEntryFormat.V7 ? TarEntryType.V7RegularFile : TarEntryType.RegularFile, path);
                entry.DataStream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes($"{{\"text\":\"{text}\"}}\n"));
                tar.WriteEntry(entry);
            }
        }

        var file = Files.Write("a.tar", bytes.ToArray());
        using var pool = Open(file);
        pool.Sources.Select(s => s.Path).ShouldBe([$"{file}/{name}", $"{file}/b.jsonl"]);
        pool.Read(CancellationToken.None).Select(e => e.Text).ShouldBe(["new", "b"]);

        TarEntry Entry(TarEntryType type, string path) => format switch
        {
            TarEntryFormat.V7 => new V7TarEntry(type, path),
            TarEntryFormat.Ustar => new UstarTarEntry(type, path),
            TarEntryFormat.Pax => new PaxTarEntry(type, path),
            _ => new GnuTarEntry(type, path),
        };
    }

    [Fact]
    public void A_header_that_asks_for_much_memory_or_goes_back_is_refused()
    {
        using var bytes = new MemoryStream();
        using (var tar = new TarWriter(bytes, TarEntryFormat.Pax, leaveOpen: true))
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "a.jsonl") { DataStream = new MemoryStream("{}"u8.ToArray()) });
        var beyond = "\u0080" + new string('\u0001', 11);
        foreach (var size in new[] { "77777777777\0", "00010000000\0", "-0000000001\0", beyond })
        {
            var damaged = bytes.ToArray();
            System.Text.Encoding.Latin1.GetBytes(size).CopyTo(damaged, 124);
            damaged.AsSpan(148, 8).Fill((byte)' ');
            var sum = damaged.Take(512).Sum(b => b);
            System.Text.Encoding.ASCII.GetBytes($"{Convert.ToString(sum, 8).PadLeft(6, '0')}\0 ").CopyTo(damaged, 148);
            Fails(Files.Write("a.tar", damaged)).ShouldContain("the tar is truncated or corrupt");
        }

        var shortNumber = bytes.ToArray();
        shortNumber[148] = 0x80; // the checksum's eight bytes as a number in bytes
        Fails(Files.Write("a.tar", shortNumber)).ShouldContain("the tar is truncated or corrupt");
    }

    [Fact]
    public void A_member_of_a_zip_with_another_checksum_is_refused()
    {
        var bytes = Zip(("a.jsonl", "{\"text\":\"aaaa\"}\n"), ("b.jsonl", "{\"text\":\"b\"}\n"));
        bytes[bytes.AsSpan().IndexOf("aaaa"u8)] = (byte)'x';
        var path = Files.Write("a.zip", bytes);
        Fails(path).ShouldContain($"{path}/a.jsonl: the zip is truncated, corrupt, or of a kind that isn't read: another checksum");
    }

    [Fact]
    public void An_archive_without_records_is_named_and_refused_where_strict()
    {
        var good = Files.Write("good.jsonl", Good);
        var path = Files.Write("images.zip", Zip(("a.png", "x"), ("b.zip", "x")));
        using var pool = Open(good, path);
        pool.Ledger.NotRead.Select(f => f.Path).ShouldBe([$"{path}/b.zip", path]);
        pool.Notes.Single().ShouldContain("an archive within an archive");
        Fails(new PoolOptions { Paths = [good, path], Strict = true }).ShouldContain("an archive within an archive");
        Fails(path).ShouldContain("no records at all");
    }

    [Fact]
    public void A_directory_may_mix_all_of_them()
    {
        foreach (var name in new[] { "records.zip", "records.tar.gz", "records.jsonl.xz" })
            Files.Write($"mixed/{name}", File.ReadAllBytes(PathOf(name)));
        Files.Write("mixed/z.tsv", "id\ttext\n1\twords\n");
        using var pool = Open(Files.PathOf("mixed"));
        pool.Count.ShouldBe(121);
        pool.Ledger.DuplicateCount.ShouldBe(240);
        pool.Sources.Count.ShouldBe(8);
    }

    private string PathOf(string name)
    {
        if (name != "records.tar") return RepositoryFiles.Fixture("compression", name);
        using var file = File.OpenRead(RepositoryFiles.Fixture("compression", "records.tar.gz"));
        using var gzip = new GZipStream(file, CompressionMode.Decompress);
        using var tar = new MemoryStream();
        gzip.CopyTo(tar);
        return Files.Write(name, tar.ToArray());
    }

    private static bool IsZero(ReadOnlySpan<byte> bytes) => !bytes.ContainsAnyExcept((byte)0);

    private static byte[] Zip(params (string Name, string Text)[] members)
    {
        using var memory = new MemoryStream();
        using (var zip = new ZipArchive(memory, ZipArchiveMode.Create))
        {
            foreach (var (name, text) in members)
            {
                using var writer = new StreamWriter(zip.CreateEntry(name, CompressionLevel.NoCompression).Open());
                writer.Write(text);
            }
        }

        return memory.ToArray();
    }
}
