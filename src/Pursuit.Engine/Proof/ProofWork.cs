using Pursuit.Proof;
using Pursuit.Runs;

namespace Pursuit.Engine.Proof;

/// <summary>One seed's selections, trainings and measurements after another.</summary>
internal sealed class ProofWork(
    RunDirectory run, ProveOptions options, ProofInputs inputs, ProofPlan plan, ProofProgress progress, IProgress<WorkProgress>? selecting)
{
    private readonly ProofTraining _training = new(run, options, inputs.Regime);
    private readonly ProofSelections _selections = new(run, options, inputs, selecting);
    private readonly SortedSet<string> _remarks = new(StringComparer.Ordinal);

    /// <summary>What methods and trainings want known.</summary>
    public IEnumerable<string> Remarks => _remarks;

    /// <summary>Counts one seed's work in.</summary>
    public void Announce(ulong seed)
    {
        foreach (var cell in Cells(seed)) progress.Plan(cell.Steps, cell.Tests);
    }

    /// <summary>Counts one seed's work out again.</summary>
    public void Withdraw(ulong seed)
    {
        foreach (var cell in Cells(seed)) progress.Skip(cell.Steps, cell.Tests);
    }

    /// <summary>The untrained model's scores.</summary>
    public IEnumerable<TrainingScores> Untrained(CancellationToken cancellationToken)
    {
        progress.Begin("the untrained model");
        return Scores(_training.Untrained(inputs.Tests, progress, cancellationToken), ProofReport.Base, null, null);
    }

    /// <summary>Does one seed's work.</summary>
    public IEnumerable<(ProofCost Cost, IReadOnlyList<TrainingScores> Scores)> Do(ulong seed, CancellationToken cancellationToken)
    {
        foreach (var cell in Cells(seed))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var selection = cell.Method.IsFull
                ? null
                : _selections.Select(cell.Method, plan.Asked[cell.Budget!.Value], seed, cell.Target, cell.TargetName, cancellationToken);
            var data = inputs.Material.Choose(selection?.Rows, cell.Steps, seed)
                ?? throw PursuitException.At(
                    $"{cell.Label}, seed {seed}",
                    $"{selection?.Rows.Count ?? inputs.Material.Count:N0} examples chosen, none with a token to learn",
                    "at least one",
                    $"Choose a larger {ApiName.Budget} or another method.");
            foreach (var remark in selection?.Remarks ?? []) _remarks.Add($"{cell.Label}: {remark}");
            progress.Begin($"seed {seed}, {cell.Label}");
            var stored = _training.Run(data.Batches, cell.Steps, seed, cell.Tests, progress, cancellationToken);
            var budget = cell.Budget is { } b ? plan.Budgets[b].Name : null;
            var cost = new ProofCost
            {
                Target = cell.TargetName,
                Method = cell.Method.Label,
                Budget = budget,
                Seed = seed,
                Selection = selection?.Cost,
                Examples = data.Examples,
                WithoutAnswer = data.WithoutAnswer,
                EffectiveSize = data.EffectiveSize,
                Steps = stored.Steps,
                Tokens = stored.Tokens,
                TrainingSeconds = stored.Seconds!.Training,
                TestSeconds = stored.Seconds.Test,
            };
            yield return (cost, Scores(stored, cell.Method.Label, budget, seed));
        }
    }

    /// <summary>A seed's trainings: what reads no target is trained once and measured on every test.</summary>
    private IEnumerable<Cell> Cells(ulong seed)
    {
        for (var budget = 0; budget < plan.Budgets.Count; budget++)
        {
            foreach (var method in plan.Methods.Where(m => m.Name != ProofReport.FullEpoch))
            {
                var label = $"{method.Label} at {plan.Budgets[budget].Name}";
                if (!method.ReadsTarget || options.Targets.Count == 0)
                {
                    yield return new Cell(method, budget, null, null, label, plan.Budgets[budget].Steps, inputs.Tests);
                    continue;
                }

                for (var target = 0; target < inputs.Tests.Count; target++)
                    yield return new Cell(
                        method,
                        budget,
                        target,
                        inputs.Tests[target].Name,
                        $"{label} for {inputs.Tests[target].Name}",
                        plan.Budgets[budget].Steps,
                        [inputs.Tests[target]]);
            }
        }

        if (plan.EpochSeeds.Contains(seed))
            yield return new Cell(
                plan.Methods.Single(m => m.Name == ProofReport.FullEpoch),
                null,
                null,
                null,
                ProofReport.FullEpoch,
                plan.EpochSteps,
                inputs.Tests);
    }

    private IReadOnlyList<TrainingScores> Scores(StoredTraining stored, string method, string? budget, ulong? seed) =>
        [.. stored.Tests.Select(t => new TrainingScores
        {
            Target = t.Target,
            Method = method,
            Budget = budget,
            Seed = seed,
            Losses = t.Losses,
            Labels = inputs.Tests.Single(i => i.Name == t.Target).Labels,
            Answers = t.Scores,
        })];

    private sealed record Cell(
        ProofMethod Method, int? Budget, int? Target, string? TargetName, string Label, long Steps, IReadOnlyList<ProofTest> Tests);
}
