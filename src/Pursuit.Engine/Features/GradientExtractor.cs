using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Storage;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Engine.Features;

/// <summary>Which examples' gradients are made: preconditioning may treat them differently.</summary>
internal enum GradientSide
{
    /// <summary>Candidates.</summary>
    Pool,

    /// <summary>Examples of what the model should become good at.</summary>
    Target,
}

/// <summary>
/// Makes the projected gradients of examples at one checkpoint of a trajectory: one batched forward and backward pass, in which
/// no weight gradient of the batch is ever formed (methods: LESS, section 3; the batched form is ours).
/// </summary>
internal sealed class GradientExtractor : IDisposable
{
    private readonly DecoderPool _pool;
    private readonly IDisposable?[] _owned;
    private readonly ExampleGradients[] _consumers;

    /// <summary>Prepares a checkpoint's projection.</summary>
    /// <param name="decoder">The model with the checkpoint's weights (and adapters, for kind lora); stays the caller's.</param>
    /// <param name="pool">Workers of that decoder; stay the caller's.</param>
    /// <param name="options">What is made; the kind is settled.</param>
    /// <param name="checkpoint">The checkpoint's directory with its moments; null where nothing is preconditioned.</param>
    /// <param name="side">Whose gradients.</param>
    /// <param name="factors">The file of the checkpoint's Kronecker factors; null where these don't precondition.</param>
    /// <exception cref="PursuitException">The moments can't be read.</exception>
    public GradientExtractor(
        Decoder decoder,
        DecoderPool pool,
        GradientFeatureOptions options,
        string? checkpoint,
        GradientSide side,
        string? factors = null)
    {
        _pool = pool;
        var space = SpaceOf(decoder, options);
        var precondition = options.Preconditioning == Preconditioning.Symmetric
            || (options.Preconditioning == Preconditioning.Adam && side == GradientSide.Pool);
        using var moments = precondition ? new CheckpointMoments(checkpoint ?? throw new ArgumentNullException(nameof(checkpoint))) : null;
        if (options.Kind == GradientKind.Factored)
        {
            var sides = moments is null ? null : new SidePreconditioner(decoder, moments, options.SymmetricEpsilon);
            using var stored = options.Preconditioning == Preconditioning.Kronecker
                ? SafetensorsFile.Open(factors ?? throw new ArgumentNullException(nameof(factors)))
                : null;
            var projection = new FactorProjection(
                decoder,
                options.Factor,
                stored is null ? new RandomFactors(options.Factor, options.ProjectionSeed, sides) : new StoredFactors(stored));
            EpsilonShare = sides?.EpsilonShare;
            _owned = [projection];
            _consumers = Consumers(() => new FactoredGradients(decoder.Device, projection, space));
            return;
        }

        var tensors = options.Kind == GradientKind.Lora ? decoder.Adapters!.All : [.. FullGradients.Weights(decoder)];
        var preconditioner = moments is null ? null
            : options.Preconditioning == Preconditioning.Symmetric
                ? TensorPreconditioner.Symmetric(decoder.Operations, tensors, moments, options.SymmetricEpsilon)
            : TensorPreconditioner.Adam(decoder.Operations, tensors, moments, Direction(options));
        EpsilonShare = preconditioner?.EpsilonShare;
        _owned = [preconditioner];
        _consumers = options.Kind == GradientKind.Lora
            ? Consumers(() => new LoraGradients(decoder.Adapters!, decoder.Device, preconditioner, space))
            : Consumers(() => new FullGradients(decoder, preconditioner, space));
    }

    /// <summary>Numbers per example.</summary>
    public int Dimension => _consumers[0].Space.Dimension;

    /// <summary>
    /// Share of the coordinates where eps of the preconditioning exceeds the second moment; null without preconditioning.
    /// </summary>
    public double? EpsilonShare { get; }

    /// <summary>Computes examples' projected gradients.</summary>
    /// <param name="examples">The examples; one without a token to learn has a zero gradient.</param>
    /// <param name="rows">[examples, Dimension], not scaled; overwritten.</param>
    /// <param name="losses">Each example's mean loss over its answer tokens in nats [examples]; overwritten.</param>
    /// <param name="cancellationToken">Stops before the next micro-batch.</param>
    /// <exception cref="PursuitException">A token is outside the model's vocabulary.</exception>
    public void Extract(IReadOnlyList<EncodedExample> examples, Memory<float> rows, double[] losses, CancellationToken cancellationToken)
    {
        rows.Span.Clear();
        losses.AsSpan().Clear();
        var taught = Enumerable.Range(0, examples.Count).Where(i => !examples[i].AllMasked).ToArray();
        if (taught.Length == 0) return;
        var batch = Batch.Pack([.. taught.Select(i => (examples[i].Ids, (bool[]?)examples[i].Trained))]);
        // An example's gradient is that of its own mean loss, so the objective is the sum.
        _pool.ForEach(
            batch,
            LossReduction.ExampleSum,
            new Pass { IsBackward = true },
            (worker, number, part) =>
            {
                var own = new double[part.Examples];
                worker.ForwardBackward(part, _consumers[number], own);
                for (int i = 0, end; i < part.Examples; i = end)
                {
                    // As many at once as stand together among the examples, those without an answer counted.
                    var position = taught[part.FirstExample + i];
                    for (end = i + 1; end < part.Examples && taught[part.FirstExample + end] == position + end - i;) end++;
                    own.AsSpan(i, end - i).CopyTo(losses.AsSpan(position));
                    _consumers[number].Read(i, end - i, rows.Span.Slice(position * Dimension, (end - i) * Dimension));
                }
            },
            cancellationToken);
    }

    /// <summary>Frees the projection; decoder and workers stay.</summary>
    public void Dispose()
    {
        foreach (var consumer in _consumers) consumer.Dispose();
        foreach (var owned in _owned) owned?.Dispose();
    }

    private static AdamDirection Direction(GradientFeatureOptions options) =>
        new(0.9f, 0.999f, (float)options.AdamEpsilon, options.EpsilonPlace == EpsilonPlace.Outside);

    private static FeatureSpace SpaceOf(Decoder decoder, GradientFeatureOptions options) => new(
        options.Kind switch
        {
            GradientKind.Factored => FactorProjection.Tensors(decoder, options.Factor),
            GradientKind.Lora => [.. decoder.Adapters!.All.Select(p => (p.Name, (long)p.Length))],
            _ => [.. FullGradients.Weights(decoder).Select(p => (p.Name, (long)p.Length))],
        },
        options.Dimension,
        options.ProjectionSeed);

    private ExampleGradients[] Consumers(Func<ExampleGradients> create) => [.. Enumerable.Range(0, _pool.Workers).Select(_ => create())];
}
