using System.Runtime.CompilerServices;

namespace Pursuit.Jinja;

/// <summary><c>callee(arguments)</c>: a method, a function or a macro.</summary>
internal sealed class JinjaCall(int line, JinjaExpression callee, JinjaArguments arguments)
    : JinjaExpression(line, Math.Max(callee.Depth, arguments.Depth) + 1)
{
    /// <inheritdoc/>
    public override object? Evaluate(JinjaContext context)
    {
        context.Step();
        var value = callee.Evaluate(context);
        context.Line = Line;
        return value switch
        {
            JinjaBoundMethod { Target: JinjaLoop loop } => loop.Cycle(context, arguments),
            JinjaBoundMethod method => JinjaMethods.Call(context, method, arguments),
            JinjaFunction function => JinjaFunctions.Call(context, function.Name, arguments),
            JinjaMacro macro => macro.Call(context, arguments.Unpack(context)),
            JinjaUndefined undefined => throw PythonValues.Missing(context, undefined),
            _ => throw context.Fault($"a {PythonValues.TypeName(value)} is called; expected a function, a macro or a method."),
        };
    }
}

/// <summary>A macro together with the variables around it.</summary>
internal sealed class JinjaMacro(JinjaMacroDefinition definition, JinjaScope scope)
{
    /// <summary>The macro's own name and the names of its parameters, as its attributes; nothing by any other name.</summary>
    public (bool Found, object? Value) Attribute(JinjaContext context, string name)
    {
        if (name == "name") return (true, JinjaText.Of(definition.Name));
        if (name != "arguments") return (false, null);
        context.Step(4L * definition.Parameters.Count);
        return (true,
            new JinjaList([.. definition.Parameters.Select(parameter => (object?)JinjaText.Of(parameter.Name))], JinjaListKind.Tuple));
    }

    /// <summary>Runs the macro; its value is what it prints.</summary>
    public JinjaText Call(JinjaContext context, JinjaArguments arguments)
    {
        if (++context.MacroDepth > JinjaLimits.MacroDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw context.Fault(
                $"macros call each other more than {JinjaLimits.MacroDepth} levels deep; expected less. Look for one that calls itself.");
        var parameters = definition.Parameters;
        // An argument is put in its place, evaluated and set as a variable.
        context.Spend(JinjaLimits.ScopeCost + (4 * JinjaLimits.NodeCost * (parameters.Count + arguments.Named.Count)));
        var bound = arguments.Bind(definition.ParameterNames, context.Name, context.Line, $"the macro \"{definition.Name}\"");
        var values = JinjaArguments.Evaluate(context, bound);
        var inner = new JinjaScope(scope);
        var outer = context.Scope;
        context.Scope = inner;
        for (var i = 0; i < parameters.Count; i++)
        {
            var (parameter, fallback) = parameters[i];
            inner.Set(parameter, values[i] is not JinjaMissing ? values[i] : fallback?.Evaluate(context) ?? Absent(parameter, fallback));
        }

        var text = context.Capture(definition.Body);
        context.Scope = outer;
        context.MacroDepth--;
        return text;
    }

    // A default may be None.
    private static JinjaUndefined? Absent(string parameter, JinjaExpression? fallback) =>
        fallback is null ? JinjaUndefined.Argument(parameter) : null;
}

/// <summary>The <c>loop</c> variable.</summary>
internal sealed class JinjaLoop(IReadOnlyList<object?> items)
{
    /// <summary>The current element's position from 0.</summary>
    public int Index { get; set; }

    /// <summary>The attribute of that name, if a loop has one.</summary>
    public bool TryGet(string name, out object? value)
    {
        var known = true;
        value = name switch
        {
            "index0" => (long)Index,
            "index" => Index + 1L,
            "revindex0" => items.Count - Index - 1L,
            "revindex" => (long)(items.Count - Index),
            "first" => Index == 0,
            "last" => Index == items.Count - 1,
            "length" => (long)items.Count,
            "depth" => 1L, // of a recursive loop, which this is not
            "depth0" => 0L,
            "previtem" => Index > 0 ? items[Index - 1] : new JinjaUndefined("there is no previous item"),
            "nextitem" => Index + 1 < items.Count ? items[Index + 1] : new JinjaUndefined("there is no next item"),
            "cycle" => new JinjaBoundMethod(this, name),
            _ => (object?)(known = false),
        };
        return known;
    }

    /// <summary><c>loop.cycle(a, b)</c></summary>
    public object? Cycle(JinjaContext context, JinjaArguments arguments)
    {
        context.Step();
        if (arguments.Positional.Count == 0 || arguments.Named.Count > 0) throw context.Fault("loop.cycle without values; expected some.");
        return arguments.Positional[Index % arguments.Positional.Count].Evaluate(context);
    }
}
