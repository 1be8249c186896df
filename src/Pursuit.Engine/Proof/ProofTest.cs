using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Proof;

namespace Pursuit.Engine.Proof;

/// <summary>One target's test, encoded once: what a trained model is measured on.</summary>
internal abstract class ProofTest(string name, string path, string fingerprint)
{
    /// <summary>The target's name.</summary>
    public string Name => name;

    /// <summary>Where the test is.</summary>
    public string Path => path;

    /// <summary>Hash of what is measured.</summary>
    public string Fingerprint => fingerprint;

    /// <summary>What losses count in.</summary>
    public abstract string LossUnit { get; }

    /// <summary>What each example's loss is a mean over: its answer's tokens, or its bytes.</summary>
    public abstract IReadOnlyList<int> Labels { get; }

    /// <summary>Examples.</summary>
    public int Count => Labels.Count;

    /// <summary>Answers to generate.</summary>
    public abstract int Generated { get; }

    /// <summary>Tokens to score.</summary>
    public abstract long Tokens { get; }

    /// <summary>Measures a model.</summary>
    /// <param name="decoder">The model.</param>
    /// <param name="pool">Workers on it.</param>
    /// <param name="cancellationToken">Stops between batches and tokens.</param>
    public abstract StoredTest Measure(Decoder decoder, DecoderPool pool, CancellationToken cancellationToken);
}

/// <summary>What a model scored on a test, as a run keeps it.</summary>
/// <param name="Target">The target's name.</param>
/// <param name="Losses">Mean loss of each example's answer tokens.</param>
/// <param name="Answers">The answers that were generated.</param>
/// <param name="Scores">Their scores.</param>
internal sealed record StoredTest(
    string Target, IReadOnlyList<double> Losses, IReadOnlyList<string> Answers, IReadOnlyList<AnswerScore> Scores);
