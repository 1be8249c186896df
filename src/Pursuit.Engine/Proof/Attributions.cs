using System.Diagnostics;
using Pursuit.Data;
using Pursuit.Distribution;
using Pursuit.Jobs;
using Pursuit.Proof;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Methods;

namespace Pursuit.Engine.Proof;

/// <summary>Methods' scores of the pool's examples toward each example of a target, summed over subsets.</summary>
internal sealed class Attributions(
    RunDirectory run, ValidateOptions options, ProofInputs inputs, ValidationSample sample, IProgress<WorkProgress>? progress)
{
    private readonly ProofFeatures _features =
        new(run, options.Trainings with { Targets = options.Targets }, inputs.Pool, inputs.MaxLength, progress);

    /// <summary>Scores toward a target.</summary>
    /// <param name="method">The method, or random.</param>
    /// <param name="target">The target's number.</param>
    /// <param name="cancellationToken">Stops between passes.</param>
    public Attribution Toward(ProofMethod method, int target, CancellationToken cancellationToken)
    {
        var test = (AnswerTest)inputs.Tests[target];
        if (method.Name == ProofReport.Random) return AtRandom(test, target);
        using var examples = Pool.Open(
            options.Pool.Beside([options.Targets[target]]), null, cancellationToken);
        return method.Needs.ReadsFeatures()
            ? _features.Use(
                method, target, test.Name, source => Toward(method, test, examples, source, cancellationToken), cancellationToken).Result
            : Toward(method, test, examples, null, cancellationToken);
    }

    private Attribution Toward(
        ProofMethod method, AnswerTest test, Pool target, IFeatureSource? source, CancellationToken cancellationToken)
    {
        var job = new SelectJobOptions
        {
            Pool = options.Pool,
            Targets = [test.Path],
            ComputesFeatures = true,
            ModelDirectory = options.Model,
            Budget = new Budget(inputs.Pool.Count, false, BudgetUnit.Rows),
            Method = method.Name,
            On = method.On,
            Out = "",
        };
        using var features = SelectionFeatures.Open(
            job, method.Needs, source, inputs.Pool, target, StageShare.Whole, cancellationToken);
        var started = Stopwatch.GetTimestamp();
        var problem = TextFeatures.Give(
            features.Give(
                new SelectionProblem { ContentIds = inputs.Pool.ContentIdList, Budget = job.Budget, Seed = options.Seed },
                method.Needs),
            method.Needs,
            inputs.Pool,
            target);
        var context = new SelectionContext
        {
            Threads = options.Workers.Threads,
            RowDevice = options.Device.RowDevice,
            CancellationToken = cancellationToken,
        };
        var attributor = (IAttributor)MethodOptions.Create(
            MethodRegistry.Find(method.Name), [.. options.Settings, .. method.Settings]);

        var sums = new double[test.Count][];
        attributor.Attribute(problem, context, (row, scores) =>
        {
            if (test.Rows.BinarySearch(row) is >= 0 and var example) sums[example] = sample.SumsOf(scores);
        });
        for (var q = 0; q < sums.Length; q++) sums[q] ??= new double[sample.Subsets.Count]; // nothing can be said of it
        var order = attributor.Select(problem, context).Rows.Select(r => r.Position);
        return new Attribution(sums, sample.First(order), Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    /// <summary>The baseline: a score per example and target example, drawn.</summary>
    private Attribution AtRandom(AnswerTest test, int target)
    {
        var scores = new double[inputs.Pool.Count];
        var sums = new double[test.Count][];
        for (var q = 0; q < sums.Length; q++)
        {
            foreach (var row in sample.Rows) scores[row] = Draw($"validate/random/{target}/{q}", row);
            sums[q] = sample.SumsOf(scores);
        }

        return new Attribution(sums, sample.RandomRemoval(0), 0);
    }

    private double Draw(string purpose, int row) =>
        SeededRandom.ForExample(options.Seed, purpose, inputs.Pool.ContentIds[row]) * (1.0 / ulong.MaxValue);
}

/// <summary>A method's scores toward a target.</summary>
/// <param name="Sums">Of each of the target's examples, over each subset, [target examples][subsets].</param>
/// <param name="First">The sample's examples that the method would choose first, as many as are taken away.</param>
/// <param name="Seconds">What scoring took.</param>
internal sealed record Attribution(double[][] Sums, IReadOnlyList<int> First, double Seconds)
{
    /// <summary>The sums over the first subsets alone, [target examples][subsets].</summary>
    public double[][] Of(int subsets) => Array.ConvertAll(Sums, sums => sums[..subsets]);
}
