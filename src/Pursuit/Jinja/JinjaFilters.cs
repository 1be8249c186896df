using System.Globalization;

namespace Pursuit.Jinja;

/// <summary>The filters of the subset, each as jinja2 (tojson: as transformers) defines it.</summary>
internal static class JinjaFilters
{
    private static readonly Dictionary<string, JinjaFilterDefinition> Known = new JinjaFilterDefinition[]
    {
        new("trim", Parameters("chars"), (c, value, a) => PythonStrings.Strip(c, PythonValues.Text(c, value), a[0], true, true)),
        new("upper", JinjaParameters.None, (c, value, _) => PythonStrings.Upper(c, PythonValues.Text(c, value))),
        new("lower", JinjaParameters.None, (c, value, _) => PythonStrings.Lower(c, PythonValues.Text(c, value))),
        new("capitalize", JinjaParameters.None, (c, value, _) => PythonStrings.Capitalize(c, PythonValues.Text(c, value))),
        new("title", JinjaParameters.None, (c, value, _) => PythonStrings.FilterTitle(c, PythonValues.Text(c, value))),
        new("replace", Parameters("old", "new", "count"), (c, value, a) => PythonStrings.Replace(
            c, PythonValues.Text(c, value), PythonValues.Text(c, Needed(c, "replace", a[0])),
            PythonValues.Text(c, Needed(c, "replace", a[1])), JinjaMissing.Or(a[2], null))),
        new("indent", Parameters("width", "first", "blank"), (c, value, a) => PythonStrings.Indent(
            c,
            Needed(c, "indent", value) as JinjaText
                ?? throw c.Fault($"the filter \"indent\" on a {PythonValues.TypeName(value)}; expected a string."),
            JinjaMissing.Or(a[0], 4L), JinjaMissing.IsTrue(a[1], false), JinjaMissing.IsTrue(a[2], false))),
        new("string", JinjaParameters.None, (c, value, _) => PythonValues.Text(c, value)),
        new("safe", JinjaParameters.None, (c, value, _) => PythonValues.Text(c, value).AsSafe()),
        new("length", JinjaParameters.None, (c, value, _) => PythonValues.Length(c, value)),
        new("count", JinjaParameters.None, (c, value, _) => PythonValues.Length(c, value)),
        new("default", Parameters("default_value", "boolean"), Default),
        new("d", Parameters("default_value", "boolean"), Default),
        new("tojson", Parameters("ensure_ascii", "indent", "separators", "sort_keys"), (c, value, a) => PythonJson.Dump(
            c, value, JinjaMissing.IsTrue(a[0], false), JinjaMissing.Or(a[1], null), JinjaMissing.Or(a[2], null),
            JinjaMissing.IsTrue(a[3], false))),
        new("join", Parameters("d", "attribute"), (c, value, a) => JinjaSequenceFilters.Join(
            c, value, JinjaMissing.Or(a[0], JinjaText.Empty), JinjaMissing.Or(a[1], null))),
        new("first", JinjaParameters.None, (c, value, _) => JinjaSequenceFilters.First(c, value)),
        new("last", JinjaParameters.None, (c, value, _) => JinjaSequenceFilters.Last(c, value)),
        new("list", JinjaParameters.None, (c, value, _) => new JinjaList(PythonValues.Elements(c, value))),
        new("reverse", JinjaParameters.None, (c, value, _) => JinjaSequenceFilters.Reverse(c, value)),
        new("items", JinjaParameters.None, (c, value, _) => JinjaSequenceFilters.Items(c, value)),
        new("sort", Parameters("reverse", "case_sensitive", "attribute"), (c, value, a) => JinjaSequenceFilters.Sort(
            c, value, JinjaMissing.IsTrue(a[0], false), JinjaMissing.IsTrue(a[1], false), JinjaMissing.Or(a[2], null))),
        new("dictsort", Parameters("case_sensitive", "by", "reverse"), (c, value, a) => JinjaSequenceFilters.SortDict(
            c, value, JinjaMissing.IsTrue(a[0], false), JinjaMissing.Or(a[1], JinjaText.Of("key")), JinjaMissing.IsTrue(a[2], false))),
        new("unique", Parameters("case_sensitive", "attribute"), (c, value, a) => JinjaSequenceFilters.Unique(
            c, value, JinjaMissing.IsTrue(a[0], false), JinjaMissing.Or(a[1], null))),
        new("int", Parameters("default", "base"), (c, value, a) => ToInteger(c, value, JinjaMissing.Or(a[0], 0L), a[1])),
        new("float", Parameters("default"), (c, value, a) => ToFloat(
            c, value is JinjaUndefined undefined ? throw PythonValues.Missing(c, undefined) : value, JinjaMissing.Or(a[0], 0.0))),
        new("abs", JinjaParameters.None, (c, value, _) => value is double d ? Math.Abs(d) : PythonValues.TryInteger(value, out var n)
            ? (n < 0 ? PythonArithmetic.Negate(c, n) : n)
            : throw c.Fault($"the filter \"abs\" on a {PythonValues.TypeName(value)}; expected a number.")),
    }.ToDictionary(filter => filter.Name, StringComparer.Ordinal);

