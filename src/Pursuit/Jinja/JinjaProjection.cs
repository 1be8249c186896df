using System.Globalization;

namespace Pursuit.Jinja;

/// <summary>The filters that apply something to every element: map, select, reject, selectattr, rejectattr.</summary>
internal sealed class JinjaProjection : JinjaFilterCall
{
    private readonly Func<JinjaContext, object?, IEnumerable<object?>> _project;

    private static readonly JinjaParameters MapParameters = new(["attribute", "default"]);

    /// <summary>The five names.</summary>
    public static readonly IReadOnlyList<string> Names = ["map", "select", "reject", "selectattr", "rejectattr"];

    private JinjaProjection(Func<JinjaContext, object?, IEnumerable<object?>> project, int depth)
        : base(depth) => _project = project;

    /// <summary>True for the five names.</summary>
    public static bool IsProjection(string name) => Names.Contains(name);

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
            if (arguments.Positional.Count == 0)
                throw JinjaFaults.Syntax(template, line, $"the filter \"{name}\" without arguments", "an attribute's name");
            path = arguments.Positional[0];
            arguments = arguments.Skip(1);
        }

        var test = arguments.Positional.Count == 0 ? null : CreateTest(template, line, name, arguments);
        var depth = Math.Max(arguments.Depth, path?.Depth ?? 0);
        return new JinjaProjection(
            (context, value) =>
            {
                var attribute = JinjaPath.Parse(context, path?.Evaluate(context));
                return PythonValues.Elements(context, value).Where(element =>
                {
                    var subject = path is null ? element : attribute.Get(context, element);
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

        var bound = arguments.Bind(MapParameters, template, line, "the filter \"map\"");
        if (bound[0] is null)
            throw JinjaFaults.Syntax(template, line, "the filter \"map\" without arguments", "a filter's name or attribute=");
        return new JinjaProjection(
            (context, value) =>
            {
                var values = JinjaArguments.Evaluate(context, bound);
                var attribute = JinjaPath.Parse(context, values[0]);
                return PythonValues.Elements(context, value).Select(element =>
                    attribute.Get(context, element) is var found && found is JinjaUndefined && values[1] is not (JinjaMissing or null)
                        ? values[1]
                        : found);
            },
            arguments.Depth);
    }
}

/// <summary>
/// The dotted path of an attribute argument, such as <c>function.name</c> or <c>0.text</c>; read once, followed for every element.
/// </summary>
internal sealed class JinjaPath
{
    private static readonly JinjaPath Nowhere = new([]);
    private readonly IReadOnlyList<object?> _parts;

    private JinjaPath(IReadOnlyList<object?> parts) => _parts = parts;

    /// <summary>Reads a path; None is the path to the element itself.</summary>
    public static JinjaPath Parse(JinjaContext context, object? path)
    {
        if (path is null) return Nowhere;
        if (path is not JinjaText text) return new JinjaPath([path]);
        context.Spend(8L * text.Value.Length);
        var names = text.Value.Split('.');
        context.Step(4L * names.Length);
        return new JinjaPath([.. names.Select(name =>
            long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : (object)JinjaText.Of(name))]);
    }

    /// <summary>The element at the path's end.</summary>
    public object? Get(JinjaContext context, object? value)
    {
        foreach (var part in _parts)
        {
            context.Step();
            value = JinjaLookup.Item(context, value, part);
        }

        return value;
    }
}
