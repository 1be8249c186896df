using System.Globalization;
using System.Text;
using System.Text.Json;
using Pursuit.Data.Hashing;
using Pursuit.Data.Json;
using Pursuit.Data.Tables;

namespace Pursuit.Formats.Parquet.Writing;

/// <summary>Turns JSON objects into rows of known columns.</summary>
internal sealed class JsonRows
{
    /// <summary>JSON of our own making, or that a pool has read.</summary>
    private const int MaxDepth = 256;

    private readonly JsonTape _tape = new(MaxDepth);
    private readonly ByteBuffer _json = new();
    private readonly ByteBuffer _text = new();
    private readonly Fields _root;

    /// <param name="columns">The columns.</param>
    public JsonRows(IReadOnlyList<TableColumn> columns)
    {
        Schema = new TableSchema([.. columns.Select(JsonColumns.NodeOf)]);
        Row = new RowBuffer(Schema.Leaves.Count);
        _root = new Fields(columns, Schema.Root.Children);
    }

    /// <summary>The columns as Parquet has them.</summary>
    public TableSchema Schema { get; }

    /// <summary>The last row.</summary>
    public RowBuffer Row { get; }

    /// <summary>Reads a row.</summary>
    /// <param name="json">An object without other fields than the columns.</param>
    public void Read(ReadOnlySpan<byte> json)
    {
        _json.Clear();
        _json.Append(json);
        if (_tape.Read(_json.Array, 0, _json.Length) is { } fault) throw new InvalidOperationException(fault);
        Row.Clear();
        PutFields(_root, JsonTape.Root, repetition: 0);
    }

    private void PutFields(Fields fields, int node, int repetition)
    {
        fields.Find(_tape, node);
        for (var i = 0; i < fields.Values.Length; i++) Put(fields.Parts[i], fields.Values[i], repetition);
    }

    private void Put(Part part, int node, int repetition)
    {
        var schema = part.Schema;
        if (node < 0 || _tape.Kind(node) == JsonTokenType.Null)
        {
            if (part.Column.IsRequired) throw Unfit(part, "null");
            Row.Missing(schema, repetition, schema.Definition - 1);
            return;
        }

        switch (part.Column.Kind)
        {
            case ColumnKind.Struct:
                Require(part, node, JsonTokenType.StartObject);
                PutFields(part.Fields!, node, repetition);
                break;
            case ColumnKind.List:
                Require(part, node, JsonTokenType.StartArray);
                PutItems(part, node, repetition);
                break;
            default:
                Row.Levels(schema.FirstLeaf, repetition, schema.Definition);
                PutValue(part, node);
                break;
        }
    }

    private void PutItems(Part list, int node, int repetition)
    {
        var item = _tape.First(node);
        if (item < 0)
        {
            Row.Missing(list.Schema, repetition, list.Schema.Definition);
            return;
        }

        for (; item >= 0; item = _tape.NextItem(node, item))
        {
            Put(list.Element!, item, repetition);
            repetition = list.Element!.Schema.Repetition;
        }
    }

    private void PutValue(Part part, int node)
    {
        var column = part.Schema.FirstLeaf;
        switch (part.Column.Kind)
        {
            case ColumnKind.Boolean:
                if (_tape.Kind(node) is not (JsonTokenType.True or JsonTokenType.False)) throw Unfit(part, _tape.DescribeKind(node));
                Row.Byte(column, _tape.Kind(node) == JsonTokenType.True ? (byte)1 : (byte)0);
                break;
            case ColumnKind.Integer:
                Require(part, node, JsonTokenType.Number);
                Row.Int64(column, long.Parse(_tape.Raw(node), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
                break;
            case ColumnKind.Number:
                Require(part, node, JsonTokenType.Number);
                var value = double.Parse(_tape.Raw(node), NumberStyles.Float, CultureInfo.InvariantCulture);
                Row.Int64(column, BitConverter.DoubleToInt64Bits(value));
                break;
            default:
                Require(part, node, JsonTokenType.String);
                _text.Clear();
                _tape.AppendText(node, _text);
                Row.Text(column, _text.Written);
                break;
        }
    }

    private void Require(Part part, int node, JsonTokenType kind)
    {
        if (_tape.Kind(node) != kind) throw Unfit(part, _tape.DescribeKind(node));
    }

    private static InvalidOperationException Unfit(Part part, string found) => new($"{found} in the column '{part.Column.Name}'");

    /// <summary>A column or a part of one, beside its node.</summary>
    private sealed class Part
    {
        public Part(TableColumn column, SchemaNode schema)
        {
            (Column, Schema) = (column, schema);
            if (column.Kind == ColumnKind.Struct) Fields = new Fields(column.Children, schema.Children);
            if (column.Kind == ColumnKind.List) Element = new Part(column.Children[0], schema.Children[0].Children[0]);
        }

        public TableColumn Column { get; }

        public SchemaNode Schema { get; }

        public Fields? Fields { get; }

        public Part? Element { get; }
    }

    /// <summary>The fields of a struct, and where the values of one are.</summary>
    private sealed class Fields
    {
        private readonly byte[][] _names;
        private readonly Dictionary<string, int> _byName;

        public Fields(IReadOnlyList<TableColumn> columns, IReadOnlyList<SchemaNode> nodes)
        {
            Parts = [.. columns.Zip(nodes, (column, node) => new Part(column, node))];
            _names = [.. columns.Select(c => Encoding.UTF8.GetBytes(c.Name))];
            _byName = columns.Index().ToDictionary(c => c.Item.Name, c => c.Index, StringComparer.Ordinal);
            Values = new int[Parts.Length];
        }

        public Part[] Parts { get; }

        /// <summary>The nodes of the values of the last object; -1 for those that it lacks.</summary>
        public int[] Values { get; }

        public void Find(JsonTape tape, int node)
        {
            Values.AsSpan().Fill(-1);
            var expected = 0;
            for (var key = tape.First(node); key >= 0; key = tape.NextKey(node, key))
            {
                // Most records have their fields in one order.
                var isNext = expected < _names.Length && !tape.IsEscaped(key) && tape.Raw(key).SequenceEqual(_names[expected]);
                var index = isNext ? expected : _byName.GetValueOrDefault(tape.Text(key), -1);
                if (index < 0) throw new InvalidOperationException($"a field '{tape.Text(key)}' without a column");
                Values[index] = key + 1;
                expected = index + 1;
            }
        }
    }
}
