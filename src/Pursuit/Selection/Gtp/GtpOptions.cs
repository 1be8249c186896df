using System.ComponentModel;
using Pursuit.Selection.Pursuits;

namespace Pursuit.Selection.Gtp;

/// <summary>Options of <c>gtp</c>.</summary>
public sealed record GtpOptions : PursuitOptions
{
    /// <summary>Chosen by training on its choices (docs/design/gtp-choices.md).</summary>
    private const int UsualBatch = 32, UsualGroups = 64;

    // Candidates stand in the Gram matrix beside a support of tens of thousands; no budget enters, or a larger one could fit worse.
    private const int LargestBite = 3072, LargestExchange = 768, LargestShortlist = 4096;

    // A row of six is taken: among fewer the joint choice has little to choose from, and more cost products.
    private const int ShortlistPerRow = 6;

    // Steps of a joint choice for one pass of the staged schedule that grows as much.
    private const int StepsPerBite = 5;

    /// <summary>How the support grows. Default: <see cref="GtpSchedule.Staged"/>.</summary>
    [Description("how the support grows: staged (by a share of itself), shortlist (jointly among a pass's best rows) or paper (2 x budget "
        + "rows each time)")]
    public GtpSchedule Schedule { get; init; } = GtpSchedule.Staged;

    /// <summary>
    /// Passes in which a staged support grows a hundredfold: it grows by a share 100^(1/iterations) - 1 of itself, a row at least, in
    /// each. Passes that add
    /// no row to it are at most as many. The paper schedule repeats at most so often. Default 20, a quarter each; range 1 to 10,000.
    /// </summary>
    [Description("passes the support grows a hundredfold in (staged), or at most repeats (paper), 1 to 10000")]
    public int Iterations { get; init; } = 20;

    /// <summary>
    /// Rounds in which a full staged support exchanges rows. They know the budget, so with any a larger one may fit worse. Default 0;
    /// range 0 to 10,000.
    /// </summary>
    [Description("further rounds in which a full staged support exchanges rows, 0 to 10000; with any, a larger budget may fit worse")]
    public int SwapRounds { get; init; }

    /// <summary>
    /// Rows offered in a pass beyond those it has room for, as a share of the support; the weakest leave. Default 0.1; range 0 to 2.
    /// </summary>
    [Description("rows offered in each pass beyond those it has room for, as a share of the support, 0 to 2")]
    public double SwapShare { get; init; } = 0.1;

    /// <summary>
    /// Examples of a training batch, whose noise the fit counts: what of a row points across the target averages out over so many
    /// rows alone, not over the whole selection, so rows that hardly point toward the target are penalised. Default null: 32 with a
    /// target, none without. At least 0; 0 counts none.
    /// </summary>
    [Description("examples of a training batch, whose noise the fit counts (32 with a target, else none); 0 counts none")]
    public int? Batch { get; init; }

    /// <summary>
    /// Rows that a pass of the shortlist schedule brings for the choice among them; half the support where that is more. A sixth of them
    /// may join the support before the next pass. Default 512; range 6 to 4,096.
    /// </summary>
    [Description("rows that a pass brings for the joint choice (schedule=shortlist), 6 to 4096; half the support where that is more")]
    public int Shortlist { get; init; } = 512;

    /// <summary>What becomes of budget the pursuit has no use for. Default: <see cref="GtpFill.Herd"/>.</summary>
    [Description("left-over budget: herd (rows that best serve uniform training), peel (pursue again on the rest) or none")]
    public GtpFill Fill { get; init; } = GtpFill.Herd;

    /// <summary>How target noise stops the pursuit. Default: <see cref="GtpNoiseFloor.Analytic"/>.</summary>
    [Description("stop at the target's sampling noise: analytic, held-out (halves of the target, twice the passes) or off")]
    public GtpNoiseFloor NoiseFloor { get; init; } = GtpNoiseFloor.Analytic;

    /// <summary>The relative residual at which the pursuit is done. Default 1e-6; range 0 to below 1.</summary>
    [Description("relative residual at which the pursuit is done, 0 to below 1")]
    public double Residual { get; init; } = 1e-6;

    /// <summary>
    /// The fall of the objective in an iteration, as a share of it, below which the pursuit stops. Default 1e-4; range 0 (never) to
    /// below 1.
    /// </summary>
    [Description("stop when an iteration lowers the objective by less than this share, 0 (never) to below 1")]
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>1 pursues in the whole pool; 2 first in each part of it, then in what they chose. Default 1.</summary>
    [Description("1 pursues in the whole pool; 2 first in each of its parts, then in what those chose: faster on many machines, not exact")]
    public int Rounds { get; init; } = 1;

