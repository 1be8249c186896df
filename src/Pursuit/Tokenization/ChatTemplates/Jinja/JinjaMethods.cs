namespace Pursuit.Tokenization;

/// <summary>The methods of Python's strings, dicts and lists that a template may call.</summary>
internal static class JinjaMethods
{
    private delegate object? Method<in T>(JinjaContext context, T target, object?[] arguments);

    private static readonly Dictionary<string, (string[] Parameters, Method<JinjaText> Call)> OfText = new(StringComparer.Ordinal)
    {
        ["strip"] = (["chars"], (c, t, a) => PythonStrings.Strip(c, t, a[0], true, true)),
        ["lstrip"] = (["chars"], (c, t, a) => PythonStrings.Strip(c, t, a[0], true, false)),
        ["rstrip"] = (["chars"], (c, t, a) => PythonStrings.Strip(c, t, a[0], false, true)),
        ["split"] = (["sep", "maxsplit"], (c, t, a) => PythonStrings.Split(c, t, a[0], a[1], fromRight: false)),
        ["rsplit"] = (["sep", "maxsplit"], (c, t, a) => PythonStrings.Split(c, t, a[0], a[1], fromRight: true)),
        ["splitlines"] = ([], (c, t, _) => PythonStrings.SplitLines(c, t)),
        ["startswith"] = (["prefix"], (c, t, a) => AnyOf(c, a[0], part => t.Value.StartsWith(part, StringComparison.Ordinal))),
        ["endswith"] = (["suffix"], (c, t, a) => AnyOf(c, a[0], part => t.Value.EndsWith(part, StringComparison.Ordinal))),
        ["removeprefix"] = (["prefix"], (c, t, a) => Needed(c, a[0]).Value is var p && t.Value.StartsWith(p, StringComparison.Ordinal) ? t.Slice(p.Length, t.Value.Length) : t),
        ["removesuffix"] = (["suffix"], (c, t, a) => Needed(c, a[0]).Value is var s && t.Value.EndsWith(s, StringComparison.Ordinal) ? t.Slice(0, t.Value.Length - s.Length) : t),
        ["upper"] = ([], (c, t, _) => PythonStrings.Upper(c, t)),
        ["lower"] = ([], (c, t, _) => PythonStrings.Lower(c, t)),
        ["title"] = ([], (c, t, _) => PythonStrings.MethodTitle(c, t)),
        ["capitalize"] = ([], (c, t, _) => PythonStrings.Capitalize(c, t)),
        ["replace"] = (["old", "new", "count"], (c, t, a) => PythonStrings.Replace(c, t, Needed(c, a[0]), Needed(c, a[1]), a[2])),
        ["find"] = (["sub"], (c, t, a) => Find(c, t, Needed(c, a[0]), last: false)),
        ["rfind"] = (["sub"], (c, t, a) => Find(c, t, Needed(c, a[0]), last: true)),
        ["count"] = (["sub"], (c, t, a) => Needed(c, a[0]).Value.Length == 0 ? throw c.Unsupported("a count of the empty string") : PythonStrings.Split(c, t, a[0], null, fromRight: false).Items.Count - 1L),
        ["join"] = (["iterable"], (c, t, a) => Join(c, t, a[0])),
        ["isspace"] = ([], (c, t, _) => All(c, t, PythonText.IsSpace)),
        ["isdigit"] = ([], (c, t, _) => All(c, t, char.IsDigit)),
        ["isalpha"] = ([], (c, t, _) => All(c, t, char.IsLetter)),
        ["isalnum"] = ([], (c, t, _) => All(c, t, char.IsLetterOrDigit)),
    };

    private static readonly Dictionary<string, (string[] Parameters, Method<JinjaDict> Call)> OfDict = new(StringComparer.Ordinal)
    {
        ["items"] = ([], (c, d, _) => new JinjaList(Pairs(c, d), JinjaListKind.Items)),
        ["keys"] = ([], (c, d, _) => new JinjaList([.. PythonValues.Elements(c, d)], JinjaListKind.Keys)),
        ["values"] = ([], (c, d, _) => new JinjaList([.. Pairs(c, d).Select(pair => ((JinjaList)pair!).Items[1])], JinjaListKind.Values)),
        ["get"] = (["key", "default"], (c, d, a) => a[0] is JinjaText key && d.TryGet(key.Value, out var value) ? value : JinjaMissing.Or(a[1], null)),
        ["copy"] = ([], (_, d, _) => d),
    };

