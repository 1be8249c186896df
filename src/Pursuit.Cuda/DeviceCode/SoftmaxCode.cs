using ILGPU;
using Pursuit.Engine.Kernels;

namespace Pursuit.Cuda.DeviceCode;

/// <summary>Softmax and statistics over blocks of the vocabulary, a group for every row. A NaN logit makes NaN sums.</summary>
internal static class SoftmaxCode
{
    /// <summary>Below it exp is 0 beside the row's largest; keeps -inf out of a product.</summary>
    private const float Lowest = -87.3f;

    public static void Statistics(
        ArrayView<float> logits,
        LogitSizes n,
        ArrayView<int> targets,
        ArrayView<float> maximum,
        ArrayView<float> sum,
        ArrayView<float> targetLogit)
    {
        var shared = SharedMemory.Allocate<float>(Lanes.Most);
        for (var row = Grid.IdxX; row < n.Rows; row += Grid.DimX)
        {
            var (first, before) = (row * n.Columns, maximum[row]);
            var largest = before;
            for (var j = Group.IdxX; j < n.Columns; j += Group.DimX) largest = DeviceMath.Larger(largest, logits[first + j]);
            largest = Lanes.Largest(largest, shared);
            var added = 0f;
            for (var j = Group.IdxX; j < n.Columns; j += Group.DimX) added += DeviceMath.Exp(logits[first + j] - largest);
            added = Lanes.Sum(added, shared);
            if (Group.IdxX == 0)
            {
                if (sum[row] != 0f) added += sum[row] * DeviceMath.Exp(before - largest);
                maximum[row] = largest;
                sum[row] = added;
                var column = targets[row] - n.FirstColumn;
                if (column >= 0 && column < n.Columns) targetLogit[row] = logits[first + column];
            }

            Group.Barrier();
        }
    }

    /// <summary>Value by value: logits = weight (softmax - one-hot) slope.</summary>
    public static void Gradient(
        ArrayView<float> logits,
        LogitSizes n,
        ArrayView<int> targets,
        ArrayView<float> weights,
        ArrayView<float> maximum,
        ArrayView<float> sum)
    {
        for (var i = Grid.GlobalIndex.X; i < n.Rows * n.Columns; i += Grid.DimX * Group.DimX)
        {
            var (row, value) = (i / n.Columns, logits[i]);
            var slope = n.Scale * weights[row];
            if (n.Softcap > 0f) slope *= 1f - value / n.Softcap * (value / n.Softcap);
            var probability = DeviceMath.Exp(value - maximum[row]) / sum[row];
            var wanted = n.FirstColumn + i % n.Columns == targets[row] ? 1f : 0f;
            logits[i] = slope * (probability - wanted);
        }
    }

    public static void StartPredictions(ArrayView<float> sums, int rows)
    {
        for (var i = Grid.GlobalIndex.X; i < rows; i += Grid.DimX * Group.DimX)
            PredictionRow.Store(new PredictionRow { Maximum = float.NegativeInfinity, Second = float.NegativeInfinity }, sums, i);
    }

    public static void Predictions(ArrayView<float> logits, LogitSizes n, ArrayView<int> targets, ArrayView<float> sums)
    {
        var shared = SharedMemory.Allocate<float>(Lanes.Most);
        var sharedSecond = SharedMemory.Allocate<float>(Lanes.Most);
        var sharedSum = SharedMemory.Allocate<double>(Lanes.Most);
        var lane = Group.IdxX;
        for (var row = Grid.IdxX; row < n.Rows; row += Grid.DimX)
        {
            var first = row * n.Columns;
            var (largest, second) = (float.NegativeInfinity, float.NegativeInfinity);
            for (var j = lane; j < n.Columns; j += Group.DimX)
            {
                var value = logits[first + j];
                second = DeviceMath.Larger(second, DeviceMath.Smaller(largest, value));
                largest = DeviceMath.Larger(largest, value);
            }

            shared[lane] = largest;
            sharedSecond[lane] = second;
            Group.Barrier();
            for (var half = Group.DimX / 2; half > 0; half /= 2)
            {
                if (lane < half)
                {
                    var (mine, other) = (shared[lane], shared[lane + half]);
                    var seconds = DeviceMath.Larger(sharedSecond[lane], sharedSecond[lane + half]);
                    sharedSecond[lane] = DeviceMath.Larger(seconds, DeviceMath.Smaller(mine, other));
                    shared[lane] = DeviceMath.Larger(mine, other);
                }

                Group.Barrier();
            }

            (largest, second) = (shared[0], sharedSecond[0]);
            Group.Barrier();
            double sum = 0, square = 0, weighted = 0;
            if (largest > float.NegativeInfinity || float.IsNaN(largest))
            {
                for (var j = lane; j < n.Columns; j += Group.DimX)
                {
                    var below = DeviceMath.Larger(Lowest, logits[first + j] - largest);
                    var power = DeviceMath.Exp(below);
                    sum += power;
                    square += (double)power * power;
                    weighted += (double)below * power;
                }
            }

            sum = Lanes.Sum(sum, sharedSum);
            square = Lanes.Sum(square, sharedSum);
            weighted = Lanes.Sum(weighted, sharedSum);
            if (lane == 0)
            {
                var block = new PredictionRow { Maximum = largest, Second = second, Sum = sum, SquareSum = square, WeightedSum = weighted };
                var own = Add(PredictionRow.Load(sums, row), block);
                var column = targets[row] - n.FirstColumn;
                if (column >= 0 && column < n.Columns) own.Target = logits[first + column];
                PredictionRow.Store(own, sums, row);
            }

            Group.Barrier();
        }
    }

