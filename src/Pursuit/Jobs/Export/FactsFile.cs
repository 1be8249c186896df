using System.Buffers;
using System.Text;
using Pursuit.Data;

namespace Pursuit.Jobs.Export;

/// <summary>The facts of a selection, read again, in whichever form they were written.</summary>
internal static class FactsFile
{
    /// <summary>A row of facts is short; what is longer is none.</summary>
    private const int MostBytes = 1 << 24;

    /// <summary>Its lines; of a table, its rows as lines.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="PursuitException">It is a damaged table.</exception>
    /// <exception cref="IOException">It can't be read.</exception>
    public static IEnumerable<string> Lines(string path) => FormatOf(path) is { } format ? Rows(format, path) : File.ReadLines(path);

    private static IRecordFormat? FormatOf(string path)
    {
        using var file = File.OpenRead(path);
        Span<byte> head = stackalloc byte[RecordFormats.HeadBytes];
        return RecordFormats.Of(head[..file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)]);
    }

    private static IEnumerable<string> Rows(IRecordFormat format, string path)
    {
        using var table = format.Open(path);
        var bytes = new ArrayBufferWriter<byte>();
        for (var row = 0L; row < table.RowCount; row++)
        {
            bytes.ResetWrittenCount();
            if (table.Read(row, MostBytes, bytes) > MostBytes)
                throw PursuitException.At(
                    path, FormattableString.Invariant($"row {row:N0} of more than {MostBytes:N0} bytes"), "a selection's facts");
            yield return Encoding.UTF8.GetString(bytes.WrittenSpan);
        }
    }
}
