using System.Buffers;
using System.Text;
using Pursuit.Data;
using Pursuit.Data.Tables;
using Pursuit.Formats.Parquet;
using Pursuit.Formats.Parquet.Writing;
using Pursuit.Formats.Rows;
using Pursuit.TestKit;

namespace Pursuit.Formats.Tests;

/// <summary>Rows of tables go into a Parquet file as they are: the same values, and the columns of their own files.</summary>
public sealed class TableOutTests : IDisposable
{
    private static readonly TableColumn[] None = [];

    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<string> Names => [.. Tables.OfRecords, "types.parquet", "nested.parquet", "nested.arrow"];

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void Rows_in_any_order_come_back_with_the_same_values_and_columns(string name)
    {
        using var table = Tables.Open(Tables.PathOf(name));
        var rows = Tables.Rows(table);
        int[] order = [.. Enumerable.Range(0, rows.Count).Select(i => i * 29 % rows.Count), 0, 0];
        using var copy = Tables.Open(Copy(order, None, Tables.PathOf(name)));
        Tables.Rows(copy).ShouldBe(order.Select(i => rows[i]));
        copy.Columns.ShouldBe(table.Columns);
        ((IStoredRows)copy).StoredSchema.Key().ShouldBe(((IStoredRows)table).StoredSchema.Key());
    }

    [Fact]
    public void What_Arrow_stores_is_what_its_own_libraries_store_of_it()
    {
        using var parquet = Tables.Open(Tables.PathOf("nested.parquet"));
        using var arrow = Tables.Open(Tables.PathOf("nested.arrow"));
        Tables.Rows(arrow).ShouldBe(Tables.Rows(parquet));
        Shape(((IStoredRows)arrow).StoredSchema.Root).ShouldBe(Shape(((IStoredRows)parquet).StoredSchema.Root));
    }

    [Fact]
    public void What_the_writer_said_of_a_file_stays_but_for_Arrow_s_own_schema_where_columns_are_added()
    {
        MetadataOf(Tables.PathOf("nested.arrow")).ShouldBe(["maker"]);
        MetadataOf(Copy([0], None, Tables.PathOf("nested.arrow"))).ShouldBe(["maker"]);
        var path = _directory.PathOf("said.parquet");
        var schema = new TableSchema(
            [JsonColumns.NodeOf(new TableColumn("text", ColumnKind.Text))],
            [new("huggingface", "{}"), new("ARROW:schema", "A"), new("bare", null)]);
        using (var stream = File.Create(path))
        {
            using var writer = new ParquetWriter(stream, schema);
            new RowCopier(schema, schema).Copy([2, 0, 0, 0, 0, 0], writer);
            writer.EndRow();
            writer.Complete();
        }

        MetadataOf(path).ShouldBe(["huggingface", "ARROW:schema", "bare"]);
        MetadataOf(Copy([0], None, path)).ShouldBe(["huggingface", "ARROW:schema", "bare"]);
        MetadataOf(Copy([0], [new TableColumn("weight", ColumnKind.Number)], path)).ShouldBe(["huggingface", "bare"]);
    }

    [Fact]
    public void Added_columns_stand_behind_the_others_with_their_types()
    {
        TableColumn[] added = [new("rank", ColumnKind.Integer, IsRequired: true), new("weight", ColumnKind.Number)];
        using var table = Tables.Open(Tables.PathOf("zstd.parquet"));
        using var copy = Tables.Open(Copy([5, 3], added, Tables.PathOf("zstd.parquet")));
        copy.Columns.ShouldBe(table.Columns + ", rank: int64, weight: double");
        Tables.Row(copy, 0).ShouldBe(Tables.Row(table, 5)[..^1] + ",\"rank\":0,\"weight\":0.5}");
        Tables.Row(copy, 1).ShouldBe(Tables.Row(table, 3)[..^1] + ",\"rank\":1,\"weight\":0.5}");
        Should.Throw<PursuitException>(() => Copy([0], [new TableColumn("lang", ColumnKind.Text)], Tables.PathOf("zstd.parquet")))
            .Message.ShouldContain("'lang' is a field of the pool's tables already");
    }

