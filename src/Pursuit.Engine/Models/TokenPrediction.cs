using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

/// <summary>What a model says of one token before it comes, p being its distribution over the vocabulary.</summary>
/// <param name="LogProbability">log p(token), in nats.</param>
/// <param name="SquareSum">sum of p^2 over the vocabulary.</param>
/// <param name="Entropy">- sum p log p, in nats.</param>
/// <param name="Margin">The largest p less the second largest.</param>
/// <param name="IsLikeliest">True where no other token is more probable.</param>
internal readonly record struct TokenPrediction(float LogProbability, float SquareSum, float Entropy, float Margin, bool IsLikeliest)
{
    internal static TokenPrediction From(in PredictionSums sums)
    {
        var logSum = Math.Log(sums.Sum);
        return new TokenPrediction(
            (float)((double)sums.Target - sums.Maximum - logSum),
            (float)(sums.SquareSum / (sums.Sum * sums.Sum)),
            (float)Math.Max(0, logSum - sums.WeightedSum / sums.Sum),
            (float)((1 - Math.Exp((double)sums.Second - sums.Maximum)) / sums.Sum),
            sums.Target >= sums.Maximum);
    }
}
