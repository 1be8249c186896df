using System.Runtime.CompilerServices;

namespace Pursuit.Jinja;

/// <summary>One rendering: its output, its variables, what it has used up, and its position.</summary>
internal sealed class JinjaContext
{
    private readonly JinjaScope _globals;
    private long _limit = JinjaLimits.Work;
    private bool _countedRecord;

    /// <summary>Opens a rendering.</summary>
    /// <param name="name">The template's name, for messages.</param>
    /// <param name="now">What <c>strftime_now</c> returns.</param>
    /// <param name="globals">The variables the template is given.</param>
    public JinjaContext(string name, DateTimeOffset now, JinjaScope globals)
    {
        Name = name;
        Now = now;
        _globals = globals;
        // The template's own variables are in an inner scope.
        Scope = new JinjaScope(globals);
        Output = new JinjaTextBuilder(this);
    }

    /// <summary>Units of work used up so far; see <see cref="JinjaLimits"/>.</summary>
    public long Work { get; private set; }

    /// <summary>The template's name, for messages.</summary>
    public string Name { get; }

    /// <summary>What <c>strftime_now</c> returns.</summary>
    public DateTimeOffset Now { get; }

    /// <summary>The innermost variables.</summary>
    public JinjaScope Scope { get; set; }

    /// <summary>Where statements print.</summary>
    public JinjaTextBuilder Output { get; set; }

    /// <summary>What <c>{% generation %}</c> blocks printed, as positions in the whole output.</summary>
    public List<CharSpan> Generations { get; } = [];

    /// <summary>Which message each part of the whole output was printed for; the first begins at 0.</summary>
    public List<JinjaStretch> Stretches { get; } = [new JinjaStretch(0, -1)];

    /// <summary>The message whose pass of a loop is running, or -1.</summary>
    public int Message { get; private set; } = -1;

    /// <summary>The line being evaluated.</summary>
    public int Line { get; set; } = 1;

    /// <summary>Macros running inside each other.</summary>
    public int MacroDepth { get; set; }

    /// <summary>Captures running inside each other; 0 where statements print straight into the conversation.</summary>
    public int CaptureDepth { get; private set; }

    /// <summary>A loop turns to a message, or back to the one around it.</summary>
    public void EnterMessage(int message)
    {
        Message = message;
        // What is captured is printed later, at a place of its own.
        if (CaptureDepth > 0) return;
        if (Stretches[^1].Start == Output.Length) Stretches.RemoveAt(Stretches.Count - 1);
        if (Stretches.Count == 0 || Stretches[^1].Message != message) Stretches.Add(new JinjaStretch(Output.Length, message));
    }

    /// <summary>Runs a block and keeps what it prints from the output.</summary>
    public JinjaText Capture(JinjaBlock body)
    {
        var outer = Output;
        Output = new JinjaTextBuilder(this);
        CaptureDepth++;
        body.Execute(this);
        CaptureDepth--;
        var text = Output.ToText();
        Output = outer;
        return text;
    }

    /// <summary>Charges one node or element; ends a rendering that never would.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step() => Spend(JinjaLimits.NodeCost);

    /// <summary>Charges many nodes or elements at once; call it before the work.</summary>
    public void Step(long count) => Spend(count, JinjaLimits.NodeCost);

    /// <summary>Charges units about to be used.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Spend(long units)
    {
        if ((Work += units) > _limit) Extend();
    }

    /// <summary>Charges something many times over.</summary>
    /// <param name="count">How many times.</param>
    /// <param name="units">Units of one.</param>
    public void Spend(long count, long units) => Spend((long)Int128.Min((Int128)count * units, long.MaxValue / 2));

    // A long record may cost more. It is measured only where that matters, so that ordinary ones pay nothing for it.
    private void Extend()
    {
        if (!_countedRecord)
        {
            _countedRecord = true;
            _limit += Math.Min(JinjaLimits.MostRecordWork, JinjaLimits.WorkPerCharacter * PythonValues.Size(_globals.Values));
        }

        if (Work <= _limit) return;
        var message = $"the template used up more than {_limit:N0} units of work "
            + "(docs/formats/chat-templates.md says what they count); expected a chat template to end well before. "
            + "Check its loops, and whether its cost grows faster than the record.";
        throw new PursuitException($"{Name}, line {Line}: {message}", new JinjaLimitException(message));
    }

    /// <summary>A fault of the template or of what it was given, at the current line.</summary>
    public PursuitException Fault(string message) => new($"{Name}, line {Line}: {message}");

    /// <summary>A construct that is not supported, met while rendering.</summary>
    public PursuitException Unsupported(string construct) => JinjaFaults.Unsupported(Name, Line, construct);
}