    /// <summary>Parts of the pool where there are two rounds, of consecutive shards. Default 4; range 1 to 4,096.</summary>
    [Description("parts of the pool in two rounds, 1 to 4096; the choice depends on it, and on no number of processes")]
    public int Parts { get; init; } = 4;

    /// <summary>
    /// Times that a model is trained on the choice, its gradients there join the trajectory with half of its weight, and the best rows are
    /// pursued again. Needs a target and gradients made from a model. Default null: once where that is possible and costs less than a
    /// quarter of what the features did, else never. Range 0 to 3.
    /// </summary>
    [Description("times a model is trained on the choice and the best examples are pursued again with gradients taken there, 0 to 3 "
        + "(1 where it costs less than a quarter of the features, else 0)")]
    public int? Retrain { get; init; }

    /// <summary>
    /// Times that the loop is closed where that is possible: as asked for; else once where it pays, a warm-up shows that the model can be
    /// trained, and the pursuit is one that <c>docs/design/gtp-choices.md</c> trained on.
    /// </summary>
    /// <param name="work">What it takes.</param>
    /// <param name="followsWarmup">Whether the features cost a training already.</param>
    internal int Retrainings(LoopWork work, bool followsWarmup) =>
        Retrain ?? (followsWarmup && work.Pays && Schedule != GtpSchedule.Paper && Rounds == 1 && !Centre ? 1 : 0);

    /// <inheritdoc/>
    internal override void RequirePossible(PursuitQuestion question)
    {
        if (Retrain > 0) ClosedLoop.Require(question);
        if (Fill == GtpFill.None && question.HasQuotas)
            throw PursuitException.At(
                $"{GtpSelector.Name}.fill",
                "none, with quotas",
                "herd or peel",
                "Quotas need every example ranked; the pursuit alone ranks only those it wants.");
    }

    /// <inheritdoc/>
    internal override long LoopBytes(long budget, long rows, int checkpoints, int dimension, bool followsWarmup) =>
        Retrainings(LoopWork.Of(budget, rows, 0, checkpoints, dimension), followsWarmup) > 0
            ? LoopWork.Bytes(budget, rows, checkpoints, dimension)
            : 0;

    /// <summary>When a pursuit stops.</summary>
    internal PursuitStops Stops => new(Residual, Tolerance, NoiseFloor != GtpNoiseFloor.Off);

    /// <inheritdoc/>
    internal override int BatchFor(bool hasTarget) => Batch ?? (hasTarget ? UsualBatch : 0);

    /// <summary>Halves of a group need several examples in it.</summary>
    internal override int MostExamplesAlone => NoiseFloor == GtpNoiseFloor.HeldOut ? 0 : UsualGroups;

    /// <inheritdoc/>
    internal override bool PassesOverAll => Rounds == 1;

    /// <inheritdoc/>
    internal override bool KeepsDirections => Fill == GtpFill.Peel;

    /// <summary>Rows that a support may have after the next pass.</summary>
    /// <param name="support">Rows it has.</param>
    public int Grown(int support) => (int)Math.Min(
        int.MaxValue,
        support + (Schedule == GtpSchedule.Shortlist
            ? (long)Offered(support) / ShortlistPerRow
            : Math.Clamp((long)(Growth * support), 1, LargestBite)));

    /// <summary>Rows that the next pass offers.</summary>
    /// <param name="support">Rows it has.</param>
    public int Offered(int support) => Schedule == GtpSchedule.Shortlist
        ? Math.Clamp(support / 2, Shortlist, LargestShortlist)
        : (int)Math.Min(int.MaxValue, Grown(support) - support + Math.Min(LargestExchange, (long)(SwapShare * Grown(support))));

    /// <summary>Rows that the next pass offers, and those in place of rows that repeat others.</summary>
    /// <param name="support">Rows it has.</param>
    internal long Candidates(int support) => Schedule == GtpSchedule.Shortlist ? Offered(support) : Offered(support) * 5L / 4;

    /// <summary>Rows that a pass offers all at once, whatever it lists.</summary>
    /// <param name="support">Rows of the support.</param>
    internal int Bite(int support) => Schedule == GtpSchedule.Shortlist ? Grown(support) - support : Offered(support);

    /// <summary>Rows that a support may have after the next step of a joint choice.</summary>
    /// <param name="support">Rows it has.</param>
    internal int Stepped(int support) => support + Math.Max(1, (int)(StepGrowth * support));

    /// <summary>
    /// The supports of a staged pursuit whose every pass adds what it may, before each pass; the last pass reaches beyond the budget.
    /// </summary>
    /// <param name="budget">M.</param>
    public IEnumerable<int> Supports(long budget)
    {
        for (var support = 0; support <= budget; support = Grown(support)) yield return support;
    }

