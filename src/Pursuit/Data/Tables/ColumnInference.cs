using System.Globalization;
using System.Text.Json;
using Pursuit.Data.Hashing;
using Pursuit.Data.Json;

namespace Pursuit.Data.Tables;

/// <summary>
/// The columns in which records of JSON fit: objects are structs, arrays lists, and a field that a record lacks is null. Numbers are
/// integers where all of a column's are; what would lose digits or mixes kinds is refused by the column's name.
/// </summary>
/// <param name="maxDepth">Levels of a record's JSON.</param>
/// <param name="place">Tells where a record is, by its number among those added.</param>
internal sealed class ColumnInference(int maxDepth, Func<int, string> place)
{
    /// <summary>Above this, objects are rather dictionaries than structs.</summary>
    private const int MostColumns = 10_000;

    /// <summary>Lists take two levels of a table's schema, and readers bound those.</summary>
    private const int MostDepth = 24;

    /// <summary>Integers up to this are exact as floating-point numbers.</summary>
    private const long MostExact = 1L << 53;

    private readonly JsonTape _tape = new(maxDepth);
    private readonly ByteBuffer _record = new();
    private readonly Seen _root = new("");
    private int _columns;
    private int _records;

    /// <summary>The values' kinds that a place of the records has held, with the first record that had it.</summary>
    private enum Kind
    {
        Boolean,
        Integer,
        LargeInteger, // beyond what a floating-point number holds exactly
        Number,
        Text,
        List,
        Object,
    }

    /// <summary>Takes a record into account.</summary>
    /// <exception cref="PursuitException">It needs more columns than a table should have.</exception>
    public void Add(ReadOnlySpan<byte> json)
    {
        _record.Clear();
        _record.Append(json);
        if (_tape.Read(_record.Array, 0, _record.Length) is { } fault) throw new InvalidOperationException(fault);
        Add(_root, JsonTape.Root, 0);
        _records++;
    }

    /// <summary>The columns of all records so far.</summary>
    /// <exception cref="PursuitException">A column mixes kinds, would lose digits, or is of objects without fields.</exception>
    public IReadOnlyList<TableColumn> Columns() => [.. _root.Fields.Values.Select(ColumnOf)];

    private static string Words(Kind kind) => kind switch
    {
        Kind.Boolean => "true or false",
        Kind.Integer or Kind.LargeInteger => "an integer",
        Kind.Number => "a number with a fraction",
        Kind.Text => "a text",
        Kind.List => "a list",
        _ => "an object",
    };

    private void Add(Seen seen, int node, int depth)
    {
        if (_tape.Kind(node) == JsonTokenType.Null) return;
        var kind = KindOf(seen, node);
        seen.First.TryAdd(kind, _records);
        if (depth > MostDepth && kind is Kind.List or Kind.Object)
            throw Refuse(seen, $"more than {MostDepth} levels of lists and objects in {place(_records)}", "fewer");
        if (kind == Kind.Object)
        {
            for (var key = _tape.First(node); key >= 0; key = _tape.NextKey(node, key))
            {
                var name = _tape.Text(key);
                if (!seen.Fields.TryGetValue(name, out var field)) seen.Fields.Add(name, field = New(seen, name));
                Add(field, key + 1, depth + 1);
            }
        }
        else if (kind == Kind.List)
        {
            for (var item = _tape.First(node); item >= 0; item = _tape.NextItem(node, item))
                Add(seen.Element ??= New(seen, null), item, depth + 1);
        }
    }

    private Kind KindOf(Seen seen, int node) => _tape.Kind(node) switch
    {
        JsonTokenType.True or JsonTokenType.False => Kind.Boolean,
        JsonTokenType.String => Kind.Text,
        JsonTokenType.StartArray => Kind.List,
        JsonTokenType.StartObject => Kind.Object,
        _ => KindOfNumber(seen, _tape.Raw(node)),
    };

