namespace Pursuit.Engine.Statistics;

/// <summary>A stretch of tokens that goes through the model at once, and the first token of it that is scored.</summary>
/// <param name="Start">Its first token in the whole.</param>
/// <param name="Length">Its tokens.</param>
/// <param name="FirstScored">The first scored token, counted in the whole.</param>
internal readonly record struct ScoringWindow(int Start, int Length, int FirstScored);

/// <summary>
/// Cuts what is longer than the model's context into overlapping windows, so that every token is scored once, with all tokens
/// before it or at least window - stride of them.
/// </summary>
internal static class ScoringWindows
{
    /// <summary>The windows of a text.</summary>
    /// <param name="tokens">Tokens, the first one standing before the rest and never scored.</param>
    /// <param name="window">Most tokens of a window, at least 2.</param>
    /// <param name="stride">From one window's start to the next, 1 to window - 1.</param>
    public static IEnumerable<ScoringWindow> Cut(int tokens, int window, int stride)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(window, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(stride, window - 1);
        var scored = 1;
        for (var start = 0; scored < tokens; start += stride)
        {
            var length = Math.Min(window, tokens - start);
            yield return new ScoringWindow(start, length, scored);
            scored = start + length;
        }
    }
}
