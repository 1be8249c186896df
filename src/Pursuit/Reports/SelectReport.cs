using Pursuit.Jobs;
using Pursuit.Selection.Pursuits;

namespace Pursuit.Reports;

/// <summary>
/// What there is to say of a selection: the model that <c>report.json</c> holds and <c>report.html</c> shows. The same run gives
/// the same bytes; the only time in it is the one its summary holds.
/// </summary>
internal sealed record SelectReport
{
    /// <summary>The version of this model.</summary>
    public int Format { get; init; } = 1;

    /// <summary>The version of Pursuit that made it.</summary>
    public required string Pursuit { get; init; }

    /// <summary>The method.</summary>
    public required string Method { get; init; }

    /// <summary>What the method prefers, in a few words.</summary>
    public required string MethodSummary { get; init; }

    /// <summary>The seed of every draw.</summary>
    public required ulong Seed { get; init; }

    /// <summary>What was chosen from what within which budget, in a sentence.</summary>
    public required string Headline { get; init; }

    /// <summary>What is unusual; each a whole sentence.</summary>
    public required IReadOnlyList<string> Findings { get; init; }

    /// <summary>What a person should know before using the selection; each a whole sentence.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>What became of the input's rows.</summary>
    public required LedgerCounts Ledger { get; init; }

    /// <summary>Why records were quarantined, most common first, at most 20.</summary>
    public required IReadOnlyList<ReasonCount> Quarantined { get; init; }

    /// <summary>Examples in the pool.</summary>
    public required int Pool { get; init; }

    /// <summary>Examples chosen.</summary>
    public required int Selected { get; init; }

    /// <summary>The budget as asked, resolved and spent.</summary>
    public required BudgetUse Budget { get; init; }

    /// <summary>(sum w)^2 / sum w^2.</summary>
    public required double EffectiveSize { get; init; }

    /// <summary>The target's files; null without a target.</summary>
    public TargetUse? Target { get; init; }

    /// <summary>How the examples were described by gradients; null where none were computed for them.</summary>
    public GradientReport? Gradients { get; init; }

    /// <summary>How the examples were described by embeddings; null where none were computed for them.</summary>
    public EmbeddingReport? Embeddings { get; init; }

    /// <summary>Share of the chosen that the warm-up trained on; null without a warm-up.</summary>
    public double? WarmupShareChosen { get; init; }

    /// <summary>The pursuit's course; null for methods that pursue nothing.</summary>
    public PursuitCourse? Course { get; init; }

    /// <summary>What the method tells of its work: name and value.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Figures { get; init; }

    /// <summary>What records' sources are called: the field's name, or "file".</summary>
    public required string SourceKind { get; init; }

    /// <summary>Chosen against pool and random, per source, largest choice first, at most 200.</summary>
    public required IReadOnlyList<ReportBin> Sources { get; init; }

    /// <summary>Sources beyond those listed.</summary>
    public required int SourcesLeft { get; init; }

    /// <summary>Chosen against pool and random, by numbers that each example has, such as its length.</summary>
    public required IReadOnlyList<Distribution> Distributions { get; init; }

    /// <summary>Pairs of selected examples that are nearly the same; null without features.</summary>
    public IReadOnlyList<NearPair>? NearDuplicates { get; init; }

    /// <summary>Near-duplicate pairs, listed or not.</summary>
    public required int NearDuplicatePairs { get; init; }

    /// <summary>The selected examples, with why.</summary>
    public required ChosenExamples Examples { get; init; }

    /// <summary>Seconds the selection took.</summary>
    public required double Seconds { get; init; }

    /// <summary>The command that repeats it.</summary>
    public required string Command { get; init; }

    /// <summary>The files of the selection, by what they hold.</summary>
    public required IReadOnlyDictionary<string, string> Files { get; init; }
}

/// <summary>Bad records of one reason.</summary>
/// <param name="Reason">What is wrong with them.</param>
/// <param name="Rows">How many.</param>
internal sealed record ReasonCount(string Reason, int Rows);

/// <summary>The budget.</summary>
/// <param name="Asked">As it was asked.</param>
/// <param name="Resolved">In its unit.</param>
/// <param name="Spent">What of it was spent.</param>
/// <param name="Unit">Its unit, in words.</param>
internal sealed record BudgetUse(string Asked, long Resolved, long Spent, string Unit);

/// <summary>The target.</summary>
/// <param name="Files">Its files as given; of features alone, their path.</param>
/// <param name="Examples">Its examples.</param>
internal sealed record TargetUse(IReadOnlyList<string> Files, int Examples);

/// <summary>How a pursuit went.</summary>
/// <param name="Iterations">Every recorded iterate, before fills.</param>
/// <param name="HeldOut">The pursuit on half of the target, watched on the other half; empty unless asked for.</param>
/// <param name="Groups">What was fitted.</param>
/// <param name="Residual">The best iterate's residual with its weights, relative.</param>
/// <param name="UniformResidual">The final selection's residual with equal weights, fills included.</param>
/// <param name="Wanted">Selected examples that the pursuit itself took; the rest fill the budget.</param>
/// <param name="Reason">Why it ended, in words.</param>
internal sealed record PursuitCourse(
    IReadOnlyList<PursuitIteration> Iterations,
    IReadOnlyList<PursuitIteration> HeldOut,
    IReadOnlyList<PursuitGroup> Groups,
    double Residual,
    double UniformResidual,
    int Wanted,
    string Reason);

/// <summary>One group of a pursuit's target.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Share">Its share of the target's examples.</param>
/// <param name="Residual">||R_j|| / ||B_j||.</param>
/// <param name="NoiseFloor">What its sampling noise alone would leave; 0 where it can't be known.</param>
internal sealed record PursuitGroup(string Name, double Share, double Residual, double NoiseFloor);

/// <summary>Two selected examples that are nearly the same.</summary>
/// <param name="First">The better rank.</param>
/// <param name="Second">The other rank.</param>
/// <param name="Cosine">The cosine of their features.</param>
internal sealed record NearPair(int First, int Second, double Cosine);

/// <summary>One source, or one span of a number, with what random would choose of it.</summary>
/// <param name="Name">The source, or the span in words.</param>
/// <param name="Pool">Its examples in the pool.</param>
/// <param name="Selected">Its examples chosen.</param>
/// <param name="RandomLow">A random choice of as many takes fewer of it in less than 2.5% of draws.</param>
/// <param name="RandomHigh">... or more.</param>
/// <param name="Weight">Its share of the chosen weight, 0 to 1.</param>
internal sealed record ReportBin(string Name, int Pool, int Selected, int RandomLow, int RandomHigh, double Weight)
{
    /// <summary>Positive where more was chosen than 95% of random choices have, negative for fewer, else 0.</summary>
    public int Against => Selected > RandomHigh ? 1 : Selected < RandomLow ? -1 : 0;
}

/// <summary>
/// How a number that each example has is spread over the pool and over the chosen, in about ten spans of equal count in the pool.
/// </summary>
/// <param name="Title">What is counted, such as "answer length".</param>
/// <param name="Unit">In what, such as "tokens".</param>
/// <param name="PoolMedian">The pool's median.</param>
/// <param name="SelectedMedian">The chosen's.</param>
/// <param name="Bins">The spans, ascending.</param>
/// <param name="Edges">The largest number in each span.</param>
internal sealed record Distribution(
    string Title, string Unit, double PoolMedian, double SelectedMedian, IReadOnlyList<ReportBin> Bins, IReadOnlyList<double> Edges);
