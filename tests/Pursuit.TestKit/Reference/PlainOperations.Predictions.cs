using Pursuit.Engine.Kernels;

namespace Pursuit.TestKit.Reference;

public sealed partial class PlainOperations
{
    /// <inheritdoc/>
    public void PredictionStatistics(BufferSlice logits, int rows, int columns, int firstColumn, ReadOnlySpan<int> targets, Span<PredictionSums> sums)
    {
        for (var i = 0; i < rows; i++)
        {
            var row = logits.AsSpan().Slice(i * columns, columns).ToArray();
            var order = row.OrderDescending().ToArray();
            var block = PredictionSums.Start;
            block.Maximum = order[0];
            if (columns > 1) block.Second = order[1];
            foreach (var value in row)
            {
                if (float.IsNegativeInfinity(value)) continue; // never comes
                var below = (double)value - block.Maximum;
                var power = Math.Exp(below);
                block.Sum += power;
                block.SquareSum += power * power;
                block.WeightedSum += below * power;
            }

            sums[i].Add(block);
            if (targets[i] >= firstColumn && targets[i] < firstColumn + columns) sums[i].Target = row[targets[i] - firstColumn];
        }
    }
}
