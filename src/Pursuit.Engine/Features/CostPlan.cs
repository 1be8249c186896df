namespace Pursuit.Engine.Features;

/// <summary>What features and a selection by them will cost here, from the pool's lengths and a calibration of a few seconds.</summary>
internal sealed record CostPlan
{
    /// <summary>The <see cref="Kind"/> of embeddings.</summary>
    public const string Embedding = "embedding";

    /// <summary>The <see cref="Kind"/> of a sentence encoder's vectors.</summary>
    public const string Encoder = "encoder";

    /// <summary>Examples in the pool that is planned for.</summary>
    public required int Examples { get; init; }

    /// <summary>Examples at hand, from which lengths are told.</summary>
    public required int ExamplesAtHand { get; init; }

    /// <summary>Bytes of the records of the pool that is planned for.</summary>
    public required long PoolBytes { get; init; }

    /// <summary>Mean tokens of an example.</summary>
    public required double TokensPerExample { get; init; }

    /// <summary>Which gradients (factored, full or lora), <see cref="Embedding"/> or <see cref="Encoder"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>Checkpoints; 1 for embeddings.</summary>
    public required int Checkpoints { get; init; }

    /// <summary>Numbers per example and checkpoint.</summary>
    public required int Dimension { get; init; }

    /// <summary>Threads that the rates were measured with.</summary>
    public required int Threads { get; init; }

    /// <summary>Tokens of the warm-up, tried learning rates included; 0 without one.</summary>
    public long WarmupTokens { get; init; }

    /// <summary>Micro-batches of a batch of the warm-up: more threads than these have nothing to do there.</summary>
    public int WarmupMicroBatches { get; init; }

    /// <summary>Tokens of the pool's features, over all checkpoints.</summary>
    public required long PoolTokens { get; init; }

    /// <summary>Tokens of the target's features, over all checkpoints.</summary>
    public required long TargetTokens { get; init; }

    /// <summary>Tokens of the features of pool and target, over all checkpoints.</summary>
    public long FeatureTokens => PoolTokens + TargetTokens;

    /// <summary>Tokens a second that a warm-up takes here; 0 without one.</summary>
    public double WarmupRate { get; init; }

    /// <summary>Tokens a second that features take here.</summary>
    public required double FeatureRate { get; init; }

    /// <summary>What else this machine does.</summary>
    public required MachineRates Rates { get; init; }

    /// <summary>Examples to choose; 0: features alone.</summary>
    public int Chosen { get; init; }

    /// <summary>Groups of the target.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Passes over the features that a pursuit makes at most, its fills apart; 0 where none is planned.</summary>
    public int Passes { get; init; }

    /// <summary>Tokens that a model is trained on once the pursuit is done, for gradients behind its choice; 0 where none is.</summary>
    public long RetrainTokens { get; init; }

    /// <summary>Tokens whose gradients are taken there.</summary>
    public long RetrainedTokens { get; init; }

    /// <summary>Bytes of the stores of pool and target, but for their headers.</summary>
    public required long StoreBytes { get; init; }

    /// <summary>Bytes of the warm-up's checkpoints with their moments; 0 without one.</summary>
    public long CheckpointBytes { get; init; }

    /// <summary>Bytes of memory that the model and its projections take while features are made, whatever the threads.</summary>
    public required long ModelMemory { get; init; }

    /// <summary>Bytes of memory that a thread takes while features are made.</summary>
    public required long ThreadMemory { get; init; }

    /// <summary>Bytes of memory that a shard takes while it is made.</summary>
    public required long ShardMemory { get; init; }

    /// <summary>Bytes of memory of a warm-up's weights, gradients and moments, whatever the threads; 0 without one.</summary>
    public long TrainingMemory { get; init; }

    /// <summary>Bytes of memory that a thread takes in a warm-up; 0 without one.</summary>
    public long TrainingThreadMemory { get; init; }

    /// <summary>Bytes of memory of the process's own, at most; the store is mapped and not counted.</summary>
    public long MemoryBytes => CostSample.FirstBaseBytes
        + Math.Max(ModelMemory + Threads * ThreadMemory + ShardMemory, TrainingMemory + Threads * TrainingThreadMemory);

    /// <summary>Bytes a second that passes over the features read here, from memory.</summary>
    public double PassRate => Rates.Scan * Threads;

    /// <summary>Seconds that reading and checking the pool takes here; 0 where it wasn't measured.</summary>
    public double ReadSeconds { get; init; }

    /// <summary>Seconds of the warm-up.</summary>
    public double WarmupSeconds => WarmupTokens > 0 ? WarmupTokens / WarmupRate : 0;

    /// <summary>Seconds of the features.</summary>
    public double FeatureSeconds => FeatureTokens / FeatureRate;

    /// <summary>Seconds of the training on the choice and the gradients behind it; what is pursued again is small.</summary>
    public double RetrainSeconds => RetrainTokens > 0 ? RetrainTokens / WarmupRate + RetrainedTokens / FeatureRate : 0;

    /// <summary>Seconds of the passes; fitting weights, or looking for neighbours, comes on top.</summary>
    public double PassSeconds => Passes > 0 ? Passes * (StoreBytes / PassRate) : 0;

    /// <summary>Seconds in all.</summary>
    public double Seconds => ReadSeconds + WarmupSeconds + FeatureSeconds + PassSeconds + RetrainSeconds;

    /// <summary>Bytes on disk in all.</summary>
    public long DiskBytes => StoreBytes + CheckpointBytes;
}
