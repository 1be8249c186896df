namespace Pursuit.Proof;

/// <summary>What one trained model scored on one target's test.</summary>
internal sealed record TrainingScores
{
    /// <summary>The target.</summary>
    public required string Target { get; init; }

    /// <summary>The method's label.</summary>
    public required string Method { get; init; }

    /// <summary>The budget; null for the untrained model and a whole epoch.</summary>
    public string? Budget { get; init; }

    /// <summary>The seed; null for the untrained model.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Mean loss over each test example's answer tokens, in nats [test].</summary>
    public required IReadOnlyList<double> Losses { get; init; }

    /// <summary>Answer tokens of each test example [test].</summary>
    public required IReadOnlyList<int> Labels { get; init; }

    /// <summary>The scores of the answers generated for the first test examples [generated]; empty for none.</summary>
    public IReadOnlyList<AnswerScore> Answers { get; init; } = [];
}
