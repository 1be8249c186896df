using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Pursuit.Runs;
using Pursuit.Selection.Methods;

namespace Pursuit.Engine.Features;

/// <summary>Which gradients are features.</summary>
public enum GradientKind
{
    /// <summary>By the model's size: <see cref="Factored"/> under 200 million parameters, else <see cref="Lora"/>.</summary>
    Auto,

    /// <summary>Of every linear layer's weights, projected from both sides while the full gradient never exists.</summary>
    Factored,

    /// <summary>Of every linear layer's weights, formed layer by layer and sketched: exact preconditioning, dearer.</summary>
    Full,

    /// <summary>Of low-rank adapters.</summary>
    Lora,
}

/// <summary>What a gradient is multiplied by, coordinate by coordinate, before it is projected.</summary>
public enum Preconditioning
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>
    /// (v + eps)^(-1/4) on both the pool's and the target's side: for least squares, and LESS's geometry for inner products.
    /// </summary>
    Symmetric,

    /// <summary>
    /// The pool's gradients become directions Adam would step in, the target's stay: LESS as published. Not for factored gradients.
    /// </summary>
    Adam,

    /// <summary>
    /// Each linear layer's gradient by (A + lam)^(-1/2) of its inputs and (G + lam)^(-1/2) of its outputs' gradients, on both the pool's
    /// and the target's side: K-FAC's geometry. For factored gradients.
    /// </summary>
    Kronecker,
}

/// <summary>Where eps stands in an Adam direction.</summary>
public enum EpsilonPlace
{
    /// <summary>Under the root, as LESS's code has it.</summary>
    Inside,

    /// <summary>Beside the root, as LESS's paper has it.</summary>
    Outside,
}

/// <summary>How a store keeps gradients.</summary>
public enum GradientStoreType
{
    /// <summary>The upper half of a single, 2 bytes.</summary>
    Bf16,

    /// <summary>Signed bytes with a scale per row and checkpoint.</summary>
    [SuppressMessage("Naming", "CA1720", Justification = "It is what people call the type and write on the command line.")]
    Int8,
}

/// <summary>How gradient trajectories are made (docs/features.md). Set on the command line as <c>--set features.option=value</c>.</summary>
public sealed record GradientFeatureOptions : IFeatureOptions
{
    /// <inheritdoc/>
    public static string Name => MethodOptions.FeaturesOwner;

    /// <inheritdoc/>
    public static string RecipeName => "gradient-recipe.json";

    /// <summary>Which gradients. Default: by the model's size.</summary>
    [Description(
        "which gradients: factored (all linear layers, cheapest), full (the same, formed and sketched), lora, or auto (factored under "
        + "200 million parameters, else lora)")]
    public GradientKind Kind { get; init; } = GradientKind.Auto;

    /// <summary>What they are multiplied by. Default: <see cref="Features.Preconditioning.Symmetric"/>.</summary>
    [Description(
        "what gradients are multiplied by: none, symmetric (second moments to the -1/4, both sides), adam (LESS's, pool side only; not "
        + "with factored), or kronecker (K-FAC's inverse roots of each layer's two sides; with factored)")]
    public Preconditioning Preconditioning { get; init; } = Preconditioning.Symmetric;

    /// <summary>
    /// Numbers per example and checkpoint. Default 8,192; range 16 to 524,287, the store's most. Fewer where the gradients themselves have
    /// fewer.
    /// </summary>
    [Description("numbers per example and checkpoint, 16 to 524287")]
    public int Dimension { get; init; } = 8192;

    /// <summary>
    /// Directions each side of a linear layer's gradient is projected to before the sketch, with kind factored. Default 64; range 1 to
    /// 4,096.
    /// </summary>
    [Description("directions each side of a layer's gradient is projected to, with kind factored, 1 to 4096")]
    public int Factor { get; init; } = 64;

    /// <summary>
    /// eps of the preconditioning. Default 0: LESS's 1e-8 with adam; with symmetric a tenth of each layer's mean second moment, because
    /// a small model's moments lie far below any fixed number; with kronecker lam over a side's mean eigenvalue, by default 0.1. At least
    /// 0.
    /// </summary>
    [Description(
        "eps of the preconditioning; 0 takes 1e-8 with adam, and a tenth of each layer's mean second moment with symmetric; with "
        + "kronecker the damping as a share of a side's mean eigenvalue, 0 takes 0.1")]
    public double Epsilon { get; init; }

    /// <summary>Where eps stands, with preconditioning adam. Default: inside.</summary>
    [Description("where eps stands with preconditioning adam: inside the root (LESS's code) or outside (its paper)")]
    public EpsilonPlace EpsilonPlace { get; init; } = EpsilonPlace.Inside;

    /// <summary>
    /// Epochs of the warm-up, each of which leaves a checkpoint; 0: the model as it is, without moments of a training to precondition by.
    /// Default 3; range 0 to 100.
    /// </summary>
    [Description("epochs of the warm-up, a checkpoint each; 0 takes the model as it is (needs preconditioning=none or kronecker), to 100")]
    public int Checkpoints { get; init; } = 3;

    /// <summary>
    /// Share of the pool the warm-up trains on. Default 0.05; above 0 to 1. At least 64 examples are taken, and <see cref="WarmupMost"/> at
    /// most.
    /// </summary>
    [Description("share of the pool the warm-up trains on (64 examples at least, warmup-most at most), above 0 to 1")]
    public double Warmup { get; init; } = 0.05;

    /// <summary>
    /// Examples the warm-up trains on at most: it takes the probe to where gradients of such texts tell, which doesn't take longer in a
    /// larger pool.
    /// Default 20,000, more than LESS's 5 % of its 270,000; at least 64.
    /// </summary>
    [Description("examples the warm-up trains on at most, whatever share of the pool they are, at least 64")]
    public int WarmupMost { get; init; } = 20_000;

