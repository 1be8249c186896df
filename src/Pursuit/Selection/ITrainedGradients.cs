namespace Pursuit.Selection;

/// <summary>Trains a model on a choice, and takes gradients where that training ends.</summary>
internal interface ITrainedGradients
{
    /// <summary>Whether the features already cost a training: a warm-up on part of the pool.</summary>
    bool FollowsWarmup { get; }

    /// <summary>Trains and takes gradients.</summary>
    /// <param name="chosen">The chosen examples; their weights scale their losses.</param>
    /// <param name="positions">Whose gradients, beside the target's; positions of the pool.</param>
    /// <param name="cancellationToken">Stops it; the same call goes on.</param>
    TrainedGradients After(IReadOnlyList<RankedRow> chosen, int[] positions, CancellationToken cancellationToken);
}

/// <summary>Gradients at a model that was trained on a choice.</summary>
/// <param name="Dimension">Numbers per gradient, as many as at any other checkpoint.</param>
/// <param name="Pool">[positions, Dimension].</param>
/// <param name="Target">[target examples, Dimension].</param>
/// <param name="Steps">Steps of the training.</param>
internal sealed record TrainedGradients(int Dimension, float[] Pool, float[] Target, long Steps);
