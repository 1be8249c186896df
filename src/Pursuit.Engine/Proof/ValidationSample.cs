using Pursuit.Data;

namespace Pursuit.Engine.Proof;

/// <summary>
/// The random examples of a pool that a validation trains on, and their random subsets; drawn by content id, so the pool's order doesn't
/// matter.
/// </summary>
internal sealed class ValidationSample
{
    /// <summary>Examples to draw subsets from, at least.</summary>
    public const int FewestExamples = 16;

    private readonly Pool _pool;
    private readonly ulong _seed;
    private readonly int _removed;

    /// <summary>Draws a sample.</summary>
    public ValidationSample(Pool pool, ValidateOptions options)
    {
        (_pool, _seed) = (pool, options.Seed);
        Rows = Drawn("validate/sample", [.. Enumerable.Range(0, pool.Count)], Math.Min(options.Examples, pool.Count));
        var size = Math.Clamp((int)Math.Round(options.Share * Rows.Count), 1, Math.Max(1, Rows.Count - 1));
        Subsets = [.. Enumerable.Range(0, options.Subsets).Select(j => Drawn($"validate/subset/{j}", Rows, size))];
        _removed = Math.Clamp((int)Math.Round(options.Removed * Rows.Count), 1, Math.Max(1, Rows.Count - 1));
    }

    /// <summary>The sample's rows of the pool, in the order of the draw.</summary>
    public IReadOnlyList<int> Rows { get; }

    /// <summary>The subsets, each in the order of its draw.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Subsets { get; private set; }

    /// <summary>Examples taken away for the loss difference.</summary>
    public int Removed => _removed;

    /// <summary>Keeps the first subsets only.</summary>
    public void Keep(int subsets) => Subsets = [.. Subsets.Take(subsets)];

    /// <summary>A score's sum over each subset, [subsets]; an example without a score adds nothing.</summary>
    /// <param name="scores">[pool].</param>
    public double[] SumsOf(double[] scores) =>
        [.. Subsets.Select(rows => rows.Sum(r => double.IsNaN(scores[r]) ? 0 : scores[r]))];

    /// <summary>The first examples of an order of the pool that are in the sample, as many as are taken away.</summary>
    public IReadOnlyList<int> First(IEnumerable<int> order)
    {
        var own = Rows.ToHashSet();
        return [.. order.Where(own.Contains).Take(_removed)];
    }

    /// <summary>As many random examples.</summary>
    public IReadOnlyList<int> RandomRemoval(int draw) => Drawn($"validate/removal/{draw}", Rows, _removed);

    /// <summary>The sample without some examples.</summary>
    public IReadOnlyList<int> Without(IReadOnlyList<int> rows)
    {
        var gone = rows.ToHashSet();
        return [.. Rows.Where(r => !gone.Contains(r))];
    }

    private IReadOnlyList<int> Drawn(string purpose, IReadOnlyList<int> rows, int count) =>
        [.. rows.OrderBy(r => SeededRandom.ForExample(_seed, purpose, _pool.ContentIds[r])).Take(count)];
}
