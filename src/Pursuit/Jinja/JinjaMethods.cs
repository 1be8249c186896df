namespace Pursuit.Jinja;

/// <summary>The methods of Python's strings, dicts and lists that a template may call.</summary>
internal static class JinjaMethods
{
    private delegate object? Method<in T>(JinjaContext context, T target, object?[] arguments);

    private static readonly Dictionary<string, (JinjaParameters Parameters, Method<JinjaText> Call)> OfText = new(StringComparer.Ordinal)
    {
        ["strip"] = (Parameters("chars"), (c, t, a) => PythonStrings.Strip(c, t, a[0], true, true)),
        ["lstrip"] = (Parameters("chars"), (c, t, a) => PythonStrings.Strip(c, t, a[0], true, false)),
        ["rstrip"] = (Parameters("chars"), (c, t, a) => PythonStrings.Strip(c, t, a[0], false, true)),
        ["split"] = (Parameters("sep", "maxsplit"), (c, t, a) => PythonStrings.Split(c, t, a[0], a[1], fromRight: false)),
        ["rsplit"] = (Parameters("sep", "maxsplit"), (c, t, a) => PythonStrings.Split(c, t, a[0], a[1], fromRight: true)),
        ["splitlines"] = (JinjaParameters.None, (c, t, _) => PythonStrings.SplitLines(c, t)),
        ["startswith"] =
            (Parameters("prefix"), (c, t, a) => AnyOf(c, t, a[0], static (text, part) => text.StartsWith(part, StringComparison.Ordinal))),
        ["endswith"] =
            (Parameters("suffix"), (c, t, a) => AnyOf(c, t, a[0], static (text, part) => text.EndsWith(part, StringComparison.Ordinal))),
        ["removeprefix"] = (Parameters("prefix"), (c, t, a) =>
            Holds(c, t, Needed(c, a[0]).Value, static (text, part) => text.StartsWith(part, StringComparison.Ordinal)) is var length and > 0
                ? t.Slice(c, length, t.Value.Length)
                : t),
        ["removesuffix"] = (Parameters("suffix"), (c, t, a) =>
            Holds(c, t, Needed(c, a[0]).Value, static (text, part) => text.EndsWith(part, StringComparison.Ordinal)) is var length and > 0
                ? t.Slice(c, 0, t.Value.Length - length)
                : t),
        ["upper"] = (JinjaParameters.None, (c, t, _) => PythonStrings.Upper(c, t)),
        ["lower"] = (JinjaParameters.None, (c, t, _) => PythonStrings.Lower(c, t)),
        ["title"] = (JinjaParameters.None, (c, t, _) => PythonStrings.MethodTitle(c, t)),
        ["capitalize"] = (JinjaParameters.None, (c, t, _) => PythonStrings.Capitalize(c, t)),
        ["replace"] = (Parameters("old", "new", "count"), (c, t, a) => PythonStrings.Replace(c, t, Needed(c, a[0]), Needed(c, a[1]), a[2])),
        ["find"] = (Parameters("sub"), (c, t, a) => Find(c, t, Needed(c, a[0]), last: false)),
        ["rfind"] = (Parameters("sub"), (c, t, a) => Find(c, t, Needed(c, a[0]), last: true)),
        ["count"] = (Parameters("sub"), (c, t, a) => Count(c, t, Needed(c, a[0]))),
        ["index"] = (Parameters("sub"), (c, t, a) => Found(c, Find(c, t, Needed(c, a[0]), last: false))),
        ["rindex"] = (Parameters("sub"), (c, t, a) => Found(c, Find(c, t, Needed(c, a[0]), last: true))),
        ["join"] = (Parameters("iterable"), (c, t, a) => Join(c, t, a[0])),
        ["isspace"] = (JinjaParameters.None, (c, t, _) => All(c, t, PythonText.IsSpace)),
        ["isdigit"] = (JinjaParameters.None, (c, t, _) => All(c, t, char.IsDigit)),
        ["isalpha"] = (JinjaParameters.None, (c, t, _) => All(c, t, char.IsLetter)),
        ["isalnum"] = (JinjaParameters.None, (c, t, _) => All(c, t, char.IsLetterOrDigit)),
    };

