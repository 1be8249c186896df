using Pursuit.Engine.Kernels;

namespace Pursuit.TestKit.Reference;

internal partial class PlainOperations
{
    /// <inheritdoc/>
    public void PredictionStatistics(in LogitBlock block, BufferSlice sums)
    {
        for (var i = 0; i < block.Rows; i++)
        {
            var row = block.Logits.AsSpan().Slice(i * block.Columns, block.Columns).ToArray();
            ref var own = ref sums.AsPredictionSums()[i];
            var target = block.Targets.AsIntegers()[i];
            var order = row.OrderDescending().ToArray();
            var seen = PredictionSums.Start;
            seen.Maximum = order[0];
            if (block.Columns > 1) seen.Second = order[1];
            foreach (var value in row)
            {
                if (float.IsNegativeInfinity(value)) continue; // never comes
                var below = (double)value - seen.Maximum;
                var power = Math.Exp(below);
                seen.Sum += power;
                seen.SquareSum += power * power;
                seen.WeightedSum += below * power;
            }

            own.Add(seen);
            if (target >= block.FirstColumn && target < block.FirstColumn + block.Columns) own.Target = row[target - block.FirstColumn];
        }
    }
}
