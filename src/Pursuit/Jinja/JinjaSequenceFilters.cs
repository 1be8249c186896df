namespace Pursuit.Jinja;

/// <summary>The filters over lists and dicts.</summary>
internal static class JinjaSequenceFilters
{
    /// <summary><c>join(d, attribute)</c></summary>
    public static JinjaText Join(JinjaContext context, object? value, object? separator, object? attribute)
    {
        var between = PythonValues.Text(context, separator);
        var builder = new JinjaTextBuilder(context);
        var path = JinjaPath.Parse(context, attribute);
        var first = true;
        foreach (var element in PythonValues.Elements(context, value))
        {
            var text = PythonValues.Text(context, path.Get(context, element));
            if (!first) builder.Append(between);
            first = false;
            builder.Append(text);
        }

        return builder.ToText();
    }

    /// <summary><c>first</c></summary>
    public static object? First(JinjaContext context, object? value)
    {
        if (value is JinjaGenerator generator) return generator.TryTake(out var taken) ? taken : Empty("first");
        var elements = PythonValues.Elements(context, value);
        return elements.Count > 0 ? elements[0] : Empty("first");
    }

    /// <summary><c>last</c></summary>
    public static object? Last(JinjaContext context, object? value)
    {
        if (value is JinjaGenerator) throw context.Fault("the last of a generator; expected a list. Put \"| list\" before \"| last\".");
        var elements = PythonValues.Elements(context, value);
        return elements.Count > 0 ? elements[^1] : Empty("last");
    }

    private static JinjaUndefined Empty(string which) => new($"there is no {which} element, the sequence was empty");

    /// <summary><c>reverse</c></summary>
    public static object? Reverse(JinjaContext context, object? value)
    {
        if (value is JinjaText) return PythonSlice.Take(context, value, new JinjaSliceValue(null, null, -1L));
        if (value is JinjaDict or JinjaList or JinjaGenerator or JinjaUndefined)
            return new JinjaGenerator([.. PythonValues.Elements(context, value).Reverse()]);
        throw context.Fault($"the filter \"reverse\" on a {PythonValues.TypeName(value)}; expected a list or a string.");
    }

    /// <summary><c>items</c></summary>
    public static object? Items(JinjaContext context, object? value) => value switch
    {
        JinjaUndefined => new JinjaGenerator([]),
        JinjaDict dict => new JinjaGenerator(JinjaMethods.Pairs(context, dict)),
        _ => throw context.Fault($"the filter \"items\" on a {PythonValues.TypeName(value)}; expected a dict."),
    };

    /// <summary><c>sort(reverse, case_sensitive, attribute)</c>; stable, as Python's.</summary>
    public static object? Sort(JinjaContext context, object? value, bool reverse, bool caseSensitive, object? attribute)
    {
        if (attribute is JinjaText { Value: var names } && names.Contains(','))
            throw context.Unsupported("the filter \"sort\" by several attributes");
        var path = JinjaPath.Parse(context, attribute);
        return new JinjaList(Sorted(
            context,
            PythonValues.Elements(context, value),
            element => Key(context, path.Get(context, element), caseSensitive),
            PythonComparison.ListComparer(context),
            reverse));
    }

    /// <summary><c>dictsort(case_sensitive, by, reverse)</c></summary>
    public static object? SortDict(JinjaContext context, object? value, bool caseSensitive, object? by, bool reverse)
    {
        if (value is not JinjaDict dict)
            throw context.Fault($"the filter \"dictsort\" on a {PythonValues.TypeName(value)}; expected a dict.");
        var position = by is JinjaText { Value: "key" } ? 0 : by is JinjaText { Value: "value" } ? 1
            : throw context.Fault("the filter \"dictsort\" sorts by something else; expected \"key\" or \"value\".");
        return new JinjaList(Sorted(
            context,
            JinjaMethods.Pairs(context, dict),
            pair => Key(context, ((JinjaList)pair!).Items[position], caseSensitive),
            PythonComparison.Comparer(context),
            reverse));
    }

    /// <summary><c>unique(case_sensitive, attribute)</c></summary>
    public static object? Unique(JinjaContext context, object? value, bool caseSensitive, object? attribute)
    {
        var path = JinjaPath.Parse(context, attribute);
        var texts = new HashSet<string>(StringComparer.Ordinal);
        var others = new List<object?>();
        var kept = new List<object?>();
        foreach (var element in PythonValues.Elements(context, value))
        {
            var key = Key(context, path.Get(context, element), caseSensitive);
            if (key is JinjaText text)
            {
                context.Spend((4 * JinjaLimits.NodeCost) + (2L * text.Value.Length));
                if (texts.Add(text.Value)) kept.Add(element);
            }
            else if (key is JinjaDict or JinjaList { Kind: JinjaListKind.List })
            {
                throw context.Fault($"the filter \"unique\" on a {PythonValues.TypeName(key)}, which can't be hashed; "
                    + "expected strings, numbers or tuples.");
            }
            else if (!others.Exists(other => PythonComparison.AreEqual(context, other, key)))
            {
                others.Add(key);
                kept.Add(element);
            }
        }

        return new JinjaGenerator(kept);
    }

    private static object? Key(JinjaContext context, object? value, bool caseSensitive) =>
        value is JinjaText text && !caseSensitive ? PythonStrings.Lower(context, text) : value;

    private static List<object?> Sorted(
        JinjaContext context, IReadOnlyList<object?> elements, Func<object?, object?> key, Comparer<object?> comparer, bool reverse)
    {
        context.Step(4L * elements.Count);
        var keyed = elements.Select(element => (Key: key(element), Element: element)).ToList();
        try
        {
            // Enumerable's sort is stable, also when it is a descending one.
            var ordered = reverse ? keyed.OrderByDescending(entry => entry.Key, comparer) : keyed.OrderBy(entry => entry.Key, comparer);
            return [.. ordered.Select(entry => entry.Element)];
        }
        catch (InvalidOperationException error) when (error.InnerException is PursuitException inner)
        {
            throw inner;
        }
    }
}
