using Pursuit.Data;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Proof;
using Pursuit.Selection;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Engine.Proof;

/// <summary>
/// Every training begins with new weights, drawn by its seed, in the model's shape, and reads packed texts; tests measure whole
/// texts per byte. Each budget is trained twice: for as many steps as everything takes, and for passes over itself alone.
/// </summary>
internal sealed class FromScratch : ProofRegime
{
    private const float Deviation = 0.02f;

    private readonly ModelConfig _config;
    private readonly DocumentEncoder _encoder;

    /// <summary>Takes the model's shape and tokenizer.</summary>
    /// <exception cref="PursuitException">They can't be read, or texts can't be told apart by an end token.</exception>
    public FromScratch(ProveOptions options)
        : base(options)
    {
        _config = ModelConfigReader.ReadDirectory(options.Model);
        _encoder = DocumentEncoder.Load(options.Model, options.MaxLength ?? Math.Min(ProofInputs.UsualMaxLength, _config.MaximumPositions));
    }

    /// <inheritdoc/>
    public override string Origin(ulong seed) => PretrainJob.RandomStart(_config, seed, Deviation);

    /// <inheritdoc/>
    public override Decoder Start(ulong seed) => Decoder.Create(_config, seed, Deviation, Options.Device);

    /// <summary>As a training from scratch has them by default.</summary>
    public override TrainerOptions Trainer(long steps) => new()
    {
        Schedule = Schedule(steps, LearningRateDecay.Cosine, 0.1),
        Optimizer = new AdamWOptions(),
        Workers = Options.Workers,
        KeepCheckpoints = 1,
    };

    /// <inheritdoc/>
    public override IEnumerable<ProofBudget> Budgets(Budget asked, ProofMaterial material)
    {
        var share = material.ShareOf(asked);
        var (name, count, steps) = (
            asked.ToString(), Math.Max(1, (int)Math.Round(share * material.Count)), material.EpochSteps * Options.Epochs);
        yield return new ProofBudget(name, count, steps);
        yield return new ProofBudget($"{name}, own epoch", count, Math.Max(1, (long)Math.Round(share * steps)), OwnEpoch: true);
    }

    /// <inheritdoc/>
    public override ProofMaterial Encode(
        Pool pool, ExampleEncoder encoder, IProgress<WorkProgress>? progress, CancellationToken cancellationToken) =>
        new ProofDocuments(_encoder.Encode(pool, Options.Workers.Threads, progress, cancellationToken), _encoder.Context, Options);

    /// <inheritdoc/>
    public override ProofTest Encode(
        string name, Pool test, ExampleEncoder encoder, ModelConfig config, CancellationToken cancellationToken) =>
        DocumentTest.Encode(name, test, _encoder, Options.Workers.Threads, cancellationToken);
}

/// <summary>The pool's texts, encoded once, packed anew for each training.</summary>
internal sealed class ProofDocuments(TokenizedDocuments documents, int context, ProveOptions options) : ProofMaterial
{
    /// <inheritdoc/>
    public override int Count => documents.Count;

    /// <inheritdoc/>
    public override int Refused => 0;

    /// <inheritdoc/>
    public override long TotalTokens => documents.TokenCount;

    /// <summary>Every token of a text is one to learn.</summary>
    public override long TotalSupervised => documents.TokenCount;

    /// <inheritdoc/>
    public override double StepTokens => (double)options.BatchExamples * context;

    /// <inheritdoc/>
    public override long EpochSteps => Math.Max(1, (documents.TokenCount / context + options.BatchExamples - 1) / options.BatchExamples);

    /// <inheritdoc/>
    public override ProofData? Choose(IReadOnlyList<RankedRow>? rows, long steps, ulong seed)
    {
        if (rows is null) return new ProofData(new PackedWindows(documents, context, options.BatchExamples, seed), Count, 0, Count);
        var repeats = options.Use == ProofUse.Repeats ? Repeats.FromWeights(rows, options.Epochs) : null;
        var part = documents.Part([.. rows.SelectMany((row, i) => Enumerable.Repeat(row.Position, repeats?[i] ?? 1))]);
        return new ProofData(
            new PackedWindows(part, context, options.BatchExamples, seed),
            rows.Count,
            0,
            EffectiveSize(rows.Select((_, i) => (double)(repeats?[i] ?? 1))));
    }
}
