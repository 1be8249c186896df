using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Pursuit.Data.Filtering;
using Pursuit.Data.Json;
using Pursuit.Formats;
using Pursuit.Fuzz.Mutation;

namespace Pursuit.Fuzz.Targets;

/// <summary>Records in a file compressed by one of the reference programs, with the ending of its kind.</summary>
internal sealed class ReferenceTarget(string ending) : RecordTarget
{
    public override IReadOnlyList<byte[]> Seeds { get; } = SeedsOf("compression/." + ending);

    public override Mutator Mutator { get; } = new ByteMutator([]);

    protected override string FileName => "a.jsonl." + ending;

    protected override void ReadFile()
    {
        CompressionFormats.Register();
        base.ReadFile();
    }
}

/// <summary>Zip files and tar files of records and of tables; the name says which.</summary>
internal sealed class ArchiveTarget(bool isZip) : RecordTarget
{
    public override IReadOnlyList<byte[]> Seeds { get; } =
        [Archive(isZip, SeedsOf("records")), Archive(isZip, [SeedsOf("parquet")[0], SeedsOf("arrow")[0]])];

    public override Mutator Mutator { get; } =
        new ByteMutator(["ustar", "\0\0\0\0", "00000000017", "PK\u0001\u0002", "PK\u0003\u0004", "../"]);

    protected override string FileName => isZip ? "a.zip" : "a.tar";

    protected override void ReadFile()
    {
        TableFormats.Register();
        base.ReadFile();
    }

    private static byte[] Archive(bool isZip, IReadOnlyList<byte[]> files)
    {
        using var bytes = new MemoryStream();
        if (isZip)
        {
            using var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true);
            for (var i = 0; i < files.Count; i++)
            {
                using var file = zip.CreateEntry($"data/{i}.jsonl", (CompressionLevel)(i % 3)).Open();
                file.Write(files[i]);
            }
        }
        else
        {
            using var tar = new TarWriter(bytes, TarEntryFormat.Pax, leaveOpen: true);
            for (var i = 0; i < files.Count; i++)
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, $"data/{i}.jsonl") { DataStream = new MemoryStream(files[i]) });
        }

        return bytes.ToArray();
    }
}

/// <summary>Files of separated values.</summary>
internal sealed class SeparatedTarget : RecordTarget
{
    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        "id,prompt,completion\n1,Hi,\"Hello, \"\"you\"\"\"\n2,\"a\nb\",c\n"u8.ToArray(), "text;n\r\n\"a;b\";1\r\nc;2"u8.ToArray(),
    ];

    public override Mutator Mutator { get; } =
        new EitherMutator(new ByteMutator([",", "\"", "\"\"", "\n", "\r\n", ";", "\t", "\uFEFF", "\\", "text"]), 4, new LineMutator());

    protected override string FileName => "a.csv";
}

/// <summary>Conditions on records, read and asked of one.</summary>
internal sealed class FilterTarget : FuzzTarget
{
    private static readonly byte[] Record =
        """{"lang":"en","text":"words","n":1.5,"ok":true,"none":null,"meta":{"source":"web","list":[1,{"a":"b"}]}}"""u8.ToArray();

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        "lang = \"en\" and length(text) > 200"u8.ToArray(), "not (n <= 1e2 or `meta`.list.1.a in ('b', 2, true))"u8.ToArray(),
        "none is not null or text not matches '^w.*s$' and ok"u8.ToArray(),
    ];

    public override Mutator Mutator { get; } = new ByteMutator(
    [
        " and ", " or ", " not ", " in ", " is ", "null", " matches ", "length(", "(", ")", "'", "\"", "`", ",", ".", "=", "!=", "<",
        "1e999", "text", "meta", "(?=", "{1000}", "\\1",
    ]);

    public override void Read(byte[] input)
    {
        var tape = new JsonTape(16);
        if (tape.Read(Record, 0, Record.Length) is { } fault) throw new InvalidOperationException(fault);
        RecordFilter.Parse(Encoding.UTF8.GetString(input)).LeavesOut(tape);
    }
}
