using Pursuit.Proof;
using Pursuit.Selection;

namespace Pursuit.Engine.Proof;

/// <summary>What a proof trains: every method at every budget with the same steps, and a whole epoch over everything.</summary>
internal sealed record ProofPlan
{
    /// <summary>Works out a plan.</summary>
    public ProofPlan(ProveOptions options, ProofInputs inputs)
    {
        Methods = options.AllMethods;
        Asked = options.Budgets;
        Budgets = [.. options.Budgets.Select(b => Of(b, options, inputs.Examples))];
        Seeds = [.. Enumerable.Range(0, options.Seeds).Select(i => options.FirstSeed + (ulong)i)];
        EpochSeeds = [.. Seeds.Take(options.EpochSeeds ?? options.Seeds)];
        var all = inputs.Examples.All().Examples.Count;
        EpochSteps = (all + options.BatchExamples - 1) / options.BatchExamples;
    }

    /// <summary>The methods, those that are always there last.</summary>
    public IReadOnlyList<ProofMethod> Methods { get; }

    /// <summary>The budgets as they were asked.</summary>
    public IReadOnlyList<Budget> Asked { get; }

    /// <summary>The budgets in examples and steps.</summary>
    public IReadOnlyList<ProofBudget> Budgets { get; }

    /// <summary>The seeds.</summary>
    public IReadOnlyList<ulong> Seeds { get; init; }

    /// <summary>Of the seeds, those that also train a whole epoch.</summary>
    public IReadOnlyList<ulong> EpochSeeds { get; }

    /// <summary>Steps of one epoch over everything.</summary>
    public long EpochSteps { get; }

    /// <summary>A budget in tokens is so many mean examples: the steps must not depend on what a method makes of it.</summary>
    private static ProofBudget Of(Budget budget, ProveOptions options, ProofExamples examples)
    {
        var total = budget.Unit switch
        {
            BudgetUnit.Tokens => examples.TotalTokens,
            BudgetUnit.SupervisedTokens => examples.TotalSupervised,
            _ => examples.Count,
        };
        var share = (double)budget.Resolve(total) / total;
        var count = Math.Max(1, (int)Math.Round(share * examples.Count));
        return new ProofBudget(budget.ToString(), count, ((long)count * options.Epochs + options.BatchExamples - 1) / options.BatchExamples);
    }
}
