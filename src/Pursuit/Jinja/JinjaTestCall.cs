using System.Numerics;

namespace Pursuit.Jinja;

/// <summary>A test with its argument: what follows <c>is</c>.</summary>
internal sealed class JinjaTestCall
{
    private static readonly Dictionary<string, Func<JinjaContext, object?, object?, bool>> WithArgument = Aliases(new()
    {
        ["equalto"] = (c, value, other) => PythonComparison.AreEqual(c, value, other),
        ["ne"] = (c, value, other) => !PythonComparison.AreEqual(c, value, other),
        ["lessthan"] = (c, value, other) => PythonComparison.Order(c, value, other) < 0,
        ["le"] = (c, value, other) => PythonComparison.Order(c, value, other) <= 0,
        ["greaterthan"] = (c, value, other) => PythonComparison.Order(c, value, other) > 0,
        ["ge"] = (c, value, other) => PythonComparison.Order(c, value, other) >= 0,
        ["in"] = (c, value, other) => PythonComparison.Contains(c, other, value),
        ["sameas"] = (_, value, other) => value is null or bool or long ? Equals(value, other) : ReferenceEquals(value, other),
        ["divisibleby"] = (c, value, other) => PythonArithmetic.Remainder(c, value, other) is 0L or 0.0,
    });

    private static readonly Dictionary<string, Func<JinjaContext, object?, bool>> Alone = new(StringComparer.Ordinal)
    {
        ["defined"] = (_, value) => value is not JinjaUndefined,
        ["undefined"] = (_, value) => value is JinjaUndefined,
        ["none"] = (_, value) => value is null,
        ["string"] = (_, value) => value is JinjaText,
        ["mapping"] = (_, value) => value is JinjaDict,
        ["iterable"] = (_, value) => value is JinjaText or JinjaList or JinjaDict or JinjaGenerator or JinjaUndefined,
        ["sequence"] = (_, value) => value is JinjaText or JinjaDict or JinjaUndefined
            or JinjaList { Kind: JinjaListKind.List or JinjaListKind.Tuple or JinjaListKind.Range },
        ["number"] = (_, value) => value is long or double or bool or BigInteger,
        ["integer"] = (_, value) => value is long or BigInteger,
        ["float"] = (_, value) => value is double,
        ["boolean"] = (_, value) => value is bool,
        ["true"] = (_, value) => value is true,
        ["false"] = (_, value) => value is false,
        ["odd"] = (c, value) => PythonArithmetic.Remainder(c, value, 2L) is 1L or 1.0 or true,
        ["even"] = (c, value) => PythonArithmetic.Remainder(c, value, 2L) is 0L or 0.0,
        ["lower"] = (c, value) => IsCased(c, PythonValues.Text(c, value).Value, char.IsLower, char.IsUpper),
        ["upper"] = (c, value) => IsCased(c, PythonValues.Text(c, value).Value, char.IsUpper, char.IsLower),
        ["callable"] = (_, value) => value is JinjaMacro or JinjaFunction or JinjaBoundMethod or JinjaUndefined,
    };

    private static readonly JinjaParameters Other = new(["other"]);

    private readonly Func<JinjaContext, object?, object?, bool>? _withArgument;
    private readonly Func<JinjaContext, object?, bool>? _alone;
    private readonly JinjaExpression? _argument;

    private JinjaTestCall(
        Func<JinjaContext, object?, object?, bool>? withArgument, Func<JinjaContext, object?, bool>? alone, JinjaExpression? argument)
    {
        _withArgument = withArgument;
        _alone = alone;
        _argument = argument;
    }

    /// <summary>Names of the tests that stand alone, in alphabetical order.</summary>
    public static IEnumerable<string> NamesAlone => Alone.Keys.Order(StringComparer.Ordinal);

    /// <summary>Names of the tests against something, in alphabetical order.</summary>
    public static IEnumerable<string> NamesWithArgument => WithArgument.Keys.Order(StringComparer.Ordinal);

    /// <summary>The deepest tree among its arguments.</summary>
    public int Depth => _argument?.Depth ?? 0;

    /// <summary>Finds the test of that name and binds its argument.</summary>
    /// <exception cref="PursuitException">No such test is supported, or not with these arguments.</exception>
    public static JinjaTestCall Create(string template, int line, string name, JinjaArguments arguments)
    {
        if (Alone.TryGetValue(name, out var alone))
        {
            arguments.Bind(JinjaParameters.None, template, line, $"the test \"{name}\"");
            return new JinjaTestCall(null, alone, null);
        }

        if (!WithArgument.TryGetValue(name, out var withArgument))
            throw JinjaFaults.Unsupported(template, line, $"the test \"{JinjaFaults.Cut(name)}\"");
        return arguments.Bind(Other, template, line, $"the test \"{name}\"")[0] is { } argument
            ? new JinjaTestCall(withArgument, null, argument)
            : throw JinjaFaults.Syntax(template, line, $"the test \"{name}\" without an argument", "what to test against");
    }

    /// <summary>Whether the value passes.</summary>
    public bool Holds(JinjaContext context, object? value) =>
        _alone is not null ? _alone(context, value) : _withArgument!(context, value, _argument!.Evaluate(context));

    // str.islower and str.isupper: a cased letter, and none of the other case.
    private static bool IsCased(JinjaContext context, string text, Func<char, bool> wanted, Func<char, bool> other)
    {
        context.Spend(4L * text.Length);
        return text.Any(wanted) && !text.Any(other);
    }

    private static Dictionary<string, Func<JinjaContext, object?, object?, bool>> Aliases(
        Dictionary<string, Func<JinjaContext, object?, object?, bool>> tests)
    {
        foreach (var (alias, name) in new[]
        {
            ("eq", "equalto"), ("==", "equalto"), ("!=", "ne"), ("lt", "lessthan"), ("<", "lessthan"), ("<=", "le"),
            ("gt", "greaterthan"), (">", "greaterthan"), (">=", "ge"),
        })
            tests[alias] = tests[name];
        return tests;
    }
}
