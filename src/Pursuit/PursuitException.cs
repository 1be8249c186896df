namespace Pursuit;

/// <summary>
/// The caller's fault: wrong use or bad input, part by part in <see cref="Faults"/>. Everything else that escapes is a failed run.
/// </summary>
/// <remarks>
/// A message says what was found, what was expected, where, and what to do, with its numbers.
/// Prefer <see cref="At"/>, which puts the four in the house's order. Overlong quotations are cut (<see cref="MessageText"/>).
/// </remarks>
public sealed class PursuitException : Exception
{
    /// <summary>Creates the exception with a message a person can act on.</summary>
    public PursuitException(string message)
        : this(message, null)
    {
    }

    /// <summary>Creates the exception with a message a person can act on and the cause beneath it.</summary>
    public PursuitException(string message, Exception? innerException)
        : this([new(KindOf("", innerException), "", message)], innerException)
    {
    }

    /// <summary>Creates the exception with a message a person can act on, of a kind.</summary>
    public PursuitException(FaultKind kind, string message)
        : this([new(kind, "", message)])
    {
    }

    /// <summary>Creates the exception with every fault that was found.</summary>
    /// <param name="faults">What is wrong; at least one.</param>
    /// <param name="innerException">The cause beneath, if any.</param>
    public PursuitException(IReadOnlyList<Fault> faults, Exception? innerException = null)
        : base(Describe(faults, name => name), innerException) => Faults = faults;

    /// <summary>What is wrong.</summary>
    public IReadOnlyList<Fault> Faults { get; }

    /// <summary>The message with a caller's own names for the library's options and jobs.</summary>
    /// <param name="name">Gives the caller's name for one of the library's, such as <c>MaxLength</c> or <c>SelectJob</c>.</param>
    public string Describe(Func<string, string> name) => Describe(Faults, name);

    /// <summary>Composes "where: found; expected expected. advice".</summary>
    /// <param name="where">File, line, option or tensor the message is about.</param>
    /// <param name="found">What is there, with its numbers.</param>
    /// <param name="expected">What should be there.</param>
    /// <param name="advice">What the person can do; one sentence.</param>
    /// <param name="cause">The exception beneath, if any.</param>
    public static PursuitException At(string where, string found, string expected, string? advice = null, Exception? cause = null) =>
        new([new(KindOf(where, cause), where, found, expected, advice)], cause);

    private static string Describe(IReadOnlyList<Fault> faults, Func<string, string> name) =>
        MessageText.Shortened(string.Join(" ", faults.Select(f => f.Describe(name))));

    private static FaultKind KindOf(string where, Exception? cause) =>
        ApiName.Begins(where)
            ? FaultKind.Option
            : cause is IOException or UnauthorizedAccessException ? FaultKind.Storage : FaultKind.Input;
}
