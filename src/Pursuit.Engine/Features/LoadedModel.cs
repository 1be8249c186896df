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
            if (checkpoint is null) return new LoadedModel(decoder, adapters);
            if (adapters is null) decoder.Restore(checkpoint);
            else adapters.ReadWeights(checkpoint);
            return new LoadedModel(decoder, adapters);
        }
        catch
        {
            adapters?.Dispose();
            decoder.Dispose();
            throw;
        }
    }

    /// <summary>Frees the weights.</summary>
    public void Dispose()
    {
        Adapters?.Dispose();
        Decoder.Dispose();
    }
}
