namespace Pursuit.Selection;

/// <summary>How long each example of a pool is, in tokens, as the trainer will see it (after truncation).</summary>
/// <param name="Tokens">All tokens of each example, [pool].</param>
/// <param name="Supervised">The tokens loss is taken on, [pool].</param>
public sealed record TokenCounts(IReadOnlyList<int> Tokens, IReadOnlyList<int> Supervised);
