namespace Pursuit.Jinja;

/// <summary>The arguments of a call, as written in the template.</summary>
/// <param name="Positional">Those without a name, in order.</param>
/// <param name="Named">Those with one.</param>
internal sealed record JinjaArguments(IReadOnlyList<JinjaExpression> Positional, IReadOnlyList<(string Name, JinjaExpression Value)> Named)
{
    /// <summary>No arguments.</summary>
    public static readonly JinjaArguments None = new([], []);

    /// <summary>The deepest tree among them.</summary>
    public int Depth => JinjaExpression.Above([.. Positional, .. Named.Select(argument => argument.Value)]) - 1;

    /// <summary>The arguments after the first <paramref name="count"/> positional ones.</summary>
    public JinjaArguments Skip(int count) => new([.. Positional.Skip(count)], Named);

    /// <summary>The arguments with <c>*items</c> replaced by the items' values.</summary>
    public JinjaArguments Unpack(JinjaContext context)
    {
        if (!Positional.Any(argument => argument is JinjaUnpacked)) return this;
        var positional = new List<JinjaExpression>();
        foreach (var argument in Positional)
        {
            if (argument is JinjaUnpacked unpacked) positional.AddRange(unpacked.Items(context));
            else positional.Add(argument);
        }

        return this with { Positional = positional };
    }

    /// <summary>Puts each argument in its parameter's place; null where none was given.</summary>
    /// <exception cref="PursuitException">An argument has no parameter; says which.</exception>
    public JinjaExpression?[] Bind(JinjaParameters parameters, string template, int line, string callee)
    {
        var bound = new JinjaExpression?[parameters.Count];
        if (Positional.Count > parameters.Count)
            throw JinjaFaults.Unsupported(
                template, line, $"{callee} with {Positional.Count} arguments, of which only {parameters.Count} are known");
        for (var i = 0; i < Positional.Count; i++)
        {
            bound[i] = Positional[i] is JinjaUnpacked
                ? throw JinjaFaults.Unsupported(template, line, $"unpacked arguments, \"*\", for {callee}")
                : Positional[i];
        }

        foreach (var (name, value) in Named)
        {
            var at = parameters.IndexOf(name);
            if (at < 0) throw JinjaFaults.Unsupported(template, line, $"{callee} with the argument \"{name}\"");
            if (bound[at] is not null) throw JinjaFaults.Syntax(template, line, $"{callee} with the argument \"{name}\" twice", "it once");
            bound[at] = value;
        }

        return bound;
    }

    /// <summary>Values of bound arguments; <see cref="JinjaMissing.Value"/> where none was given.</summary>
    public static object?[] Evaluate(JinjaContext context, JinjaExpression?[] bound)
    {
        if (bound.Length == 0) return [];
        var values = new object?[bound.Length];
        for (var i = 0; i < values.Length; i++) values[i] = bound[i] is { } expression ? expression.Evaluate(context) : JinjaMissing.Value;
        return values;
    }
}

/// <summary><c>*items</c> among the arguments of a macro's call.</summary>
internal sealed class JinjaUnpacked(int line, JinjaExpression items) : JinjaExpression(line, Above(items))
{
    /// <summary>The items as arguments of their own.</summary>
    public IEnumerable<JinjaExpression> Items(JinjaContext context)
    {
        var values = PythonValues.Elements(context, items.Evaluate(context));
        // Each is put in its place like any other argument.
        context.Step(4L * values.Count);
        return values.Select(value => new JinjaConstant(Line, value));
    }

    /// <inheritdoc/>
    public override object? Evaluate(JinjaContext context) => throw context.Unsupported("unpacked arguments, \"*\", here");
}

/// <summary>Names of parameters in order, found in constant time however many there are.</summary>
internal sealed class JinjaParameters
{
    /// <summary>No parameters.</summary>
    public static readonly JinjaParameters None = new([]);

    private readonly Dictionary<string, int> _positions = new(StringComparer.Ordinal);

    /// <summary>Takes the names; of equal ones the first counts.</summary>
    public JinjaParameters(IReadOnlyList<string> names)
    {
        Count = names.Count;
        for (var i = 0; i < names.Count; i++) _positions.TryAdd(names[i], i);
    }

    /// <summary>How many there are.</summary>
    public int Count { get; }

    /// <summary>The place of a name, or -1.</summary>
    public int IndexOf(string name) => _positions.GetValueOrDefault(name, -1);
}

/// <summary>The value of an argument that was not given.</summary>
internal sealed class JinjaMissing
{
    /// <summary>The one value.</summary>
    public static readonly JinjaMissing Value = new();

    private JinjaMissing()
    {
    }

    /// <summary>The argument, or <paramref name="fallback"/> where none was given.</summary>
    public static object? Or(object? argument, object? fallback) => argument is JinjaMissing ? fallback : argument;

    /// <summary>The argument's truth, or <paramref name="fallback"/> where none was given.</summary>
    public static bool IsTrue(object? argument, bool fallback) => argument is JinjaMissing ? fallback : PythonValues.IsTrue(argument);
}
