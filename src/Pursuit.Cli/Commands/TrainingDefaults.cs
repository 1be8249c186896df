using Pursuit.Engine.Training;

namespace Pursuit.Cli.Commands;

/// <summary>One command's defaults of the options that <c>pretrain</c> and <c>train</c> share.</summary>
/// <param name="LearningRate">The peak learning rate.</param>
/// <param name="Warmup">The share of the steps in which it rises.</param>
/// <param name="Decay">How it falls.</param>
/// <param name="FinalShare">The last step's share of it.</param>
/// <param name="Optimizer">AdamW's.</param>
/// <param name="MicroBatchTokens">Tokens that a thread processes at once.</param>
internal sealed record TrainingDefaults(
    double LearningRate, double Warmup, LearningRateDecay Decay, double FinalShare, AdamWOptions Optimizer, int MicroBatchTokens);
