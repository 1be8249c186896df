namespace Pursuit.Jinja;

/// <summary>What a value is assigned to: one name, several that unpack it, or an attribute of a namespace.</summary>
internal sealed class JinjaTarget
{
    private readonly IReadOnlyList<JinjaTarget>? _parts;
    private readonly string? _name;
    private readonly string? _attribute;

    private JinjaTarget(IReadOnlyList<JinjaTarget>? parts, string? name, string? attribute)
    {
        _parts = parts;
        _name = name;
        _attribute = attribute;
    }

    /// <summary>A variable.</summary>
    public static JinjaTarget Variable(string name) => new(null, name, null);

    /// <summary>An attribute of a namespace.</summary>
    public static JinjaTarget NamespaceAttribute(string name, string attribute) => new(null, name, attribute);

    /// <summary>Targets that take a sequence's elements one for one.</summary>
    public static JinjaTarget Unpacking(IReadOnlyList<JinjaTarget> parts) => new(parts, null, null);

    /// <summary>Every variable it sets.</summary>
    public IEnumerable<string> Names => _parts?.SelectMany(part => part.Names) ?? (_attribute is null ? [_name!] : []);

    /// <summary>Assigns.</summary>
    public void Assign(JinjaContext context, JinjaScope scope, object? value)
    {
        context.Step();
        if (_parts is not null)
        {
            var elements = PythonValues.Elements(context, value);
            if (elements.Count != _parts.Count)
                throw context.Fault($"{elements.Count} values are unpacked into {_parts.Count} names; expected as many.");
            for (var i = 0; i < _parts.Count; i++) _parts[i].Assign(context, scope, elements[i]);
        }
        else if (_attribute is null)
        {
            scope.Set(_name!, value);
        }
        else
        {
            if (!context.Scope.TryGet(_name!, out var found) || found is not JinjaNamespace space)
                throw context.Fault($"an attribute of \"{_name}\" is set, which is no namespace; expected namespace(...).");
            space.Attributes[_attribute] = value;
        }
    }
}

/// <summary><c>{% set target = value %}</c></summary>
internal sealed class JinjaSet(int line, JinjaTarget target, JinjaExpression value) : JinjaStatement(line)
{
    /// <inheritdoc/>
    public override JinjaFlow Execute(JinjaContext context)
    {
        target.Assign(context, context.Scope, value.Evaluate(context));
        return JinjaFlow.Next;
    }
}

/// <summary><c>{% set target %}...{% endset %}</c>, perhaps with filters; with no target, <c>{% filter %}</c>, which prints.</summary>
internal sealed class JinjaCapture(int line, JinjaTarget? target, IReadOnlyList<JinjaFilterCall> filters, JinjaBlock body)
    : JinjaStatement(line)
{
    /// <inheritdoc/>
    public override JinjaFlow Execute(JinjaContext context)
    {
        context.Spend(JinjaLimits.ScopeCost);
        var outer = context.Scope;
        context.Scope = new JinjaScope(outer);
        object? value = context.Capture(body);
        context.Scope = outer;
        foreach (var filter in filters) value = filter.Apply(context, value);
        if (target is not null) target.Assign(context, outer, value);
        else context.Output.Append(PythonValues.Text(context, value));
        return JinjaFlow.Next;
    }
}

/// <summary><c>{% with a = 1 %}</c></summary>
internal sealed class JinjaWith(int line, IReadOnlyList<(JinjaTarget Target, JinjaExpression Value)> assignments, JinjaBlock body)
    : JinjaStatement(line)
{
    /// <inheritdoc/>
    public override JinjaFlow Execute(JinjaContext context)
    {
        context.Spend(JinjaLimits.ScopeCost);
        var outer = context.Scope;
        var inner = new JinjaScope(outer);
        foreach (var (target, value) in assignments) target.Assign(context, inner, value.Evaluate(context));
        context.Scope = inner;
        var flow = body.Execute(context);
        context.Scope = outer;
        return flow;
    }
}
