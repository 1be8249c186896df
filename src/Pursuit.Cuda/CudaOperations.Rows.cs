using ILGPU;
using Pursuit.Cuda.DeviceCode;
using Pursuit.Engine.Kernels;

namespace Pursuit.Cuda;

internal sealed partial class CudaOperations
{
    /// <inheritdoc/>
    public void SetRows(BufferSlice vector, int rows, int columns, MatrixSlice destination) =>
        OverRows(RowCode.SetRows, vector, rows, columns, destination);

    /// <inheritdoc/>
    public void AddToRows(BufferSlice vector, int rows, int columns, MatrixSlice destination) =>
        OverRows(RowCode.AddToRows, vector, rows, columns, destination);

    /// <inheritdoc/>
    public void AddRows(BufferSlice source, int rows, int columns, MatrixSlice destination) =>
        OverRows(RowCode.AddRows, source, rows, columns, destination);

    /// <inheritdoc/>
    public void SumRows(MatrixSlice source, int rows, int columns, BufferSlice destination) => _card.Run(
        RowCode.SumRows, GroupsOfColumns(columns), source.Values.Floats(), source.Stride, rows, columns, destination.Floats());

    /// <inheritdoc/>
    public void GatherRows(BufferSlice table, BufferSlice indices, int width, BufferSlice destination)
    {
        var groups = _card.GroupsFor((long)indices.Length * width);
        if (table.Buffer.Type == ElementType.BFloat16)
            _card.Run(RowCode.GatherNarrowRows, groups, table.Narrow(), indices.Integers(), width, destination.Floats());
        else
            _card.Run(RowCode.GatherRows, groups, table.Floats(), indices.Integers(), width, destination.Floats());
    }

    /// <inheritdoc/>
    public void ScatterAddRows(BufferSlice source, BufferSlice indices, int width, BufferSlice table) => _card.Run(
        RowCode.ScatterAddRows, _card.GroupsOf(indices.Length), source.Floats(), indices.Integers(), width, table.Floats());

    /// <inheritdoc/>
    public void ScaleRows(BufferSlice factors, BufferSlice source, int width, BufferSlice destination) => _card.Run(
        RowCode.ScaleRows, _card.GroupsFor((long)factors.Length * width), factors.Floats(), source.Floats(), width, destination.Floats());

    /// <inheritdoc/>
    public void DotRows(BufferSlice x, BufferSlice y, int width, BufferSlice destination) => _card.Run(
        RowCode.DotRows, _card.GroupsOf(destination.Length), x.Floats(), y.Floats(), width, destination.Floats());

    /// <inheritdoc/>
    public void ScatterRows(MatrixSlice source, BufferSlice indices, int width, BufferSlice table) => _card.Run(
        RowCode.ScatterRows,
        _card.GroupsFor((long)indices.Length * width),
        source.Values.Floats(),
        source.Stride,
        indices.Integers(),
        width,
        table.Floats());

    /// <inheritdoc/>
    public void Dropout(in DropoutRows rows, BufferSlice source, bool accumulate, BufferSlice destination)
    {
        const int MostParts = 64;
        if (rows.Segments.Count == 0) return;
        var parts = Math.Clamp(_card.MostGroups / rows.Segments.Count, 1, MostParts);
        var factors = new DropoutFactors
        {
            Stream = rows.Stream,
            First = rows.Segments.First,
            FirstNumber = rows.FirstNumber,
            Width = rows.Width,
            Parts = parts,
            Accumulate = accumulate ? 1 : 0,
            Threshold = DropoutMask.Threshold(rows.Probability),
            Factor = 1 / (1 - rows.Probability),
        };
        _card.Run(
            RowCode.Dropout, rows.Segments.Count * parts, source.Floats(), rows.Segments.Offsets.Integers(), destination.Floats(), factors);
    }

    /// <inheritdoc/>
    public void Norm(NormShape shape, in NormCall norm, MatrixSlice x, MatrixSlice y, BufferSlice inverse)
    {
        var sizes = Sizes(shape, norm, x.Stride, y.Stride);
        _card.Run(
            NormCode.Forward,
            _card.GroupsOf((long)shape.Rows * shape.Groups),
            x.Values.Floats(),
            y.Values.Floats(),
            inverse.Floats(),
            norm.Weight.Floats(),
            (norm.Bias ?? norm.Weight).Floats(),
            sizes);
    }

