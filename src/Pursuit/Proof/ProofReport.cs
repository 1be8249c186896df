using System.Text.Json.Serialization;
using Pursuit.Runs;

namespace Pursuit.Proof;

/// <summary>
/// A finished proof: what <c>--json</c> prints and the report shows. Everything but <see cref="Costs"/> and <see cref="Seconds"/>
/// is the same however often the run was stopped and on any number of threads.
/// </summary>
public sealed record ProofReport
{
    /// <summary>The methods that are always there.</summary>
    public const string Random = "random", Full = "full", FullEpoch = "full-epoch", Base = "base";

    /// <summary>The file in a run's directory that holds a proof.</summary>
    public const string FileName = "proof.json";

    /// <summary>The file beside it that holds the same <see cref="WithoutSeconds"/>: equal proofs give equal bytes.</summary>
    public const string ResultName = "result.json";

    /// <summary>The version of Pursuit.</summary>
    public string Pursuit { get; init; } = RunDirectory.PursuitVersion;

    /// <summary>How every model was trained.</summary>
    public required ProofRecipe Recipe { get; init; }

    /// <summary>Examples of the pool.</summary>
    public required int PoolExamples { get; init; }

    /// <summary>What was tested on.</summary>
    public required IReadOnlyList<ProofTarget> Targets { get; init; }

    /// <summary>How much was chosen.</summary>
    public required IReadOnlyList<ProofBudget> Budgets { get; init; }

    /// <summary>The methods by label, in the order of the tables: those asked for, then random, full and full-epoch.</summary>
    public required IReadOnlyList<string> Methods { get; init; }

    /// <summary>The seeds.</summary>
    public required IReadOnlyList<ulong> Seeds { get; init; }

    /// <summary>What of the tests stands in the pool or the target.</summary>
    public required IReadOnlyList<Overlap> Overlaps { get; init; }

    /// <summary>Every method's figures, per target and, where there are several, across them.</summary>
    public required IReadOnlyList<ProofScore> Scores { get; init; }

    /// <summary>Every paired difference.</summary>
    public required IReadOnlyList<ProofComparison> Comparisons { get; init; }

    /// <summary>The verdicts against random, each a whole sentence.</summary>
    public required IReadOnlyList<string> Verdicts { get; init; }

    /// <summary>What a person should know before believing them.</summary>
    public required IReadOnlyList<string> Remarks { get; init; }

    /// <summary>What every selection and training cost.</summary>
    public required IReadOnlyList<ProofCost> Costs { get; init; }

    /// <summary>Seconds of this process.</summary>
    public required double Seconds { get; init; }

    /// <summary>The same without what differs from run to run.</summary>
    public ProofReport WithoutSeconds() => this with
    {
        Seconds = 0,
        Costs = [.. Costs.Select(c => c with
        {
            TrainingSeconds = null,
            TestSeconds = null,
            Selection = c.Selection is null ? null : c.Selection with { Seconds = 0, FeatureSeconds = 0 },
        })],
    };
}

/// <summary>The recipe that every training shares.</summary>
/// <param name="Model">The model directory that every training starts from.</param>
/// <param name="Epochs">Passes over the budget; the steps follow from it.</param>
/// <param name="BatchExamples">Examples of a step.</param>
/// <param name="LearningRate">The highest learning rate.</param>
/// <param name="Warmup">Share of the steps that warm up.</param>
/// <param name="MaxLength">Tokens an example is cut to.</param>
/// <param name="Use">What of the selections counts: weights, repeats or uniform.</param>
/// <param name="LossUnit">What losses count in: <see cref="PerAnswerToken"/>, <see cref="PerToken"/> or <see cref="PerByte"/>.</param>
/// <param name="FromScratch">Whether trainings began with new weights in the model's shape.</param>
public sealed record ProofRecipe(
    string Model, int Epochs, int BatchExamples, double LearningRate, double Warmup, int MaxLength, string Use,
    string LossUnit = ProofRecipe.PerAnswerToken, bool FromScratch = false)
{
    /// <summary>What losses of answers count in.</summary>
    public const string PerAnswerToken = "nats per answer token";

    /// <summary>What losses of texts count in where a model is tuned on them.</summary>
    public const string PerToken = "nats per token";

    /// <summary>What losses of texts count in where models are trained from scratch.</summary>
    public const string PerByte = "nats per byte";

    /// <summary>What a loss is a mean over, in words.</summary>
    [JsonIgnore]
    public string LossLabels => LossUnit switch
    {
        PerByte => "bytes",
        PerToken => "tokens",
        _ => "answer tokens",
    };
}

/// <summary>One target.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Target">Where the examples that methods see are, or null.</param>
/// <param name="Test">Where the test is.</param>
/// <param name="TestExamples">Test examples with an answer to predict.</param>
/// <param name="AnswerTokens">What their losses are means over: answer tokens, or tokens or bytes of texts.</param>
/// <param name="Generated">Of those, the ones answered in full.</param>
public sealed record ProofTarget(string Name, string? Target, string Test, int TestExamples, long AnswerTokens, int Generated);

