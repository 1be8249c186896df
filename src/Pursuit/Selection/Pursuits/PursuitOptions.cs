using System.ComponentModel;
using System.Globalization;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Pursuits;

/// <summary>What <c>gtp</c> and <c>omp</c> have in common: how rows and targets are made, and how weights leave.</summary>
public abstract record PursuitOptions
{
    /// <summary>What rows and targets are divided by. Default: <see cref="RowNormalization.Checkpoint"/>.</summary>
    [Description("what gradients are divided by: checkpoint, row or none")]
    [OptionName("normalise")]
    public RowNormalization Normalize { get; init; } = RowNormalization.Checkpoint;

    /// <summary>Norms below this quantile of the pool's count as it. Default 0.05; range [0, 1); 0 for none.</summary>
    [Description("norms below this quantile of the pool's count as it, 0 to below 1")]
    public double NormFloor { get; init; } = 0.05;

    /// <summary>Subtract the pool's mean from rows and targets. Default false.</summary>
    [Description("subtract the pool's mean gradient from pool and target")]
    public bool Centre { get; init; }

    /// <summary>How the target becomes groups. Default: <see cref="TargetGrouping.Auto"/>.</summary>
    [Description("target groups: auto (named ones, else gtp's examples and omp's clusters), named, clusters, one or examples (each alone)")]
    public TargetGrouping Groups { get; init; } = TargetGrouping.Auto;

    /// <summary>
    /// Clusters where the target (or, without one, the pool) is clustered. Default 0: min(8, V/8) of a target, 1 of a pool. With
    /// <see cref="TargetGrouping.Auto"/> a number asks for clusters.
    /// </summary>
    [Description("clusters of the target, 0 for min(8, examples/8); without a target, of the pool, 0 for 1")]
    public int Clusters { get; init; }

    /// <summary>The ridge, as a multiple of the pool's mean squared row norm. Default 1e-3; at least 0.</summary>
    [Description("ridge on weights, as a multiple of the mean squared row norm, at least 0")]
    public double Lambda { get; init; } = 1e-3;

    /// <summary>What the exported weights apply to. Default: <see cref="WeightKind.Normalized"/>.</summary>
    [Description("weights for normalised gradients, or raw (divided by the row's norm; needs normalise=row)")]
    public WeightKind Weights { get; init; } = WeightKind.Normalized;

    /// <summary>The largest weight, where the mean is 1. Default 4; above 1.</summary>
    [Description("the largest weight, where the mean is 1; above 1")]
    public double Clip { get; init; } = 4;

    /// <summary>
    /// When rows are kept in signed bytes in memory, so that later passes read few of them; changes no choice. Default:
    /// <see cref="ScreenUse.Auto"/>.
    /// </summary>
    [Description(
        "keep rows in signed bytes in memory, so that later passes read few of them: auto (rows in single precision, "
        + "or more than half the memory), always (where they fit) or never; changes no choice")]
    public ScreenUse Screen { get; init; } = ScreenUse.Auto;

    /// <summary>Examples of a training batch whose noise the fit counts; 0 for none.</summary>
    internal virtual int BatchFor(bool hasTarget) => 0;

    /// <summary>Rows in the support at most, candidates among them, for a budget of rows.</summary>
    internal abstract long MostRows(long budget);

    /// <summary>Passes whose gains may be kept, for a budget of rows.</summary>
    internal abstract long MostPasses(long budget);

    /// <summary>Refuses, before features are made, what the options can't do.</summary>
    /// <exception cref="PursuitException">The message says what goes together.</exception>
    internal virtual void RequirePossible(PursuitQuestion question)
    {
    }

    /// <summary>Rows that a pass lists beside the support at most, for a budget of rows.</summary>
    internal virtual long MostListed(long budget) => 0;

    /// <summary>Passes of a pursuit that goes all the way without a detour.</summary>
    internal virtual long UsualPasses(long budget) => MostPasses(budget);

    /// <summary>Bytes of rows that are pursued again behind a training on the choice where that is possible; 0 where none are.</summary>
    /// <param name="budget">M.</param>
    /// <param name="rows">The pool's rows.</param>
    /// <param name="checkpoints">Checkpoints.</param>
    /// <param name="dimension">Numbers per checkpoint.</param>
    /// <param name="followsWarmup">Whether the features cost a training already.</param>
    internal virtual long LoopBytes(long budget, long rows, int checkpoints, int dimension, bool followsWarmup) => 0;

