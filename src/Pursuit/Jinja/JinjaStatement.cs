namespace Pursuit.Jinja;

/// <summary>How a statement ended.</summary>
internal enum JinjaFlow
{
    /// <summary>The next statement follows.</summary>
    Next,

    /// <summary>The innermost loop ends.</summary>
    Break,

    /// <summary>The innermost loop continues with its next element.</summary>
    Continue,
}

/// <summary>A node of a template that does something. Nodes never change after parsing.</summary>
/// <param name="line">The line it begins on.</param>
internal abstract class JinjaStatement(int line)
{
    /// <summary>The 1-based line it begins on.</summary>
    public int Line { get; } = line;

    /// <summary>Runs it.</summary>
    /// <exception cref="PursuitException">The template or the record is at fault; says the line.</exception>
    public abstract JinjaFlow Execute(JinjaContext context);
}

/// <summary>Statements in a row.</summary>
internal sealed class JinjaBlock(IReadOnlyList<JinjaStatement> statements) : JinjaStatement(statements.Count > 0 ? statements[0].Line : 1)
{
    /// <inheritdoc/>
    public override JinjaFlow Execute(JinjaContext context)
    {
        for (var i = 0; i < statements.Count; i++)
        {
            var statement = statements[i];
            context.Step();
            context.Line = statement.Line;
            var flow = statement.Execute(context);
            if (flow != JinjaFlow.Next) return flow;
        }

        return JinjaFlow.Next;
    }
}

/// <summary>Characters printed unchanged.</summary>
internal sealed class JinjaData(int line, string text) : JinjaStatement(line)
{
    /// <inheritdoc/>
    public override JinjaFlow Execute(JinjaContext context)
    {
        context.Output.Append(text);
        return JinjaFlow.Next;
    }
}

/// <summary><c>{{ value }}</c></summary>
internal sealed class JinjaPrint(int line, JinjaExpression value) : JinjaStatement(line)
{
    /// <inheritdoc/>
    public override JinjaFlow Execute(JinjaContext context)
    {
        context.Output.Append(PythonValues.Text(context, value.Evaluate(context)));
        return JinjaFlow.Next;
    }
}

/// <summary><c>{% if %}</c> with its <c>elif</c> and <c>else</c>.</summary>
internal sealed class JinjaIf(int line, IReadOnlyList<(JinjaExpression Test, JinjaBlock Body)> branches, JinjaBlock? otherwise)
    : JinjaStatement(line)
{
    /// <inheritdoc/>
    public override JinjaFlow Execute(JinjaContext context)
    {
        foreach (var (test, body) in branches)
        {
            if (PythonValues.IsTrue(test.Evaluate(context))) return body.Execute(context);
        }

        return otherwise?.Execute(context) ?? JinjaFlow.Next;
    }
}

/// <summary><c>{% break %}</c> and <c>{% continue %}</c></summary>
internal sealed class JinjaJump(int line, JinjaFlow flow) : JinjaStatement(line)
{
    /// <inheritdoc/>
    public override JinjaFlow Execute(JinjaContext context) => flow;
}

/// <summary><c>{% macro name(parameters) %}</c>: defines it here.</summary>
internal sealed class JinjaMacroDefinition(
    int line, string name, IReadOnlyList<(string Name, JinjaExpression? Default)> parameters, JinjaBlock body)
    : JinjaStatement(line)
{
    /// <summary>The macro's name.</summary>
    public string Name { get; } = name;

    /// <summary>Its parameters in order, with their defaults.</summary>
    public IReadOnlyList<(string Name, JinjaExpression? Default)> Parameters { get; } = parameters;

    /// <summary>The parameters' names, to bind arguments by.</summary>
    public JinjaParameters ParameterNames { get; } = new([.. parameters.Select(parameter => parameter.Name)]);

    /// <summary>What it prints.</summary>
    public JinjaBlock Body { get; } = body;

    /// <inheritdoc/>
    public override JinjaFlow Execute(JinjaContext context)
    {
        context.Spend(JinjaLimits.ScopeCost);
        context.Scope.Set(Name, new JinjaMacro(this, context.Scope));
        return JinjaFlow.Next;
    }
}

/// <summary><c>{% generation %}</c>: what it prints is trained, as transformers' assistant masks have it.</summary>
internal sealed class JinjaGeneration(int line, JinjaBlock body) : JinjaStatement(line)
{
    /// <inheritdoc/>
    public override JinjaFlow Execute(JinjaContext context)
    {
        if (context.CaptureDepth > 0) throw context.Unsupported("{% generation %} inside a macro or a captured block");
        context.Spend(JinjaLimits.ScopeCost);
        var start = context.Output.Length;
        var outer = context.Scope;
        context.Scope = new JinjaScope(outer);
        body.Execute(context);
        context.Scope = outer;
        if (context.Output.Length > start) context.Generations.Add(new CharSpan(start, context.Output.Length));
        return JinjaFlow.Next;
    }
}
