using System.Globalization;
using Pursuit.Proof;

namespace Pursuit.Engine.Proof;

/// <summary>What short trainings on halves of a target say of some methods.</summary>
public sealed record AutoVerdict
{
    /// <summary>The file that keeps it in a run.</summary>
    public const string FileName = "auto.json";

    /// <summary>The candidates, best first: the first is chosen.</summary>
    public required IReadOnlyList<AutoCandidate> Candidates { get; init; }

    /// <summary>Examples of the target: each is held out once.</summary>
    public required int Examples { get; init; }

    /// <summary>Trainings of each candidate, both halves counted.</summary>
    public required int Trainings { get; init; }

    /// <summary>Tokens that all of them trained on.</summary>
    public required long Tokens { get; init; }

    /// <summary>What the loss counts in.</summary>
    public required string LossUnit { get; init; }

    /// <summary>The chosen method, as a proof names it.</summary>
    internal ProofMethod Chosen => ProofMethod.Parse(Candidates[0].Method);

    /// <summary>The verdict in a sentence.</summary>
    public override string ToString()
    {
        var others = Candidates.Skip(1).Select(
            c => string.Create(CultureInfo.InvariantCulture, $"{c.Label} {c.Loss:0.000}{Lead(c.Behind)}"));
        return string.Create(CultureInfo.InvariantCulture, $"auto chose {Candidates[0].Label}: {Candidates[0].Loss:0.000} {LossUnit} on ")
            + $"{Examples:N0} held-out target examples; {string.Join(", ", others)}.";
    }

    private static string Lead(Interval? behind) => behind is { Low: { } low, High: { } high }
        ? string.Create(CultureInfo.InvariantCulture, $" ({behind.Estimate:+0.000;-0.000} [{low:+0.000;-0.000}, {high:+0.000;-0.000}])")
        : "";
}

/// <summary>One candidate of a choice among methods.</summary>
/// <param name="Label">What results call it.</param>
/// <param name="Method">As a proof is given it.</param>
/// <param name="Loss">Mean loss on the half of the target that it did not see, over both halves.</param>
/// <param name="Behind">By how much its loss is above the best one's, with its 95% interval; null for the best one.</param>
public sealed record AutoCandidate(string Label, string Method, double Loss, Interval? Behind);