    private static readonly Dictionary<string, (string[] Parameters, Method<JinjaList> Call)> OfList = new(StringComparer.Ordinal)
    {
        ["index"] = (["value"], (c, l, a) => Index(c, l, a[0])),
        ["count"] = (["value"], (c, l, a) => PythonValues.Elements(c, l).LongCount(item => PythonComparison.AreEqual(c, item, a[0]))),
    };

    // What Python has and the subset has not: an attribute of that name is the method, and calling it is refused.
    private static readonly HashSet<string> Refused = new(StringComparer.Ordinal)
    {
        "append", "clear", "extend", "insert", "pop", "popitem", "remove", "reverse", "setdefault", "sort", "update", "fromkeys",
        "casefold", "center", "encode", "expandtabs", "format", "format_map", "isascii", "isdecimal", "isidentifier", "islower",
        "isnumeric", "isprintable", "istitle", "isupper", "ljust", "maketrans", "partition", "rindex", "rjust", "rpartition",
        "swapcase", "translate", "zfill",
    };

    private static readonly HashSet<string> RefusedOfDict = ["clear", "fromkeys", "pop", "popitem", "setdefault", "update"];

    /// <summary>True for a method that a call in a template may name.</summary>
    public static bool IsSupported(string name) => OfText.ContainsKey(name) || OfDict.ContainsKey(name) || OfList.ContainsKey(name);

    /// <summary>True where Python's value of that type has such a method, supported or not.</summary>
    public static bool IsMethod(object target, string name) => target switch
    {
        JinjaText => OfText.ContainsKey(name) || (Refused.Contains(name) && !RefusedOfDict.Contains(name)),
        JinjaDict => OfDict.ContainsKey(name) || RefusedOfDict.Contains(name),
        _ => OfList.ContainsKey(name) || name is "append" or "clear" or "extend" or "insert" or "pop" or "remove" or "reverse" or "sort" or "copy",
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

    /// <summary>A dict's entries as tuples.</summary>
    public static IReadOnlyList<object?> Pairs(JinjaContext context, JinjaDict dict)
    {
        context.Step(dict.Entries.Count);
        return [.. dict.Entries.Select(entry => (object?)new JinjaList([entry.Key, entry.Value], JinjaListKind.Tuple, dict.Owner))];
    }

    private static object?[] Bind(JinjaContext context, JinjaBoundMethod method, JinjaArguments arguments, string[] parameters) =>
        JinjaArguments.Evaluate(context, arguments.Bind(parameters, context.Name, context.Line, $"the method \"{method.Name}\""));

    private static JinjaText Needed(JinjaContext context, object? argument) => argument switch
    {
        JinjaText text => text,
        JinjaUndefined undefined => throw PythonValues.Missing(context, undefined),
        _ => throw context.Fault($"a string's method got {(argument is JinjaMissing ? "nothing" : "a " + PythonValues.TypeName(argument))}; expected a string."),
    };

    private static bool AnyOf(JinjaContext context, object? argument, Func<string, bool> holds) =>
        argument is JinjaList { Kind: JinjaListKind.Tuple } several
            ? several.Items.Any(part => holds(Needed(context, part).Value))
            : holds(Needed(context, argument).Value);

    private static bool All(JinjaContext context, JinjaText text, Func<char, bool> holds)
    {
        context.Spend(text.Value.Length);
        if (!text.IsFlat) throw context.Unsupported("a question about characters outside the basic plane");
        return text.Value.Length > 0 && text.Value.All(holds);
    }

    private static long Find(JinjaContext context, JinjaText text, JinjaText part, bool last)
    {
        context.Spend(text.Value.Length + PythonComparison.SearchCost(text.Value, part.Value));
        var at = last ? text.Value.LastIndexOf(part.Value, StringComparison.Ordinal) : text.Value.IndexOf(part.Value, StringComparison.Ordinal);
        return at < 0 ? -1 : text.CodePointAt(at);
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