    [Fact]
    public void Files_of_other_columns_are_joined_by_name_and_lack_at_each_level_what_they_lacked()
    {
        TableColumn text = new("text", ColumnKind.Text, IsRequired: true);
        TableColumn Parts(params TableColumn[] fields) =>
            new("parts", ColumnKind.List) { Children = [new TableColumn("", ColumnKind.Struct) { Children = fields }] };
        TableColumn name = new("name", ColumnKind.Text);
        TableColumn sizes = new("sizes", ColumnKind.List) { Children = [new("", ColumnKind.Integer)] };
        var first = Written("a.parquet", [text, Parts(name)],
            """{"text":"1","parts":[{"name":"x"},null,{"name":null}]}""", """{"text":"2","parts":[]}""", """{"text":"3"}""");
        var second = Written("b.parquet", [new("more", ColumnKind.Boolean), Parts(sizes, name), text],
            """{"more":true,"parts":[{"sizes":[1,2],"name":"y"},{"sizes":[]},null],"text":"4"}""");
        var third = Written("c.parquet", [new("other", ColumnKind.Number)], """{"other":0.5}""");
        using var copy = Tables.Open(Copy([0, 1, 2, 3, 4], None, first, second, third));
        copy.Columns.ShouldBe(
            "text: string, parts: list<struct<name: string, sizes: list<int64>>>, more: bool, other: double");
        Tables.Rows(copy).ShouldBe(
        [
            """{"text":"1","parts":[{"name":"x","sizes":null},null,{"name":null,"sizes":null}],"more":null,"other":null}""",
            """{"text":"2","parts":[],"more":null,"other":null}""",
            """{"text":"3","parts":null,"more":null,"other":null}""",
            """{"text":"4","parts":[{"name":"y","sizes":[1,2]},{"name":null,"sizes":[]},null],"more":true,"other":null}""",
            """{"text":null,"parts":null,"more":null,"other":0.5}""",
        ]);
    }

    [Fact]
    public void Columns_of_two_types_are_refused_by_name_with_both_files()
    {
        var integer = Written("a.parquet", [new("x", ColumnKind.Integer)], """{"x":1}""");
        var text = Written("b.parquet", [new("x", ColumnKind.Text)], """{"x":"1"}""");
        var list = Written("c.parquet", [new("x", ColumnKind.List) { Children = [new("", ColumnKind.Integer)] }], """{"x":[1]}""");
        Refusal(integer, text).ShouldContain($"the column 'x' is int64 in {integer} and string in {text}");
        Refusal(integer, list).ShouldContain($"the column 'x' is int64 in {integer} and list in {list}");
        Refusal(list, text).ShouldContain("is list in");

        string Refusal(params string[] paths) => Should.Throw<PursuitException>(() => Copy([0], None, paths)).Message;
    }

    [Fact]
    public void Tables_without_columns_or_with_two_of_one_name_are_refused()
    {
        TableFormats.Register();
        Refusal().ShouldStartWith("a.arrow: no columns; expected a table with columns.");
        Refusal("x", "y", "x").ShouldStartWith("a.arrow: two columns named 'x'; expected a name for each.");

        static string Refusal(params string[] names)
        {
            var schema = new TableSchema([.. names.Select(name => JsonColumns.NodeOf(new TableColumn(name, ColumnKind.Text)))]);
            return Should.Throw<PursuitException>(() => TableFile.Parquet!.Join([("a.arrow", () => new NoRows(schema))], None)).Message;
        }
    }

    [Fact]
    public void Rows_chosen_out_of_order_visit_each_row_group_once()
    {
        TableFormats.Register();
        var format = new CountedParquet(Tables.PathOf("lz4.parquet")); // seven rows in a group
        RecordFormats.Register(format);
        var options = new PoolOptions { Paths = [_directory.Write("a.counted-parquet", "VISITED")] };
        using var pool = Pool.Open(options, null, CancellationToken.None);
        format.Visits.Clear();
        RecordLocator[] rows = [.. Enumerable.Range(0, pool.Count).Select(i => pool.Locator(i * 29 % pool.Count))];
        var join = pool.Tables!.Join(TableFile.Parquet!, None);
        using var written = new MemoryStream();
        pool.Tables!.Write(join, rows, null, written, CancellationToken.None);
        format.Visits.Count.ShouldBe(7);
        format.Visits.Values.ShouldAllBe(visits => visits == 1);
    }

    [Fact]
    public void Pages_and_row_groups_stay_small_however_many_rows_there_are()
    {
        var schema = new TableSchema([JsonColumns.NodeOf(new TableColumn("text", ColumnKind.Text))]);
        var path = _directory.PathOf("many.parquet");
        var random = new SeededRandom(7, "texts");
        string[] texts =
        [
            .. Enumerable.Range(0, 400).Select(_ => Convert.ToHexString(BitConverter.GetBytes(random.NextUInt64())) + new string('y', 300)),
        ];
        using (var stream = File.Create(path))
        {
            using var writer = new ParquetWriter(stream, schema, groupBytes: 20_000);
            var row = new RowBuffer(1);
            var copier = new RowCopier(schema, schema);
            foreach (var text in texts)
            {
                row.Clear();
                row.Levels(0, 0, 1);
                row.Text(0, Encoding.UTF8.GetBytes(text));
                var bytes = new ArrayBufferWriter<byte>();
                row.CopyTo(bytes);
                copier.Copy(bytes.WrittenSpan, writer);
                writer.EndRow();
            }

            writer.Complete();
        }

        using var table = Tables.Open(path);
        table.GroupStarts.Count.ShouldBeInRange(6, 8);
        Tables.Rows(table).ShouldBe(texts.Select(t => $$"""{"text":"{{t}}"}"""));
    }

