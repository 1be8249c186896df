namespace Pursuit.Engine.Features;

/// <summary>What features and a selection by them will cost, from the pool's lengths and a calibration of a second or two.</summary>
public sealed record CostPlan
{
    /// <summary>The <see cref="Kind"/> of embeddings.</summary>
    public const string Embedding = "embedding";

    /// <summary>Examples in the pool.</summary>
    public required int Examples { get; init; }

    /// <summary>Mean tokens of an example, from a random sample.</summary>
    public required double TokensPerExample { get; init; }

    /// <summary>Which gradients (factored, full or lora), or <see cref="Embedding"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>Checkpoints; 1 for embeddings.</summary>
    public required int Checkpoints { get; init; }

    /// <summary>Numbers per example and checkpoint.</summary>
    public required int Dimension { get; init; }

    /// <summary>Tokens of the warm-up, tried learning rates included; 0 without one.</summary>
    public long WarmupTokens { get; init; }

    /// <summary>Tokens of the features of pool and target, over all checkpoints.</summary>
    public required long FeatureTokens { get; init; }

    /// <summary>Tokens a second that a warm-up takes here; 0 without one.</summary>
    public double WarmupRate { get; init; }

    /// <summary>Tokens a second that features take here.</summary>
    public required double FeatureRate { get; init; }

    /// <summary>Bytes a second that passes over the features read here; 0 where no pass is planned.</summary>
    public double PassRate { get; init; }

    /// <summary>Passes over the features that a pursuit usually makes; 0 where none is planned.</summary>
    public int Passes { get; init; }

    /// <summary>Bytes of the stores.</summary>
    public required long StoreBytes { get; init; }

    /// <summary>Bytes of the warm-up's checkpoints with their moments; 0 without one.</summary>
    public long CheckpointBytes { get; init; }

    /// <summary>Bytes of memory of the process's own, at most; the store is mapped and not counted.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Seconds of the warm-up.</summary>
    public double WarmupSeconds => WarmupTokens > 0 ? WarmupTokens / WarmupRate : 0;

    /// <summary>Seconds of the features.</summary>
    public double FeatureSeconds => FeatureTokens / FeatureRate;

    /// <summary>Seconds of the passes; fitting weights, or looking for neighbours, comes on top.</summary>
    public double PassSeconds => Passes > 0 ? Passes * (StoreBytes / PassRate) : 0;

    /// <summary>Seconds in all.</summary>
    public double Seconds => WarmupSeconds + FeatureSeconds + PassSeconds;

    /// <summary>Bytes on disk in all.</summary>
    public long DiskBytes => StoreBytes + CheckpointBytes;
}
