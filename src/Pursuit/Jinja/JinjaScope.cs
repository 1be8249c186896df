namespace Pursuit.Jinja;

/// <summary>Variables of a template, a loop's body or a macro; what is not here is looked up outside.</summary>
internal sealed class JinjaScope(JinjaScope? parent)
{
    private Dictionary<string, object?>? _variables;

    /// <summary>Sets a variable here; outer ones of the same name stay as they are.</summary>
    public void Set(string name, object? value) => (_variables ??= new(StringComparer.Ordinal))[name] = value;

    /// <summary>The values set here.</summary>
    public IEnumerable<object?> Values => _variables?.Values ?? Enumerable.Empty<object?>();

    /// <summary>The variable's value, from here or from outside.</summary>
    public bool TryGet(string name, out object? value)
    {
        for (var scope = this; scope is not null; scope = scope.Parent)
        {
            if (scope._variables is { } variables && variables.TryGetValue(name, out value)) return true;
        }

        value = null;
        return false;
    }

    private JinjaScope? Parent { get; } = parent;
}
