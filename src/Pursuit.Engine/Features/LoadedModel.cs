using Pursuit.Engine.Adapters;
using Pursuit.Engine.Models;

namespace Pursuit.Engine.Features;

/// <summary>A model in memory, with adapters where it has some.</summary>
/// <param name="Decoder">The model.</param>
/// <param name="Adapters">Its adapters, or null.</param>
internal sealed record LoadedModel(Decoder Decoder, LoraAdapters? Adapters = null) : IDisposable
{
    /// <summary>Loads a probe model at one checkpoint of its warm-up.</summary>
    /// <param name="probe">The model, and what its warm-up changes.</param>
    /// <param name="checkpoint">The checkpoint's directory; null for the model as it is.</param>
    /// <exception cref="PursuitException">Weights are missing, or don't fit.</exception>
    public static LoadedModel At(GradientProbe probe, string? checkpoint)
    {
        var decoder = Decoder.Load(probe.Model.Path, probe.Model.Device, probe.WeightUse);
        LoraAdapters? adapters = null;
        try
        {
            decoder.Adapters = adapters = probe.Options.Kind == GradientKind.Lora ? Warmup.CreateAdapters(decoder, probe.Options) : null;
            var loaded = new LoadedModel(decoder, adapters);
            if (checkpoint is not null) loaded.Restore(checkpoint);
            return loaded;
        }
        catch
        {
            adapters?.Dispose();
            decoder.Dispose();
            throw;
        }
    }

    /// <summary>Reads a checkpoint's weights: the adapters' where there are some, else the model's.</summary>
    /// <param name="checkpoint">The checkpoint's directory.</param>
    /// <exception cref="PursuitException">Weights are missing, or don't fit.</exception>
    public void Restore(string checkpoint)
    {
        if (Adapters is null) Decoder.Restore(checkpoint);
        else Adapters.ReadWeights(checkpoint);
    }

    /// <summary>Frees the weights.</summary>
    public void Dispose()
    {
        Adapters?.Dispose();
        Decoder.Dispose();
    }
}
