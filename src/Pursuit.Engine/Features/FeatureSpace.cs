using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Features;

/// <summary>
/// Where the tensors of an example's gradient go in its feature: one behind another where they fit, else all into one sketch,
/// which keeps inner products in the mean with a deviation of about ||a|| ||b|| / sqrt(dimension).
/// </summary>
internal sealed class FeatureSpace
{
    private readonly SketchKey[] _keys;
    private readonly int[] _offsets;

    /// <summary>Lays tensors out.</summary>
    /// <param name="tensors">Their names, which decide their place in the sketch, and lengths.</param>
    /// <param name="dimension">Numbers a feature may have.</param>
    /// <param name="seed">The projection's seed.</param>
    public FeatureSpace(IReadOnlyList<(string Name, long Length)> tensors, int dimension, ulong seed)
    {
        var total = tensors.Sum(t => t.Length);
        IsExact = total <= dimension;
        Dimension = IsExact ? (int)total : dimension;
        _keys = [.. tensors.Select(t => SketchKey.ForTensor(seed, t.Name))];
        _offsets = new int[tensors.Count];
        for (var i = 1; IsExact && i < _offsets.Length; i++) _offsets[i] = _offsets[i - 1] + (int)tensors[i - 1].Length;
    }

    /// <summary>Whether the features are the gradients themselves.</summary>
    public bool IsExact { get; }

    /// <summary>Numbers per example and checkpoint.</summary>
    public int Dimension { get; }

    /// <summary>Values of room a row needs while it is made.</summary>
    public int Room => Dimension + SketchKey.BlockSize - 1;

    /// <summary>Puts a tensor of several examples' gradients [count, the tensor's values] into their rows [count, Room].</summary>
    public void Add(IDecoderOperations operations, int tensor, int count, BufferSlice values, MatrixSlice rows)
    {
        if (IsExact) operations.AddRows(values, count, values.Length / count, rows.From(_offsets[tensor]));
        else operations.AddSketches(values, count, _keys[tensor], Dimension, rows);
    }

    /// <summary>Ends rows.</summary>
    public void Complete(IDecoderOperations operations, int count, MatrixSlice rows)
    {
        if (!IsExact) operations.WrapSketches(Dimension, count, rows);
    }
}
