using System.Buffers;
using System.Globalization;
using System.Numerics;

namespace Pursuit.Jinja;

/// <summary>json.dumps, as transformers' <c>tojson</c> filter calls it.</summary>
internal static class PythonJson
{
    private static readonly SearchValues<char> Escaped =
        SearchValues.Create([.. Enumerable.Range(0, ' ').Select(code => (char)code), '"', '\\']);

    private static readonly SearchValues<char> PlainAscii =
        SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(code => (char)code).Where(c => c is not ('"' or '\\'))]);

    private sealed record Style(bool Ascii, string? Indent, string Comma, string Colon, bool SortKeys);

    /// <summary>The value as JSON; it belongs to the turn its strings, lists and dicts belong to.</summary>
    public static JinjaText Dump(JinjaContext context, object? value, bool ascii, object? indent, object? separators, bool sortKeys)
    {
        var step = indent switch
        {
            null => null,
            JinjaText text => text.Value,
            _ when PythonValues.TryInteger(indent, out var width) && width <= 1000 => new string(' ', (int)Math.Max(0, width)),
            _ => throw context.Fault("the filter \"tojson\" with an indent that is neither a string nor a number up to 1000."),
        };
        var (comma, colon) = separators switch
        {
            null => (step is null ? ", " : ",", ": "),
            JinjaList { Items: [JinjaText a, JinjaText b] } => (a.Value, b.Value),
            _ => throw context.Fault("the filter \"tojson\" with separators that are not two strings."),
        };
        var builder = new JinjaTextBuilder(context);
        Write(context, builder, new Style(ascii, step, comma, colon, sortKeys), value, -1, 0);
        return builder.ToText();
    }

    private static void Write(JinjaContext context, JinjaTextBuilder builder, Style style, object? value, int owner, int depth)
    {
        context.Step();
        PythonValues.EnsureDepth(context, depth);
        switch (value)
        {
            case null: builder.Append("null", owner); break;
            case bool b: builder.Append(b ? "true" : "false", owner); break;
            case long or BigInteger: builder.Append(PythonValues.Text(context, value).Value, owner); break;
            case double d: builder.Append(Float(context, d), owner); break;
            case JinjaText text: WriteString(context, builder, style, text, owner); break;
            case JinjaList { Kind: JinjaListKind.List or JinjaListKind.Tuple } list:
                WriteList(context, builder, style, list, owner, depth);
                break;
            case JinjaDict dict: WriteDict(context, builder, style, dict, owner, depth); break;
            case JinjaUndefined undefined: throw PythonValues.Missing(context, undefined);
            default:
                throw context.Fault($"the filter \"tojson\" on a {PythonValues.TypeName(value)}; expected a string, number, list or dict.");
        }
    }

    private static string Float(JinjaContext context, double value)
    {
        context.Spend(JinjaLimits.NumberCost);
        return double.IsNaN(value) ? "NaN" : double.IsInfinity(value) ? value > 0 ? "Infinity" : "-Infinity" : PythonText.Repr(value);
    }

    private static void WriteList(JinjaContext context, JinjaTextBuilder builder, Style style, JinjaList list, int owner, int depth)
    {
        owner = list.Owner >= 0 ? list.Owner : owner;
        if (list.Items.Count == 0)
        {
            builder.Append("[]", owner);
            return;
        }

        builder.Append("[", owner);
        for (var i = 0; i < list.Items.Count; i++)
        {
            if (i > 0) builder.Append(style.Comma, owner);
            Break(context, builder, style, owner, depth + 1);
            Write(context, builder, style, list.Items[i], owner, depth + 1);
        }

        Break(context, builder, style, owner, depth);
        builder.Append("]", owner);
    }

    private static void WriteDict(JinjaContext context, JinjaTextBuilder builder, Style style, JinjaDict dict, int owner, int depth)
    {
        owner = dict.Owner >= 0 ? dict.Owner : owner;
        if (dict.Entries.Count == 0)
        {
            builder.Append("{}", owner);
            return;
        }

        builder.Append("{", owner);
        context.Step(style.SortKeys ? 4L * dict.Entries.Count : 0);
        var entries = style.SortKeys ? [.. dict.Entries.OrderBy(entry => entry.Key, PythonComparison.Comparer(context))] : dict.Entries;
        for (var i = 0; i < entries.Count; i++)
        {
            if (i > 0) builder.Append(style.Comma, owner);
            Break(context, builder, style, owner, depth + 1);
            WriteString(context, builder, style, entries[i].Key, owner);
            builder.Append(style.Colon, owner);
            Write(context, builder, style, entries[i].Value, owner, depth + 1);
        }

        Break(context, builder, style, owner, depth);
        builder.Append("}", owner);
    }

    private static void Break(JinjaContext context, JinjaTextBuilder builder, Style style, int owner, int depth)
    {
        if (style.Indent is null) return;
        builder.Append("\n", owner);
        for (var level = 0; level < depth; level++) builder.Append(style.Indent, owner);
    }

    private static void WriteString(JinjaContext context, JinjaTextBuilder builder, Style style, JinjaText text, int owner)
    {
        context.Spend(text.Value.Length);
        if (owner < 0 && text.Marks.Length > 0)
        {
            // A text may hold stretches of several owners; each keeps its own.
            builder.Append("\"", text.Marks[0].Owner);
            var position = 0;
            foreach (var mark in text.Marks)
            {
                Escape(builder, text.Value.AsSpan(position, mark.Start - position), style.Ascii, -1);
                Escape(builder, text.Value.AsSpan(mark.Start, mark.End - mark.Start), style.Ascii, mark.Owner);
                position = mark.End;
            }

            Escape(builder, text.Value.AsSpan(position), style.Ascii, -1);
            builder.Append("\"", text.Marks[^1].Owner);
            return;
        }

        builder.Append("\"", owner);
        Escape(builder, text.Value, style.Ascii, owner);
        builder.Append("\"", owner);
    }

    private static void Escape(JinjaTextBuilder builder, ReadOnlySpan<char> text, bool ascii, int owner)
    {
        while (true)
        {
            var plain = ascii ? text.IndexOfAnyExcept(PlainAscii) : text.IndexOfAny(Escaped);
            builder.Append(plain < 0 ? text : text[..plain], owner);
            if (plain < 0) return;
            var c = text[plain];
            builder.Append(
                c switch
                {
                    '"' => "\\\"",
                    '\\' => "\\\\",
                    '\n' => "\\n",
                    '\r' => "\\r",
                    '\t' => "\\t",
                    '\f' => "\\f",
                    '\b' => "\\b",
                    _ => "\\u" + ((int)c).ToString("x4", CultureInfo.InvariantCulture),
                },
                owner);
            text = text[(plain + 1)..];
        }
    }
}
