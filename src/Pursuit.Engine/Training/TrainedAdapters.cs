using System.Globalization;
using Pursuit.Engine.Adapters;
using Pursuit.Engine.Models;

namespace Pursuit.Engine.Training;

/// <summary>Adapters as what a training changes; a checkpoint is an adapter directory in PEFT's layout.</summary>
internal sealed class TrainedAdapters : ITrainedSet
{
    private readonly LoraAdapters _adapters;
    private readonly AdapterGradients _gradients;
    private readonly string _baseModel;
    private readonly ulong _seed;

    /// <summary>Attaches the adapters to a decoder and allocates their gradients.</summary>
    /// <param name="decoder">The decoder; it stays the caller's, and its weights stay as they are.</param>
    /// <param name="adapters">The adapters with the values they start from; they stay the caller's.</param>
    /// <param name="baseModel">Name or path of the decoder's model, for whoever loads a checkpoint.</param>
    /// <param name="seed">Seed of the dropout.</param>
    /// <exception cref="PursuitException">The adapters belong to another model.</exception>
    public TrainedAdapters(Decoder decoder, LoraAdapters adapters, string baseModel, ulong seed)
    {
        (Decoder, _adapters, _baseModel, _seed) = (decoder, adapters, baseModel, seed);
        decoder.Adapters = adapters;
        _gradients = new AdapterGradients(decoder);
    }

    /// <inheritdoc/>
    public Decoder Decoder { get; }

    /// <inheritdoc/>
    public IGradientSum Gradients => _gradients;

    /// <inheritdoc/>
    public string Description
    {
        get
        {
            var options = _adapters.Options;
            var (scaled, modules) = (options.RankStabilized ? "rank stabilized" : "plain", string.Join(' ', options.TargetModules));
            return string.Create(
                CultureInfo.InvariantCulture,
                $"adapters of rank {options.Rank}, alpha {options.Alpha}, dropout {options.Dropout} by seed {_seed}, {scaled}, {modules}");
        }
    }

    /// <summary>Opens the step's dropout; outside training nothing is dropped.</summary>
    /// <param name="step">The step, from 0.</param>
    public void BeginStep(long step) => _adapters.DropoutStream = LoraAdapters.DropoutStreamOf(_seed, step);

    /// <inheritdoc/>
    public void Save(string directory) => _adapters.Save(directory, _baseModel);

    /// <inheritdoc/>
    public void Restore(string directory) => _adapters.ReadWeights(directory);

    /// <summary>Frees the gradients; the adapters stay attached, without dropout.</summary>
    public void Dispose()
    {
        _adapters.DropoutStream = null;
        _gradients.Dispose();
    }
}
