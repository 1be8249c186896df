using Pursuit.Data;
using Pursuit.Selection.AskLlm;
using Pursuit.Selection.Features;

namespace Pursuit.Jobs;

/// <summary>
/// Makes token statistics of a pool, or finds those made before. Methods never call it: a job asks it for what a method declares.
/// </summary>
public interface IStatisticsSource
{
    /// <summary>The pool's statistics by the probe model, or by data probes trained from scratch.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="answersAlone">True where each answer is also scored with nothing before it.</param>
    /// <param name="cancellationToken">Stops between shards; what is finished stays.</param>
    /// <exception cref="PursuitException">The model or the pool is unfit; the message says what to do.</exception>
    ComputedStatistics OfPool(Pool pool, bool answersAlone, CancellationToken cancellationToken);

    /// <summary>The pool's statistics by the reference model.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="cancellationToken">Stops between shards; what is finished stays.</param>
    /// <exception cref="PursuitException">There is none, or it or the pool is unfit.</exception>
    ComputedStatistics OfReference(Pool pool, CancellationToken cancellationToken);

    /// <summary>What the model answers to a question about each of the pool's examples.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="options">The question, and the answer that counts.</param>
    /// <param name="cancellationToken">Stops between shards; what is finished stays.</param>
    /// <exception cref="PursuitException">There is no model, the answer isn't one token of it, or the prompt doesn't fit.</exception>
    ComputedAnswers OfJudge(Pool pool, AskLlmOptions options, CancellationToken cancellationToken);

    /// <summary>The pool's statistics by every checkpoint of a short training of the model on a share of the pool.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="cancellationToken">Stops between shards; what is finished stays.</param>
    /// <exception cref="PursuitException">There is no model, it or the pool is unfit, or there are fewer than two checkpoints.</exception>
    ComputedTrajectory OfTrajectory(Pool pool, CancellationToken cancellationToken);

    /// <summary>How much the gradients at the pool's inputs vary over the checkpoints of the same training.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="cancellationToken">Stops between shards; what is finished stays.</param>
    /// <exception cref="PursuitException">As of <see cref="OfTrajectory"/>.</exception>
    ComputedVariances OfGradientVariances(Pool pool, CancellationToken cancellationToken);
}

/// <summary>Variances of gradients over a training, with what they are.</summary>
/// <param name="Variances">[pool]; NaN for an example without an answer.</param>
/// <param name="Fingerprint">Everything they depend on.</param>
/// <param name="Report">How they were made, the training included; its tokens with statistics are those with a gradient.</param>
public sealed record ComputedVariances(IReadOnlyList<float> Variances, string Fingerprint, StatisticsReport Report);

/// <summary>Token statistics along a training, opened, with what they are.</summary>
/// <param name="Checkpoints">Those of each checkpoint, the first one first; whoever asked disposes of them.</param>
/// <param name="Fingerprint">Everything they depend on.</param>
/// <param name="Report">How they were made, the training included.</param>
public sealed record ComputedTrajectory(IReadOnlyList<ITokenStatistics> Checkpoints, string Fingerprint, StatisticsReport Report);

/// <summary>A judge's answers with what they are.</summary>
/// <param name="Answers">The answers.</param>
/// <param name="Fingerprint">Everything they depend on.</param>
/// <param name="Report">How they were made; its tokens with statistics are the answers.</param>
public sealed record ComputedAnswers(JudgeAnswers Answers, string Fingerprint, StatisticsReport Report);

/// <summary>Token statistics, opened, with what they are.</summary>
/// <param name="Features">The statistics; whoever asked disposes of them.</param>
/// <param name="Fingerprint">Everything they depend on.</param>
/// <param name="Report">How they were made.</param>
public sealed record ComputedStatistics(ITokenStatistics Features, string Fingerprint, StatisticsReport Report);

/// <summary>How token statistics were made.</summary>
public sealed record StatisticsReport
{
    /// <summary>The models that scored: a directory each.</summary>
    public required IReadOnlyList<string> Models { get; init; }

    /// <summary>Tokens of a window.</summary>
    public required int Window { get; init; }

    /// <summary>Tokens from one window to the next.</summary>
    public required int Stride { get; init; }

    /// <summary>Tokens with statistics.</summary>
    public required long Tokens { get; init; }

    /// <summary>Tokens that went through a model to get them, training not counted.</summary>
    public required long ModelTokens { get; init; }

    /// <summary>Tokens that stand for what the vocabulary can't spell.</summary>
    public required long UnknownTokens { get; init; }

    /// <summary>Examples without a token to score.</summary>
    public required int Unscored { get; init; }

    /// <summary>Seconds of computing.</summary>
    public required double Seconds { get; init; }

    /// <summary>Two reports as one.</summary>
    public StatisticsReport With(StatisticsReport other) => this with
    {
        Models = [.. Models, .. other.Models],
        Tokens = Tokens + other.Tokens,
        ModelTokens = ModelTokens + other.ModelTokens,
        UnknownTokens = UnknownTokens + other.UnknownTokens,
        Unscored = Unscored + other.Unscored,
        Seconds = Seconds + other.Seconds,
    };
}
