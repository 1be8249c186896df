using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Pursuit.Data;
using Pursuit.Data.Tables;
using Pursuit.TestKit;

namespace Pursuit.Formats.Tests;

/// <summary>Tables within zip and tar files are read as the same tables in a folder.</summary>
public sealed class ArchivedTableTests : IDisposable
{
    private static readonly string[] Members =
        ["file.arrow", "lz4.feather", "lz4.parquet", "records.jsonl", "stream.arrow", "zstd.parquet"];

    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<string> Archives => ["stored.zip", "deflated.zip", "plain.tar", "gzip.tar.gz"];

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Archives))]
    public void The_rows_of_an_archive_s_tables_are_the_pool_with_their_places(string name)
    {
        foreach (var member in Members) File.Copy(Tables.PathOf(member), _directory.PathOf(member));
        using var folder = Tables.Pool([.. Members.Select(_directory.PathOf)]);
        var path = Archive(name, [.. Members.Select(m => ("data/" + m, File.ReadAllBytes(Tables.PathOf(m))))]);
        using var pool = Tables.Pool(path);
        pool.Fingerprint.ShouldBe(folder.Fingerprint);
        pool.Sources.Select(s => (s.Path, s.Format, s.Rows, s.Sha256)).ShouldBe(
            folder.Sources.Select(s => ($"{path}/data/{Path.GetFileName(s.Path)}", s.Format, s.Rows, s.Sha256)));
        pool.Ledger.Rows().Select(r => (r.Line, r.Fate, r.RowGroup)).ShouldBe(
            folder.Ledger.Rows().Select(r => (r.Line, r.Fate, r.RowGroup)));
        int[] order = [.. Enumerable.Range(0, pool.Count).Select(i => i * 29 % pool.Count), 3, 3, 0];
        Copied(pool, order).ShouldBe(Copied(folder, order));
        pool.Read(order, CancellationToken.None).Select(e => e.ContentId).ShouldBe(order.Select(i => folder.ContentIds[i]));
    }

    [Theory]
    [MemberData(nameof(Archives))]
    public void Rows_of_tables_in_an_archive_go_into_a_table_with_their_own_columns(string name)
    {
        var path = Archive(name, ("a.parquet", File.ReadAllBytes(Tables.PathOf("lz4.parquet"))));
        using var pool = Tables.Pool(path);
        using var plain = Tables.Pool(Tables.PathOf("lz4.parquet"));
        Written(pool).ShouldBe(Written(plain));

        static byte[] Written(Pool pool)
        {
            var join = pool.Tables!.Join(TableFile.Parquet!, []);
            using var table = new MemoryStream();
            RecordLocator[] rows = [.. Enumerable.Range(0, pool.Count).Select(i => pool.Locator(i * 29 % pool.Count))];
            pool.Tables.Write(join, rows, null, table, CancellationToken.None);
            return table.ToArray();
        }
    }

    [Theory]
    [MemberData(nameof(Archives))]
    public void A_table_that_is_damaged_or_none_is_refused_by_its_name_in_the_archive(string name)
    {
        var table = File.ReadAllBytes(Tables.PathOf("zstd.parquet"));
        var cut = Archive(name, ("data/a.parquet", table[..^9]));
        Refusal(cut).ShouldStartWith($"{cut}/data/a.parquet: the file ends in the bytes");
        var page = table.ToArray();
        page.AsSpan(40, 40).Fill(0x5A);
        var corrupt = Archive(name, ("data/a.parquet", page));
        Refusal(corrupt).ShouldStartWith($"{corrupt}/data/a.parquet");
        var none = Archive(name, ("data/a.parquet", "<html>"u8.ToArray()));
        Refusal(none).ShouldStartWith($"{none}/data/a.parquet: a file that begins with the bytes 3C68746D; expected a Parquet file");
    }

    [Fact]
    public void A_saved_data_set_in_an_archive_is_its_tables_unless_its_rows_were_chosen()
    {
        const string state = """{"_data_files": [{"filename": "data-00000-of-00001.arrow"}], "_indices_data_files": INDICES}""";
        var data = ("train/data-00000-of-00001.arrow", File.ReadAllBytes(Tables.PathOf("stream.arrow")));
        var info = ("train/dataset_info.json", "{}"u8.ToArray());
        using (var pool = Tables.Pool(Archive("a.zip", data, info, State("null"))))
        {
            pool.Sources.ShouldHaveSingleItem().Rows.ShouldBe(48);
            pool.Ledger.NotRead.ShouldBeEmpty();
        }

        var chosen = Archive("b.zip", data, info, State("""[{"filename": "indices.arrow"}]"""));
        Refusal(chosen).ShouldStartWith($"{chosen}/train/state.json: a saved data set whose rows were chosen or shuffled");
        var alone = Archive("c.zip", data, State("""[{"filename": "indices.arrow"}]"""));
        Refusal(alone).ShouldStartWith($"{alone}/train/state.json: the state of a saved data set, within an archive");

        static (string, byte[]) State(string indices) =>
            ("train/state.json", Encoding.UTF8.GetBytes(state.Replace("INDICES", indices, StringComparison.Ordinal)));
    }

    [Fact]
    public void A_format_that_needs_files_of_its_own_says_so()
    {
        RecordFormats.Register(new OwnFiles());
        var path = Archive("a.tar", ("a.own-file", "OWNFILE"u8.ToArray()));
        Refusal(path).ShouldStartWith($"{path}/a.own-file: a Strange file within an archive; expected a file of its own");
    }

    private static string Refusal(string path) => Should.Throw<PursuitException>(() => Tables.Pool(path).Dispose()).Message;

    private static byte[] Copied(Pool pool, IReadOnlyList<int> positions)
    {
        using var stream = new MemoryStream();
        pool.CopyRecords(positions, stream, CancellationToken.None);
        return stream.ToArray();
    }

    private string Archive(string name, params (string Name, byte[] Bytes)[] members)
    {
        var bytes = name.EndsWith(".zip", StringComparison.Ordinal) ? Zip(name, members) : Tar(members);
        if (name.EndsWith(".gz", StringComparison.Ordinal))
        {
            using var packed = new MemoryStream();
            using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(bytes);
            bytes = packed.ToArray();
        }

        return _directory.Write(name, bytes);
    }

    private static byte[] Zip(string name, (string Name, byte[] Bytes)[] members)
    {
        var level = name.StartsWith("stored", StringComparison.Ordinal) ? CompressionLevel.NoCompression : CompressionLevel.Fastest;
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (member, content) in members)
            {
                using var entry = zip.CreateEntry(member, level).Open();
                entry.Write(content);
            }
        }

        return bytes.ToArray();
    }

    private static byte[] Tar((string Name, byte[] Bytes)[] members)
    {
        using var bytes = new MemoryStream();
        using (var tar = new TarWriter(bytes, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var (member, content) in members)
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, member) { DataStream = new MemoryStream(content) });
        }

        return bytes.ToArray();
    }

    /// <summary>A format that opens files by their paths alone.</summary>
    private sealed class OwnFiles : IRecordFormat
    {
        public string Name => "Strange";

        public IReadOnlyList<string> Endings => [".own-file"];

        public bool Recognizes(ReadOnlySpan<byte> head) => head.StartsWith("OWNFILE"u8);

        public IRecordTable Open(string path) => throw new NotSupportedException();
    }
}
