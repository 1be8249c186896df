using System.Buffers;

namespace Pursuit.Data.Reading;

/// <summary>What a splitter found.</summary>
internal enum SplitStatus
{
    /// <summary>A record ends within the data.</summary>
    Record,

    /// <summary>The data ends before a record does.</summary>
    NeedMore,

    /// <summary>No record follows.</summary>
    End,

    /// <summary>Lines of JSON follow an array, or an array follows lines.</summary>
    Mixed,

    /// <summary>The file ends inside the array, or inside an object that spans lines.</summary>
    Unclosed,
}

/// <summary>
/// Finds where records end, keeping its place between calls so that the data may arrive in pieces of any size.
/// </summary>
internal abstract class RecordSplitter
{
    /// <summary>JSON's white space.</summary>
    public static readonly SearchValues<byte> WhiteSpace = SearchValues.Create(" \t\r\n"u8);

    /// <summary>
    /// A line without the white space and the byte-order mark it begins with: files joined together have marks at their seams.
    /// </summary>
    public static ReadOnlySpan<byte> SkipToText(ReadOnlySpan<byte> line)
    {
        var first = line.IndexOfAnyExcept(WhiteSpace);
        if (first < 0) return [];
        line = line[first..];
        return line[0] == 0xEF && line.StartsWith("\uFEFF"u8) ? SkipToText(line[3..]) : line;
    }

    /// <summary>How far the data has been searched already, from the first unconsumed byte.</summary>
    protected int Scanned { get; set; }

    /// <summary>The data begins in the middle of a record whose beginning was dropped.</summary>
    protected bool IsDiscarding { get; set; }

    /// <summary>Looks for the next record.</summary>
    /// <param name="data">All bytes that are not yet consumed.</param>
    /// <param name="final">No more will come.</param>
    /// <param name="found">The record, and how many bytes are done with, whatever the status.</param>
    public abstract SplitStatus Next(ReadOnlySpan<byte> data, bool final, out Found found);

    /// <summary>The caller drops the data searched so far, in the middle of a record that is too long.</summary>
    public void Discard()
    {
        Scanned = 0;
        IsDiscarding = true;
    }

    /// <summary>A record within the data.</summary>
    /// <param name="Start">Its first byte.</param>
    /// <param name="Length">Its bytes, without white space around it.</param>
    /// <param name="Span">Its bytes up to the line's end or the comma: what the limit on length counts.</param>
    /// <param name="Consumed">Bytes that are done with.</param>
    internal readonly record struct Found(int Start, int Length, int Span, int Consumed);
}

/// <summary>One record per line; blank lines are no records.</summary>
internal sealed class LineSplitter : RecordSplitter
{
    public override SplitStatus Next(ReadOnlySpan<byte> data, bool final, out Found found)
    {
        var begin = 0;
        while (true)
        {
            var newline = data[(begin + Scanned)..].IndexOf((byte)'\n');
            if (newline < 0 && !final)
            {
                Scanned = data.Length - begin;
                found = new Found(0, 0, 0, begin);
                return SplitStatus.NeedMore;
            }

            var end = newline < 0 ? data.Length : begin + Scanned + newline;
            var next = newline < 0 ? end : end + 1;
            Scanned = 0;
            var line = data[begin..end];
            if (IsDiscarding)
            {
                IsDiscarding = false;
                found = new Found(begin, 0, line.Length, next);
                return SplitStatus.Record;
            }

            var text = SkipToText(line);
            if (text.Length > 0)
            {
                var first = line.Length - text.Length;
                var length = text.LastIndexOfAnyExcept(WhiteSpace) + 1;
                found = new Found(begin + first, length, line.Length, next);
                return IsArrayOfRecords(text[..length]) ? SplitStatus.Mixed : SplitStatus.Record;
            }

            begin = next;
            if (newline < 0)
            {
                found = new Found(0, 0, 0, next);
                return SplitStatus.End;
            }
        }
    }

    /// <summary>A lone '[' or '[{': the start of an array of records, as two files joined by mistake have it.</summary>
    private static bool IsArrayOfRecords(ReadOnlySpan<byte> line)
    {
        if (line[0] != (byte)'[') return false;
        var next = line[1..].IndexOfAnyExcept(WhiteSpace);
        return next < 0 || line[1 + next] == (byte)'{';
    }
}
