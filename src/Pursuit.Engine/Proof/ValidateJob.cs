using System.Diagnostics;
using Pursuit.Engine.Features;
using Pursuit.Proof;
using Pursuit.Runs;
using Pursuit.Selection;

namespace Pursuit.Engine.Proof;

/// <summary>
/// Holds methods' scores against what training does: over random subsets of the pool, does a higher sum of a subset's scores go with a
/// lower loss on the target's examples (the linear datamodeling score), and does taking a method's first examples away raise that loss more
/// than taking random ones away. Every training is kept by fingerprint, so a killed job goes on.
/// </summary>
public sealed class ValidateJob
{
    /// <summary>Random removals that the methods' are held against; the first of them is the random method's own.</summary>
    private const int RandomRemovals = 3;

    private readonly ValidateOptions _options;
    private readonly IProgress<WorkProgress>? _progress;

    /// <summary>Takes what to do.</summary>
    /// <exception cref="PursuitException">An option is out of range or missing; every fault is named.</exception>
    public ValidateJob(ValidateOptions options, IProgress<WorkProgress>? progress = null)
    {
        options.Validate();
        var random = ProofMethod.Parse(ProofReport.Random);
        _options = options with
        {
            Methods =
            [
                .. options.Methods.Where(m => m.Name != random.Name)
                    .Select(m => options.FeaturesRun is { } lender ? FeatureSources.Lent(lender, m) : m),
                random,
            ],
        };
        _progress = progress;
    }

    /// <summary>Told what a person should know at once: a target's example that is in the pool, subsets that don't fit.</summary>
    public Action<string>? OnWarning { get; init; }

    /// <summary>Does the job.</summary>
    /// <param name="run">Keeps everything: <c>validation.json</c> and each training's losses.</param>
    /// <param name="cancellationToken">Stops it; the same job continues where it was.</param>
    /// <exception cref="PursuitException">Bad input; the message says what to do.</exception>
    public ValidationReport Run(RunDirectory run, CancellationToken cancellationToken = default)
    {
        var started = Stopwatch.GetTimestamp();
        using var inputs = ProofInputs.Read(run, _options.Trainings, OnWarning, _progress, cancellationToken);
        var sample = new ValidationSample(inputs.Pool, _options);
        if (sample.Rows.Count < ValidationSample.FewestExamples)
            throw PursuitException.At(
                ApiName.Pool, $"{sample.Rows.Count} examples", $"at least {ValidationSample.FewestExamples}, to draw subsets from");
        var trainings = new ValidationTrainings(run, _options, inputs, sample, _progress);
        var remarks = new List<string>();
        trainings.Plan(_options.Methods.Count, RandomRemovals);
        var attributions = new Attributions(run, _options, inputs, sample, _progress);
        var found = _options.Methods
            .Select(m => Enumerable.Range(0, inputs.Tests.Count).Select(t => attributions.Toward(m, t, cancellationToken)).ToArray())
            .ToArray();
        if (trainings.Fitting(started, cancellationToken) is { } fitting && fitting < sample.Subsets.Count)
        {
            remarks.Add($"{fitting} of {sample.Subsets.Count} subsets: more don't fit into the time allowed.");
            OnWarning?.Invoke(remarks[^1]);
            trainings.Keep(fitting);
        }

        var ofSubsets = trainings.OfSubsets(cancellationToken);
        var ofRandom = trainings.OfRemovals(
            [.. Enumerable.Range(0, RandomRemovals).Select(d => (sample.RandomRemoval(d), $"without random examples, draw {d + 1}"))],
            inputs.Tests,
            cancellationToken);
        var methods = _options.Methods
            .Select((m, i) => Judge(m, found[i], inputs, trainings, ofSubsets, ofRandom, cancellationToken))
            .OrderByDescending(m => m.DatamodelScore.Estimate)
            .ThenBy(m => m.Method, StringComparer.Ordinal);
        var report = new ValidationReport
        {
            Recipe = new ProofRecipe(
                Path.GetFullPath(_options.Model),
                _options.Epochs,
                _options.BatchExamples,
                _options.LearningRate,
                _options.Trainings.Warmup,
                inputs.MaxLength,
                ProofUse.Uniform.ToString().ToLowerInvariant(),
                inputs.LossUnit,
                false),
            PoolExamples = inputs.Pool.Count,
            Examples = sample.Rows.Count,
            SubsetExamples = sample.Subsets[0].Count,
            Subsets = sample.Subsets.Count,
            Removed = sample.Removed,
            Targets = [.. inputs.Tests.Select((t, i) => new ValidatedTarget(t.Name, Path.GetFullPath(_options.Targets[i]), t.Count))],
            Methods = [.. methods],
            Remarks = [.. inputs.Notes, .. inputs.Overlaps.Where(o => o.Any).Select(o => $"{o}."), .. remarks],
            Seconds = Stopwatch.GetElapsedTime(started).TotalSeconds,
        };
        SealedJson.Write(run.PathOf(ValidationReport.FileName), report);
        return report;
    }

    private MethodValidation Judge(
        ProofMethod method,
        Attribution[] found,
        ProofInputs inputs,
        ValidationTrainings trainings,
        double[][][] ofSubsets,
        double[][][] ofRandom,
        CancellationToken cancellationToken)
    {
        var isRandom = method.Name == ProofReport.Random;
        var differences = new ExampleScores[inputs.Tests.Count];
        for (var t = 0; t < differences.Length; t++)
        {
            // The random method's own draw is held against the others.
            double[][] against = isRandom ? ofRandom[t][1..] : ofRandom[t];
            var own = isRandom
                ? ofRandom[t][0]
                : trainings.OfRemovals(
                    [(found[t].First, $"without {method.Label}'s first for {inputs.Tests[t].Name}")],
                    [inputs.Tests[t]],
                    cancellationToken)[0][0];
            differences[t] = ExampleScores.OfValues([own.Select((loss, q) => loss - against.Average(draw => draw[q])).ToArray()]);
        }

        (double[][], double[][]) Pair(int t) => (found[t].Of(ofSubsets[t][0].Length), ofSubsets[t]);
        return new MethodValidation
        {
            Method = method.Label,
            DatamodelScore = DatamodelScore.Of([.. Enumerable.Range(0, found.Length).Select(Pair)], _options.Seed),
            LossDifference = Bootstrap.OfTargets(differences, _options.Seed),
            Targets =
            [
                .. inputs.Tests.Select((test, t) => new TargetValidation(
                    test.Name, DatamodelScore.Of([Pair(t)], _options.Seed), Bootstrap.OfTest(differences[t], _options.Seed))),
            ],
            Seconds = found.Sum(f => f.Seconds),
        };
    }
}
