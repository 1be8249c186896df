using Pursuit.Numerics;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Density;

/// <summary>
/// Kernel densities by counting: h(x) = floor((a . x + b) / w) mod B with Gaussian a and b uniform in [0, w) (Datar et al., SCG 2004), and
/// each row's score is the mean over R such functions of the number of rows in its bucket, itself included (Coleman and Shrivastava,
/// WWW 2020). Its mean is the sum over rows of p(distance), the probability that two rows share a bucket:
/// p(c) = 1 - 2 Phi(-w/c) - 2 c / (sqrt(2 pi) w) (1 - exp(-w^2 / (2 c^2))).
/// </summary>
internal sealed class DensitySketch
{
    /// <summary>Buckets of rows kept at once, two bytes each: 256 MiB.</summary>
    private const int MostKept = 1 << 27;

    /// <summary>Hash functions of one pass at most: their products with a tile stay in the caches.</summary>
    private const int MostAtOnce = 256;

    /// <summary>Rows compared with the hash functions at once.</summary>
    private const int BlockRows = 256;

    private readonly EmbeddingRows _rows;
    private readonly DensityOptions _options;
    private readonly ulong _seed;
    private readonly double _width;

    /// <summary>Says what is counted.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="options">R and B.</param>
    /// <param name="width">w, in the rows' units, above 0.</param>
    /// <param name="seed">Draws the hash functions.</param>
    public DensitySketch(EmbeddingRows rows, DensityOptions options, double width, ulong seed) =>
        (_rows, _options, _width, _seed) = (rows, options, width, seed);

    /// <summary>Passes over the rows that counting takes.</summary>
    public int Passes => (_options.Hashes + AtOnce - 1) / AtOnce;

    private int AtOnce => Math.Clamp(MostKept / Math.Max(1, _rows.Count), 1, Math.Min(MostAtOnce, _options.Hashes));

    /// <summary>The mean counts, [rows]; 0 for rows that don't count.</summary>
    /// <param name="counts">True for rows that count, [rows].</param>
    /// <param name="context">Threads, progress and cancellation.</param>
    public double[] Count(bool[] counts, SelectionContext context)
    {
        var sums = new long[_rows.Count];
        for (var first = 0; first < _options.Hashes; first += AtOnce)
        {
            var count = Math.Min(AtOnce, _options.Hashes - first);
            Add(Buckets(first, count, context), count, counts, sums, context);
            context.Progress?.Report(new WorkProgress("density", first + count, _options.Hashes, "hash functions"));
        }

        return Array.ConvertAll(sums, s => (double)s / _options.Hashes);
    }

    /// <summary>Each row's bucket of some hash functions, [count][rows].</summary>
    private ushort[][] Buckets(int first, int count, SelectionContext context)
    {
        var buckets = Array.ConvertAll(new int[count], _ => new ushort[_rows.Count]);
        var directions = new float[checked(count * _rows.Dimension)];
        var offsets = new double[count];
        Parallel.For(0, count, Parallelism(context), h =>
        {
            var random = new SeededRandom(_seed, "density/hash", (ulong)(first + h));
            offsets[h] = random.NextDouble();
            foreach (ref var number in directions.AsSpan(h * _rows.Dimension, _rows.Dimension)) number = (float)random.NextGaussian();
        });
        _rows.ForEachTile(context.Threads, () => new float[BlockRows * count], (products, rows, at, rowCount) =>
        {
            for (var block = 0; block < rowCount; block += BlockRows)
            {
                var some = Math.Min(BlockRows, rowCount - block);
                Gemm.Multiply(
                    false,
                    true,
                    some,
                    count,
                    _rows.Dimension,
                    1,
                    rows.Slice(block * _rows.Dimension, some * _rows.Dimension),
                    _rows.Dimension,
                    directions,
                    _rows.Dimension,
                    0,
                    products,
                    count);
                for (var h = 0; h < count; h++)
                    for (var r = 0; r < some; r++) buckets[h][at + block + r] = Bucket(products[r * count + h], offsets[h]);
            }
        }, context.CancellationToken);
        return buckets;
    }

    private ushort Bucket(float product, double offset)
    {
        var cell = (long)Math.Floor(product / _width + offset) % _options.Buckets;
        return (ushort)(cell < 0 ? cell + _options.Buckets : cell);
    }

    private void Add(ushort[][] buckets, int count, bool[] counts, long[] sums, SelectionContext context)
    {
        var tables = new int[count][];
        Parallel.For(0, count, Parallelism(context), h =>
        {
            var table = tables[h] = new int[_options.Buckets];
            for (var i = 0; i < counts.Length; i++)
                if (counts[i]) table[buckets[h][i]]++;
        });
        const int PartRows = 4096;
        Parallel.For(0, (counts.Length + PartRows - 1) / PartRows, Parallelism(context), part =>
        {
            var end = Math.Min(counts.Length, (part + 1) * PartRows);
            for (var h = 0; h < count; h++)
                for (var i = part * PartRows; i < end; i++)
                    if (counts[i]) sums[i] += tables[h][buckets[h][i]];
        });
    }

    private static ParallelOptions Parallelism(SelectionContext context) =>
        new() { MaxDegreeOfParallelism = Math.Max(1, context.Threads), CancellationToken = context.CancellationToken };
}
