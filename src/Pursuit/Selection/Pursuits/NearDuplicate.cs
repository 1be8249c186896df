namespace Pursuit.Selection.Pursuits;

/// <summary>Two chosen rows that point the same way.</summary>
/// <param name="First">The better-ranked one's position in the pool.</param>
/// <param name="Second">The other's.</param>
/// <param name="Cosine">Their cosine.</param>
public readonly record struct NearDuplicate(int First, int Second, double Cosine);
