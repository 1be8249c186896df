namespace Pursuit.Jinja;

/// <summary>A filter with its arguments: what follows one <c>|</c>.</summary>
internal abstract class JinjaFilterCall(int depth)
{
    /// <summary>The deepest tree among its arguments.</summary>
    public int Depth { get; } = depth;

    /// <summary>The filtered value.</summary>
    public abstract object? Apply(JinjaContext context, object? value);

    /// <summary>Finds the filter of that name and binds its arguments.</summary>
    /// <exception cref="PursuitException">
    /// The filter is not supported with these arguments; one that isn't known is refused when it is applied.
    /// </exception>
    public static JinjaFilterCall Create(string template, int line, string name, JinjaArguments arguments)
    {
        if (JinjaProjection.IsProjection(name)) return JinjaProjection.Create(template, line, name, arguments);
        if (!JinjaFilters.TryGet(name, out var filter)) return new Missing(name, arguments.Depth);
        return new Plain(filter, arguments.Bind(filter.Parameters, template, line, $"the filter \"{name}\""), arguments.Depth);
    }

    // As in jinja2, a branch that is never taken may name a filter that there isn't.
    private sealed class Missing(string name, int depth) : JinjaFilterCall(depth)
    {
        public override object? Apply(JinjaContext context, object? value) =>
            throw context.Unsupported($"the filter \"{JinjaFaults.Cut(name)}\"");
    }

    private sealed class Plain(JinjaFilterDefinition filter, JinjaExpression?[] arguments, int depth) : JinjaFilterCall(depth)
    {
        public override object? Apply(JinjaContext context, object? value) =>
            filter.Apply(context, value, JinjaArguments.Evaluate(context, arguments));
    }
}

/// <summary>A filter by name.</summary>
/// <param name="Name">Its name in templates.</param>
/// <param name="Parameters">Its parameters after the filtered value.</param>
/// <param name="Apply">From the filtered value and the arguments to the result.</param>
internal sealed record JinjaFilterDefinition(
    string Name, JinjaParameters Parameters, Func<JinjaContext, object?, object?[], object?> Apply);

/// <summary><c>value | filter</c>.</summary>
internal sealed class JinjaFilter(int line, JinjaExpression target, JinjaFilterCall call)
    : JinjaExpression(line, Math.Max(target.Depth, call.Depth) + 1)
{
    /// <inheritdoc/>
    public override object? Evaluate(JinjaContext context)
    {
        context.Step();
        var value = target.Evaluate(context);
        context.Line = Line;
        return call.Apply(context, value);
    }
}

/// <summary><c>value is test</c>.</summary>
internal sealed class JinjaTest(int line, JinjaExpression target, JinjaTestCall call)
    : JinjaExpression(line, Math.Max(target.Depth, call.Depth) + 1)
{
    /// <inheritdoc/>
    public override object? Evaluate(JinjaContext context)
    {
        context.Step();
        var value = target.Evaluate(context);
        context.Line = Line;
        return call.Holds(context, value);
    }
}
