namespace Pursuit;

/// <summary>
/// The caller's fault: wrong use or bad input. The command line prints the message as it stands and ends with
/// exit code 2; everything else that escapes is a failed run (exit code 1).
/// </summary>
/// <remarks>
/// A message says what was found, what was expected, where, and what to do, with its numbers.
/// Prefer <see cref="At"/>, which puts the four in the house's order. Overlong quotations are cut (<see cref="MessageText"/>).
/// </remarks>
public sealed class PursuitException : Exception
{
    /// <summary>Creates the exception with a message a person can act on.</summary>
    public PursuitException(string message)
        : base(MessageText.Shortened(message))
    {
    }

    /// <summary>Creates the exception with a message a person can act on and the cause beneath it.</summary>
    public PursuitException(string message, Exception? innerException)
        : base(MessageText.Shortened(message), innerException)
    {
    }

    /// <summary>Composes "where: found; expected expected. advice".</summary>
    /// <param name="where">File, line, option or tensor the message is about.</param>
    /// <param name="found">What is there, with its numbers.</param>
    /// <param name="expected">What should be there.</param>
    /// <param name="advice">What the person can do; one sentence.</param>
    /// <param name="cause">The exception beneath, if any.</param>
    public static PursuitException At(string where, string found, string expected, string? advice = null, Exception? cause = null) =>
        new($"{where}: {found}; expected {expected}.{(advice is null ? "" : " " + advice)}", cause);
}
