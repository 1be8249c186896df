using System.Diagnostics;
using Pursuit.Runs;
using Pursuit.Selection;

namespace Pursuit.Engine.Proof;

/// <summary>The trainings of a validation, each on some of the sample's examples for as many passes, and what they lose.</summary>
internal sealed class ValidationTrainings
{
    /// <summary>Fewer subsets say nothing.</summary>
    public const int FewestSubsets = 4;

    private readonly ValidateOptions _options;
    private readonly ProofInputs _inputs;
    private readonly ValidationSample _sample;
    private readonly ProofTraining _training;
    private readonly ProofProgress _told;
    private int _methods;
    private int _draws;

    public ValidationTrainings(
        RunDirectory run, ValidateOptions options, ProofInputs inputs, ValidationSample sample, IProgress<WorkProgress>? progress)
    {
        (_options, _inputs, _sample) = (options, inputs, sample);
        _training = new ProofTraining(run, options.Trainings, inputs.Regime);
        _told = new ProofProgress(progress, inputs.Material.StepTokens);
    }

    private long SubsetSteps => StepsOf(_sample.Subsets[0].Count);

    private long RemovalSteps => StepsOf(_sample.Rows.Count - _sample.Removed);

    /// <summary>Counts everything in.</summary>
    /// <param name="methods">Methods whose first examples are taken away, random included.</param>
    /// <param name="draws">Random removals.</param>
    public void Plan(int methods, int draws)
    {
        (_methods, _draws) = (methods, draws);
        foreach (var _ in _sample.Subsets) _told.Plan(SubsetSteps, _inputs.Tests);
        for (var d = 0; d < draws; d++) _told.Plan(RemovalSteps, _inputs.Tests);
        for (var m = 1; m < methods; m++)
            foreach (var test in _inputs.Tests) _told.Plan(RemovalSteps, [test]);
    }

    /// <summary>How many subsets fit into the time allowed, judged by the first; null where no time was given.</summary>
    public int? Fitting(long started, CancellationToken cancellationToken)
    {
        if (_options.Time is not { } time) return null;
        var now = Stopwatch.GetTimestamp();
        var seconds = Train(_sample.Subsets[0], SubsetSteps, "subset 1", _inputs.Tests, cancellationToken).Seconds!.Sum;
        _told.Plan(SubsetSteps, _inputs.Tests); // it is met again, and then counted out
        var removals = seconds * RemovalSteps / SubsetSteps * (_draws + (_methods - 1) * _inputs.Tests.Count);
        var spent = Stopwatch.GetElapsedTime(started, now).TotalSeconds;
        return Math.Clamp((int)((time.TotalSeconds - spent - removals) / seconds), FewestSubsets, _sample.Subsets.Count);
    }

    /// <summary>Leaves subsets out.</summary>
    public void Keep(int subsets)
    {
        for (var j = subsets; j < _sample.Subsets.Count; j++) _told.Skip(SubsetSteps, _inputs.Tests);
        _sample.Keep(subsets);
    }

    /// <summary>What models trained on the subsets lose, [targets][target examples][subsets].</summary>
    public double[][][] OfSubsets(CancellationToken cancellationToken)
    {
        var trained = _sample.Subsets.Select((rows, j) =>
            Train(rows, SubsetSteps, $"subset {j + 1} of {_sample.Subsets.Count}", _inputs.Tests, cancellationToken)).ToArray();
        return
        [
            .. _inputs.Tests.Select((test, t) => Enumerable.Range(0, test.Count)
                .Select(q => trained.Select(s => s.Tests[t].Losses[q]).ToArray()).ToArray()),
        ];
    }

    /// <summary>What models trained without some examples lose, [tests][removals][target examples].</summary>
    public double[][][] OfRemovals(
        IReadOnlyList<(IReadOnlyList<int> Rows, string Label)> removals,
        IReadOnlyList<ProofTest> tests,
        CancellationToken cancellationToken)
    {
        var trained = removals
            .Select(r => Train(_sample.Without(r.Rows), RemovalSteps, r.Label, tests, cancellationToken)).ToArray();
        return [.. tests.Select((_, t) => trained.Select(s => s.Tests[t].Losses.ToArray()).ToArray())];
    }

    private StoredTraining Train(
        IReadOnlyList<int> rows, long steps, string label, IReadOnlyList<ProofTest> tests, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var data = _inputs.Material.Choose([.. rows.Select(r => new RankedRow(r, 0, 1))], steps, _options.Seed)
            ?? throw PursuitException.At(
                label, $"{rows.Count:N0} examples, none with a token to learn", "at least one", $"Raise {ApiName.Examples}.");
        _told.Begin(label);
        return _training.Run(data.Batches, steps, _options.Seed, tests, _told, cancellationToken);
    }

    private long StepsOf(int examples) => ((long)examples * _options.Epochs + _options.BatchExamples - 1) / _options.BatchExamples;
}