    private static readonly Dictionary<string, (JinjaParameters Parameters, Method<JinjaDict> Call)> OfDict = new(StringComparer.Ordinal)
    {
        ["items"] = (JinjaParameters.None, (c, d, _) => new JinjaList(Pairs(c, d), JinjaListKind.Items)),
        ["keys"] = (JinjaParameters.None, (c, d, _) => new JinjaList([.. PythonValues.Elements(c, d)], JinjaListKind.Keys)),
        ["values"] = (JinjaParameters.None,
            (c, d, _) => new JinjaList([.. Pairs(c, d).Select(pair => ((JinjaList)pair!).Items[1])], JinjaListKind.Values)),
        ["get"] = (Parameters("key", "default"), Get),
        ["copy"] = (JinjaParameters.None, (_, d, _) => d),
    };

    private static readonly Dictionary<string, (JinjaParameters Parameters, Method<JinjaList> Call)> OfList = new(StringComparer.Ordinal)
    {
        ["index"] = (Parameters("value"), (c, l, a) => Index(c, l, a[0])),
        ["count"] =
            (Parameters("value"), (c, l, a) => PythonValues.Elements(c, l).LongCount(item => PythonComparison.AreEqual(c, item, a[0]))),
    };

    // What Python has and the subset has not: an attribute of that name is the method, and calling it is refused.
    private static readonly HashSet<string> Refused = new(StringComparer.Ordinal)
    {
        "append", "clear", "extend", "insert", "pop", "popitem", "remove", "reverse", "setdefault", "sort", "update", "fromkeys",
        "casefold", "center", "encode", "expandtabs", "format", "format_map", "isascii", "isdecimal", "isidentifier", "islower",
        "isnumeric", "isprintable", "istitle", "isupper", "ljust", "maketrans", "partition", "rjust", "rpartition",
        "swapcase", "translate", "zfill",
    };

    private static readonly HashSet<string> RefusedOfDict = ["clear", "fromkeys", "pop", "popitem", "setdefault", "update"];

    /// <summary>
    /// Whether Python's strings, dicts or lists have a method of that name; one that isn't supported is refused when it is called.
    /// </summary>
    public static bool IsKnown(string name) =>
        OfText.ContainsKey(name) || OfDict.ContainsKey(name) || OfList.ContainsKey(name) || Refused.Contains(name);

    /// <summary>True where Python's value of that type has such a method, supported or not.</summary>
    public static bool IsMethod(object target, string name) => target switch
    {
        JinjaText => OfText.ContainsKey(name) || (Refused.Contains(name) && !RefusedOfDict.Contains(name)),
        JinjaDict => OfDict.ContainsKey(name) || RefusedOfDict.Contains(name),
        JinjaList { Kind: JinjaListKind.Keys or JinjaListKind.Values or JinjaListKind.Items } => false,
        JinjaList { Kind: JinjaListKind.Tuple or JinjaListKind.Range } => OfList.ContainsKey(name),
        _ => OfList.ContainsKey(name)
            || name is "append" or "clear" or "extend" or "insert" or "pop" or "remove" or "reverse" or "sort" or "copy",
    };

    /// <summary>Calls a method.</summary>
    public static object? Call(JinjaContext context, JinjaBoundMethod method, JinjaArguments arguments)
    {
        if (method.Target is JinjaText text && OfText.TryGetValue(method.Name, out var ofText))
            return ofText.Call(context, text, Bind(context, method, arguments, ofText.Parameters));
        if (method.Target is JinjaDict dict && OfDict.TryGetValue(method.Name, out var ofDict))
            return ofDict.Call(context, dict, Bind(context, method, arguments, ofDict.Parameters));
        if (method.Target is JinjaList list && OfList.TryGetValue(method.Name, out var ofList))
            return ofList.Call(context, list, Bind(context, method, arguments, ofList.Parameters));
        throw context.Unsupported($"the method \"{method.Name}\" of a {PythonValues.TypeName(method.Target)}");
    }

