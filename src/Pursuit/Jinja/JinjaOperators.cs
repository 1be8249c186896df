namespace Pursuit.Jinja;

/// <summary><c>not a</c>, <c>-a</c> and <c>+a</c>.</summary>
internal sealed class JinjaUnary(int line, string symbol, JinjaExpression operand) : JinjaExpression(line, Above(operand))
{
    /// <inheritdoc/>
    public override object? Evaluate(JinjaContext context)
    {
        context.Step();
        var value = operand.Evaluate(context);
        context.Line = Line;
        return symbol switch
        {
            "not" => !PythonValues.IsTrue(value),
            "-" => PythonArithmetic.Negate(context, value),
            _ => value is double ? value : PythonArithmetic.Add(context, 0L, value),
        };
    }
}

/// <summary><c>a and b</c> and <c>a or b</c>: the operand that decides, as Python has it.</summary>
internal sealed class JinjaLogical(int line, bool isAnd, JinjaExpression left, JinjaExpression right)
    : JinjaExpression(line, Above(left, right))
{
    /// <inheritdoc/>
    public override object? Evaluate(JinjaContext context)
    {
        context.Step();
        var value = left.Evaluate(context);
        return PythonValues.IsTrue(value) == isAnd ? right.Evaluate(context) : value;
    }
}

/// <summary>An operator of arithmetic.</summary>
internal sealed class JinjaBinary(int line, string symbol, JinjaExpression left, JinjaExpression right)
    : JinjaExpression(line, Above(left, right))
{
    private readonly Func<JinjaContext, object?, object?, object?> _compute = PythonArithmetic.Operators[symbol];

    /// <inheritdoc/>
    public override object? Evaluate(JinjaContext context)
    {
        context.Step();
        var a = left.Evaluate(context);
        var b = right.Evaluate(context);
        context.Line = Line;
        return _compute(context, a, b);
    }
}

/// <summary><c>a ~ b ~ c</c>: the printed forms in a row.</summary>
internal sealed class JinjaConcat(int line, IReadOnlyList<JinjaExpression> parts) : JinjaExpression(line, Above(parts))
{
    /// <inheritdoc/>
    public override object? Evaluate(JinjaContext context)
    {
        context.Step();
        var builder = new JinjaTextBuilder(context);
        foreach (var part in parts) builder.Append(PythonValues.Text(context, part.Evaluate(context)));
        return builder.ToText();
    }
}

/// <summary>A chain of comparisons, <c>a &lt; b &lt;= c</c>, <c>in</c> and <c>not in</c> among them.</summary>
internal sealed class JinjaComparison(int line, JinjaExpression first, IReadOnlyList<(string Symbol, JinjaExpression Operand)> rest)
    : JinjaExpression(line, Above(rest.Select(part => part.Operand).Prepend(first)))
{
    /// <inheritdoc/>
    public override object? Evaluate(JinjaContext context)
    {
        context.Step();
        var left = first.Evaluate(context);
        foreach (var (symbol, operand) in rest)
        {
            var right = operand.Evaluate(context);
            context.Line = Line;
            if (!PythonComparison.Operators[symbol](context, left, right)) return false;
            left = right;
        }

        return true;
    }
}
