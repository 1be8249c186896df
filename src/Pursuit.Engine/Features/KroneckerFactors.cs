using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Pursuit.Data;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Numerics;
using Pursuit.Runs;
using Pursuit.Storage;

namespace Pursuit.Engine.Features;

/// <summary>
/// The stage that makes Kronecker-factored preconditioning: at each checkpoint, from the second moments A and G of a layer's two sides over
/// some of the warm-up's examples, the matrices (A + lam_A I)^(-1/2) P_in and (G + lam_G I)^(-1/2) P_out. Inner products of features are
/// then those of gradients under the inverse of the layer's Fisher matrix, as K-FAC factors it: (A + lam_A)^-1 (x) (G + lam_G)^-1. The root
/// is Cholesky's, L^-T of A + lam_A I = L L^T: a rotation of the symmetric root, which changes no inner product.
/// </summary>
internal sealed class KroneckerFactors(GradientProbe probe, int threads, IProgress<WorkProgress>? progress)
{
    /// <summary>Examples whose tokens make the moments, at most: a hundred tokens each are ten times the sides' usual values.</summary>
    public const int MostExamples = 1024;

    private const string CostName = "cost.json";
    private const string DigestKey = "sha256";

    /// <summary>Numbers of moments that are held at once (1 GiB); what is more takes further passes.</summary>
    private const long MostValues = 1 << 28;

    private GradientFeatureOptions Options => probe.Options;

    /// <summary>Everything the matrices depend on.</summary>
    /// <param name="warmup">What the checkpoints depend on.</param>
    /// <param name="pool">The pool, whose examples make the moments.</param>
    public Fingerprint Fingerprint(Fingerprint warmup, Pool pool) => probe.Model.AddTo(
        new Fingerprint("kronecker/1")
            .Add("warm-up", warmup.Hash)
            .Add("epsilon", Options.Epsilon)
            .Add("factor", Options.Factor)
            .Add("seed", Options.ProjectionSeed)
            .Add("share", Options.Warmup)
            .Add("most", Options.WarmupMost)
            .Add("micro-batch", probe.Model.Device.MicroBatchTokens(Options.MicroBatch)),
        Warmup.PoolSet(pool));

    /// <summary>The file of a checkpoint's matrices within a stage's directory.</summary>
    public static string PathOf(string stage, int checkpoint) =>
        Path.Combine(stage, string.Create(CultureInfo.InvariantCulture, $"factors-{checkpoint + 1}.safetensors"));

    /// <summary>Makes the matrices of every checkpoint, or finds them.</summary>
    /// <returns>What it cost.</returns>
    public KroneckerCost Run(RunStage stage, Pool pool, WarmedTrajectory warmed, CancellationToken cancellationToken)
    {
        if (stage.IsComplete) return stage.ReadJson<KroneckerCost>(CostName);
        var started = Stopwatch.GetTimestamp();
        using var model = LoadedModel.At(probe, null);
        var (decoder, checkpoints) = (model.Decoder, warmed.Trajectory.Checkpoints.Count);
        using var workers = new DecoderPool(decoder, new DecoderPoolOptions { Threads = threads, MicroBatchTokens = Options.MicroBatch });
        var batch = Batch.Pack(Examples(pool, cancellationToken));
        var passes = Parts(decoder).Count;
        for (var t = 0; t < checkpoints; t++)
        {
            progress?.Report(new WorkProgress("curvature", t, checkpoints, "checkpoints"));
            if (IsWhole(PathOf(stage.FullPath, t))) continue;
            if (warmed.PathOf(t) is { } path) model.Restore(path);
            Write(PathOf(stage.FullPath, t), Whitened(decoder, workers, batch, Options, threads, cancellationToken));
        }

        var tokens = (long)batch.Tokens.Length * passes * checkpoints;
        var cost = new KroneckerCost(tokens, Stopwatch.GetElapsedTime(started).TotalSeconds);
        AtomicFile.Write(stage.PathOf(CostName), s => JsonSerializer.Serialize(s, cost, RunJson.Indented));
        stage.Complete();
        SpentMemory.GiveBack();
        return cost;
    }

    /// <summary>Both sides' matrices of every layer at a decoder's weights, by their names in a file.</summary>
    internal static IReadOnlyList<TensorToWrite> Whitened(
        Decoder decoder,
        DecoderPool workers,
        Batch batch,
        GradientFeatureOptions options,
        int threads,
        CancellationToken cancellationToken)
    {
        var drawn = new RandomFactors(options.Factor, options.ProjectionSeed, null);
        var tensors = new List<TensorToWrite>();
        foreach (var part in Parts(decoder))
        {
            using var moments = new SideMoments(decoder.Operations, part);
            moments.Add(workers, batch, cancellationToken);
            var made = new TensorToWrite[2 * part.Count];
            Parallel.For(
                0,
                made.Length,
                new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken },
                i =>
                {
                    var (group, isInput) = (part[i / 2], i % 2 == 0);
                    made[i] = Matrix(group, isInput, moments.Read(group, isInput), drawn, options.KroneckerDamping);
                });
            tensors.AddRange(made);
        }