    /// <summary>Names of the methods of strings, of dicts and of lists, in alphabetical order.</summary>
    public static (IEnumerable<string> OfText, IEnumerable<string> OfDict, IEnumerable<string> OfList) Names =>
        (OfText.Keys.Order(StringComparer.Ordinal), OfDict.Keys.Order(StringComparer.Ordinal), OfList.Keys.Order(StringComparer.Ordinal));

    private static JinjaParameters Parameters(params string[] names) => new(names);

    private static object? Get(JinjaContext context, JinjaDict dict, object?[] arguments)
    {
        if (arguments[0] is JinjaText text) context.Spend(2L * text.Value.Length);
        return dict.TryGet(arguments[0], out var value) ? value : JinjaMissing.Or(arguments[1], null);
    }

    /// <summary>A dict's entries as tuples.</summary>
    public static IReadOnlyList<object?> Pairs(JinjaContext context, JinjaDict dict)
    {
        context.Step(3L * dict.Entries.Count);
        return [.. dict.Entries.Select(
            entry => (object?)new JinjaList([JinjaDict.KeyOf(entry), entry.Value], JinjaListKind.Tuple, dict.Owner))];
    }

    private static object?[] Bind(JinjaContext context, JinjaBoundMethod method, JinjaArguments arguments, JinjaParameters parameters) =>
        JinjaArguments.Evaluate(context, arguments.Bind(parameters, context.Name, context.Line, $"the method \"{method.Name}\""));

    private static JinjaText Needed(JinjaContext context, object? argument) => argument switch
    {
        JinjaText text => text,
        JinjaUndefined undefined => throw PythonValues.Missing(context, undefined),
        _ => throw context.Fault(
            $"a string's method got {(argument is JinjaMissing ? "nothing" : "a " + PythonValues.TypeName(argument))}; expected a string."),
    };

    private static bool AnyOf(JinjaContext context, JinjaText text, object? argument, Func<string, string, bool> holds) =>
        argument is JinjaList { Kind: JinjaListKind.Tuple } several
            ? several.Items.Any(part => Holds(context, text, Needed(context, part).Value, holds) >= 0)
            : Holds(context, text, Needed(context, argument).Value, holds) >= 0;

    // The part's length if the text holds it at that end, else -1.
    private static int Holds(JinjaContext context, JinjaText text, string part, Func<string, string, bool> holds)
    {
        context.Step();
        context.Spend(Math.Min(part.Length, text.Value.Length));
        return holds(text.Value, part) ? part.Length : -1;
    }

    private static bool All(JinjaContext context, JinjaText text, Func<char, bool> holds)
    {
        context.Spend(4L * text.Value.Length);
        if (!text.IsFlat) throw context.Unsupported("a question about characters outside the basic plane");
        return text.Value.Length > 0 && text.Value.All(holds);
    }

    private static long Find(JinjaContext context, JinjaText text, JinjaText part, bool last)
    {
        if (part.Value.Length == 0) return last ? text.CodePoints : 0;
        var search = PythonStrings.Search(context, text, part);
        var at = last ? search.Last(text.Value, text.Value.Length) : search.Next(text.Value, 0);
        return at < 0 ? -1 : text.CodePointAt(at);
    }

    private static long Found(JinjaContext context, long at) =>
        at >= 0 ? at : throw context.Fault("the index of a part that is not in the string.");

    private static long Count(JinjaContext context, JinjaText text, JinjaText part)
    {
        if (part.Value.Length == 0) return text.CodePoints + 1L;
        var search = PythonStrings.Search(context, text, part);
        var count = 0L;
        for (var at = search.Next(text.Value, 0); at >= 0; at = search.Next(text.Value, at + part.Value.Length))
        {
            context.Step();
            count++;
        }

        return count;
    }

    private static JinjaText Join(JinjaContext context, JinjaText separator, object? elements)
    {
        var parts = PythonValues.Elements(context, elements);
        foreach (var part in parts) Needed(context, part);
        return JinjaSequenceFilters.Join(context, new JinjaList(parts), separator, null);
    }

    private static long Index(JinjaContext context, JinjaList list, object? value)
    {
        for (var i = 0; i < list.Items.Count; i++)
        {
            if (PythonComparison.AreEqual(context, list.Items[i], value)) return i;
        }

        throw context.Fault("the index of an element that is not in the list.");
    }
}
