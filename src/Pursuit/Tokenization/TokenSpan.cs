namespace Pursuit.Tokenization;

/// <summary>
/// Where a token is in the text it came from, in UTF-16 characters: [<paramref name="Start"/>, <paramref name="End"/>).
/// </summary>
/// <remarks>
/// Empty (start = end) for what isn't in the text: tokens of the post-processor, and a token made wholly of characters the
/// normalizer or pre-tokenizer put in. A character split over several tokens gives each of them its whole range.
/// </remarks>
/// <param name="Start">First character.</param>
/// <param name="End">One past the last character.</param>
internal readonly record struct TokenSpan(int Start, int End)
{
    /// <summary>Characters covered.</summary>
    public int Length => End - Start;
}