    /// <summary>The warm-up's highest learning rate; 0: the best of 1e-4, 3e-4 and 1e-3 on held-out examples. Default 0.</summary>
    [Description("the warm-up's highest learning rate; 0 tries 1e-4, 3e-4 and 1e-3 on held-out examples")]
    public double LearningRate { get; init; }

    /// <summary>Examples of a warm-up batch. Default 16; at least 1.</summary>
    [Description("examples of a warm-up batch, at least 1")]
    public int Batch { get; init; } = 16;

    /// <summary>Rank of the adapters, with kind lora. Default 16; range 1 to 1,024.</summary>
    [Description("rank of the adapters, with kind lora, 1 to 1024")]
    public int LoraRank { get; init; } = 16;

    /// <summary>Element type of the store. Default: <see cref="GradientStoreType.Bf16"/>.</summary>
    [Description(
        "element type of the store: bf16, or int8 with a scale per row (half the disk and time of a pass; docs/design/scale.md has "
        + "what it changes)")]
    public GradientStoreType Store { get; init; } = GradientStoreType.Bf16;

    /// <summary>
    /// Seed of the warm-up and the projection, apart from the run's seed, so that runs that differ in it share features. Default 0; at
    /// least 0.
    /// </summary>
    [Description("seed of the warm-up and the projection, apart from the selection's, at least 0")]
    public int Seed { get; init; }

    /// <summary>Tokens of a micro-batch; changes no feature. Default 1,024; at least 1.</summary>
    [Description("tokens of a micro-batch; changes no result, at least 1")]
    public int MicroBatch { get; init; } = 1024;

    /// <summary>eps of an Adam direction.</summary>
    internal double AdamEpsilon => Epsilon > 0 ? Epsilon : 1e-8;

    /// <summary>lam of a Kronecker factor over the side's mean eigenvalue.</summary>
    internal double KroneckerDamping => Epsilon > 0 ? Epsilon : 0.1;

    internal ulong ProjectionSeed => (ulong)Seed;

    /// <inheritdoc/>
    public void Validate()
    {
        var faults = new List<string>();
        void Check(bool good, string option, IFormattable found, string expected)
        {
            if (!good) faults.Add($"{Name}.{option}: {found.ToString(null, CultureInfo.InvariantCulture)}; expected {expected}");
        }

        Check(Dimension is >= 16 and <= 524_287, "dimension", Dimension, "16 to 524287");
        Check(Factor is >= 1 and <= 4096, "factor", Factor, "1 to 4096");
        Check(Epsilon >= 0, "epsilon", Epsilon, "0 or more");
        Check(Checkpoints is >= 0 and <= 100, "checkpoints", Checkpoints, "0 to 100");
        Check(Warmup is > 0 and <= 1, "warmup", Warmup, "above 0 to 1");
        Check(WarmupMost >= Features.Warmup.LeastExamples, "warmup-most", WarmupMost, $"at least {Features.Warmup.LeastExamples}");
        Check(LearningRate >= 0, "learning-rate", LearningRate, "0 or more");
        Check(Batch >= 1, "batch", Batch, "at least 1");
        Check(LoraRank is >= 1 and <= 1024, "lora-rank", LoraRank, "1 to 1024");
        Check(Seed >= 0, "seed", Seed, "at least 0");
        Check(MicroBatch >= 1, "micro-batch", MicroBatch, "at least 1");
        if (Kind == GradientKind.Factored && Preconditioning == Preconditioning.Adam)
            faults.Add(
                $"{Name}.preconditioning: adam with kind=factored, whose gradients never exist coordinate by coordinate; expected "
                    + "kind=full or lora, or preconditioning=symmetric");
        if (Preconditioning == Preconditioning.Kronecker && Kind is GradientKind.Full or GradientKind.Lora)
        {
            faults.Add($"{Name}.preconditioning: kronecker with kind={Kind.ToString().ToLowerInvariant()}; expected kind=factored: the "
                + "factors belong to the two sides of a layer");
        }

        if (Checkpoints == 0 && Preconditioning is Preconditioning.Symmetric or Preconditioning.Adam)
        {
            faults.Add($"{Name}.checkpoints: 0 with preconditioning={Preconditioning.ToString().ToLowerInvariant()}, whose moments come "
                + "from the warm-up; expected preconditioning=none or kronecker, or 1 checkpoint or more");
        }

        if (faults.Count > 0)
            throw new PursuitException(FaultKind.Option, string.Join(". ", faults) + ".");
    }

    /// <summary>eps of a symmetric preconditioning of a layer whose second moments have a given mean.</summary>
    internal double SymmetricEpsilon(double mean) => Epsilon > 0 ? Epsilon : Math.Max(0.1 * mean, float.Epsilon);

    /// <summary>Everything of the options that features depend on.</summary>
    internal Fingerprint AddTo(Fingerprint fingerprint)
    {
        fingerprint
            .Add("kind of gradient", Kind.ToString())
            .Add("preconditioning", Preconditioning.ToString())
            .Add("dimension", Dimension)
            .Add("seed", Seed)
            .Add("factor", Kind == GradientKind.Factored ? Factor : 0)
            .Add("epsilon", Preconditioning == Preconditioning.None ? 0 : Epsilon)
            .Add("epsilon place", Preconditioning == Preconditioning.Adam ? EpsilonPlace.ToString() : "");
        // Stores of bf16 keep the fingerprint they had before there were others.
        return Store == GradientStoreType.Bf16 ? fingerprint : fingerprint.Add("store", Store.ToString());
    }
}
