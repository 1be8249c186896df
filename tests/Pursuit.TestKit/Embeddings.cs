using Pursuit.Selection;
using Pursuit.Selection.Features;

namespace Pursuit.TestKit;

/// <summary>Small problems over made-up embeddings.</summary>
internal static class Embeddings
{
    /// <summary>A problem over embeddings in memory.</summary>
    public static SelectionProblem Problem(MemoryFeatures pool, MemoryFeatures? target, string budget, ulong seed = 0) =>
        Problems.Pool(pool.Rows, budget, seed) with { Embeddings = new EmbeddingInputs { Pool = pool, Target = target } };

    /// <summary>Unit rows in ten clusters, some of them near-copies; the target lies in three of the clusters.</summary>
    public static SelectionProblem Clustered(int rows, int targets, string budget, int dimension = 24, ulong seed = 0)
    {
        var random = new SeededRandom(21, "testkit/embeddings");
        var centres = Enumerable.Range(0, 10).Select(_ => Unit(Draw(random, dimension, 1))).ToArray();
        var pool = new float[rows][];
        for (var i = 0; i < rows; i++)
        {
            pool[i] = i > 0 && i >= rows * 9 / 10
                ? Unit(Sum(pool[random.NextInt(1 + rows / 100)], Draw(random, dimension, 0.01)))
                : Unit(Sum(centres[random.NextInt(10)], Draw(random, dimension, 0.8)));
        }

        var target = Enumerable.Range(0, targets).Select(_ => Unit(Sum(centres[random.NextInt(3)], Draw(random, dimension, 0.8))))
            .ToArray();
        return Problem(Of("pool", pool), Of("target", target), budget, seed);
    }

    /// <summary>Features of some rows.</summary>
    public static MemoryFeatures Of(string name, float[][] rows, int shardRows = FeatureRows.DefaultShardRows) =>
        new(name, rows[0].Length, [[.. rows.SelectMany(r => r)]], shardRows: shardRows);

    /// <summary>The rows of features of one block.</summary>
    public static float[][] Rows(IDenseFeatures features) =>
        [.. Enumerable.Range(0, features.Rows).Select(i => features.Read(0, i, 1, new float[features.Dimension]).Floats.ToArray())];

    /// <summary>The same in double precision.</summary>
    public static double[][] Doubles(IDenseFeatures features) => [.. Rows(features).Select(r => Array.ConvertAll(r, x => (double)x))];

    /// <summary>The same problem with the pool's rows in another order and other shards.</summary>
    /// <param name="problem">Over embeddings in memory.</param>
    /// <param name="order">New position to old.</param>
    /// <param name="shardRows">Rows per unit of parallel work.</param>
    public static SelectionProblem Permuted(SelectionProblem problem, int[] order, int shardRows)
    {
        var rows = Rows(problem.Embeddings.Pool!);
        return problem with
        {
            ContentIds = [.. order.Select(i => problem.ContentIds[i])],
            TokenCounts = new TokenCounts(
                [.. order.Select(i => problem.TokenCounts!.Tokens[i])], [.. order.Select(i => problem.TokenCounts!.Supervised[i])]),
            Sources = [.. order.Select(i => problem.Sources[i])],
            Embeddings = problem.Embeddings with { Pool = Of("pool", [.. order.Select(i => rows[i])], shardRows) },
        };
    }

    private static float[] Draw(SeededRandom random, int dimension, double length) =>
        [.. Enumerable.Range(0, dimension).Select(_ => (float)(random.NextGaussian() * length / Math.Sqrt(dimension)))];

    private static float[] Sum(float[] a, float[] b) => [.. a.Zip(b, (x, y) => x + y)];

    private static float[] Unit(float[] row)
    {
        var norm = Math.Sqrt(row.Sum(x => (double)x * x));
        return Array.ConvertAll(row, x => (float)(x / norm));
    }
}
