using Pursuit.Engine.Models;
using Pursuit.Storage;

namespace Pursuit.Engine.Features;

/// <summary>The matrices that multiply the two sides of every group of linear layers' gradients.</summary>
internal interface IFactorMatrices
{
    /// <summary>A side's matrix [size, min(size, directions)], row by row; null: the side stays as it is.</summary>
    /// <param name="group">The layers.</param>
    /// <param name="isInput">True for the side of the inputs, false for that of the outputs' gradients.</param>
    float[]? Side(LinearGroup group, bool isInput);
}

/// <summary>
/// sqrt(n/k) times k orthonormal random directions of a side of n values, so that E[P P^T] = I and inner products of gradients stay right
/// in the mean. Orthonormal directions have a smaller variance than independent ones, by 1 - k/n. A side of at most k values stays as it
/// is. Symmetric preconditioning is a diagonal on each side and is part of the matrices: it costs nothing per example.
/// </summary>
/// <param name="directions">k, at most.</param>
/// <param name="seed">The projection's seed.</param>
/// <param name="preconditioner">The diagonals, or null for none.</param>
internal sealed class RandomFactors(int directions, ulong seed, SidePreconditioner? preconditioner) : IFactorMatrices
{
    /// <inheritdoc/>
    public float[]? Side(LinearGroup group, bool isInput)
    {
        var size = isInput ? group.Inputs : group.Outputs;
        var k = Math.Min(size, directions);
        var diagonals = preconditioner?.Diagonals(group);
        if (k == size && diagonals is null) return null;
        var matrix = Drawn(group, isInput);
        if (diagonals is not var (inputs, outputs)) return matrix;
        var diagonal = isInput ? inputs : outputs;
        for (var i = 0; i < size; i++)
            for (var j = 0; j < k; j++) matrix[i * k + j] *= diagonal[i];
        return matrix;
    }

    /// <summary>A side's directions [size, min(size, directions)] without the diagonal: the identity where nothing is projected.</summary>
    public float[] Drawn(LinearGroup group, bool isInput)
    {
        var size = isInput ? group.Inputs : group.Outputs;
        return size <= directions
            ? Identity(size)
            : Orthonormal(size, directions, new SeededRandom(seed, "projection/factor/" + FactorProjection.NameOf(group, isInput)));
    }

    private static float[] Identity(int size)
    {
        var matrix = new float[size * size];
        for (var i = 0; i < size; i++) matrix[i * size + i] = 1;
        return matrix;
    }

    /// <summary>
    /// sqrt(size/k) times k orthonormal columns, uniformly random: Gaussian columns through Gram and Schmidt, twice for the last bits.
    /// </summary>
    private static float[] Orthonormal(int size, int k, SeededRandom random)
    {
        var columns = new double[k][];
        for (var j = 0; j < k; j++)
        {
            var column = columns[j] = new double[size];
            for (var i = 0; i < size; i++) column[i] = random.NextGaussian();
            for (var round = 0; round < 2; round++)
                for (var l = 0; l < j; l++) Subtract(column, columns[l]);
            var norm = Math.Sqrt(column.Sum(x => x * x));
            for (var i = 0; i < size; i++) column[i] /= norm;
        }

        var scale = Math.Sqrt((double)size / k);
        var matrix = new float[size * k];
        for (var i = 0; i < size; i++)
            for (var j = 0; j < k; j++) matrix[i * k + j] = (float)(scale * columns[j][i]);
        return matrix;

        static void Subtract(double[] column, double[] direction)
        {
            var dot = System.Numerics.Tensors.TensorPrimitives.Dot<double>(column, direction);
            System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(direction, -dot, column, column);
        }
    }
}

/// <summary>Matrices that a file keeps, a tensor for each side.</summary>
/// <param name="file">The file; stays the caller's.</param>
internal sealed class StoredFactors(SafetensorsFile file) : IFactorMatrices
{
    /// <inheritdoc/>
    public float[] Side(LinearGroup group, bool isInput)
    {
        var name = FactorProjection.NameOf(group, isInput);
        var matrix = new float[file.Info(name).ElementCount];
        file.ReadSingle(name, matrix);
        return matrix;
    }
}