    /// <inheritdoc/>
    internal override long MostRows(long budget)
    {
        // A quarter more candidates than wanted come at once; a fill offers four times the tenth it takes, 32 at least.
        var offered = Schedule == GtpSchedule.Paper ? 2.0 * budget : Bite(AsRows(budget));
        if (SwapRounds > 0) offered = Math.Max(offered, Math.Ceiling(SwapShare * budget));
        return budget + (long)Math.Ceiling(Math.Max(0.4 * budget, 1.25 * offered)) + 32;
    }

    /// <inheritdoc/>
    internal override long MostListed(long budget) => Schedule == GtpSchedule.Shortlist ? Offered(AsRows(budget)) : 0;

    /// <inheritdoc/>
    internal override long MostPasses(long budget) =>
        Iterations + (Schedule != GtpSchedule.Paper ? Supports(budget).LongCount() + SwapRounds : 0);

    /// <inheritdoc/>
    internal override long UsualPasses(long budget) =>
        Schedule == GtpSchedule.Paper ? Iterations : Supports(budget).LongCount() + SwapRounds;

    // No bite is larger than what is there: it would be chosen by raw correlation.
    private double Growth => Math.Min(1, Math.Pow(100, 1.0 / Iterations) - 1);

    private static int AsRows(long budget) => (int)Math.Min(budget, int.MaxValue);

    private double StepGrowth => Math.Min(1, Math.Pow(100, 1.0 / StepsPerBite / Iterations) - 1);

    /// <inheritdoc/>
    protected override IEnumerable<string> Faults()
    {
        foreach (var fault in base.Faults()) yield return fault;
        if (Iterations is < 1 or > 10_000) yield return Fault("iterations", Iterations, "1 to 10000");
        if (Rounds is not (1 or 2)) yield return Fault("rounds", Rounds, "1 or 2");
        if (Parts is < 1 or > 4096) yield return Fault("parts", Parts, "1 to 4096");
        if (Rounds == 2 && NoiseFloor == GtpNoiseFloor.HeldOut)
            yield return "noise-floor: held-out with rounds=2; expected analytic or off: "
                + "halves of the target are pursued in the whole pool, which two rounds are to spare";
        if (Rounds == 2 && Fill == GtpFill.Peel)
            yield return "fill: peel with rounds=2; expected herd or none: "
                + "peels are pursued in the whole pool, which two rounds are to spare";
        if (Retrain is < 0 or > 3) yield return Fault("retrain", Retrain.Value, "0 to 3");
        if (Retrain > 0 && Centre)
            yield return "centre: true with retrain; expected false: the second pursuit knows the mean of the best examples alone";
        if (Batch < 0) yield return Fault("batch", Batch.Value, "0 or more");
        if (Shortlist is < ShortlistPerRow or > LargestShortlist) yield return Fault("shortlist", Shortlist, "6 to 4096");
        if (SwapRounds is < 0 or > 10_000) yield return Fault("swap-rounds", SwapRounds, "0 to 10000");
        if (!(SwapShare is >= 0 and <= 2)) yield return Fault("swap-share", SwapShare, "0 to 2");
        if (!(Residual is >= 0 and < 1)) yield return Fault("residual", Residual, "0 to below 1");
        if (!(Tolerance is >= 0 and < 1)) yield return Fault("tolerance", Tolerance, "0 to below 1");
    }
}

/// <summary>How a support grows.</summary>
public enum GtpSchedule
{
    /// <summary>
    /// Every pass adds a share of the support and exchanges its weakest rows; the budget says only where that ends, so a larger one
    /// never fits worse.
    /// </summary>
    Staged,

    /// <summary>Every pass offers 2 M rows, fits, keeps M and fits again: the authors' scheme as described second-hand.</summary>
    Paper,

    /// <summary>
    /// Every pass brings a shortlist, from which rows join the support in small steps, each with weights fitted anew: fewer passes and a
    /// better fit. A larger budget never fits worse.
    /// </summary>
    Shortlist,
}

/// <summary>What becomes of budget the pursuit has no use for.</summary>
public enum GtpFill
{
    /// <summary>Repeatedly the row that best lowers the residual under uniform weights.</summary>
    Herd,

    /// <summary>The pursuit again, on the remaining pool.</summary>
    Peel,

    /// <summary>It stays unused.</summary>
    None,
}

/// <summary>How the target's sampling noise stops a pursuit.</summary>
public enum GtpNoiseFloor
{
    /// <summary>A group is done when its residual is below the expected noise of its mean.</summary>
    Analytic,

    /// <summary>
    /// As analytic, and a pursuit on half the target first tells with how many rows the residual on the other half is lowest.
    /// </summary>
    HeldOut,

    /// <summary>Noise is fitted like anything else.</summary>
    Off,
}
