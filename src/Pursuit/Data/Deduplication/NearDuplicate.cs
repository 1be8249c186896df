namespace Pursuit.Data.Deduplication;

/// <summary>An example that stays out of a pool because an earlier one nearly says the same.</summary>
/// <param name="Position">Its position among the unique examples.</param>
/// <param name="Original">That of the kept one that it resembles.</param>
/// <param name="Similarity">Their Jaccard similarity.</param>
internal readonly record struct NearDuplicate(int Position, int Original, double Similarity);