        return tensors;
    }

    /// <summary>The same random examples as the warm-up's, in the same order whatever the pool's.</summary>
    private List<(int[] Tokens, bool[]? Supervised)> Examples(Pool pool, CancellationToken cancellationToken)
    {
        var order = Warmup.Rows(Options, pool);
        var examples = new List<(int[], bool[]?)>();
        foreach (var example in pool.Read(order, cancellationToken))
        {
            if (probe.Model.Encoder.TryEncode(example, out _) is not { AllMasked: false } encoded) continue;
            examples.Add((encoded.Ids, encoded.Trained));
            if (examples.Count == MostExamples) break;
        }

        return examples.Count > 0 ? examples : throw Warmup.NothingToLearn(pool, order.Length);
    }

    /// <summary>The layers, as many at a time as the memory for their moments holds.</summary>
    private static List<List<LinearGroup>> Parts(Decoder decoder)
    {
        var parts = new List<List<LinearGroup>>();
        var values = MostValues;
        foreach (var group in decoder.Layout.LinearGroups)
        {
            values += SideMoments.ValuesOf(group);
            if (values > MostValues)
            {
                parts.Add([]);
                values = SideMoments.ValuesOf(group);
            }

            parts[^1].Add(group);
        }

        return parts;
    }

    /// <summary>L^-T P of moments + lam I = L L^T, [size, directions].</summary>
    private static TensorToWrite Matrix(LinearGroup group, bool isInput, double[] moments, RandomFactors drawn, double damping)
    {
        var size = isInput ? group.Inputs : group.Outputs;
        var matrix = drawn.Drawn(group, isInput);
        Whiten(moments, size, damping, matrix);
        return TensorToWrite.FromSingle(FactorProjection.NameOf(group, isInput), [size, matrix.Length / size], matrix);
    }

    /// <summary>matrix = L^-T matrix for moments + lam I = L L^T with lam a share of the mean eigenvalue.</summary>
    /// <param name="moments">Symmetric, positive semidefinite [size, size].</param>
    /// <param name="size">Numbers of a side.</param>
    /// <param name="damping">lam over the mean eigenvalue, above 0.</param>
    /// <param name="matrix">[size, columns], in place.</param>
    internal static void Whiten(ReadOnlySpan<double> moments, int size, double damping, Span<float> matrix)
    {
        var trace = 0.0;
        for (var i = 0; i < size; i++) trace += moments[i * size + i];
        var ridge = trace > 0 ? damping * trace / size : 1; // a side without signal stays as it is
        var factor = new CholeskyFactor();
        for (var i = 0; i < size; i++)
            if (!factor.TryAppend(moments.Slice(i * size, i), moments[i * size + i] + ridge))
                throw new UnreachableException("moments with a ridge aren't positive definite");
        var columns = matrix.Length / size;
        var column = new double[size];
        for (var j = 0; j < columns; j++)
        {
            for (var i = 0; i < size; i++) column[i] = matrix[i * columns + j];
            factor.SolveTransposed(column);
            for (var i = 0; i < size; i++) matrix[i * columns + j] = (float)column[i];
        }
    }

    private static void Write(string path, IReadOnlyList<TensorToWrite> tensors) => SafetensorsWriter.Write(
        path, tensors, new Dictionary<string, string> { [DigestKey] = SafetensorsWriter.DataDigest(path, tensors) });

    /// <summary>True for a file that a stopped process left whole.</summary>
    private static bool IsWhole(string path)
    {
        if (!File.Exists(path)) return false;
        try
        {
            using var file = SafetensorsFile.Open(path);
            return file.Metadata.TryGetValue(DigestKey, out var digest) && digest == file.DataDigest();
        }
        catch (PursuitException)
        {
            return false; // damaged: made again
        }
    }
}

/// <summary>Kronecker factors that are made.</summary>
/// <param name="Directory">The stage's directory.</param>
/// <param name="Cost">What they cost.</param>
internal sealed record KroneckerStage(string Directory, KroneckerCost Cost)
{
    /// <summary>The file of a checkpoint's matrices.</summary>
    public string PathOf(int checkpoint) => KroneckerFactors.PathOf(Directory, checkpoint);
}

/// <summary>What Kronecker factors cost.</summary>
/// <param name="Tokens">Tokens that went through the model.</param>
/// <param name="Seconds">Seconds it took.</param>
internal sealed record KroneckerCost(long Tokens, double Seconds);
