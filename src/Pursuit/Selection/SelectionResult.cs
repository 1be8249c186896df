using System.Text.Json.Serialization;

namespace Pursuit.Selection;

/// <summary>What a method chose.</summary>
public sealed record SelectionResult
{
    /// <summary>The method's name.</summary>
    public required string Method { get; init; }

    /// <summary>The chosen examples, best first; weights have mean 1.</summary>
    public required IReadOnlyList<RankedRow> Rows { get; init; }

    /// <summary>The budget in its unit, as resolved in this pool.</summary>
    public required long Budget { get; init; }

    /// <summary>What of the budget the chosen examples take.</summary>
    public required long Spent { get; init; }

    /// <summary>The unit of <see cref="Budget"/> and <see cref="Spent"/>.</summary>
    public required BudgetUnit Unit { get; init; }

    /// <summary>What a person should know before using the selection; each a whole sentence.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>What the method can tell of its work; null where that is nothing.</summary>
    public MethodDetails? Details { get; init; }

    /// <summary>Long arrays the run keeps beside the selection, each in a file of its own.</summary>
    [JsonIgnore]
    public IReadOnlyList<SavedArray> Arrays { get; init; } = [];

    /// <summary>(sum w)^2 / sum w^2: how many equally weighted examples the weights are worth.</summary>
    public double EffectiveSize
    {
        get
        {
            var sum = Rows.Sum(r => r.Weight);
            var squares = Rows.Sum(r => r.Weight * r.Weight);
            return squares > 0 ? sum * sum / squares : 0;
        }
    }
}
