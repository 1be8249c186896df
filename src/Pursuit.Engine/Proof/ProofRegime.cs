using Pursuit.Data;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Proof;
using Pursuit.Selection;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Engine.Proof;

/// <summary>How a proof trains: where every training starts, what it reads, for how long, and what its tests measure.</summary>
internal abstract class ProofRegime(ProveOptions options)
{
    /// <summary>The options.</summary>
    protected ProveOptions Options => options;

    /// <summary>The regime that options ask for.</summary>
    /// <exception cref="PursuitException">The model's files are unfit.</exception>
    public static ProofRegime Create(ProveOptions options) => options.FromScratch ? new FromScratch(options) : new FineTuning(options);

    /// <summary>Hash of what a training starts from.</summary>
    public abstract string Origin(ulong seed);

    /// <summary>What a training starts from.</summary>
    public abstract Decoder Start(ulong seed);

    /// <summary>How a training goes.</summary>
    public abstract TrainerOptions Trainer(long steps);

    /// <summary>The trainings' lengths at a budget, each a line of its own in the result.</summary>
    public abstract IEnumerable<ProofBudget> Budgets(Budget asked, ProofMaterial material);

    /// <summary>Encodes the pool.</summary>
    public abstract ProofMaterial Encode(
        Pool pool, ExampleEncoder encoder, IProgress<WorkProgress>? progress, CancellationToken cancellationToken);

    /// <summary>Encodes a test.</summary>
    /// <exception cref="PursuitException">Nothing is to be predicted.</exception>
    public abstract ProofTest Encode(
        string name, Pool test, ExampleEncoder encoder, ModelConfig config, CancellationToken cancellationToken);

    /// <summary>The learning rate from 0 up to its peak, and down again.</summary>
    protected LearningRateSchedule Schedule(long steps, LearningRateDecay decay, double finalShare) => new()
    {
        Peak = options.LearningRate,
        Steps = steps,
        WarmupSteps = (long)Math.Round(options.Warmup * steps),
        Decay = decay,
        FinalShare = finalShare,
    };
}

/// <summary>The pool as trainings read it.</summary>
internal abstract class ProofMaterial
{
    /// <summary>Examples of the pool.</summary>
    public abstract int Count { get; }

    /// <summary>Examples that can't be encoded.</summary>
    public abstract int Refused { get; }

    /// <summary>Tokens of all examples with something to learn.</summary>
    public abstract long TotalTokens { get; }

    /// <summary>Their supervised tokens.</summary>
    public abstract long TotalSupervised { get; }

    /// <summary>Tokens of a step, on average.</summary>
    public abstract double StepTokens { get; }

    /// <summary>Steps of one epoch over everything.</summary>
    public abstract long EpochSteps { get; }

    /// <summary>What a training on some rows reads.</summary>
    /// <param name="rows">The chosen rows; null: the whole pool.</param>
    /// <param name="steps">Steps it must suffice for.</param>
    /// <param name="seed">Seed of the order.</param>
    /// <returns>Null where there is nothing to learn.</returns>
    public abstract ProofData? Choose(IReadOnlyList<RankedRow>? rows, long steps, ulong seed);

    /// <summary>A budget's share of the pool, 0 to 1.</summary>
    public double ShareOf(Budget budget)
    {
        var total = budget.Unit switch
        {
            BudgetUnit.Tokens => TotalTokens,
            BudgetUnit.SupervisedTokens => TotalSupervised,
            _ => Count,
        };
        return (double)budget.Resolve(total) / total;
    }

    /// <summary>(sum w)^2 / sum w^2 of what each example counts.</summary>
    protected static double EffectiveSize(IEnumerable<double> counts)
    {
        var (sum, squares) = (0.0, 0.0);
        foreach (var count in counts) (sum, squares) = (sum + count, squares + count * count);
        return squares > 0 ? sum * sum / squares : 0;
    }
}

/// <summary>What one training reads.</summary>
/// <param name="Batches">Its batches.</param>
/// <param name="Examples">Examples it was given.</param>
/// <param name="WithoutAnswer">Of those, the ones without a token to learn.</param>
/// <param name="EffectiveSize">(sum w)^2 / sum w^2 of the weights trained with.</param>
internal sealed record ProofData(ITrainingData Batches, int Examples, int WithoutAnswer, double EffectiveSize);
