namespace Pursuit.Jinja;

/// <summary>From where on a template printed for one message.</summary>
/// <param name="Start">Position of the first character.</param>
/// <param name="Message">The message whose pass of a loop printed it, or -1 outside of such loops.</param>
internal readonly record struct JinjaStretch(int Start, int Message);

/// <summary>What a template printed.</summary>
/// <param name="Text">The text with its marks.</param>
/// <param name="Generations">What the <c>generation</c> blocks printed.</param>
/// <param name="Stretches">Which message each part was printed for, ascending; the first begins at 0.</param>
/// <param name="Work">Units of work it was charged.</param>
internal sealed record JinjaRendering(
    JinjaText Text, IReadOnlyList<CharSpan> Generations, IReadOnlyList<JinjaStretch> Stretches, long Work);

/// <summary>
/// A template of the Jinja subset that chat templates are written in, parsed once and rendered from any number of threads.
/// It behaves as jinja2 does in transformers' environment (a sandbox where nothing can be changed, <c>trim_blocks</c>,
/// <c>lstrip_blocks</c>, break and continue, <c>tojson</c>, <c>raise_exception</c>, <c>strftime_now</c>, <c>generation</c>).
/// </summary>
internal sealed class JinjaTemplate
{
    private readonly JinjaBlock _body;
    private readonly string _name;
    private readonly DateTimeOffset _now;

    private JinjaTemplate(string name, JinjaBlock body, bool hasGeneration, DateTimeOffset now)
    {
        _name = name;
        _body = body;
        _now = now;
        HasGeneration = hasGeneration;
    }

    /// <summary>True where the template marks the trained spans itself.</summary>
    public bool HasGeneration { get; }

    /// <summary>Parses a template.</summary>
    /// <param name="name">What messages call it, such as its file.</param>
    /// <param name="template">Its text.</param>
    /// <param name="now">What <c>strftime_now</c> returns.</param>
    /// <exception cref="PursuitException">The text is no template of the subset; says the line and the construct.</exception>
    public static JinjaTemplate Parse(string name, string template, DateTimeOffset now)
    {
        var (body, hasGeneration) = JinjaParser.Parse(name, template);
        return new JinjaTemplate(name, body, hasGeneration, now);
    }

    /// <summary>Renders the template.</summary>
    /// <param name="variables">What it is given by name.</param>
    /// <exception cref="PursuitException">The template refuses what it was given, or is at fault; says the line.</exception>
    public JinjaRendering Render(IEnumerable<KeyValuePair<string, object?>> variables)
    {
        var context = Start(variables);
        Run(context);
        return new JinjaRendering(context.Output.ToText(), context.Generations, context.Stretches, context.Work);
    }

    /// <summary>Opens a rendering without running it.</summary>
    /// <param name="variables">What it is given by name.</param>
    public JinjaContext Start(IEnumerable<KeyValuePair<string, object?>> variables)
    {
        var globals = new JinjaScope(null);
        foreach (var (name, value) in variables) globals.Set(name, value);
        return new JinjaContext(_name, _now, globals);
    }

    /// <summary>Runs a rendering to its end.</summary>
    /// <exception cref="PursuitException">As <see cref="Render"/>.</exception>
    public void Run(JinjaContext context) => _body.Execute(context);
}