    private Kind KindOfNumber(Seen seen, ReadOnlySpan<byte> digits)
    {
        // A negative zero is no integer's.
        if (digits.IndexOfAny((byte)'.', (byte)'e', (byte)'E') < 0 && !digits.SequenceEqual("-0"u8))
        {
            if (!long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
                throw Refuse(seen, $"the integer {System.Text.Encoding.ASCII.GetString(digits)} in {place(_records)}", "64 bits at most");
            return value is >= -MostExact and <= MostExact ? Kind.Integer : Kind.LargeInteger;
        }

        return double.IsFinite(double.Parse(digits, NumberStyles.Float, CultureInfo.InvariantCulture))
            ? Kind.Number
            : throw Refuse(seen, $"the number {System.Text.Encoding.ASCII.GetString(digits)} in {place(_records)}", "at most 1.8e308");
    }

    private Seen New(Seen parent, string? name)
    {
        if (++_columns > MostColumns)
            throw Refuse(
                parent, string.Create(CultureInfo.InvariantCulture, $"more than {MostColumns:N0} columns up to {place(_records)}"),
                "objects whose keys are fields, not data");
        return new Seen(name is null ? $"{parent.Path}[]" : parent.Path.Length == 0 ? name : $"{parent.Path}.{name}") { Name = name ?? "" };
    }

    private TableColumn ColumnOf(Seen seen)
    {
        var kinds = seen.First.Keys.ToHashSet();
        if (kinds.Contains(Kind.Number) && kinds.Contains(Kind.LargeInteger)) throw Mixed(seen, Kind.LargeInteger, Kind.Number);
        if (kinds.Contains(Kind.Number) || kinds.Contains(Kind.LargeInteger)) kinds.Remove(Kind.Integer);
        if (kinds.Count > 1)
        {
            var two = seen.First.Where(f => kinds.Contains(f.Key)).OrderBy(f => f.Value).Take(2).Select(f => f.Key).ToArray();
            throw Mixed(seen, two[0], two[1]);
        }

        return kinds.SingleOrDefault(Kind.Text) switch // of nothing but nulls: of no kind, and a text as good as any
        {
            Kind.Boolean => new TableColumn(seen.Name, ColumnKind.Boolean),
            Kind.Integer or Kind.LargeInteger => new TableColumn(seen.Name, ColumnKind.Integer),
            Kind.Number => new TableColumn(seen.Name, ColumnKind.Number),
            Kind.Text => new TableColumn(seen.Name, ColumnKind.Text),
            Kind.List => new TableColumn(seen.Name, ColumnKind.List)
            {
                Children = [seen.Element is { } element ? ColumnOf(element) : new TableColumn("", ColumnKind.Text)],
            },
            _ when seen.Fields.Count == 0 => throw Refuse(
                seen, $"objects without fields, as in {place(seen.First[Kind.Object])}", "a field in one of them at least"),
            _ => new TableColumn(seen.Name, ColumnKind.Struct) { Children = [.. seen.Fields.Values.Select(ColumnOf)] },
        };
    }

    private PursuitException Mixed(Seen seen, Kind one, Kind other) => Refuse(
        seen, $"{Words(one)} in {place(seen.First[one])} and {Words(other)} in {place(seen.First[other])}", "one type for a column");

    private static PursuitException Refuse(Seen seen, string found, string expected) => PursuitException.At(
        ApiName.Out, seen.Path.Length == 0 ? found : $"the column '{seen.Path}' has {found}", $"{expected}, for Parquet",
        "Write .jsonl, which holds records as they are, or change the records.");

    /// <summary>What a place of the records has held.</summary>
    private sealed class Seen(string path)
    {
        public string Path => path;

        public string Name { get; init; } = "";

        public Dictionary<Kind, int> First { get; } = [];

        /// <summary>In the order in which they were first seen.</summary>
        public OrderedDictionary<string, Seen> Fields { get; } = new(StringComparer.Ordinal);

        public Seen? Element { get; set; }
    }
}
