using Pursuit.Jobs;
using Pursuit.Numerics;
using Pursuit.Selection.Less;
using Pursuit.Selection.Methods;
using Pursuit.Selection.Passes;
using Pursuit.Selection.Pursuits;

namespace Pursuit.Reports;

/// <summary>
/// Why rows were chosen, read from features: which target rows they serve, and which rows of the pool are most like them.
/// </summary>
internal sealed class FeatureReasons
{
    /// <summary>Links kept per row.</summary>
    public const int Kept = 3;

    private const int BlockRows = 32;

    private readonly IReadOnlyList<ContentId> _contentIds;
    private readonly int _threads;

    private FeatureReasons(GradientRows pool, GradientRows? target, IReadOnlyList<ContentId> contentIds, int threads)
    {
        Pool = pool;
        Target = target;
        _contentIds = contentIds;
        _threads = threads;
    }

    /// <summary>The pool's rows as the method saw them.</summary>
    public GradientRows Pool { get; }

    /// <summary>The target's rows, or null without a target.</summary>
    public GradientRows? Target { get; }

    /// <summary>Opens the rows a method worked on; null where it reads no features.</summary>
    public static FeatureReasons? Of(SelectedRun run, CancellationToken cancellationToken)
    {
        if ((run.Problem.Gradients.Pool ?? run.Problem.Embeddings.Pool) is not { } features) return null;
        var (construction, centre) = Construction(run);
        var pool = GradientRows.OfPool(features, construction);
        if (centre) pool = pool.Centred(run.Options.Pool.Threads, cancellationToken);
        var target = (run.Problem.Gradients.Target ?? run.Problem.Embeddings.Target) is { } ofTarget ? pool.OfTarget(ofTarget) : null;
        return new FeatureReasons(pool, target, run.Problem.ContentIds, run.Options.Pool.Threads);
    }

    /// <summary>How many of some rows can be compared with others within a cost.</summary>
    /// <param name="rows">Rows asked.</param>
    /// <param name="others">Rows each is compared with.</param>
    /// <param name="products">Multiplications allowed.</param>
    /// <param name="pairs">Comparisons allowed.</param>
    public int Within(int rows, int others, double products, double pairs) =>
        (int)Math.Min(rows, Math.Floor(Math.Min(products / Pool.Dimension, pairs) / Math.Max(1, others)));

    /// <summary>For each row the target rows with the largest inner product above zero, best first.</summary>
    public ExampleLink[][] Serves(ReadOnlySpan<int> positions, CancellationToken cancellationToken)
    {
        var links = new ExampleLink[positions.Length][];
        Array.Fill(links, []);
        if (Target is null) return links;
        var dimension = Pool.Dimension;
        var rows = new float[BlockRows * dimension];
        var targets = new float[BlockRows * dimension];
        var products = new float[BlockRows * BlockRows];
        for (var first = 0; first < positions.Length; first += BlockRows)
        {
            var block = positions.Slice(first, Math.Min(BlockRows, positions.Length - first));
            Pool.Gather(block, rows);
            var best = new List<ExampleLink>[block.Length];
            for (var i = 0; i < best.Length; i++) best[i] = [];
            for (var firstTarget = 0; firstTarget < Target.Count; firstTarget += BlockRows)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var count = Math.Min(BlockRows, Target.Count - firstTarget);
                Target.Gather([.. Enumerable.Range(firstTarget, count)], targets);
                Gemm.Multiply(false, true, block.Length, count, dimension, 1, rows, dimension, targets, dimension, 0, products, BlockRows);
                for (var i = 0; i < block.Length; i++)
                    for (var v = 0; v < count; v++)
                        Offer(best[i], new ExampleLink(firstTarget + v, products[i * BlockRows + v]), (a, b) => a.CompareTo(b));
            }

            for (var i = 0; i < block.Length; i++) links[first + i] = [.. best[i]];
        }

        return links;
    }

    /// <summary>
    /// For each row the most similar rows of the pool that pass a test, by cosine above zero, best first: a scan per 32 rows.
    /// </summary>
    /// <param name="positions">The rows asked.</param>
    /// <param name="passes">Which rows may be answered.</param>
    /// <param name="progress">Told after each scan.</param>
    /// <param name="cancellationToken">Stops between shards.</param>
    public ExampleLink[][] Near(
        ReadOnlySpan<int> positions, Func<int, bool> passes, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var links = new ExampleLink[positions.Length][];
        var rights = new float[BlockRows * Pool.Dimension];
        var scores = new double[Pool.Count * Math.Min(BlockRows, positions.Length)];
        Comparison<int> byContent = (a, b) => _contentIds[a].CompareTo(_contentIds[b]); // made once, not for each pair
        for (var first = 0; first < positions.Length; first += BlockRows)
        {
            progress?.Report(new WorkProgress("neighbours", first, positions.Length, "examples"));
            var block = positions.Slice(first, Math.Min(BlockRows, positions.Length - first));
            Pool.Gather(block, rights);
            Pool.Scan(
                block.Length == BlockRows ? rights : rights[..(block.Length * Pool.Dimension)], block.Length, scores, _threads,
                cancellationToken);
            var best = new List<ExampleLink>[block.Length];
            for (var i = 0; i < best.Length; i++) best[i] = [];
            var blockNorms = new double[block.Length];
            for (var i = 0; i < blockNorms.Length; i++) blockNorms[i] = Pool.Norms[block[i]];
            for (var row = 0; row < Pool.Count; row++)
            {
                var rowNorm = Pool.Norms[row];
                if (rowNorm == 0 || !passes(row)) continue;
                for (var i = 0; i < block.Length; i++)
                {
                    if (!(scores[row * block.Length + i] > 0)) continue;
                    var norm = rowNorm * blockNorms[i];
                    if (row == block[i] || norm == 0) continue;
                    Offer(best[i], new ExampleLink(row, Math.Min(1, scores[row * block.Length + i] / norm)), byContent);
                }
            }

            for (var i = 0; i < block.Length; i++) links[first + i] = [.. best[i]];
        }

        return links;
    }

    /// <summary>Keeps the best few above zero; equal values by the order given.</summary>
    private static void Offer(List<ExampleLink> best, ExampleLink link, Comparison<int> ties)
    {
        if (!(link.Value > 0) || (best.Count == Kept && link.Value < best[^1].Value)) return;
        var at = best.Count;
        while (at > 0 && (link.Value > best[at - 1].Value || (link.Value == best[at - 1].Value && ties(link.To, best[at - 1].To) < 0)))
            at--;
        if (at == Kept) return;
        best.Insert(at, link);
        if (best.Count > Kept) best.RemoveAt(Kept);
    }

    private static (RowConstruction Rows, bool Centre) Construction(SelectedRun run) =>
        MethodOptions.Read(MethodRegistry.Find(run.Options.Method), run.Options.Settings) switch
        {
            PursuitOptions options => (options.Rows, options.Centre),
            LessOptions options => (options.Rows, options.Centre),
            // Methods that look at norms alone: directions are compared as LESS compares them. Embeddings by their cosine, which orders
            // unit rows as their distance does.
            _ => (RowConstruction.ExactUnit, false),
        };
}
