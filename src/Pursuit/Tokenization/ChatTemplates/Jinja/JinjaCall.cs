using System.Runtime.CompilerServices;

namespace Pursuit.Tokenization;

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
            JinjaMacro macro => macro.Call(context, arguments),
            JinjaUndefined undefined => throw PythonValues.Missing(context, undefined),
            _ => throw context.Fault($"a {PythonValues.TypeName(value)} is called; expected a function, a macro or a method."),
        };
    }
}

/// <summary>A macro together with the variables around it.</summary>
internal sealed class JinjaMacro(string name, IReadOnlyList<(string Name, JinjaExpression? Default)> parameters, JinjaBlock body, JinjaScope scope)
{
    /// <summary>Runs the macro; its value is what it prints.</summary>
    public JinjaText Call(JinjaContext context, JinjaArguments arguments)
    {
        if (++context.MacroDepth > JinjaLimits.MacroDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw context.Fault($"macros call each other more than {JinjaLimits.MacroDepth} levels deep; expected less. Look for one that calls itself.");
        var bound = arguments.Bind([.. parameters.Select(parameter => parameter.Name)], context.Name, context.Line, $"the macro \"{name}\"");
        var values = JinjaArguments.Evaluate(context, bound);
        var inner = new JinjaScope(scope);
        var outer = context.Scope;
        context.Scope = inner;
        for (var i = 0; i < parameters.Count; i++)
        {
            var (parameter, fallback) = parameters[i];
            inner.Set(parameter, values[i] is not JinjaMissing ? values[i] : fallback is not null ? fallback.Evaluate(context)
                : new JinjaUndefined($"the argument \"{parameter}\" of the macro \"{name}\" was not given"));
        }

        var text = context.Capture(body);
        context.Scope = outer;
        context.MacroDepth--;
        return text;
    }
}

/// <summary>The <c>loop</c> variable.</summary>
internal sealed class JinjaLoop(IReadOnlyList<object?> items, int depth)
{
    /// <summary>The current element's position from 0.</summary>
    public int Index { get; set; }

    /// <summary>Loops around this one, plus 1.</summary>
    public int Depth { get; } = depth;

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
            "depth" => (long)Depth,
            "depth0" => Depth - 1L,
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
        if (arguments.Positional.Count == 0 || arguments.Named.Count > 0) throw context.Fault("loop.cycle without values; expected some.");
        return arguments.Positional[Index % arguments.Positional.Count].Evaluate(context);
    }
}
