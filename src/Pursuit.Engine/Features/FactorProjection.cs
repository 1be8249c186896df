using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;

namespace Pursuit.Engine.Features;

/// <summary>
/// The two random projections of every group of linear layers, P_in [inputs, k] and P_out [outputs, k]: sqrt(n/k) times k orthonormal
/// random directions, so that E[P P^T] = I and inner products of gradients stay right in the mean. Orthonormal directions have
/// a smaller variance than independent ones, by 1 - k/n. A side of at most k values stays as it is. Symmetric preconditioning is a
/// diagonal on each side and is part of the matrices: it costs nothing per example.
/// </summary>
internal sealed class FactorProjection : IDisposable
{
    private readonly DeviceBuffer _values;
    private readonly Dictionary<LinearGroup, GroupSides> _byGroup = new(ReferenceEqualityComparer.Instance);

    /// <summary>Draws the projections.</summary>
    /// <param name="decoder">Whose layers.</param>
    /// <param name="directions">k, at most.</param>
    /// <param name="seed">The projection's seed.</param>
    /// <param name="preconditioner">The diagonals, or null for none.</param>
    public FactorProjection(Decoder decoder, int directions, ulong seed, SidePreconditioner? preconditioner)
    {
        var groups = decoder.Layout.LinearGroups.ToArray();
        long Values(int size) => (long)Math.Min(directions, size) * size;
        _values = decoder.Operations.Allocate(groups.Sum(g => Values(g.Inputs) + Values(g.Outputs)));
        var offset = 0L;
        foreach (var group in groups)
        {
            var name = NameOf(group);
            var diagonals = preconditioner?.Diagonals(group);
            var (input, inputs) = Side(decoder.Operations, group.Inputs, directions, seed, name + "/in", diagonals?.In, ref offset);
            var (output, outputs) = Side(decoder.Operations, group.Outputs, directions, seed, name + "/out", diagonals?.Out, ref offset);
            _byGroup[group] = new GroupSides(_byGroup.Count, name, input, inputs, output, outputs);
        }
    }

    /// <summary>The groups' projections, from the first layer up.</summary>
    public IReadOnlyCollection<GroupSides> Groups => _byGroup.Values;

    /// <summary>A group's projections.</summary>
    public GroupSides Sides(LinearGroup group) => _byGroup[group];

    public void Dispose() => _values.Dispose();

    /// <summary>What the groups' tensors are called, and their lengths, for the layout of a feature.</summary>
    public static IReadOnlyList<(string Name, long Length)> Tensors(Decoder decoder, int directions) =>
        [.. decoder.Layout.LinearGroups
            .Select(g => (NameOf(g), (long)Math.Min(directions, g.Inputs) * Math.Min(directions, g.Outputs)))];

    private static string NameOf(LinearGroup group) => string.Join('+', group.Parts.Select(p => p.Module));

    private (BufferSlice? Matrix, int Directions) Side(
        IDecoderOperations operations, int size, int directions, ulong seed, string name, float[]? diagonal, ref long offset)
    {
        var k = Math.Min(size, directions);
        if (k == size && diagonal is null) return (null, k);
        var matrix = k == size ? Identity(size) : Orthonormal(size, k, new SeededRandom(seed, "projection/factor/" + name));
        for (var i = 0; diagonal is not null && i < size; i++)
            for (var j = 0; j < k; j++) matrix[i * k + j] *= diagonal[i];
        var slice = _values.Slice(offset, matrix.Length);
        operations.Write(matrix, slice);
        offset += matrix.Length;
        return (slice, k);
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

    /// <summary>A group's projections.</summary>
    /// <param name="Index">The group's number.</param>
    /// <param name="Name">Its layers' names.</param>
    /// <param name="In">P_in [inputs, Inputs]; null: none.</param>
    /// <param name="Inputs">Directions of the input side.</param>
    /// <param name="Out">P_out [outputs, Outputs]; null: none.</param>
    /// <param name="Outputs">Directions of the output side.</param>
    internal sealed record GroupSides(int Index, string Name, BufferSlice? In, int Inputs, BufferSlice? Out, int Outputs)
    {
        /// <summary>Values of the projected gradient.</summary>
        public int Length => Inputs * Outputs;
    }
}
