using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;

namespace Pursuit.Engine.Adapters;

/// <summary>A low-rank adapter of one linear layer: y += scale (x A^T) B^T.</summary>
/// <param name="Index">Its number among all adapters.</param>
/// <param name="Group">The group whose input it reads.</param>
/// <param name="Part">The layer it adds to.</param>
/// <param name="A">A [rank, inputs], under PEFT's name.</param>
/// <param name="B">B [outputs, rank], under PEFT's name.</param>
internal sealed record LoraModule(int Index, LinearGroup Group, LinearPart Part, Parameter A, Parameter B);

/// <summary>
/// The adapters of layers that read the same input. Their A lie one after another, so that one product serves all.
/// </summary>
/// <param name="Index">Its number among all groups with adapters.</param>
/// <param name="Rank">Rank of every adapter.</param>
/// <param name="Modules">The adapters, in the order of their outputs.</param>
internal sealed record LoraGroup(int Index, int Rank, IReadOnlyList<LoraModule> Modules)
{
    /// <summary>Columns of the adapters' hidden values together: rank per adapter.</summary>
    public int Width { get; } = checked(Rank * Modules.Count);

    /// <summary>Columns of the shared input.</summary>
    public int Inputs => Modules[0].Group.Inputs;

    /// <summary>A of consecutive adapters as one matrix [count * rank, inputs].</summary>
    internal BufferSlice A(DeviceBuffer values, int first, int count) =>
        values.Slice(Modules[first].A.Offset, checked(count * Modules[first].A.Length));
}
