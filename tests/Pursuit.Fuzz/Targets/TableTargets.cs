using Pursuit.Data;
using Pursuit.Data.Tables;
using Pursuit.Formats;
using Pursuit.Fuzz.Mutation;

namespace Pursuit.Fuzz.Targets;

/// <summary>Tables, read as a pool, again out of order, and copied out of order into a table.</summary>
internal abstract class TableTarget : FileTarget
{
    protected TableTarget() => TableFormats.Register();

    protected override void ReadFile()
    {
        using var pool = Pool.Open(
            new PoolOptions { Paths = [FilePath], MaxRecordBytes = 1 << 16, SpoolDirectory = Folder }, null, CancellationToken.None);
        int[] turned = [.. Enumerable.Range(0, Math.Min(pool.Count, 1_000)).Reverse()];
        var count = pool.Read(turned, CancellationToken.None).Count();
        if (count != turned.Length) throw new InvalidOperationException($"{count} examples of {turned.Length}");
        var tables = pool.Tables!;
        tables.Write(
            tables.Join(TableFile.Parquet!, []), [.. turned.Select(pool.Locator)], added: null, Stream.Null, CancellationToken.None);
    }
}

/// <summary>Parquet files in every compression, page version and encoding that writers use.</summary>
internal sealed class ParquetTarget : TableTarget
{
    public override IReadOnlyList<byte[]> Seeds { get; } = SeedsOf("parquet");

    public override Mutator Mutator { get; } = new ByteMutator(["PAR1", "PARE", "messages", "element", "content"]);

    protected override string FileName => "a.parquet";
}

/// <summary>Arrow files and streams, plain and compressed.</summary>
internal sealed class ArrowTarget : TableTarget
{
    public override IReadOnlyList<byte[]> Seeds { get; } = SeedsOf("arrow");

    public override Mutator Mutator { get; } = new ByteMutator(["ARROW1\0\0", "messages", "element", "content"]);

    protected override string FileName => "a.arrow";
}