/// <summary>One budget.</summary>
/// <param name="Name">As it was asked.</param>
/// <param name="Examples">In examples of this pool.</param>
/// <param name="Steps">The steps of every training at it.</param>
/// <param name="OwnEpoch">Whether those are passes over the budget itself beside another line with the steps that everything takes.</param>
public sealed record ProofBudget(string Name, int Examples, long Steps, bool OwnEpoch = false);

/// <summary>A method's figures at a budget.</summary>
public sealed record ProofScore
{
    /// <summary>The target; null across all of them.</summary>
    public string? Target { get; init; }

    /// <summary>The method's label.</summary>
    public required string Method { get; init; }

    /// <summary>The budget; null for the untrained model and a whole epoch.</summary>
    public string? Budget { get; init; }

    /// <summary>In the recipe's <see cref="ProofRecipe.LossUnit"/>.</summary>
    public required Interval Loss { get; init; }

    /// <summary>exp of it; across targets, of the mean loss.</summary>
    public required Interval Perplexity { get; init; }

    /// <summary>Share of answers that are right as they stand; null where none were generated.</summary>
    public Interval? ExactMatch { get; init; }

    /// <summary>Mean F1 of the answers' words.</summary>
    public Interval? TokenF1 { get; init; }

    /// <summary>Mean ROUGE-L of the answers.</summary>
    public Interval? RougeL { get; init; }

    /// <summary>
    /// How much of what a whole epoch gains over the untrained model is reached, by loss; null where an epoch gains nothing.
    /// </summary>
    public double? GainShare { get; init; }

    /// <summary>Each seed's mean figures; one entry without a seed for the untrained model.</summary>
    public required IReadOnlyList<ProofSeedScore> BySeed { get; init; }
}

/// <summary>One training's figures.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Loss">In the recipe's loss unit.</param>
/// <param name="ExactMatch">Mean exact match, or null.</param>
/// <param name="TokenF1">Mean F1, or null.</param>
/// <param name="RougeL">Mean ROUGE-L, or null.</param>
public sealed record ProofSeedScore(ulong? Seed, double Loss, double? ExactMatch, double? TokenF1, double? RougeL);

/// <summary>A paired difference: the method less the reference.</summary>
/// <param name="Target">The target; null across all of them.</param>
/// <param name="Budget">The budget.</param>
/// <param name="Method">The method.</param>
/// <param name="Against">The reference.</param>
/// <param name="Metric">What is compared.</param>
/// <param name="Difference">Method less reference.</param>
/// <param name="Verdict">What it shows.</param>
public sealed record ProofComparison(
    string? Target, string Budget, string Method, string Against, ProofMetric Metric, Interval Difference, Verdict Verdict);

/// <summary>What is compared.</summary>
public enum ProofMetric
{
    /// <summary>In the recipe's loss unit; lower is better.</summary>
    Loss,

    /// <summary>Exact match; higher is better.</summary>
    ExactMatch,

    /// <summary>F1 of words; higher is better.</summary>
    TokenF1,

    /// <summary>ROUGE-L; higher is better.</summary>
    RougeL,
}

/// <summary>What one selection and the training on it cost.</summary>
public sealed record ProofCost
{
    /// <summary>The target the selection was for; null where it is for none.</summary>
    public string? Target { get; init; }

    /// <summary>The method's label.</summary>
    public required string Method { get; init; }

    /// <summary>The budget; null for a whole epoch.</summary>
    public string? Budget { get; init; }

    /// <summary>The seed.</summary>
    public required ulong Seed { get; init; }

    /// <summary>What the selection took; null where nothing is selected.</summary>
    public SelectionCost? Selection { get; init; }

    /// <summary>Examples chosen.</summary>
    public required int Examples { get; init; }

    /// <summary>Of those, the ones without a token to learn.</summary>
    public required int WithoutAnswer { get; init; }

    /// <summary>(sum w)^2 / sum w^2 of the weights trained with.</summary>
    public required double EffectiveSize { get; init; }

    /// <summary>Steps of the training.</summary>
    public required long Steps { get; init; }

    /// <summary>Tokens of the training.</summary>
    public required long Tokens { get; init; }

    /// <summary>The training's seconds; null where it had ended before its result was written.</summary>
    public double? TrainingSeconds { get; init; }

    /// <summary>The seconds of testing.</summary>
    public double? TestSeconds { get; init; }
}

/// <summary>What a selection took.</summary>
/// <param name="Seconds">Seconds, reading the pool and making the features included, as if it were the only selection.</param>
/// <param name="ModelTokens">Tokens that went through a model for its features, warm-up included; 0 where it needs none.</param>
/// <param name="BytesRead">Bytes of the pool and of features.</param>
public sealed record SelectionCost(double Seconds, long ModelTokens, long BytesRead)
{
    /// <summary>Of the seconds, those of making the features; the run spent them once for all selections that read the same.</summary>
    public double FeatureSeconds { get; init; }
}
