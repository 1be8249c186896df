namespace Pursuit.Jinja;

/// <summary><c>value.name</c>: an attribute first, an element second.</summary>
internal sealed class JinjaAttribute(int line, JinjaExpression target, string name) : JinjaExpression(line, Above(target))
{
    private readonly JinjaText _key = JinjaText.Of(name);

    /// <summary>The attribute's name.</summary>
    public string Name { get; } = name;

    /// <inheritdoc/>
    public override object? Evaluate(JinjaContext context)
    {
        context.Step();
        context.Spend(Name.Length);
        var value = target.Evaluate(context);
        context.Line = Line;
        return JinjaLookup.Attribute(context, value, Name) is { Found: true } attribute
            ? attribute.Value
            : JinjaLookup.ElementOrUndefined(context, value, _key);
    }
}

/// <summary><c>value[key]</c>: an element first, an attribute second.</summary>
internal sealed class JinjaItem(int line, JinjaExpression target, JinjaExpression key) : JinjaExpression(line, Above(target, key))
{
    /// <inheritdoc/>
    public override object? Evaluate(JinjaContext context)
    {
        context.Step();
        var value = target.Evaluate(context);
        var index = key.Evaluate(context);
        context.Line = Line;
        return JinjaLookup.Item(context, value, index);
    }
}

/// <summary>The <c>start:stop:step</c> of a subscript.</summary>
internal sealed class JinjaSlice(int line, JinjaExpression? start, JinjaExpression? stop, JinjaExpression? step)
    : JinjaExpression(line, Above(start, stop, step))
{
    /// <inheritdoc/>
    public override object? Evaluate(JinjaContext context)
    {
        context.Step();
        return new JinjaSliceValue(start?.Evaluate(context), stop?.Evaluate(context), step?.Evaluate(context));
    }
}

/// <summary>How jinja2 finds attributes and elements.</summary>
internal static class JinjaLookup
{
    /// <summary>The attribute of that name, if the value has one.</summary>
    public static (bool Found, object? Value) Attribute(JinjaContext context, object? value, string name) => value switch
    {
        JinjaUndefined undefined => throw PythonValues.Missing(context, undefined),
        JinjaNamespace space => space.Attributes.TryGetValue(name, out var found) ? (true, found) : (false, null),
        JinjaLoop loop => loop.TryGet(name, out var found) ? (true, found) : (false, null),
        JinjaMacro macro => macro.Attribute(context, name),
        JinjaText or JinjaDict or JinjaList when JinjaMethods.IsMethod(value, name) => (true, new JinjaBoundMethod(value, name)),
        _ => (false, null),
    };

    /// <summary><c>value[index]</c>, then <c>value.index</c>, then undefined.</summary>
    public static object? Item(JinjaContext context, object? value, object? index)
    {
        if (value is JinjaUndefined undefined) throw PythonValues.Missing(context, undefined);
        if (index is JinjaSliceValue slice) return PythonSlice.Take(context, value, slice);
        if (index is JinjaText key) context.Spend(2L * key.Value.Length);
        var element = ElementOrUndefined(context, value, index);
        return element is JinjaUndefined && index is JinjaText name && Attribute(context, value, name.Value) is { Found: true } attribute
            ? attribute.Value
            : element;
    }

    /// <summary><c>value[index]</c>, or undefined where there is none.</summary>
    public static object? ElementOrUndefined(JinjaContext context, object? value, object? index)
    {
        switch (value)
        {
            case JinjaUndefined undefined:
                throw PythonValues.Missing(context, undefined);
            case JinjaDict dict when dict.TryGet(index, out var found):
                return found;
            case JinjaList { Kind: JinjaListKind.List or JinjaListKind.Tuple or JinjaListKind.Range } list
                when PythonValues.TryInteger(index, out var at):
                if (at < 0) at += list.Items.Count;
                if (at >= 0 && at < list.Items.Count) return list.Items[(int)at];
                break;
            case JinjaText text when PythonValues.TryInteger(index, out var at):
                if (!text.IsFlat) context.Spend(2L * text.Value.Length);
                if (at < 0) at += text.CodePoints;
                if (at < 0 || at >= text.CodePoints) break;
                return text.Slice(context, text.UnitOf((int)at), text.UnitOf((int)at + 1));
        }

        return JinjaUndefined.Element(value, index);
    }
}