    [Fact]
    public void Levels_are_read_back_as_they_were_written()
    {
        var random = new SeededRandom(3, "levels");
        for (var trial = 0; trial < 500; trial++)
        {
            var most = 1 + random.NextInt(12);
            var levels = new List<byte>();
            while (levels.Count < trial)
                levels.AddRange(Enumerable.Repeat((byte)random.NextInt(most + 1), 1 + random.NextInt(trial % 20 + 1)));
            var bytes = new Data.Hashing.ByteBuffer();
            RunEncoder.Append(bytes, levels.ToArray(), RunEncoder.BitsOf(most));
            var decoder = new RunDecoder(bytes.Written.ToArray(), 0, bytes.Length, RunEncoder.BitsOf(most));
            levels.ShouldAllBe(level => decoder.Next() == level);
        }
    }

    /// <summary>The nodes of a schema but for what tells nothing of their values.</summary>
    private static string Shape(SchemaNode node) => string.Join(
        ' ', node.Children.Select(c => $"{c.Element.Repetition} {(c.IsLeaf ? ParquetSchema.Describe(c.Element) : "group")} {c.Element.Name}"
            + $"({c.Definition},{c.Repetition},{c.Element.TypeLength}) [{Shape(c)}]"));

    private static string[] MetadataOf(string path)
    {
        using var table = Tables.Open(path);
        return [.. ((IStoredRows)table).StoredSchema.Metadata.Select(m => m.Key)];
    }

    private string Written(string name, TableColumn[] columns, params string[] rows)
    {
        TableFormats.Register();
        var path = _directory.PathOf(name);
        TableFile.Write(path, columns, stream => stream.Write(Encoding.UTF8.GetBytes(string.Join('\n', rows) + "\n")));
        return path;
    }

    /// <summary>A file with rows of tables, counted over all of them.</summary>
    private string Copy(int[] order, TableColumn[] added, params string[] paths)
    {
        TableFormats.Register();
        var tables = paths.Select(path => (path, (Func<IRecordTable>)(() => Tables.Open(path)))).ToArray();
        var join = TableFile.Parquet!.Join(tables, added);
        var rows = new List<(int Table, byte[] Row)>();
        for (var i = 0; i < paths.Length; i++)
        {
            using var table = Tables.Open(paths[i]);
            for (var row = 0L; row < table.RowCount; row++)
            {
                var bytes = new ArrayBufferWriter<byte>();
                join.Read(table, row, bytes);
                rows.Add((i, bytes.WrittenSpan.ToArray()));
            }
        }

        var copy = _directory.PathOf("copy.parquet");
        using var stream = File.Create(copy);
        using var writer = join.Begin(stream);
        for (var i = 0; i < order.Length; i++)
        {
            var values = added.Select(a => a.Kind == ColumnKind.Integer ? $"\"{a.Name}\":{i}" : $"\"{a.Name}\":0.5");
            writer.Write(rows[order[i]].Table, rows[order[i]].Row, Encoding.UTF8.GetBytes($"{{{string.Join(',', values)}}}"));
        }

        writer.Complete();
        return copy;
    }

    /// <summary>A table of some columns without rows.</summary>
    private sealed class NoRows(TableSchema schema) : IStoredRows
    {
        public TableSchema StoredSchema => schema;

        public long RowCount => 0;

        public IReadOnlyList<long> GroupStarts => [];

        public string Columns => "";

        public long BytesRead => 0;

        public long Read(long row, int mostBytes, IBufferWriter<byte> destination) => throw new NotSupportedException();

        public void Read(long row, RowBuffer destination) => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }

    /// <summary>A Parquet file under another name, whose row groups are counted each time that reading enters one.</summary>
    private sealed class CountedParquet(string file) : IRecordFormat
    {
        public Dictionary<int, int> Visits { get; } = [];

        public string Name => "Counted Parquet";

        public IReadOnlyList<string> Endings => [".counted-parquet"];

        public bool Recognizes(ReadOnlySpan<byte> head) => head.StartsWith("VISITED"u8);

        public IRecordTable Open(string path) => new Table(ParquetTable.Open(new FormatFile(file, ParquetFormat.FormatName)), Visits);

        private sealed class Table(ParquetTable table, Dictionary<int, int> visits) : IStoredRows
        {
            private int _group = -1;
            private long _next;

            public TableSchema StoredSchema => table.StoredSchema;

            public long RowCount => table.RowCount;

            public IReadOnlyList<long> GroupStarts => ((IRecordTable)table).GroupStarts;

            public string Columns => table.Columns;

            public long BytesRead => table.BytesRead;

            public long Read(long row, int mostBytes, IBufferWriter<byte> destination)
            {
                Count(row);
                return table.Read(row, mostBytes, destination);
            }

            public void Read(long row, RowBuffer destination)
            {
                Count(row);
                table.Read(row, destination);
            }

            public void Dispose() => table.Dispose();

            private void Count(long row)
            {
                var group = Rows.GroupStarts.Find([.. GroupStarts], row);
                if (group != _group || row < _next) visits[group] = visits.GetValueOrDefault(group) + 1;
                (_group, _next) = (group, row + 1);
            }
        }
    }
}
