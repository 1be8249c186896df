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
        (Asked, Budgets) = Lengths(options, inputs);
        Seeds = [.. Enumerable.Range(0, options.Seeds).Select(i => options.FirstSeed + (ulong)i)];
        EpochSeeds = [.. Seeds.Take(options.EpochSeeds ?? options.Seeds)];
        EpochSteps = inputs.Material.EpochSteps;
    }

    /// <summary>The methods, those that are always there last.</summary>
    public IReadOnlyList<ProofMethod> Methods { get; init; }

    /// <summary>What was asked for each of <see cref="Budgets"/>.</summary>
    public IReadOnlyList<Budget> Asked { get; }

    /// <summary>The budgets in examples and steps.</summary>
    public IReadOnlyList<ProofBudget> Budgets { get; }

    /// <summary>The seeds.</summary>
    public IReadOnlyList<ulong> Seeds { get; init; }

    /// <summary>Of the seeds, those that also train a whole epoch.</summary>
    public IReadOnlyList<ulong> EpochSeeds { get; }

    /// <summary>Steps of one epoch over everything.</summary>
    public long EpochSteps { get; }

    private static (IReadOnlyList<Budget> Asked, IReadOnlyList<ProofBudget> Budgets) Lengths(ProveOptions options, ProofInputs inputs)
    {
        var lengths = options.Budgets.SelectMany(asked => inputs.Regime.Budgets(asked, inputs.Material).Select(b => (asked, b))).ToArray();
        return ([.. lengths.Select(l => l.asked)], [.. lengths.Select(l => l.b)]);
    }
}
