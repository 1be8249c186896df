namespace Pursuit.Data;

/// <summary>How a record's place is told to a person.</summary>
internal static class RecordPlace
{
    /// <summary>Tells a place: "FILE, line 3" of text, "FILE, row 2 (row group 0)" of a table, whose rows count from 0.</summary>
    /// <param name="file">The file.</param>
    /// <param name="line">The 1-based line; of a table's row its number from 1.</param>
    /// <param name="group">The row group or batch of a table's row; null in text.</param>
    public static string Of(string file, long line, int? group) => $"{file}, {Within(line, group)}";

    /// <summary>The place within its file.</summary>
    public static string Within(long line, int? group) => group is { } number
        ? FormattableString.Invariant($"row {line - 1:N0} (row group {number:N0})")
        : FormattableString.Invariant($"line {line}");
}
