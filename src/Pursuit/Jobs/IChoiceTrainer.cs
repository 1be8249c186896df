using Pursuit.Data;
using Pursuit.Selection;

namespace Pursuit.Jobs;

/// <summary>A source of gradients that can train its model on a choice.</summary>
internal interface IChoiceTrainer
{
    /// <summary>Whether the features cost a training already: a warm-up on part of the pool.</summary>
    bool FollowsWarmup { get; }

    /// <summary>What trains on examples of a pool, and takes gradients of these and of a target.</summary>
    ITrainedGradients On(Pool pool, Pool target);
}
