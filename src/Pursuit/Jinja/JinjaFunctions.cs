using System.Globalization;
using System.Text;

namespace Pursuit.Jinja;

/// <summary>The functions of the environment.</summary>
internal static class JinjaFunctions
{
    private static readonly JinjaParameters Message = new(["message"]);
    private static readonly JinjaParameters DateFormat = new(["format"]);

    private static readonly Dictionary<string, Func<JinjaContext, JinjaArguments, object?>> Known = new(StringComparer.Ordinal)
    {
        ["dict"] = Dict,
        ["namespace"] = Namespace,
        ["raise_exception"] = Raise,
        ["range"] = Range,
        ["strftime_now"] = (c, a) => JinjaText.Of(Format(c, PythonValues.Text(c, One(c, "strftime_now", DateFormat, a)).Value)),
    };

    /// <summary>Names of all functions, in alphabetical order.</summary>
    public static IEnumerable<string> Names => Known.Keys.Order(StringComparer.Ordinal);

    /// <summary>True for a function's name.</summary>
    public static bool IsKnown(string name) => Known.ContainsKey(name);

    /// <summary>True for a function that jinja2 has and the subset has not.</summary>
    public static bool IsRefused(string name) => name is "cycler" or "joiner" or "lipsum";

    /// <summary>Calls a function.</summary>
    public static object? Call(JinjaContext context, string name, JinjaArguments arguments) => Known[name](context, arguments);

    private static JinjaNamespace Namespace(JinjaContext context, JinjaArguments arguments)
    {
        context.Spend(JinjaLimits.ScopeCost);
        var space = new JinjaNamespace();
        foreach (var (key, value) in Named(context, "namespace", arguments)) space.Attributes[key] = value;
        return space;
    }

    private static JinjaDict Dict(JinjaContext context, JinjaArguments arguments)
    {
        context.Spend(JinjaLimits.ScopeCost);
        var dict = new JinjaDict();
        foreach (var (key, value) in Named(context, "dict", arguments)) dict.Set(JinjaText.Of(key), value);
        return dict;
    }

    private static object? Raise(JinjaContext context, JinjaArguments arguments)
    {
        var message = PythonValues.Text(context, One(context, "raise_exception", Message, arguments)).Value;
        throw context.Fault($"the template refuses this conversation: {JinjaFaults.Cut(message)}");
    }

    private static object? One(JinjaContext context, string name, JinjaParameters parameters, JinjaArguments arguments) =>
        JinjaArguments.Evaluate(context, arguments.Bind(parameters, context.Name, context.Line, $"the function \"{name}\""))[0] is var value
            && value is JinjaMissing
            ? throw context.Fault($"the function \"{name}\" without an argument; expected one.")
            : value;

    private static IEnumerable<(string, object?)> Named(JinjaContext context, string name, JinjaArguments arguments)
    {
        foreach (var positional in arguments.Positional)
        {
            if (positional.Evaluate(context) is not JinjaDict dict)
                throw context.Unsupported($"the function \"{name}\" of something that is no dict");
            foreach (var (key, value) in dict.Entries)
            {
                if (key.IsNumber) throw context.Fault($"the function \"{name}\" of a dict with a key that is no string; expected strings.");
                context.Spend((4 * JinjaLimits.NodeCost) + (2L * key.Value.Length));
                yield return (key.Value, value);
            }
        }

        context.Step(4L * arguments.Named.Count);
        foreach (var (key, value) in arguments.Named) yield return (key, value.Evaluate(context));
    }

    private static JinjaList Range(JinjaContext context, JinjaArguments arguments)
    {
        if (arguments.Named.Count > 0 || arguments.Positional.Count is < 1 or > 3) throw context.Fault("range takes one to three numbers.");
        var numbers = arguments.Positional.Select(argument => PythonValues.TryInteger(argument.Evaluate(context), out var number)
            ? number : throw context.Fault("range of something that is no whole number; expected whole numbers.")).ToArray();
        var (start, stop) = numbers.Length == 1 ? (0L, numbers[0]) : (numbers[0], numbers[1]);
        var step = numbers.Length == 3 ? numbers[2] : 1;
        if (step == 0) throw context.Fault("range with a step of 0; expected another number.");
        // In 128 bits, so that no numbers of a template overflow.
        var count = step > 0 ? ((Int128)stop - start + step - 1) / step : ((Int128)start - stop - step - 1) / -(Int128)step;
        if (count <= 0) return new JinjaList([], JinjaListKind.Range);
        if (count > JinjaLimits.RangeLength)
            throw context.Fault($"range of {count} numbers; expected at most {JinjaLimits.RangeLength}, as jinja2's sandbox.");
        context.Step((long)count);
        return new JinjaList([.. Enumerable.Range(0, (int)count).Select(i => (object?)(start + (i * step)))], JinjaListKind.Range);
    }

    private static string Format(JinjaContext context, string format)
    {
        context.Spend(format.Length * 32L);
        var now = context.Now;
        var text = new StringBuilder(format.Length + 16);
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                text.Append(format[i]);
                continue;
            }

            var code = ++i < format.Length ? format[i] : '\0';
            text.Append(code switch
            {
                'd' => now.ToString("dd", CultureInfo.InvariantCulture),
                'b' => now.ToString("MMM", CultureInfo.InvariantCulture),
                'B' => now.ToString("MMMM", CultureInfo.InvariantCulture),
                'm' => now.ToString("MM", CultureInfo.InvariantCulture),
                'Y' => now.Year.ToString(CultureInfo.InvariantCulture),
                'y' => now.ToString("yy", CultureInfo.InvariantCulture),
                'H' => now.ToString("HH", CultureInfo.InvariantCulture),
                'I' => now.ToString("hh", CultureInfo.InvariantCulture),
                'M' => now.ToString("mm", CultureInfo.InvariantCulture),
                'S' => now.ToString("ss", CultureInfo.InvariantCulture),
                'p' => now.ToString("tt", CultureInfo.InvariantCulture),
                'A' => now.ToString("dddd", CultureInfo.InvariantCulture),
                'a' => now.ToString("ddd", CultureInfo.InvariantCulture),
                'j' => now.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
                'F' => now.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                'T' => now.ToString("HH:mm:ss", CultureInfo.InvariantCulture),
                '%' => "%",
                _ => throw context.Unsupported($"the date format \"%{code}\""),
            });
        }

        return text.ToString();
    }
}
