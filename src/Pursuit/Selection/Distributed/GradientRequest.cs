using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Distributed;

/// <summary>What rank 0 asks of the others where passes go over gradient rows.</summary>
internal enum GradientRequest : byte
{
    /// <summary>Make rows of the pool's features: construction. No answer.</summary>
    Open = RequestCodes.Gradients,

    /// <summary>Make the same rows less one: rows, mean. No answer.</summary>
    Minus,

    /// <summary>Products of all own rows: rows, right-hand sides. Answer: [own rows, count] doubles.</summary>
    Scan,

    /// <summary>Sums of own rows by group: rows, groups, unit. Answer: [groups, D] fixed-point numbers.</summary>
    Sums,

    /// <summary>Rows by position: rows, positions. Answer: those of them that are own, [n, D] floats.</summary>
    Gather,

    /// <summary>A pass that scores own rows and keeps the scores: rows, rule, right-hand sides, excluded. No answer.</summary>
    Score,

    /// <summary>The best scores of the last pass: count, removed since. Answer: candidates.</summary>
    Best,

    /// <summary>Every own row's score at the last pass: chosen, excluded. Answer: [own rows] floats.</summary>
    Gains,
}
