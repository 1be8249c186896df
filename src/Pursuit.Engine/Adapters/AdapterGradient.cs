using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;

namespace Pursuit.Engine.Adapters;

/// <summary>
/// What an adapter y += scale (x A^T) B^T saw and got back over a micro-batch. Any rows' gradients follow without
/// touching others: dA = du^T x and dB = scale delta^T u over just those rows, so that an example's own are
/// <see cref="FormA"/> and <see cref="FormB"/> over its rows.
/// </summary>
/// <param name="Batch">The micro-batch; example i's rows are Offsets[i] to Offsets[i + 1].</param>
/// <param name="Module">The adapter.</param>
/// <param name="Scale">scale.</param>
/// <param name="Inputs">x [tokens, Group.Inputs], dense, after dropout.</param>
/// <param name="Deltas">delta [tokens, Part.Outputs] with stride Group.Outputs.</param>
/// <param name="Hidden">u = x A^T [tokens, rank] with stride HiddenStride.</param>
/// <param name="HiddenGradient">du = scale delta B [tokens, rank] with stride HiddenStride.</param>
/// <param name="HiddenStride">Stride of u and du.</param>
public readonly record struct AdapterGradient(MicroBatch Batch, LoraModule Module, float Scale, BufferSlice Inputs, BufferSlice Deltas, BufferSlice Hidden, BufferSlice HiddenGradient, int HiddenStride)
{
    /// <summary>destination = dA [rank, inputs] over some rows, plus what stood there if accumulating.</summary>
    /// <param name="operations">The device.</param>
    /// <param name="firstRow">First row of the micro-batch.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="accumulate">Whether to add to the destination.</param>
    /// <param name="destination">dA, dense.</param>
    public void FormA(IDecoderOperations operations, int firstRow, int rows, bool accumulate, BufferSlice destination)
    {
        var inputs = Module.Group.Inputs;
        operations.Multiply(true, false, Module.A.Shape[0], inputs, rows, 1, HiddenGradient.From(firstRow * HiddenStride), HiddenStride, Inputs.From(firstRow * inputs), inputs, accumulate ? 1 : 0, destination, inputs);
    }

    /// <summary>destination = dB [outputs, rank] over some rows, plus what stood there if accumulating.</summary>
    /// <param name="operations">The device.</param>
    /// <param name="firstRow">First row of the micro-batch.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="accumulate">Whether to add to the destination.</param>
    /// <param name="destination">dB, dense.</param>
    public void FormB(IDecoderOperations operations, int firstRow, int rows, bool accumulate, BufferSlice destination)
    {
        var (rank, stride) = (Module.B.Shape[1], Module.Group.Outputs);
        operations.Multiply(true, false, Module.Part.Outputs, rank, rows, Scale, Deltas.From(firstRow * stride), stride, Hidden.From(firstRow * HiddenStride), HiddenStride, accumulate ? 1 : 0, destination, rank);
    }
}
