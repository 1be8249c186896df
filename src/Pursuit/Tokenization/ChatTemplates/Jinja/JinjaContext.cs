using System.Runtime.CompilerServices;

namespace Pursuit.Tokenization;

/// <summary>One rendering: its output, its variables, what it has used up, and where it stands.</summary>
internal sealed class JinjaContext
{
    private long _steps;
    private long _characters;

    /// <summary>Opens a rendering.</summary>
    /// <param name="name">The template's name, for messages.</param>
    /// <param name="now">What <c>strftime_now</c> tells.</param>
    /// <param name="globals">The variables the template is given.</param>
    public JinjaContext(string name, DateTimeOffset now, JinjaScope globals)
    {
        Name = name;
        Now = now;
        Scope = globals;
    }

    /// <summary>The template's name, for messages.</summary>
    public string Name { get; }

    /// <summary>What <c>strftime_now</c> tells.</summary>
    public DateTimeOffset Now { get; }

    /// <summary>The innermost variables.</summary>
    public JinjaScope Scope { get; set; }

    /// <summary>Where statements print.</summary>
    public JinjaTextBuilder Output { get; set; } = new();

    /// <summary>What <c>{% generation %}</c> blocks printed, as positions in the whole output.</summary>
    public List<CharSpan> Generations { get; } = [];

    /// <summary>The line being evaluated.</summary>
    public int Line { get; set; } = 1;

    /// <summary>Macros running inside each other.</summary>
    public int MacroDepth { get; set; }

    /// <summary>Loops running inside each other.</summary>
    public int LoopDepth { get; set; }

    /// <summary>Captures running inside each other; 0 where statements print straight into the conversation.</summary>
    public int CaptureDepth { get; private set; }

    /// <summary>Runs a block and keeps what it prints from the output.</summary>
    public JinjaText Capture(JinjaBlock body)
    {
        var outer = Output;
        Output = new JinjaTextBuilder();
        CaptureDepth++;
        body.Execute(this);
        CaptureDepth--;
        var text = Output.ToText();
        Output = outer;
        return text;
    }

    /// <summary>Counts one node; ends a rendering that never would.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step()
    {
        if (++_steps > JinjaLimits.Steps) throw TooMuch($"{JinjaLimits.Steps:N0} steps");
    }

    /// <summary>Counts many nodes at once.</summary>
    public void Step(long count)
    {
        _steps += count;
        if (_steps > JinjaLimits.Steps) throw TooMuch($"{JinjaLimits.Steps:N0} steps");
    }

    /// <summary>Counts characters about to be read or made; call it before the work.</summary>
    public void Spend(long characters)
    {
        _characters += characters;
        if (_characters > JinjaLimits.Characters) throw TooMuch($"{JinjaLimits.Characters:N0} characters of work");
    }

    /// <summary>A fault of the template or of what it was given, at the current line.</summary>
    public PursuitException Fault(string message) => new($"{Name}, line {Line}: {message}");

    /// <summary>A construct that is not supported, met while rendering.</summary>
    public PursuitException Unsupported(string construct) => JinjaFaults.Unsupported(Name, Line, construct);

    private PursuitException TooMuch(string what) =>
        Fault($"the template used up more than {what}; expected a chat template to end well before. Check its loops.");
}

/// <summary>Messages every part of the template engine shares.</summary>
internal static class JinjaFaults
{
    /// <summary>A construct outside the subset, refused by name.</summary>
    public static PursuitException Unsupported(string name, int line, string construct) =>
        PursuitException.At(
            $"{name}, line {line}",
            $"the template uses {construct}",
            "the Jinja subset of docs/formats/chat-templates.md",
            "Rewrite that line, or bring a template without it as chat_template.jinja.");

    /// <summary>Text that is no template.</summary>
    public static PursuitException Syntax(string name, int line, string found, string expected) =>
        PursuitException.At($"{name}, line {line}", found, expected, "Check the template against jinja2.");
}