    /// <summary>
    /// Most target examples that <see cref="TargetGrouping.Auto"/> fits each alone, and as many clusters of more; 0 where it fits few
    /// clusters.
    /// </summary>
    internal virtual int MostExamplesAlone => 0;

    /// <summary>True where <see cref="TargetGrouping.Auto"/> serves the examples one by one, or nearly.</summary>
    /// <param name="named">The target's named groups.</param>
    internal bool ServesExamples(int named) => Groups == TargetGrouping.Auto && named <= 1 && Clusters == 0 && MostExamplesAlone > 0;

    /// <summary>Groups of a target of so many examples.</summary>
    /// <param name="examples">V.</param>
    /// <param name="named">The target's named groups.</param>
    internal int GroupsOf(int examples, int named) => Groups switch
    {
        TargetGrouping.One => 1,
        TargetGrouping.Named => named,
        TargetGrouping.Auto when named > 1 => named,
        TargetGrouping.Examples => examples,
        _ when ServesExamples(named) => Math.Min(examples, MostExamplesAlone),
        _ => Clusters > 0 ? Clusters : Math.Clamp(examples / 8, 1, 8),
    };

    /// <summary>True where the pursuit's passes go over the whole pool.</summary>
    internal virtual bool PassesOverAll => true;

    /// <summary>True where chosen directions are kept beside the support.</summary>
    internal virtual bool KeepsDirections => false;

    /// <summary>True where each group has a factor of its own of the Gram matrix.</summary>
    internal virtual bool KeepsFactors => false;

    internal RowConstruction Rows => new(Normalize, NormFloor);

    /// <summary>Checks the ranges; all faults come in one message.</summary>
    /// <param name="method">The method's name, for the message.</param>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public void Validate(string method)
    {
        var faults = Faults().ToArray();
        if (faults.Length > 0)
            throw new PursuitException(FaultKind.Option, string.Join(" ", faults.Select(f => $"{method}.{f}.")));
    }

    /// <summary>What is wrong: "option: found; expected ...".</summary>
    protected virtual IEnumerable<string> Faults()
    {
        if (!(NormFloor is >= 0 and < 1)) yield return Fault("norm-floor", NormFloor, "0 to below 1");
        if (Clusters < 0) yield return Fault("clusters", Clusters, "0 or more");
        if (!(Lambda >= 0)) yield return Fault("lambda", Lambda, "0 or more");
        if (!(Clip > 1)) yield return Fault("clip", Clip, "above 1");
        if (Weights == WeightKind.Raw && Normalize != RowNormalization.Row)
            yield return $"weights: raw with normalise={Normalize.ToString().ToLowerInvariant()}; "
                + "expected normalise=row, where a row has one norm to divide by";
    }

    /// <summary>One fault's text.</summary>
    protected static string Fault(string option, IFormattable found, string expected) =>
        $"{option}: {found.ToString(null, CultureInfo.InvariantCulture)}; expected {expected}";
}

/// <summary>How target examples become the J groups a pursuit fits.</summary>
public enum TargetGrouping
{
    /// <summary>
    /// The named groups where the target has several, else every example alone (<c>gtp</c>, of up to 64; of more 64 clusters) or
    /// clusters (<c>omp</c>).
    /// </summary>
    Auto,

    /// <summary>The target's named groups.</summary>
    Named,

    /// <summary>Spherical k-means clusters of the target's gradients.</summary>
    Clusters,

    /// <summary>One group: the paper's single-target form.</summary>
    One,

    /// <summary>A group for every target example that has a gradient.</summary>
    Examples,
}

/// <summary>When passes go over a screen of the rows.</summary>
public enum ScreenUse
{
    /// <summary>
    /// Where that is quicker: rows in single precision, and stores of more than half the memory, whose pages wouldn't stay.
    /// </summary>
    Auto,

    /// <summary>Wherever a screen fits.</summary>
    Always,

    /// <summary>Passes read every row.</summary>
    Never,
}

/// <summary>What exported weights multiply.</summary>
public enum WeightKind
{
    /// <summary>Normalized gradients, as the pursuit fits them.</summary>
    [OptionName("normalised")]
    Normalized,

    /// <summary>Raw gradients: the weight divided by the row's norm.</summary>
    Raw,
}
