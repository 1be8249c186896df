using System.ComponentModel;
using Pursuit.Selection.Passes;
using Pursuit.Selection.Pursuits;

namespace Pursuit.Selection.Omp;

/// <summary>Options of <c>omp</c>.</summary>
public sealed record OmpOptions : PursuitOptions
{
    /// <summary>The relative residual at which the pursuit is done. Default 1e-6; range 0 to below 1.</summary>
    [Description("relative residual at which the pursuit is done, 0 to below 1")]
    public double Residual { get; init; } = 1e-6;

    /// <inheritdoc/>
    internal override void RequirePossible(PursuitQuestion question)
    {
        if (question.HasQuotas)
            throw PursuitException.At(
                OmpSelector.Name, "quotas", "none", "Quotas need every example ranked; omp ranks only those it wants. gtp takes quotas.");
    }

    /// <inheritdoc/>
    internal override bool KeepsFactors => true;

    /// <inheritdoc/>
    internal override long MostRows(long budget) => budget + 1;

    /// <inheritdoc/>
    internal override long MostPasses(long budget) => PursuitGains.MostPasses;

    /// <inheritdoc/>
    protected override IEnumerable<string> Faults()
    {
        foreach (var fault in base.Faults()) yield return fault;
        if (!(Residual is >= 0 and < 1)) yield return Fault("residual", Residual, "0 to below 1");
    }
}
