using Pursuit.Engine.Models;


namespace Pursuit.Engine.Training;

/// <summary>What a training changes (all weights, or adapters), and how it lies in a checkpoint's directory.</summary>
internal interface ITrainedSet : IDisposable
{
    /// <summary>The decoder it belongs to.</summary>
    Decoder Decoder { get; }

    /// <summary>The parameters with their gradients.</summary>
    IGradientSum Gradients { get; }

    /// <summary>Everything about the set that a result depends on besides the weights it starts from.</summary>
    string Description { get; }

    /// <summary>Called before each step's forward pass.</summary>
    /// <param name="step">The step, from 0.</param>
    void BeginStep(long step);

    /// <summary>Writes the parameters in float32, each file whole, in the layout that other programs read.</summary>
    /// <param name="directory">The checkpoint's directory; made where it doesn't exist.</param>
    /// <exception cref="PursuitException">The directory can't be written.</exception>
    void Save(string directory);

    /// <summary>Reads back what <see cref="Save"/> wrote, bit for bit.</summary>
    /// <exception cref="PursuitException">A file is missing or belongs to another model.</exception>
    void Restore(string directory);
}

/// <summary>All weights of a decoder; a checkpoint is a model directory.</summary>
internal sealed class AllWeights : ITrainedSet
{
    private readonly WeightGradients _gradients;
    private readonly string? _companions;

    /// <summary>Allocates the gradients of all weights.</summary>
    /// <param name="decoder">The decoder; it stays the caller's.</param>
    /// <param name="companions">
    /// A directory whose tokenizer files are copied into checkpoints, so that each can be used as a model; or null.
    /// </param>
    public AllWeights(Decoder decoder, string? companions = null)
    {
        (Decoder, _companions) = (decoder, companions);
        _gradients = new WeightGradients(decoder);
    }

    /// <inheritdoc/>
    public Decoder Decoder { get; }

    /// <inheritdoc/>
    public IGradientSum Gradients => _gradients;

    /// <inheritdoc/>
    public string Description => "all weights";

    /// <inheritdoc/>
    public void BeginStep(long step)
    {
        // All weights are trained alike in every step.
    }

    /// <inheritdoc/>
    public void Save(string directory)
    {
        if (_companions is not null)
            ModelFiles.CopyCompanions(_companions, directory);
        Decoder.Save(directory, halfPrecision: false);
    }

    /// <inheritdoc/>
    public void Restore(string directory) => Decoder.Restore(directory);

    /// <summary>Frees the gradients; the decoder stays.</summary>
    public void Dispose() => _gradients.Dispose();
}
