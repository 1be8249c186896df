using System.Globalization;

namespace Pursuit.Selection.Bilevel;

/// <summary>What <c>bilevel</c> reports.</summary>
internal sealed record BilevelDetails : MethodDetails
{
    /// <summary>Examples that had a probability.</summary>
    public required int Candidates { get; init; }

    /// <summary>Steps of the probabilities.</summary>
    public required int Iterations { get; init; }

    /// <summary>
    /// The mean outer loss of the coresets drawn in the first step, where all candidates were as likely; null for no step.
    /// </summary>
    public required double? FirstLoss { get; init; }

    /// <summary>The outer loss of what was chosen.</summary>
    public required double Loss { get; init; }

    /// <summary>Candidates whose probability is still between 0.05 and 0.95.</summary>
    public required int Undecided { get; init; }

    /// <inheritdoc/>
    public override IReadOnlyList<KeyValuePair<string, string>> Summary =>
    [
        KeyValuePair.Create("candidates", Candidates.ToString("N0", CultureInfo.InvariantCulture)),
        KeyValuePair.Create("steps", Iterations.ToString("N0", CultureInfo.InvariantCulture)),
        .. FirstLoss is { } first
            ? [KeyValuePair.Create("outer loss of random candidates", first.ToString("0.####", CultureInfo.InvariantCulture))]
            : Array.Empty<KeyValuePair<string, string>>(),
        KeyValuePair.Create("outer loss of the selection", Loss.ToString("0.####", CultureInfo.InvariantCulture)),
        KeyValuePair.Create("undecided candidates", Undecided.ToString("N0", CultureInfo.InvariantCulture)),
    ];
}
