using System.Text;

namespace Pursuit.Data.Shapes;

/// <summary>Columns that stand for fields with a meaning here, whatever they are called.</summary>
internal sealed class ColumnMap
{
    private readonly (byte[] Column, int Field)[] _columns;

    private ColumnMap((byte[] Column, int Field)[] columns) => _columns = columns;

    /// <summary>The fields a column may stand for.</summary>
    public static IReadOnlyList<string> Fields { get; } =
        [.. Enum.GetValues<RecordField>().Select(Json.FieldScan<RecordField>.NameOf)];

    /// <summary>The map of an option; null for none.</summary>
    /// <param name="columns">Each field's column.</param>
    public static ColumnMap? Of(IReadOnlyDictionary<string, string>? columns) => columns is not { Count: > 0 } ? null : new ColumnMap(
        [.. columns.Select(c => (Encoding.UTF8.GetBytes(c.Value), Fields.ToList().IndexOf(c.Key)))]);

    /// <summary>The number of the field that a column stands for; -1 for none.</summary>
    public int FieldOf(ReadOnlySpan<byte> name)
    {
        foreach (var (column, field) in _columns)
        {
            if (name.SequenceEqual(column)) return field;
        }

        return -1;
    }
}
