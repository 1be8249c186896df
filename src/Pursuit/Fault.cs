namespace Pursuit;

/// <summary>One thing that is wrong with what a caller gave.</summary>
/// <remarks>The parts name options as the library does; <see cref="Describe"/> writes them by a caller's own names.</remarks>
public sealed record Fault
{
    private readonly string _subject;
    private readonly string _found;
    private readonly string? _expected;
    private readonly string? _advice;

    /// <summary>Describes a fault.</summary>
    /// <param name="kind">What it is about.</param>
    /// <param name="subject">The file, line, option or tensor; empty where <paramref name="found"/> is a whole message.</param>
    /// <param name="found">What is there, with its numbers.</param>
    /// <param name="expected">What should be there, or null where what was found says it.</param>
    /// <param name="advice">What a person can do, in one sentence, or null.</param>
    public Fault(FaultKind kind, string subject, string found, string? expected = null, string? advice = null)
    {
        Kind = kind;
        (_subject, _found, _expected, _advice) = (subject, found, expected, advice);
    }

    /// <summary>What it is about.</summary>
    public FaultKind Kind { get; }

    /// <summary>The file, line, option or tensor; empty where <see cref="Found"/> is a whole message.</summary>
    public string Subject => ApiName.Plain(_subject);

    /// <summary>What is there, with its numbers.</summary>
    public string Found => ApiName.Plain(_found);

    /// <summary>What should be there, or null where what was found says it.</summary>
    public string? Expected => _expected is null ? null : ApiName.Plain(_expected);

    /// <summary>What a person can do, or null.</summary>
    public string? Advice => _advice is null ? null : ApiName.Plain(_advice);

    /// <summary>The fault of an option.</summary>
    /// <param name="option">The option's name.</param>
    /// <param name="found">Its value, or what is wrong with it.</param>
    /// <param name="expected">What it may be, or null where what was found says it.</param>
    public static Fault OfOption(string option, string found, string? expected = null) => new(FaultKind.Option, option, found, expected);

    /// <summary>Writes "subject: found; expected expected. advice", with other names for the library's options and jobs.</summary>
    /// <param name="name">Gives a caller's name for one of the library's, such as <c>MaxLength</c> or <c>SelectJob</c>.</param>
    public string Describe(Func<string, string> name) => ApiName.Renamed(Text, name);

    /// <summary>Writes "subject: found; expected expected. advice" by the library's names.</summary>
    public override string ToString() => ApiName.Plain(Text);

    private string Text =>
        $"{(_subject.Length == 0 ? "" : _subject + ": ")}{_found}{(_expected is null ? "" : $"; expected {_expected}")}{End}"
            + (_advice is null ? "" : " " + _advice);

    /// <summary>A whole message ends as it was written.</summary>
    private string End => _subject.Length == 0 ? "" : ".";
}
