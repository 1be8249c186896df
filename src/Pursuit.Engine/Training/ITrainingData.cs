using Pursuit.Engine.Models;

namespace Pursuit.Engine.Training;

/// <summary>
/// What a training reads, as a function of the step alone: nothing of it is remembered between steps, so a checkpoint's
/// step number is its position in the data.
/// </summary>
internal interface ITrainingData
{
    /// <summary>How the examples' losses make the objective.</summary>
    LossReduction Reduction { get; }

    /// <summary>Hash of everything the batches depend on.</summary>
    string Fingerprint { get; }

    /// <summary>The batch of a step, from 0.</summary>
    Batch BatchAt(long step);

    /// <summary>Where an example of a step's batch comes from, for messages: its document or record.</summary>
    string Describe(long step, int example);
}
