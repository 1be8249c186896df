using Pursuit.Selection;
using Pursuit.Selection.Features;

namespace Pursuit.TestKit;

/// <summary>Small problems over made-up gradients.</summary>
internal static class Gradients
{
    /// <summary>Independent standard normal numbers, [rows, dimension] for each block.</summary>
    public static float[][] Gaussian(int rows, int dimension, int blocks, string purpose)
    {
        var random = new SeededRandom(11, "testkit/gradients/" + purpose);
        var values = new float[blocks][];
        for (var block = 0; block < blocks; block++)
        {
            values[block] = new float[rows * dimension];
            for (var k = 0; k < values[block].Length; k++) values[block][k] = (float)random.NextGaussian();
        }

        return values;
    }

    /// <summary>A problem over features in memory.</summary>
    public static SelectionProblem Problem(MemoryFeatures pool, MemoryFeatures? target, string budget, params string[] groups)
    {
        var problem = Problems.Pool(pool.Rows, budget) with { Gradients = new GradientInputs { Pool = pool, Target = target } };
        return groups.Length == 0
            ? problem
            : problem with
            {
                TargetGroups = [.. Enumerable.Range(0, target!.Rows).Select(v => v % groups.Length)],
                TargetGroupNames = groups,
            };
    }

    /// <summary>
    /// A pool and targets with something in common: rows are a few shared directions plus noise, of lengths from 0.1 to 10;
    /// target examples are near mixtures of those directions.
    /// </summary>
    public static SelectionProblem Realistic(
        int rows, int targets, string budget, int blocks = 2, int dimension = 48, params string[] groups)
    {
        var pool = Mixtures(rows, dimension, blocks, "pool");
        var target = Mixtures(targets, dimension, blocks, "target");
        double[] etabar = blocks == 2 ? [0.7, 0.3] : [.. Enumerable.Repeat(1.0, blocks)];
        return Problem(
            new MemoryFeatures("pool", dimension, pool, etabar), new MemoryFeatures("target", dimension, target, etabar), budget, groups);
    }

    /// <summary>The target is a sum of some rows with weights 0.5 to 1.5, and nothing else.</summary>
    /// <returns>The problem and the planted positions, ascending.</returns>
    public static (SelectionProblem Problem, int[] Planted) Planted(int rows, int dimension, int planted, string budget)
    {
        var values = Gaussian(rows, dimension, 1, "planted")[0];
        var random = new SeededRandom(12, "testkit/planted");
        var positions = Enumerable.Range(0, rows).ToArray();
        random.Shuffle(positions.AsSpan());
        var chosen = positions.Take(planted).Order().ToArray();
        for (var i = 0; i < rows; i++) Normalize(values.AsSpan(i * dimension, dimension));
        var target = new float[dimension];
        foreach (var i in chosen)
        {
            var weight = (float)(0.5 + random.NextDouble());
            for (var k = 0; k < dimension; k++) target[k] += weight * values[i * dimension + k];
        }

        return (Problem(new MemoryFeatures("pool", dimension, [values]), new MemoryFeatures("target", dimension, [target]), budget),
            chosen);
    }

    /// <summary>The same problem without a target.</summary>
    public static SelectionProblem WithoutTarget(SelectionProblem problem) =>
        problem with { Gradients = problem.Gradients with { Target = null } };

    /// <summary>The same problem with the pool's rows in another order.</summary>
    /// <param name="problem">Over features in memory.</param>
    /// <param name="order">New position to old.</param>
    public static SelectionProblem Permuted(SelectionProblem problem, int[] order)
    {
        var pool = (MemoryFeatures)problem.Gradients.Pool!;
        return problem with
        {
            ContentIds = [.. order.Select(i => problem.ContentIds[i])],
            TokenCounts = new TokenCounts(
                [.. order.Select(i => problem.TokenCounts!.Tokens[i])], [.. order.Select(i => problem.TokenCounts!.Supervised[i])]),
            Sources = [.. order.Select(i => problem.Sources[i])],
            Gradients = problem.Gradients with { Pool = new MemoryFeatures(pool.Name, pool.Dimension, Blocks(pool, order), pool.Etabar) },
        };
    }

    /// <summary>The same features in shards of another size.</summary>
    public static MemoryFeatures InShards(MemoryFeatures features, int shardRows) =>
        new(features.Name, features.Dimension, Blocks(features, [.. Enumerable.Range(0, features.Rows)]), features.Etabar, shardRows);

    /// <summary>The same features times a number.</summary>
    public static MemoryFeatures Times(MemoryFeatures features, float factor) =>
        new(
            features.Name, features.Dimension,
            [.. Blocks(features, [.. Enumerable.Range(0, features.Rows)]).Select(b => Array.ConvertAll(b, x => factor * x))],
            features.Etabar);

    /// <summary>Rows in some order, [blocks][rows, dimension].</summary>
    public static float[][] Blocks(MemoryFeatures features, int[] order) =>
        [.. Enumerable.Range(0, features.Checkpoints)
            .Select(block => order.SelectMany(i => features.Read(block, i, 1, []).Floats.ToArray()).ToArray())];

    private static float[][] Mixtures(int rows, int dimension, int blocks, string purpose)
    {
        const int Directions = 6;
        var shared = Gaussian(Directions, dimension, blocks, "shared");
        var values = Gaussian(rows, dimension, blocks, purpose);
        var random = new SeededRandom(13, "testkit/mixtures/" + purpose);
        for (var i = 0; i < rows; i++)
        {
            var direction = random.NextInt(Directions);
            var length = (float)Math.Pow(10, 2 * random.NextDouble() - 1);
            for (var block = 0; block < blocks; block++)
                for (var k = 0; k < dimension; k++)
                {
                    ref var value = ref values[block][i * dimension + k];
                    value = length * (value + shared[block][direction * dimension + k]);
                }
        }

        return values;
    }

    private static void Normalize(Span<float> row)
    {
        var square = 0.0;
        foreach (var value in row) square += (double)value * value;
        foreach (ref var value in row) value = (float)(value / Math.Sqrt(square));
    }
}
