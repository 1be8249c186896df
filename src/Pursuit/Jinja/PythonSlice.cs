namespace Pursuit.Jinja;

/// <summary><c>value[start:stop:step]</c> for strings and sequences, negative steps included.</summary>
internal static class PythonSlice
{
    /// <summary>The elements the slice names.</summary>
    public static object? Take(JinjaContext context, object? value, JinjaSliceValue slice)
    {
        var step = Part(context, slice.Step) ?? 1;
        if (step == 0) throw context.Fault("a slice's step is 0; expected another number.");
        var length = value switch
        {
            JinjaText text => text.CodePoints,
            JinjaList { Kind: JinjaListKind.List or JinjaListKind.Tuple or JinjaListKind.Range } list => list.Items.Count,
            _ => throw context.Fault($"a slice of a {PythonValues.TypeName(value)}; expected a string or a list."),
        };
        var (start, stop) = Bounds(length, Part(context, slice.Start), Part(context, slice.Stop), step);
        if (value is JinjaText whole)
        {
            if (!whole.IsFlat) context.Spend(2L * whole.Value.Length);
            if (step == 1) return start >= stop ? JinjaText.Empty : whole.Slice(context, whole.UnitOf((int)start), whole.UnitOf((int)stop));
            var characters = PythonValues.Elements(context, whole);
            var builder = new JinjaTextBuilder(context);
            foreach (var at in Indices(start, stop, step)) builder.Append((JinjaText)characters[at]!);
            return builder.ToText();
        }

        var source = (JinjaList)value;
        context.Step(Math.Max(0, step > 0 ? stop - start : start - stop));
        return new JinjaList([.. Indices(start, stop, step).Select(at => source.Items[at])], source.Kind, source.Owner);
    }

    private static long? Part(JinjaContext context, object? value) => value switch
    {
        null => null,
        _ when PythonValues.TryInteger(value, out var number) => number,
        JinjaUndefined undefined => throw PythonValues.Missing(context, undefined),
        _ => throw context.Fault($"a slice by a {PythonValues.TypeName(value)}; expected whole numbers."),
    };

    // slice.indices of Python.
    private static (long Start, long Stop) Bounds(long length, long? start, long? stop, long step)
    {
        var (low, high) = step > 0 ? (0L, length) : (-1L, length - 1);
        return (Clamp(start, step > 0 ? low : high), Clamp(stop, step > 0 ? high : low));

        long Clamp(long? value, long missing)
        {
            if (value is not { } at) return missing;
            if (at < 0) at = at < -length ? low : at + length;
            return Math.Clamp(at, low, high);
        }
    }

    private static IEnumerable<int> Indices(long start, long stop, long step)
    {
        if (step > 0)
        {
            for (var at = start; at < stop;)
            {
                yield return (int)at;
                if (step >= stop - at) break;
                at += step;
            }
        }
        else
        {
            for (var at = start; at > stop;)
            {
                yield return (int)at;
                if (step <= stop - at) break;
                at += step;
            }
        }
    }
}
