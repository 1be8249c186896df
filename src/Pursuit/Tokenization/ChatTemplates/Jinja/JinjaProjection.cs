namespace Pursuit.Tokenization;

/// <summary>The filters that apply something to every element: map, select, reject, selectattr, rejectattr.</summary>
internal sealed class JinjaProjection : JinjaFilterCall
{
    private readonly Func<JinjaContext, object?, IEnumerable<object?>> _project;

    private JinjaProjection(Func<JinjaContext, object?, IEnumerable<object?>> project, int depth)
        : base(depth) => _project = project;

    /// <summary>True for the five names.</summary>
    public static bool IsProjection(string name) => name is "map" or "select" or "reject" or "selectattr" or "rejectattr";

    /// <inheritdoc/>
    public override object? Apply(JinjaContext context, object? value) =>
        // jinja2 asks whether there is anything before it walks: None gives nothing, where a loop over None is a fault.
        new JinjaGenerator(PythonValues.IsTrue(value) ? [.. _project(context, value)] : []);

    /// <summary>Binds one of the five.</summary>
    public static new JinjaProjection Create(string template, int line, string name, JinjaArguments arguments)
    {
        if (name == "map") return CreateMap(template, line, arguments);
        var keeps = name is "select" or "selectattr";
        JinjaExpression? path = null;
        if (name is "selectattr" or "rejectattr")
        {
            if (arguments.Positional.Count == 0) throw JinjaFaults.Syntax(template, line, $"the filter \"{name}\" without arguments", "an attribute's name");
            path = arguments.Positional[0];
            arguments = arguments.Skip(1);
        }

        var test = arguments.Positional.Count == 0 ? null : CreateTest(template, line, name, arguments);
        var depth = Math.Max(arguments.Depth, path?.Depth ?? 0);
        return new JinjaProjection(
            (context, value) =>
            {
                var attribute = path?.Evaluate(context);
                return PythonValues.Elements(context, value).Where(element =>
                {
                    var subject = path is null ? element : JinjaPath.Get(context, element, attribute);
                    return (test is null ? PythonValues.IsTrue(subject) : test.Holds(context, subject)) == keeps;
                });
            },
            depth);
    }

    private static JinjaTestCall CreateTest(string template, int line, string name, JinjaArguments arguments) =>
        arguments.Positional[0] is JinjaConstant { Value: JinjaText test }
            ? JinjaTestCall.Create(template, line, test.Value, arguments.Skip(1))
            : throw JinjaFaults.Unsupported(template, line, $"the filter \"{name}\" with a test whose name is computed");

    private static JinjaProjection CreateMap(string template, int line, JinjaArguments arguments)
    {
        if (arguments.Positional.Count > 0)
        {
            if (arguments.Positional[0] is not JinjaConstant { Value: JinjaText filter })
                throw JinjaFaults.Unsupported(template, line, "the filter \"map\" with a filter whose name is computed");
            var call = JinjaFilterCall.Create(template, line, filter.Value, arguments.Skip(1));
            return new JinjaProjection(
                (context, value) => PythonValues.Elements(context, value).Select(element => call.Apply(context, element)),
                call.Depth);
        }

        var bound = arguments.Bind(["attribute", "default"], template, line, "the filter \"map\"");
        if (bound[0] is null) throw JinjaFaults.Syntax(template, line, "the filter \"map\" without arguments", "a filter's name or attribute=");
        return new JinjaProjection(
            (context, value) =>
            {
                var values = JinjaArguments.Evaluate(context, bound);
                return PythonValues.Elements(context, value).Select(element =>
                    JinjaPath.Get(context, element, values[0]) is var found && found is JinjaUndefined && values[1] is not (JinjaMissing or null) ? values[1] : found);
            },
            arguments.Depth);
    }
}

/// <summary>The dotted path of an attribute argument, such as <c>function.name</c> or <c>0.text</c>.</summary>
internal static class JinjaPath
{
    /// <summary>The element at the path's end.</summary>
    public static object? Get(JinjaContext context, object? value, object? path)
    {
        if (path is not JinjaText text) return JinjaLookup.Item(context, value, path);
        foreach (var part in text.Value.Split('.'))
        {
            context.Step();
            value = JinjaLookup.Item(context, value, long.TryParse(part, out var index) ? index : JinjaText.Of(part));
        }

        return value;
    }
}
