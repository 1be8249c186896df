using System.Numerics.Tensors;
using Pursuit.Numerics;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.SemDedup;

/// <summary>
/// How near each row is to one before it: within its cluster rows come in order of their cosine with the centre, the lowest first, and each
/// row's largest cosine with a row before it is kept, 0 where there is none above (semdedup.py of
/// https://github.com/facebookresearch/SemDeDup, "hard" rows kept).
/// </summary>
/// <remarks>Clusters that are too large to be held are compared block by block; the cosines are the same bits.</remarks>
internal sealed class NearCopies
{
    /// <summary>
    /// What is taken for 1: single precision can't tell it from 1 for a few thousand numbers. Such a row needs no further look, so that
    /// many equal rows cost no more than different ones.
    /// </summary>
    private const float One = 0.999999f;

    /// <summary>Rows one thread compares at a time, and the rows it compares them with.</summary>
    private const int SliceRows = 128, PartRows = 1024;

    /// <summary>Numbers of a block of rows: 64 MiB; two are held.</summary>
    internal const int UsualBlock = 1 << 24;

    private readonly EmbeddingRows _pool;
    private readonly SelectionContext _context;
    private readonly int _blockRows;

    /// <summary>Nothing is compared yet.</summary>
    /// <param name="pool">Unit rows.</param>
    /// <param name="context">Threads, progress and cancellation.</param>
    /// <param name="blockNumbers">Numbers of a block; they change nothing.</param>
    public NearCopies(EmbeddingRows pool, SelectionContext context, int blockNumbers = UsualBlock) =>
        (_pool, _context, _blockRows) = (pool, context, Math.Max(1, blockNumbers / pool.Dimension));

    /// <summary>Rows read.</summary>
    public long RowsRead { get; private set; }

    /// <summary>Each row's largest cosine with one before it, [pool]; 0 for rows of no cluster.</summary>
    public float[] Find(EmbeddingClusters clusters)
    {
        var largest = new float[_pool.Count];
        for (var c = 0; c < clusters.Members.Length; c++)
        {
            var ordered = Order(clusters.Members[c], clusters.Centres.Centre(clusters.CentreOf[c]));
            Compare(ordered, largest);
            _context.Progress?.Report(new WorkProgress("near copies", c + 1, clusters.Members.Length, "clusters"));
        }

        return largest;
    }

    /// <summary>Members by their product with the centre, the lowest first; equal ones stay by content id.</summary>
    private int[] Order(int[] members, ReadOnlySpan<float> centre)
    {
        var products = new float[members.Length];
        var block = new float[Math.Min(_blockRows, members.Length) * _pool.Dimension];
        for (var first = 0; first < members.Length; first += _blockRows)
        {
            var count = Math.Min(_blockRows, members.Length - first);
            Gather(members.AsSpan(first, count), block);
            RowScan.Dots(
                block.AsSpan(0, count * _pool.Dimension), count, _pool.Dimension, centre, 1, products.AsSpan(first, count));
        }

        return [.. Enumerable.Range(0, members.Length).OrderBy(i => products[i]).Select(i => members[i])];
    }

    private void Compare(int[] ordered, float[] largest)
    {
        var blockRows = Math.Min(_blockRows, ordered.Length);
        var (left, right) = (new float[blockRows * _pool.Dimension], Array.Empty<float>());
        for (var first = 0; first < ordered.Length; first += _blockRows)
        {
            var count = Math.Min(_blockRows, ordered.Length - first);
            Gather(ordered.AsSpan(first, count), left);
            var most = new float[count];
            for (var before = 0; before < first && most.Any(m => m < One); before += _blockRows)
            {
                if (right.Length == 0) right = new float[left.Length];
                Gather(ordered.AsSpan(before, _blockRows), right);
                Raise(most, left, right, _ => _blockRows);
            }

            Raise(most, left, left, row => row);
            // Beyond what single precision tells from 1 all are equal, so that content ids decide.
            for (var i = 0; i < count; i++) largest[ordered[first + i]] = most[i] < One ? most[i] : 1;
        }
    }

    /// <summary>Raises each left row's largest cosine to those with the right rows below its limit.</summary>
    private void Raise(float[] most, float[] left, float[] right, Func<int, int> limit)
    {
        var dimension = _pool.Dimension;
        var options = new ParallelOptions
        {
            MaxDegreeOfParallelism = Math.Max(1, _context.Threads),
            CancellationToken = _context.CancellationToken,
        };
        Parallel.For(0, (most.Length + SliceRows - 1) / SliceRows, options, () => new float[SliceRows * PartRows], (slice, _, cosines) =>
        {
            var first = slice * SliceRows;
            var count = Math.Min(SliceRows, most.Length - first);
            var rows = left.AsSpan(first * dimension, count * dimension);
            var end = limit(first + count - 1);
            for (var part = 0; part < end && !IsDone(most.AsSpan(first, count)); part += PartRows)
            {
                var width = Math.Min(PartRows, end - part);
                var others = right.AsSpan(part * dimension, width * dimension);
                Gemm.Multiply(false, true, count, width, dimension, 1, rows, dimension, others, dimension, 0, cosines, width);
                for (var r = 0; r < count; r++)
                {
                    var seen = Math.Min(width, limit(first + r) - part);
                    if (seen > 0) most[first + r] = Math.Max(most[first + r], TensorPrimitives.Max<float>(cosines.AsSpan(r * width, seen)));
                }
            }

            return cosines;
        }, _ => { });
    }

    private static bool IsDone(ReadOnlySpan<float> most)
    {
        foreach (var value in most)
            if (value < One) return false;
        return true;
    }

    private void Gather(ReadOnlySpan<int> rows, Span<float> destination)
    {
        _pool.Gather(rows, destination);
        RowsRead += rows.Length;
    }
}
