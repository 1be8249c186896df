namespace Pursuit.Jinja;

/// <summary><c>{% for target in items if test %}...{% else %}...{% endfor %}</c></summary>
internal sealed class JinjaFor(
    int line, JinjaTarget target, JinjaExpression items, JinjaExpression? test, JinjaBlock body, JinjaBlock? otherwise)
    : JinjaStatement(line)
{
    /// <inheritdoc/>
    public override JinjaFlow Execute(JinjaContext context)
    {
        var outer = context.Scope;
        var elements = PythonValues.Elements(context, items.Evaluate(context));
        if (test is not null) elements = Filter(context, outer, elements);
        var finished = false;
        var outerMessage = context.Message;
        context.Spend(JinjaLimits.ScopeCost);
        var loop = new JinjaLoop(elements);
        for (; loop.Index < elements.Count; loop.Index++)
        {
            context.Spend(JinjaLimits.ScopeCost);
            // Every pass starts from the variables outside: what the last one set is gone, as in jinja2.
            var inner = new JinjaScope(outer);
            inner.Set("loop", loop);
            context.Scope = inner;
            context.Line = Line;
            if (elements[loop.Index] is JinjaDict { Message: >= 0 } message) context.EnterMessage(message.Message);
            target.Assign(context, inner, elements[loop.Index]);
            var flow = body.Execute(context);
            if (flow == JinjaFlow.Break) break;
            finished |= flow == JinjaFlow.Next;
        }

        if (context.Message != outerMessage) context.EnterMessage(outerMessage);
        context.Scope = outer;
        // jinja2 notes at a pass's end that there was one, so the else also runs where every pass was broken off.
        if (!finished && otherwise is not null)
        {
            context.Scope = new JinjaScope(outer);
            var flow = otherwise.Execute(context);
            context.Scope = outer;
            return flow;
        }

        return JinjaFlow.Next;
    }

    private List<object?> Filter(JinjaContext context, JinjaScope outer, IReadOnlyList<object?> elements)
    {
        var kept = new List<object?>();
        foreach (var element in elements)
        {
            context.Spend(JinjaLimits.ScopeCost);
            var inner = new JinjaScope(outer);
            context.Scope = inner;
            target.Assign(context, inner, element);
            if (PythonValues.IsTrue(test!.Evaluate(context))) kept.Add(element);
        }

        context.Scope = outer;
        return kept;
    }
}
