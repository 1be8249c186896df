using Pursuit.Data;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.AskLlm;
using Pursuit.Selection.Features;
using Pursuit.Selection.Methods;

namespace Pursuit.Jobs;

/// <summary>The token statistics a method reads, with what they depend on.</summary>
internal sealed record StatisticsFeatures : IDisposable
{
    private (string Name, string Fingerprint)[] _parts = [];

    /// <summary>The pool's by the probe model or data probes; null where the method reads none.</summary>
    public ITokenStatistics? Pool { get; private init; }

    /// <summary>The pool's by the reference model; null where the method reads none.</summary>
    public ITokenStatistics? Reference { get; private init; }

    /// <summary>A judge's answers about the pool; null where the method reads none.</summary>
    public JudgeAnswers? Judge { get; private init; }

    /// <summary>The pool's by every checkpoint of a training; null where the method reads none.</summary>
    public IReadOnlyList<ITokenStatistics>? Trajectory { get; private init; }

    /// <summary>The variances of the pool's gradients over a training; null where the method reads none.</summary>
    public IReadOnlyList<float>? GradientVariances { get; private init; }

    /// <summary>What they depend on; null where the method reads none.</summary>
    public string? Fingerprint { get; private init; }

    /// <summary>How they were made.</summary>
    public StatisticsReport? Report { get; private init; }

    /// <summary>Names what is missing before any file is read.</summary>
    public static void AddFaults(SelectJobOptions options, MethodDescriptor method, List<Fault> faults)
    {
        var needs = method.NeedsWith(options.Settings);
        if (needs.HasFlag(FeatureNeeds.TokenStatistics) && !options.TrainsProbes && options.ModelDirectory is null)
            faults.Add(Fault.OfOption(ApiName.Model, $"missing; '{method.Name}' asks a model about every token"));
        if (needs.HasFlag(FeatureNeeds.ReferenceStatistics) && options.ReferenceModel is null)
            faults.Add(Fault.OfOption(ApiName.ReferenceModel, $"missing; '{method.Name}' compares two models' losses"));
        if (needs.HasFlag(FeatureNeeds.JudgeAnswers) && options.ModelDirectory is null)
            faults.Add(Fault.OfOption(ApiName.Model, $"missing; '{method.Name}' asks a model about every example"));
        if ((needs & (FeatureNeeds.TrajectoryStatistics | FeatureNeeds.GradientVariances)) != 0 && options.ModelDirectory is null)
            faults.Add(Fault.OfOption(ApiName.Model, $"missing; '{method.Name}' measures along a model's training"));
    }

    /// <summary>Opens or makes what a method needs.</summary>
    /// <param name="needs">What the method declares.</param>
    /// <param name="settings">"NAME.option=value" pairs, which say what a judge is asked.</param>
    /// <param name="source">Makes statistics; null where none are made.</param>
    /// <param name="pool">The pool.</param>
    /// <param name="earlier">
    /// A finished selection that is only looked at: without a source none are opened, and what it depends on is taken from it.
    /// </param>
    /// <param name="cancellationToken">Stops the making; what is finished stays.</param>
    /// <exception cref="PursuitException">The model or the pool is unfit.</exception>
    public static StatisticsFeatures Open(
        FeatureNeeds needs, IReadOnlyList<string> settings, IStatisticsSource? source, Pool pool, RunStage? earlier,
        CancellationToken cancellationToken)
    {
        var opened = new StatisticsFeatures();
        if (!needs.ReadsStatistics()) return opened;
        if (source is null)
        {
            return earlier is not null
                ? opened with { Fingerprint = earlier.DependsOn("statistics") }
                : throw new InvalidOperationException("the job was asked for statistics and has no source of them");
        }

        try
        {
            if (needs.HasFlag(FeatureNeeds.TokenStatistics))
            {
                var own = source.OfPool(pool, needs.HasFlag(FeatureNeeds.AnswerStatistics), cancellationToken);
                opened = opened.With("own", own.Fingerprint, own.Report) with { Pool = own.Features };
            }

            if (needs.HasFlag(FeatureNeeds.ReferenceStatistics))
            {
                var reference = source.OfReference(pool, cancellationToken);
                opened = opened.With("reference", reference.Fingerprint, reference.Report) with { Reference = reference.Features };
            }

            if (needs.HasFlag(FeatureNeeds.JudgeAnswers))
            {
                var asked = (AskLlmOptions)MethodOptions.Read(MethodRegistry.Find(AskLlmSelector.Name), settings);
                var judge = source.OfJudge(pool, asked, cancellationToken);
                opened = opened.With("judge", judge.Fingerprint, judge.Report) with { Judge = judge.Answers };
            }

            if (needs.HasFlag(FeatureNeeds.TrajectoryStatistics))
            {
                var trajectory = source.OfTrajectory(pool, cancellationToken);
                opened = opened.With("trajectory", trajectory.Fingerprint, trajectory.Report) with { Trajectory = trajectory.Checkpoints };
            }

            if (needs.HasFlag(FeatureNeeds.GradientVariances))
            {
                var made = source.OfGradientVariances(pool, cancellationToken);
                opened = opened.With("variances", made.Fingerprint, made.Report) with { GradientVariances = made.Variances };
            }

            return opened with { Fingerprint = opened.Joined() };
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>The problem with the statistics in it.</summary>
    public SelectionProblem Give(SelectionProblem problem) =>
        problem with
        {
            Statistics = new StatisticsInputs
            {
                Pool = Pool,
                Reference = Reference,
                Judge = Judge,
                Trajectory = Trajectory,
                GradientVariances = GradientVariances,
            },
        };

    /// <summary>What a person should know of them.</summary>
    public IEnumerable<string> Remarks()
    {
        if (Report is { Tokens: > 0 } report && report.UnknownTokens > 0.01 * report.Tokens)
            yield return $"{(double)report.UnknownTokens / report.Tokens:0.0%} of the tokens stand for what the probe's vocabulary can't "
                + "spell: their probabilities say nothing of the text. Give another model, or none to train probes on the pool.";
    }

    /// <summary>Closes them.</summary>
    public void Dispose()
    {
        Pool?.Dispose();
        Reference?.Dispose();
        foreach (var checkpoint in Trajectory ?? []) checkpoint.Dispose();
    }

    private StatisticsFeatures With(string part, string fingerprint, StatisticsReport report) => this with
    {
        _parts = [.. _parts, (part, fingerprint)],
        Report = Report?.With(report) ?? report,
    };

    /// <summary>What one part depends on, or all together.</summary>
    private string Joined() => _parts.Length == 1
        ? _parts[0].Fingerprint
        : _parts.Aggregate(new Fingerprint("statistics"), (all, part) => all.Add(part.Name, part.Fingerprint)).Hash;
}
