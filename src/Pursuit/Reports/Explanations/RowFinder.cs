using System.Globalization;
using Pursuit.Data;

namespace Pursuit.Reports.Explanations;

/// <summary>Finds the input row that a person means: by file and line, by content id, or by the user's own id.</summary>
internal static class RowFinder
{
    private const int LeastDigits = 6;
    private const int Named = 5;

    /// <summary>The input row.</summary>
    /// <param name="pool">Where to look.</param>
    /// <param name="reference">"file:line", a content id or at least six of its first digits, or the user's id.</param>
    /// <param name="cancellationToken">Stops between records.</param>
    /// <exception cref="PursuitException">None fits, or several do.</exception>
    public static long Find(Pool pool, string reference, CancellationToken cancellationToken)
    {
        var rows = OfUserId(pool, reference);
        if (rows.Length == 0) rows = OfLine(pool, reference);
        if (rows.Length == 0) rows = OfContentId(pool, reference);
        if (rows.Length == 0) rows = [.. pool.FindOutside(reference, cancellationToken)];
        return rows switch
        {
            [var only] => only,
            [] => throw PursuitException.At(
                ApiName.Id, $"none of the {pool.Ledger.RowCount:N0} rows read matches '{reference}'",
                "an id of the records, at least six digits of a content id, or file:line"),
            _ => throw PursuitException.At(
                ApiName.Id,
                $"{rows.Length:N0} rows match '{reference}': "
                    + $"{string.Join(", ", rows.Take(Named).Select(r => Place(pool.Ledger[r])))}{(rows.Length > Named ? ", ..." : "")}",
                "one", "Give file:line, or more digits of the content id."),
        };
    }

    private static long[] OfUserId(Pool pool, string id) =>
        [.. Enumerable.Range(0, pool.Count).Where(p => pool.UserId(p) == id).Select(pool.InputRow)];

    private static long[] OfContentId(Pool pool, string digits)
    {
        if (digits.Length < LeastDigits || !digits.All(char.IsAsciiHexDigit)) return [];
        var found = new List<long>();
        for (var position = 0; position < pool.Count; position++)
            if (pool.ContentIds[position].ToString().StartsWith(digits, StringComparison.OrdinalIgnoreCase))
                found.Add(pool.InputRow(position));
        return [.. found];
    }

    private static long[] OfLine(Pool pool, string reference)
    {
        var colon = reference.LastIndexOf(':');
        if (colon <= 0 || !long.TryParse(reference.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var line))
            return [];
        var file = reference[..colon];
        return [.. pool.Ledger.Rows().Where(r => r.Line == line && IsFile(r.File, file)).Select(r => r.Row)];
    }

    /// <summary>The path itself, or its last parts.</summary>
    private static bool IsFile(string path, string given) =>
        path == given || Path.GetFullPath(path) == Path.GetFullPath(given)
            || path.EndsWith(Path.DirectorySeparatorChar + given, StringComparison.Ordinal);

    private static string Place(LedgerRow row) => string.Create(CultureInfo.InvariantCulture, $"{row.File}:{row.Line}");
}
