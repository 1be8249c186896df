namespace Pursuit.Jinja;

/// <summary>A node of a template that has a value. Nodes never change after parsing; all that does is in the context.</summary>
/// <param name="line">The line it begins on.</param>
/// <param name="depth">Levels of nodes from here down.</param>
internal abstract class JinjaExpression(int line, int depth)
{
    /// <summary>The 1-based line it begins on.</summary>
    public int Line { get; } = line;

    /// <summary>Levels of nodes from here down; bounded when parsed, so that evaluation cannot run out of stack.</summary>
    public int Depth { get; } = depth;

    /// <summary>The node's value in this rendering.</summary>
    /// <exception cref="PursuitException">The template or the record is at fault; says the line.</exception>
    public abstract object? Evaluate(JinjaContext context);

    /// <summary>One level more than the deepest of these.</summary>
    public static int Above(params IEnumerable<JinjaExpression?> parts)
    {
        var depth = 0;
        foreach (var part in parts) depth = Math.Max(depth, part?.Depth ?? 0);
        return depth + 1;
    }
}

/// <summary>A literal.</summary>
internal sealed class JinjaConstant(int line, object? value) : JinjaExpression(line, 1)
{
    /// <summary>What it stands for.</summary>
    public object? Value { get; } = value;

    /// <inheritdoc/>
    public override object? Evaluate(JinjaContext context)
    {
        context.Step();
        return Value;
    }
}

/// <summary>A variable.</summary>
internal sealed class JinjaName(int line, string name) : JinjaExpression(line, 1)
{
    /// <summary>Its name.</summary>
    public string Name { get; } = name;

    /// <inheritdoc/>
    public override object? Evaluate(JinjaContext context)
    {
        context.Step();
        context.Spend(Name.Length);
        return context.Scope.TryGet(Name, out var value) ? value
            : JinjaFunctions.IsKnown(Name) ? new JinjaFunction(Name)
            : JinjaFunctions.IsRefused(Name) ? throw context.Unsupported($"the function \"{Name}\"")
            : JinjaUndefined.Variable(Name);
    }
}

/// <summary><c>[a, b]</c> or <c>(a, b)</c>.</summary>
internal sealed class JinjaSequenceLiteral(int line, IReadOnlyList<JinjaExpression> items, JinjaListKind kind)
    : JinjaExpression(line, Above(items))
{
    /// <summary>The elements.</summary>
    public IReadOnlyList<JinjaExpression> Items { get; } = items;

    /// <summary>List or tuple.</summary>
    public JinjaListKind Kind { get; } = kind;

    /// <inheritdoc/>
    public override object? Evaluate(JinjaContext context)
    {
        context.Step();
        var values = new object?[Items.Count];
        for (var i = 0; i < values.Length; i++) values[i] = Items[i].Evaluate(context);
        return new JinjaList(values, Kind);
    }
}

/// <summary><c>{"a": b}</c>.</summary>
internal sealed class JinjaDictLiteral(int line, IReadOnlyList<(JinjaExpression Key, JinjaExpression Value)> entries)
    : JinjaExpression(line, Above(entries.SelectMany(entry => new[] { entry.Key, entry.Value })))
{
    // An entry of a dict takes as much room as so many elements of a list.
    private const long DictEntryCost = 4;

    /// <inheritdoc/>
    public override object? Evaluate(JinjaContext context)
    {
        context.Step();
        var dict = new JinjaDict(entries.Count);
        foreach (var (key, value) in entries)
        {
            context.Line = Line;
            context.Step(DictEntryCost);
            var text = key.Evaluate(context) switch
            {
                JinjaText name => name,
                long number => JinjaText.OfNumber(number),
                _ => throw context.Unsupported("a dict key that is neither a string nor a whole number"),
            };
            context.Spend(2L * text.Value.Length);
            dict.Set(text, value.Evaluate(context));
        }

        return dict;
    }
}

/// <summary><c>a if b else c</c>; without an else, undefined.</summary>
internal sealed class JinjaConditional(int line, JinjaExpression test, JinjaExpression whenTrue, JinjaExpression? whenFalse)
    : JinjaExpression(line, Above(test, whenTrue, whenFalse))
{
    private readonly JinjaUndefined _missing = new($"the inline if on line {line} was false and has no else");

    /// <inheritdoc/>
    public override object? Evaluate(JinjaContext context)
    {
        context.Step();
        if (PythonValues.IsTrue(test.Evaluate(context))) return whenTrue.Evaluate(context);
        return whenFalse is null ? _missing : whenFalse.Evaluate(context);
    }
}