    /// <summary>Finds a filter.</summary>
    public static bool TryGet(string name, out JinjaFilterDefinition filter) => Known.TryGetValue(name, out filter!);

    /// <summary>Names of all filters, the projections among them, in alphabetical order.</summary>
    public static IEnumerable<string> Names =>
        Known.Keys.Concat(JinjaProjection.Names).Order(StringComparer.Ordinal);

    private static JinjaParameters Parameters(params string[] names) => new(names);

    private static object? Needed(JinjaContext context, string filter, object? argument) =>
        argument is JinjaMissing ? throw context.Fault($"the filter \"{filter}\" lacks an argument.") : argument;

    private static object? Default(JinjaContext context, object? value, object?[] arguments)
    {
        var fallback = JinjaMissing.Or(arguments[0], JinjaText.Empty);
        return value is JinjaUndefined || (JinjaMissing.IsTrue(arguments[1], false) && !PythonValues.IsTrue(value)) ? fallback : value;
    }

    private static object? ToInteger(JinjaContext context, object? value, object? fallback, object? numberBase)
    {
        if (numberBase is not (JinjaMissing or 10L)) throw context.Unsupported("the filter \"int\" with a base other than 10");
        switch (value)
        {
            case long or System.Numerics.BigInteger: return value;
            case bool b: return b ? 1L : 0L;
            case JinjaUndefined undefined: throw PythonValues.Missing(context, undefined);
            case JinjaText text
                when long.TryParse(
                    Digits(context, text.Value), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number):
                return number;
        }

        return ToFloat(context, value, null) is double real && double.IsFinite(real)
            ? Math.Abs(real) < 9e18 ? (long)real : throw context.Unsupported("a whole number past 64 bits")
            : fallback;
    }

    private static object? ToFloat(JinjaContext context, object? value, object? fallback)
    {
        if (PythonValues.TryFloat(value, out var number)) return number;
        if (value is not JinjaText text) return fallback;
        var digits = Digits(context, text.Value);
        return double.TryParse(
            digits, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
            CultureInfo.InvariantCulture, out number)
            ? number
            : digits.ToLowerInvariant().TrimStart('+') switch
            {
                "inf" or "infinity" => double.PositiveInfinity,
                "-inf" or "-infinity" => double.NegativeInfinity,
                "nan" or "-nan" => double.NaN,
                _ => fallback,
            };
    }

    // White space around a number goes, and single underscores between its digits.
    private static string Digits(JinjaContext context, string text)
    {
        context.Spend(JinjaLimits.NumberCost + (8L * text.Length));
        var trimmed = text[PythonText.SkipSpace(text, 0)..];
        trimmed = trimmed[..PythonText.TrimmedEnd(trimmed)];
        for (var i = 1; i + 1 < trimmed.Length; i++)
        {
            if (trimmed[i] == '_' && !(char.IsAsciiDigit(trimmed[i - 1]) && char.IsAsciiDigit(trimmed[i + 1]))) return trimmed;
        }

        return trimmed.StartsWith('_') || trimmed.EndsWith('_') ? trimmed : trimmed.Replace("_", "", StringComparison.Ordinal);
    }
}
