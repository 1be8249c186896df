using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;

namespace Pursuit.Engine.Adapters;

/// <summary>
/// What an adapter y += scale (x A^T) B^T saw and got back over a micro-batch. Any rows' gradients follow without
/// touching others: dA = du^T x and dB = scale delta^T u over just those rows, so that an example's own are
/// <see cref="EachA"/> and <see cref="EachB"/> over its rows.
/// </summary>
/// <param name="Batch">The micro-batch.</param>
/// <param name="Module">The adapter.</param>
/// <param name="Scale">scale.</param>
/// <param name="Inputs">x [rows, Group.Inputs], dense, after dropout.</param>
/// <param name="Deltas">delta [rows, Part.Outputs] with stride Group.Outputs.</param>
/// <param name="Hidden">u = x A^T [rows, rank].</param>
/// <param name="HiddenGradient">du = scale delta B [rows, rank].</param>
internal readonly record struct AdapterGradient(
    DeviceBatch Batch,
    LoraModule Module,
    float Scale,
    MatrixSlice Inputs,
    MatrixSlice Deltas,
    MatrixSlice Hidden,
    MatrixSlice HiddenGradient)
{
    /// <summary>Rows: the micro-batch's tokens, or an expert's, which may be none.</summary>
    public required int Rows { get; init; }

    /// <summary>Each example's rows.</summary>
    public required Segments Segments { get; init; }

    /// <summary>Every example's dA [rank, inputs].</summary>
    public SegmentProducts EachA => new(Segments, Module.A.Shape[0], Module.Group.Inputs, HiddenGradient, Inputs, default);

    /// <summary>Every example's dB [outputs, rank].</summary>
    public SegmentProducts EachB => new(Segments, Module.Part.Outputs, Module.B.Shape[1], Deltas, Hidden, default) { Alpha = Scale };

    /// <summary>Adds dA over all rows to a sum [rank, inputs].</summary>
    public void AddA(BufferSlice sum)
    {
        var inputs = Module.Group.Inputs;
        Batch.Operations.Multiply(
            new(Module.A.Shape[0], inputs, Rows, HiddenGradient, Inputs, new(sum, inputs)) { TransposeA = true, Beta = 1 });
    }

    /// <summary>Adds dB over all rows to a sum [outputs, rank].</summary>
    public void AddB(BufferSlice sum)
    {
        var rank = Module.B.Shape[1];
        Batch.Operations.Multiply(new(Module.Part.Outputs, rank, Rows, Deltas, Hidden, new(sum, rank))
        {
            TransposeA = true,
            Alpha = Scale,
            Beta = 1,
        });
    }
}
