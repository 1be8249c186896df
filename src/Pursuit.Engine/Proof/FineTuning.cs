using Pursuit.Data;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Proof;
using Pursuit.Selection;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Engine.Proof;

/// <summary>Every training tunes the model as it is, for a few passes over the budget; tests measure answers.</summary>
internal sealed class FineTuning(ProveOptions options) : ProofRegime(options)
{
    private readonly string _model = ModelFiles.Fingerprint(options.Model);

    /// <inheritdoc/>
    public override string Origin(ulong seed) => _model;

    /// <inheritdoc/>
    public override Decoder Start(ulong seed) => Decoder.Load(Options.Model, Options.Device, WeightUse.Change);

    /// <summary>As a fine-tuning has them by default.</summary>
    public override TrainerOptions Trainer(long steps) => new()
    {
        Schedule = Schedule(steps, LearningRateDecay.Linear, 0),
        Optimizer = new AdamWOptions { Beta2 = 0.999f, WeightDecay = 0 },
        Workers = Options.Workers,
        KeepCheckpoints = 1,
    };

    /// <summary>A budget in tokens is so many mean examples: the steps must not depend on what a method makes of it.</summary>
    public override IEnumerable<ProofBudget> Budgets(Budget asked, ProofMaterial material)
    {
        var count = Math.Max(1, (int)Math.Round(material.ShareOf(asked) * material.Count));
        yield return new ProofBudget(
            asked.ToString(), count, ((long)count * Options.Epochs + Options.BatchExamples - 1) / Options.BatchExamples);
    }

    /// <inheritdoc/>
    public override ProofMaterial Encode(
        Pool pool, ExampleEncoder encoder, IProgress<WorkProgress>? progress, CancellationToken cancellationToken) =>
        ProofExamples.Encode(pool, encoder, Options, progress, cancellationToken);

    /// <inheritdoc/>
    public override ProofTest Encode(
        string name, Pool test, ExampleEncoder encoder, ModelConfig config, CancellationToken cancellationToken) =>
        AnswerTest.Encode(name, test, encoder, config, Options.Generate, cancellationToken);
}
