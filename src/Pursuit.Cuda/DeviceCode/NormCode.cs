using ILGPU;

namespace Pursuit.Cuda.DeviceCode;

/// <summary>Norms, a group for every vector; formulas at <see cref="Engine.Kernels.NormRule"/> and NormGradient.</summary>
internal static class NormCode
{
    public static void Forward(
        ArrayView<float> x,
        ArrayView<float> y,
        ArrayView<float> inverse,
        ArrayView<float> w,
        ArrayView<float> b,
        NormSizes n)
    {
        var shared = SharedMemory.Allocate<float>(Lanes.Most);
        for (var v = Grid.IdxX; v < n.Rows * n.Groups; v += Grid.DimX)
        {
            var source = v / n.Groups * n.StrideX + v % n.Groups * n.Size;
            var mean = n.Centers != 0 ? Mean(x, source, n.Size, shared) : 0f;
            var squares = 0f;
            for (var i = Group.IdxX; i < n.Size; i += Group.DimX) squares += (x[source + i] - mean) * (x[source + i] - mean);
            var r = 1f / MathF.Sqrt(Lanes.Sum(squares, shared) / n.Size + n.Epsilon);
            if (Group.IdxX == 0) inverse[v] = r;
            Write(x, source, mean, r, w, b, y, v / n.Groups * n.StrideY + v % n.Groups * n.Size, n);
        }
    }

    public static void Again(
        ArrayView<float> x,
        ArrayView<float> y,
        ArrayView<float> inverse,
        ArrayView<float> w,
        ArrayView<float> b,
        NormSizes n)
    {
        var shared = SharedMemory.Allocate<float>(Lanes.Most);
        for (var v = Grid.IdxX; v < n.Rows; v += Grid.DimX)
        {
            var mean = n.Centers != 0 ? Mean(x, v * n.Size, n.Size, shared) : 0f;
            Write(x, v * n.Size, mean, inverse[v], w, b, y, v * n.Size, n);
        }
    }

    /// <summary>The mean of every vector; needed again where the gradients of weights are summed.</summary>
    public static void Means(ArrayView<float> x, ArrayView<float> means, NormSizes n)
    {
        var shared = SharedMemory.Allocate<float>(Lanes.Most);
        for (var v = Grid.IdxX; v < n.Rows * n.Groups; v += Grid.DimX)
        {
            var mean = n.Centers != 0 ? Mean(x, v / n.Groups * n.StrideX + v % n.Groups * n.Size, n.Size, shared) : 0f;
            if (Group.IdxX == 0) means[v] = mean;
        }
    }

    /// <summary>dw and db: columns by lanes of vectors, as <see cref="RowCode.SumRows"/> does. StrideY is that of dy.</summary>
    public static void Weights(
        ArrayView<float> x,
        ArrayView<float> dy,
        ArrayView<float> inverse,
        ArrayView<float> means,
        ArrayView<float> dw,
        ArrayView<float> db,
        NormSizes n)
    {
        var shared = SharedMemory.Allocate<float>(Lanes.Most);
        var sharedBias = SharedMemory.Allocate<float>(Lanes.Most);
        var lanes = Group.DimX < RowCode.RowLanes ? Group.DimX : RowCode.RowLanes;
        var wide = Group.DimX / lanes;
        var (lane, column) = (Group.IdxX / wide, Group.IdxX % wide);
        for (var first = Grid.IdxX * wide; first < n.Size; first += Grid.DimX * wide)
        {
            var (weight, bias) = (0f, 0f);
            if (first + column < n.Size)
            {
                for (var v = lane; v < n.Rows * n.Groups; v += lanes)
                {
                    var slope = dy[v / n.Groups * n.StrideY + v % n.Groups * n.Size + first + column];
                    var value = x[v / n.Groups * n.StrideX + v % n.Groups * n.Size + first + column];
                    weight += slope * ((value - means[v]) * inverse[v]);
                    bias += slope;
                }
            }

            shared[Group.IdxX] = weight;
            sharedBias[Group.IdxX] = bias;
            Group.Barrier();
            for (var half = lanes / 2; half > 0; half /= 2)
            {
                if (lane < half)
                {
                    shared[Group.IdxX] += shared[Group.IdxX + half * wide];
                    sharedBias[Group.IdxX] += sharedBias[Group.IdxX + half * wide];
                }

                Group.Barrier();
            }

            if (lane == 0 && first + column < n.Size)
            {
                if (n.HasWeightGradient != 0) dw[first + column] = shared[Group.IdxX];
                if (n.HasBias != 0) db[first + column] = sharedBias[Group.IdxX];
            }

            Group.Barrier();
        }
    }

    /// <summary>dx; StrideY is that of dy. A place of dx is written once every thread has read what it needs of the vector.</summary>
    public static void Backward(
        ArrayView<float> x,
        ArrayView<float> dy,
        ArrayView<float> inverse,
        ArrayView<float> w,
        ArrayView<float> dx,
        int strideDX,
        int accumulate,
        NormSizes n)
    {
        var shared = SharedMemory.Allocate<float>(Lanes.Most);
        for (var v = Grid.IdxX; v < n.Rows * n.Groups; v += Grid.DimX)
        {
            var source = v / n.Groups * n.StrideX + v % n.Groups * n.Size;
            var slopes = v / n.Groups * n.StrideY + v % n.Groups * n.Size;
            var target = v / n.Groups * strideDX + v % n.Groups * n.Size;
            var r = inverse[v];
            var mean = n.Centers != 0 ? Mean(x, source, n.Size, shared) : 0f;
            var (projection, shift) = (0f, 0f);
            for (var i = Group.IdxX; i < n.Size; i += Group.DimX)
            {
                var inner = dy[slopes + i] * (n.Offset + w[i]);
                projection += inner * (x[source + i] - mean);
                shift += inner;
            }

            projection = Lanes.Sum(projection, shared) / n.Size;
            shift = n.Centers != 0 ? Lanes.Sum(shift, shared) / n.Size : 0f;
            for (var i = Group.IdxX; i < n.Size; i += Group.DimX)
            {
                var inner = dy[slopes + i] * (n.Offset + w[i]);
                var value = r * (inner - shift) - (x[source + i] - mean) * (r * r * r * projection);
                dx[target + i] = accumulate != 0 ? dx[target + i] + value : value;
            }
        }
    }

    private static float Mean(ArrayView<float> x, int source, int size, ArrayView<float> shared)
    {
        var sum = 0f;
        for (var i = Group.IdxX; i < size; i += Group.DimX) sum += x[source + i];
        return Lanes.Sum(sum, shared) / size;
    }

    private static void Write(
        ArrayView<float> x,
        int source,
        float mean,
        float r,
        ArrayView<float> w,
        ArrayView<float> b,
        ArrayView<float> y,
        int target,
        NormSizes n)
    {
        for (var i = Group.IdxX; i < n.Size; i += Group.DimX)
        {
            var value = (x[source + i] - mean) * r * (n.Offset + w[i]);
            y[target + i] = n.HasBias != 0 ? value + b[i] : value;
        }
    }
}

/// <summary>What a norm goes over and how it computes, as its kernels take it.</summary>
internal struct NormSizes
{
    public int Rows;
    public int Groups;
    public int Size;
    public int StrideX;
    public int StrideY;
    public int Centers;
    public int HasBias;
    public int HasWeightGradient;
    public float Epsilon;
    public float Offset;
}