    /// <summary>Sums with those of a block in; as <see cref="Engine.Kernels.PredictionSums.Add"/>.</summary>
    private static PredictionRow Add(PredictionRow own, PredictionRow block)
    {
        var maximum = DeviceMath.Larger(own.Maximum, block.Maximum);
        var sum = new PredictionRow { Maximum = maximum, Target = own.Target };
        var seconds = DeviceMath.Larger(own.Second, block.Second);
        sum.Second = DeviceMath.Larger(seconds, DeviceMath.Smaller(own.Maximum, block.Maximum));
        AddShifted(ref sum, own);
        AddShifted(ref sum, block);
        return sum;
    }

    private static void AddShifted(ref PredictionRow sum, PredictionRow part)
    {
        if (part.Sum == 0) return;
        var down = part.Maximum - sum.Maximum;
        double factor = DeviceMath.Exp(down);
        sum.Sum += part.Sum * factor;
        sum.SquareSum += part.SquareSum * factor * factor;
        sum.WeightedSum += (part.WeightedSum + down * part.Sum) * factor;
    }
}

/// <summary>A block of logits, as its kernels take it.</summary>
internal struct LogitSizes
{
    public int Rows;
    public int Columns;
    public int FirstColumn;
    public float Scale;
    public float Softcap;
}

/// <summary>
/// A row of <see cref="PredictionSums"/>, field by field. It lies among values of 4 bytes, so that its numbers of 8 bytes are taken in
/// halves: their addresses needn't be multiples of 8.
/// </summary>
internal struct PredictionRow
{
    public float Maximum;
    public float Second;
    public float Target;
    public double Sum;
    public double SquareSum;
    public double WeightedSum;

    public static PredictionRow Load(ArrayView<float> sums, int row)
    {
        var at = row * PredictionSums.Floats;
        return new()
        {
            Maximum = sums[at],
            Second = sums[at + 1],
            Target = sums[at + 2],
            Sum = Whole(sums[at + 4], sums[at + 5]),
            SquareSum = Whole(sums[at + 6], sums[at + 7]),
            WeightedSum = Whole(sums[at + 8], sums[at + 9]),
        };
    }

    public static void Store(PredictionRow own, ArrayView<float> sums, int row)
    {
        var at = row * PredictionSums.Floats;
        sums[at] = own.Maximum;
        sums[at + 1] = own.Second;
        sums[at + 2] = own.Target;
        sums[at + 3] = 0f;
        Halve(own.Sum, sums, at + 4);
        Halve(own.SquareSum, sums, at + 6);
        Halve(own.WeightedSum, sums, at + 8);
    }

    private static double Whole(float low, float high) =>
        Interop.IntAsFloat((ulong)Interop.FloatAsInt(high) << 32 | Interop.FloatAsInt(low));

    private static void Halve(double value, ArrayView<float> sums, int at)
    {
        var bits = Interop.FloatAsInt(value);
        sums[at] = Interop.IntAsFloat((uint)bits);
        sums[at + 1] = Interop.IntAsFloat((uint)(bits >> 32));
    }
}
