using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;

namespace Pursuit.Engine.Features;

/// <summary>
/// The two projections of every group of linear layers, P_in [inputs, k] and P_out [outputs, k], on the device. Preconditioning that acts
/// on the sides is part of the matrices: it costs nothing per example.
/// </summary>
internal sealed class FactorProjection : IDisposable
{
    private readonly DeviceBuffer _values;
    private readonly Dictionary<LinearGroup, GroupSides> _byGroup = new(ReferenceEqualityComparer.Instance);

    /// <summary>Brings the matrices to the device.</summary>
    /// <param name="decoder">Whose layers.</param>
    /// <param name="directions">k, at most.</param>
    /// <param name="matrices">The matrices.</param>
    public FactorProjection(Decoder decoder, int directions, IFactorMatrices matrices)
    {
        var groups = decoder.Layout.LinearGroups.ToArray();
        long Values(int size) => (long)Math.Min(directions, size) * size;
        _values = decoder.Operations.Allocate(groups.Sum(g => Values(g.Inputs) + Values(g.Outputs)));
        var offset = 0L;
        foreach (var group in groups)
        {
            var input = Write(decoder.Operations, matrices.Side(group, isInput: true), ref offset);
            var output = Write(decoder.Operations, matrices.Side(group, isInput: false), ref offset);
            var (inputs, outputs) = (Math.Min(directions, group.Inputs), Math.Min(directions, group.Outputs));
            _byGroup[group] = new GroupSides(_byGroup.Count, NameOf(group), input, inputs, output, outputs);
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

    /// <summary>What one side of a group is called.</summary>
    public static string NameOf(LinearGroup group, bool isInput) => NameOf(group) + (isInput ? "/in" : "/out");

    /// <summary>What a group's projected gradient is called.</summary>
    private static string NameOf(LinearGroup group) => string.Join('+', group.Parts.Select(p => p.Module));

    private BufferSlice? Write(IDecoderOperations operations, float[]? matrix, ref long offset)
    {
        if (matrix is null) return null;
        var slice = _values.Slice(offset, matrix.Length);
        operations.Write(matrix, slice);
        offset += matrix.Length;
        return slice;
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
