using System.Runtime.CompilerServices;

namespace Pursuit.Tokenization;

/// <summary>
/// What one text may cost on its way to the model, so that a hostile tokenizer or text ends: how long normalization may
/// make it, and how much work its normalizer and patterns may do. docs/formats/tokenizer.md states the limits.
/// </summary>
internal sealed class TextWork
{
    /// <summary>How many times as long as the text its normalized form may be.</summary>
    public const int MostGrowth = 64;

    /// <summary>UTF-16 units that a form of the text may have beyond four times the text.</summary>
    public const int GrowthAlways = 1 << 22;

    /// <summary>UTF-16 units that normalizer and pre-tokenizer may read and write for each unit of the text, all steps together.</summary>
    public const long TouchedPerCharacter = 256;

    /// <summary>UTF-16 units that normalizer and pre-tokenizer may read and write in any case, all steps together.</summary>
    public const long TouchedAlways = 1L << 26;

    /// <summary>UTF-16 units that finding and replacing a match costs as much as, beside what it reads and writes.</summary>
    public const long TouchedPerMatch = 4;

    /// <summary>Steps that the patterns of a text may take for each unit of it.</summary>
    public const long StepsPerCharacter = 500;

    /// <summary>Steps that the patterns of a text may take in any case.</summary>
    public const long StepsAlways = 2_000_000;

    private readonly int _length;
    private readonly string _where;
    private readonly long _mostTouched;
    private long _stepsLeft;

    /// <summary>Opens the account of a text.</summary>
    /// <param name="length">UTF-16 units of the text.</param>
    /// <param name="where">The tokenizer, for messages.</param>
    public TextWork(int length, string where)
    {
        _length = length;
        _where = where;
        LongestForm = Math.Max(GrowthAlways, Math.Min((long)MostGrowth * length, GrowthAlways + (4L * length)));
        _mostTouched = TouchedAlways + (TouchedPerCharacter * length);
        _stepsLeft = StepsAlways + (StepsPerCharacter * length);
    }

    /// <summary>UTF-16 units that any form of the text may have.</summary>
    public long LongestForm { get; }

    /// <summary>UTF-16 units read and written so far.</summary>
    public long Touched { get; private set; }

    /// <summary>Steps of patterns so far.</summary>
    public long Steps => StepsAlways + (StepsPerCharacter * _length) - _stepsLeft;

    /// <summary>Charges characters about to be written to a form of the text.</summary>
    /// <param name="count">UTF-16 units.</param>
    /// <param name="written">UTF-16 units that form has already.</param>
    /// <exception cref="PursuitException">The form grows past its limit, or all steps together do too much.</exception>
    public void Write(int count, int written)
    {
        if ((long)written + count > LongestForm)
            throw Refused(
                $"the normalizer or pre-tokenizer makes a text of {_length:N0} characters longer than {LongestForm:N0}",
                "a text that grows less");
        Touch(count);
    }

    /// <summary>Charges characters about to be read by a step.</summary>
    /// <param name="count">UTF-16 units.</param>
    /// <exception cref="PursuitException">All steps together do too much.</exception>
    public void Touch(long count)
    {
        if ((Touched += count) > _mostTouched)
            throw Refused(
                $"the steps of the normalizer and pre-tokenizer touch more than {_mostTouched:N0} characters for a text of {_length:N0}",
                "fewer steps");
    }

    /// <summary>Charges one step of a pattern.</summary>
    /// <param name="pattern">The pattern, for the message.</param>
    /// <exception cref="PursuitException">The patterns take more steps than the text's length allows.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step(string pattern)
    {
        if (--_stepsLeft < 0) throw TooManySteps(pattern);
    }

    private PursuitException TooManySteps(string pattern) => Refused(
        $"the regular expression '{(pattern.Length <= 200 ? pattern : pattern[..200] + "...")}' needs more than {StepsPerCharacter} steps "
            + $"a character on a text of {_length:N0}",
        "a pattern without nested repetition");

    private PursuitException Refused(string found, string expected) =>
        PursuitException.At(_where, found, expected, "Leave the record out, or use another tokenizer.");
}