    /// <inheritdoc/>
    public void NormAgain(int rows, int size, in NormCall norm, BufferSlice x, BufferSlice inverse, BufferSlice y) => _card.Run(
        NormCode.Again,
        _card.GroupsOf(rows),
        x.Floats(),
        y.Floats(),
        inverse.Floats(),
        norm.Weight.Floats(),
        (norm.Bias ?? norm.Weight).Floats(),
        Sizes(new(rows, 1, size), norm, size, size));

    /// <inheritdoc/>
    public void NormBackward(in NormGradient gradient)
    {
        var sizes = Sizes(gradient.Shape, gradient.Norm, gradient.X.Stride, gradient.DY.Stride);
        var vectors = gradient.Shape.Rows * gradient.Shape.Groups;
        var (x, dy, inverse, w) = (
            gradient.X.Values.Floats(), gradient.DY.Values.Floats(), gradient.Inverse.Floats(), gradient.Norm.Weight.Floats());
        if ((gradient.DWeight ?? gradient.DBias) is { } either)
        {
            // Before dx, which may overwrite x or dy.
            sizes.HasWeightGradient = gradient.DWeight is null ? 0 : 1;
            sizes.HasBias = gradient.DBias is null ? 0 : 1;
            var means = _floats.View(Math.Max(vectors, 1));
            _card.Run(NormCode.Means, _card.GroupsOf(vectors), x, means, sizes);
            _card.Run(
                NormCode.Weights,
                GroupsOfColumns(sizes.Size),
                x,
                dy,
                inverse,
                means,
                (gradient.DWeight ?? either).Floats(),
                (gradient.DBias ?? either).Floats(),
                sizes);
        }

        _card.Run(
            NormCode.Backward,
            _card.GroupsOf(vectors),
            x,
            dy,
            inverse,
            w,
            gradient.DX.Values.Floats(),
            gradient.DX.Stride,
            gradient.Accumulate ? 1 : 0,
            sizes);
    }

    /// <inheritdoc/>
    public void Activate(in ActivationShape shape, BufferSlice x, BufferSlice h) => _card.Run(
        ActivationCode.Forward,
        _card.GroupsFor((long)shape.Rows * shape.Width),
        x.Floats(),
        h.Floats(),
        shape.Rows,
        shape.Width,
        (int)shape.Activation,
        shape.Gated ? 1 : 0);

    /// <inheritdoc/>
    public void ActivateBackward(in ActivationShape shape, BufferSlice x, BufferSlice dHThenH) => _card.Run(
        ActivationCode.Backward,
        _card.GroupsFor((long)shape.Rows * shape.Width),
        x.Floats(),
        dHThenH.Floats(),
        shape.Rows,
        shape.Width,
        (int)shape.Activation,
        shape.Gated ? 1 : 0);

    /// <inheritdoc/>
    public void SoftCap(float cap, BufferSlice values) =>
        _card.Run(ActivationCode.SoftCap, _card.GroupsFor(values.Length), values.Floats(), cap);

    /// <summary>Runs a kernel with a thread for every value of destination[rows, columns].</summary>
    private void OverRows(
        Action<ArrayView<float>, int, int, ArrayView<float>, int> kernel,
        BufferSlice source,
        int rows,
        int columns,
        MatrixSlice destination) =>
        _card.Run(
            kernel,
            _card.GroupsFor((long)rows * columns),
            source.Floats(),
            rows,
            columns,
            destination.Values.Floats(),
            destination.Stride);

    private static NormSizes Sizes(NormShape shape, in NormCall norm, int strideX, int strideY) => new()
    {
        Rows = shape.Rows,
        Groups = shape.Groups,
        Size = shape.Size,
        StrideX = strideX,
        StrideY = strideY,
        Centers = norm.Rule.Centers ? 1 : 0,
        HasBias = norm.Bias is null ? 0 : 1,
        Epsilon = norm.Rule.Epsilon,
        Offset = norm.Rule.Offset,
    };

    /// <summary>Groups for sums of columns, each of which takes some threads.</summary>
    private int GroupsOfColumns(int columns)
    {
        var wide = Math.Max(_card.Lanes / RowCode.RowLanes, 1);
        return _card.GroupsOf((columns + wide - 1) / wide);
    }
}
