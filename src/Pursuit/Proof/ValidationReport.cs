namespace Pursuit.Proof;

/// <summary>How faithful methods' scores are to what training does: the result of a validation.</summary>
public sealed record ValidationReport
{
    /// <summary>The file of a run that keeps it.</summary>
    public const string FileName = "validation.json";

    /// <summary>How the models were trained.</summary>
    public required ProofRecipe Recipe { get; init; }

    /// <summary>Examples of the pool.</summary>
    public required int PoolExamples { get; init; }

    /// <summary>Of those, the random ones that trainings drew on.</summary>
    public required int Examples { get; init; }

    /// <summary>Examples of each random subset.</summary>
    public required int SubsetExamples { get; init; }

    /// <summary>Random subsets, a training each.</summary>
    public required int Subsets { get; init; }

    /// <summary>Examples taken away for the loss difference.</summary>
    public required int Removed { get; init; }

    /// <summary>The targets, with how many of their examples were attributed.</summary>
    public required IReadOnlyList<ValidatedTarget> Targets { get; init; }

    /// <summary>The methods, the highest datamodeling score first.</summary>
    public required IReadOnlyList<MethodValidation> Methods { get; init; }

    /// <summary>What a reader should know.</summary>
    public required IReadOnlyList<string> Remarks { get; init; }

    /// <summary>Seconds of the job.</summary>
    public required double Seconds { get; init; }
}

/// <summary>A target of a validation.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Path">Its file.</param>
/// <param name="Examples">Its examples with an answer.</param>
public sealed record ValidatedTarget(string Name, string Path, int Examples);

/// <summary>One method's faithfulness.</summary>
public sealed record MethodValidation
{
    /// <summary>The method, as it was given.</summary>
    public required string Method { get; init; }

    /// <summary>
    /// The linear datamodeling score over all targets, -1 to 1: the mean rank correlation of summed scores with how low the loss is.
    /// </summary>
    public required Interval DatamodelScore { get; init; }

    /// <summary>
    /// Nats by which a target example's loss is higher when the method's first examples are taken out of the training than when random
    /// ones are, over all targets.
    /// </summary>
    public required Interval LossDifference { get; init; }

    /// <summary>The same target by target.</summary>
    public required IReadOnlyList<TargetValidation> Targets { get; init; }

    /// <summary>Seconds its scores took, features not counted.</summary>
    public required double Seconds { get; init; }
}

/// <summary>One method's faithfulness on one target.</summary>
/// <param name="Target">The target's name.</param>
/// <param name="DatamodelScore">The linear datamodeling score.</param>
/// <param name="LossDifference">Nats by which taking its first examples away hurts more than taking random ones.</param>
public sealed record TargetValidation(string Target, Interval DatamodelScore, Interval LossDifference);
