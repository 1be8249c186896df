namespace Pursuit.Selection;

/// <summary>One example of a method's order.</summary>
/// <param name="Position">Its position in the pool.</param>
/// <param name="Score">What the method ordered it by.</param>
/// <param name="Weight">Its training weight; the weights of a selection have mean 1.</param>
public readonly record struct RankedRow(int Position, double Score, double Weight = 1);
