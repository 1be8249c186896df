using System.Buffers.Binary;
using System.Text;
using Pursuit.Data.Tables;
using Pursuit.Formats.Parquet;
using Pursuit.Formats.Parquet.Writing;
using Pursuit.TestKit;

namespace Pursuit.Formats.Tests;

/// <summary>Statistics and dictionaries of written columns: what the footer says of a row group's values is true of them.</summary>
public sealed class ColumnFactsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void The_least_and_the_greatest_are_those_of_the_values_by_their_type()
    {
        var chunks = Chunks(
            [
                new("text", ColumnKind.Text), new("n", ColumnKind.Integer), new("x", ColumnKind.Number), new("is", ColumnKind.Boolean),
                new("none", ColumnKind.Text), new("list", ColumnKind.List) { Children = [new("", ColumnKind.Integer)] },
            ],
            """{"text":"b","n":-3,"x":-0.0,"is":true,"none":null,"list":[5,null]}""",
            """{"text":"\u00E9","n":200,"x":-1.5,"is":true,"none":null,"list":[]}""",
            """{"text":"B","n":null,"x":0.0,"is":false,"none":null,"list":null}""",
            """{"text":"","n":7,"x":null,"is":null,"none":null,"list":[-9,300]}""");
        chunks.Select(c => c.Nulls).ShouldBe([0L, 1, 1, 1, 4, 3]);
        (Text(chunks[0].Least), Text(chunks[0].Greatest)).ShouldBe(("", "\u00E9"));
        (Int64(chunks[1].Least), Int64(chunks[1].Greatest)).ShouldBe((-3, 200));
        (Number(chunks[2].Least), Number(chunks[2].Greatest)).ShouldBe((-1.5, 0.0));
        double.IsNegative(Number(chunks[2].Greatest)).ShouldBeFalse();
        chunks[3].Least.ShouldBe([0]);
        chunks[3].Greatest.ShouldBe([1]);
        chunks[4].Least.ShouldBeNull();
        chunks[4].Greatest.ShouldBeNull();
        (Int64(chunks[5].Least), Int64(chunks[5].Greatest)).ShouldBe((-9, 300));
    }

    [Fact]
    public void Long_texts_have_no_bounds_and_a_zero_has_the_sign_that_takes_both_in()
    {
        var chunks = Chunks(
            [new("text", ColumnKind.Text), new("x", ColumnKind.Number)],
            $$"""{"text":"{{new string('z', 65)}}","x":0.0}""", """{"text":"a","x":-0.0}""");
        chunks[0].Least.ShouldBeNull();
        double.IsNegative(Number(chunks[1].Least)).ShouldBeTrue();
        double.IsNegative(Number(chunks[1].Greatest)).ShouldBeFalse();
    }

    [Fact]
    public void Values_are_compared_as_their_types_are()
    {
        ReadOnlySpan<byte> minusOne = [255, 255, 255, 255];
        ReadOnlySpan<byte> one = [1, 0, 0, 0];
        ValueOrders.Compare(ValueOrder.Signed32, minusOne, one).ShouldBeLessThan(0);
        ValueOrders.Compare(ValueOrder.Unsigned32, minusOne, one).ShouldBeGreaterThan(0);
        ValueOrders.Compare(ValueOrder.Bytes, "a"u8, "ab"u8).ShouldBeLessThan(0);
        ValueOrders.IsNaN(ValueOrder.Float, BitConverter.GetBytes(float.NaN)).ShouldBeTrue();
        ValueOrders.Of(new SchemaElement { Type = PhysicalType.Int32 }.AsInteger(32, isSigned: false)).ShouldBe(ValueOrder.Unsigned32);
        ValueOrders.Of(new SchemaElement { Type = PhysicalType.Int64 }.AsDecimal(9, 2)).ShouldBe(ValueOrder.Signed64);
        ValueOrders.Of(new SchemaElement { Type = PhysicalType.ByteArray }.AsDecimal(9, 2)).ShouldBe(ValueOrder.None);
        ValueOrders.Of(new SchemaElement { Type = PhysicalType.Int96 }).ShouldBe(ValueOrder.None);
        ValueOrders.Of(new SchemaElement { Type = PhysicalType.FixedLenByteArray, TypeLength = 2 }.AsHalf()).ShouldBe(ValueOrder.None);
        ValueOrders.Of(new SchemaElement { Type = PhysicalType.FixedLenByteArray, TypeLength = 12, Converted = 21 })
            .ShouldBe(ValueOrder.None);
        ValueOrders.Of(new SchemaElement { Type = PhysicalType.FixedLenByteArray, TypeLength = 12 }).ShouldBe(ValueOrder.Bytes);
    }

    [Fact]
    public void Texts_that_repeat_are_stored_once_in_a_row_group_and_others_as_they_are()
    {
        var random = new SeededRandom(5, "texts");
        string[] labels = [.. Enumerable.Range(0, 300).Select(i => $"label {i} of a few hundred")];
        var rows = Enumerable.Range(0, 5_000)
            .Select(i => $$"""{"label":"{{labels[random.NextInt(300)]}}","id":"row {{i}}","none":null}""").ToArray();
        TableColumn[] columns = [new("label", ColumnKind.Text), new("id", ColumnKind.Text), new("none", ColumnKind.Text)];
        var chunks = Chunks(columns, rows);
        chunks.Select(c => c.HasDictionary).ShouldBe([true, false, false]);
        chunks[0].PlainBytes.ShouldBeLessThan(5_000 * 9 / 8 + 300 * 32);
        using var table = Tables.Open(Write(columns, rows));
        Tables.Rows(table).ShouldBe(rows);
    }

    [Fact]
    public void A_dictionary_that_becomes_too_large_leaves_the_pages_behind_it_plain()
    {
        // A first page whose texts repeat, and then a megabyte of others.
        var random = new SeededRandom(6, "texts");
        var rows = new List<string>();
        for (var i = 0; i < 1_200; i++) rows.Add($$"""{"text":"{{new string((char)('a' + i % 4), 1_000)}}"}""");
        for (var i = 0; i < 3_000; i++) rows.Add($$"""{"text":"{{random.NextUInt64():x16}}{{new string('x', 984)}}"}""");
        for (var i = 0; i < 200; i++) rows.Add($$"""{"text":"{{new string((char)('a' + i % 4), 1_000)}}"}""");
        TableColumn[] columns = [new("text", ColumnKind.Text)];
        var chunk = Chunks(columns, [.. rows]).ShouldHaveSingleItem();
        chunk.HasDictionary.ShouldBeTrue();
        chunk.PlainBytes.ShouldBeInRange(3_000_000, 4_500_000);
        using var table = Tables.Open(Write(columns, [.. rows]));
        Tables.Rows(table).ShouldBe(rows);
        for (var row = rows.Count - 1; row > 0; row -= 379) Tables.Row(table, row).ShouldBe(rows[row]);
    }

    [Fact]
    public void Indices_of_all_widths_are_read_back_as_they_were_written()
    {
        var random = new SeededRandom(4, "indices");
        for (var bits = 1; bits <= 24; bits++)
        {
            var indices = new List<int>();
            while (indices.Count < 200)
                indices.AddRange(Enumerable.Repeat(random.NextInt(1 << bits), 1 + random.NextInt(random.NextInt(2) == 0 ? 2 : 20)));
            var bytes = new Data.Hashing.ByteBuffer();
            RunEncoder.Append<int>(bytes, indices.ToArray(), bits);
            var decoder = new RunDecoder(bytes.Written.ToArray(), 0, bytes.Length, bits);
            indices.ShouldAllBe(index => decoder.Next() == index);
        }
    }

    private static string Text(byte[]? bytes) => Encoding.UTF8.GetString(bytes!);

    private static long Int64(byte[]? bytes) => BinaryPrimitives.ReadInt64LittleEndian(bytes);

    private static double Number(byte[]? bytes) => BinaryPrimitives.ReadDoubleLittleEndian(bytes);

    private string Write(TableColumn[] columns, params string[] rows)
    {
        TableFormats.Register();
        var path = _directory.PathOf("a.parquet");
        TableFile.Write(path, columns, stream => stream.Write(Encoding.UTF8.GetBytes(string.Join('\n', rows) + "\n")));
        return path;
    }

    /// <summary>What the footer says of the columns of the only row group.</summary>
    private List<Chunk> Chunks(TableColumn[] columns, params string[] rows)
    {
        var file = File.ReadAllBytes(Write(columns, rows));
        var length = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(file.Length - 8));
        var chunks = new List<Chunk>();
        var orders = 0;
        var thrift = new ThriftReader(file.AsSpan(file.Length - 8 - length, length));
        thrift.BeginStruct();
        short field = 0;
        while (thrift.NextField(ref field, out var type))
        {
            if (field == 4)
            {
                thrift.BeginList(out _).ShouldBe(1);
                thrift.BeginStruct();
                short inner = 0;
                while (thrift.NextField(ref inner, out var innerType))
                {
                    if (inner != 1) thrift.Skip(innerType);
                    else for (var left = thrift.BeginList(out _); left > 0; left--) chunks.Add(Chunk.Read(ref thrift));
                }
            }
            else if (field == 7)
            {
                orders = thrift.BeginList(out var item);
                for (var i = 0; i < orders; i++) thrift.Skip(item);
            }
            else
            {
                thrift.Skip(type);
            }
        }

        orders.ShouldBe(chunks.Count);
        return chunks;
    }

    private sealed class Chunk
    {
        public bool HasDictionary { get; private set; }

        public long PlainBytes { get; private set; }

        public long Nulls { get; private set; }

        public byte[]? Least { get; private set; }

        public byte[]? Greatest { get; private set; }

        public static Chunk Read(ref ThriftReader thrift)
        {
            var chunk = new Chunk();
            thrift.BeginStruct();
            short field = 0;
            while (thrift.NextField(ref field, out var type))
            {
                if (field == 3) chunk.ReadMetadata(ref thrift);
                else thrift.Skip(type);
            }

            return chunk;
        }

        private void ReadMetadata(ref ThriftReader thrift)
        {
            thrift.BeginStruct();
            short field = 0;
            while (thrift.NextField(ref field, out var type))
            {
                if (field == 6) PlainBytes = thrift.Int64();
                else if (field == 12) ReadStatistics(ref thrift);
                else thrift.Skip(type);
                HasDictionary |= field == 11;
            }
        }

        private void ReadStatistics(ref ThriftReader thrift)
        {
            thrift.BeginStruct();
            short field = 0;
            while (thrift.NextField(ref field, out var type))
            {
                var start = thrift.Position;
                if (field == 3) Nulls = thrift.Int64();
                else thrift.Skip(type);
                if (field is not (5 or 6)) continue;
                var value = thrift.Since(start)[1..].ToArray(); // behind its length, which is less than 128
                if (field == 5) Greatest = value;
                else Least = value;
            }
        }
    }
}
