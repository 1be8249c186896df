using Pursuit.Runs;

namespace Pursuit.Engine.Features;

/// <summary>
/// Where features are kept: in a run of their own; or the pool's in another run that is finished and never changed, and the
/// targets' in this one; or all finished, to be looked at.
/// </summary>
internal sealed class FeatureStages
{
    private readonly RunDirectory _run;
    private readonly string? _lender;
    private readonly bool _finished;

    private FeatureStages(RunDirectory run, string? lender, bool finished) => (_run, _lender, _finished) = (run, lender, finished);

    /// <summary>The pool's stages are another run's.</summary>
    internal bool Borrows => _lender is not null;

    /// <summary>Everything is made in a run.</summary>
    public static FeatureStages Own(RunDirectory run) => new(run, null, false);

    /// <summary>What belongs to the pool is another run's, which stays as it is; targets are made in this one.</summary>
    /// <param name="lender">The other run's directory.</param>
    /// <param name="run">Gets the targets' stores.</param>
    public static FeatureStages Borrowed(string lender, RunDirectory run) => new(run, lender, false);

    /// <summary>Everything is there already, and nothing is computed.</summary>
    /// <param name="lender">The run with what belongs to the pool.</param>
    /// <param name="run">The run with the target's; may be the same.</param>
    public static FeatureStages Finished(string lender, RunDirectory run) => new(run, lender, true);

    /// <summary>True where a stage of this run needs no making.</summary>
    internal bool Has(string name) => RunStage.Look(_run.FullPath, name) is { IsComplete: true };

    /// <summary>Tells of damaged features.</summary>
    internal void Tell(string damage) => _run.OnDamage?.Invoke(damage);

    /// <summary>Refuses where the run holds a stage that was made otherwise, or begun.</summary>
    /// <param name="name">The stage's name.</param>
    /// <param name="fingerprint">What is asked for.</param>
    /// <exception cref="PursuitException">It does; names what differs.</exception>
    internal void RefuseOthers(string name, Fingerprint fingerprint)
    {
        if (Borrows || RunStage.Look(_run.FullPath, name) is not { } stage
            || stage.DifferencesFrom(fingerprint) is not { Count: > 0 } differences)
            return;
        throw PursuitException.At(
            stage.FullPath,
            $"{(stage.IsComplete ? "features" : "a part of features")} made with another {string.Join(", ", differences)}",
            "what is asked for now",
            $"Give what they were made with, or another {ApiName.Run}; {ApiName.Again} deletes them and makes new ones.");
    }

    /// <summary>True where stages of the pool, or of targets, are made in this run.</summary>
    internal bool Makes(bool ofPool) => _lender is null || !(ofPool || _finished);

    /// <summary>Keeps the recipe with the stages, where they are made here.</summary>
    internal void Keep<TOptions>(FeatureRecipe<TOptions> recipe)
        where TOptions : IFeatureOptions
    {
        if (!Borrows) recipe.Write(_run);
    }

    /// <summary>A stage of this run, or the finished one of the other, which is never emptied.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="fingerprint">What it depends on.</param>
    /// <param name="ofPool">Whether it belongs to the pool, not to a target.</param>
    /// <param name="isPart">Files of it that carry their own sum and its fingerprint; null: none does.</param>
    /// <exception cref="PursuitException">The other run has no such stage, or one made of something else.</exception>
    internal RunStage Open(string name, Fingerprint fingerprint, bool ofPool, Func<string, bool>? isPart = null)
    {
        if (_lender is not { } lender || Makes(ofPool)) return _run.OpenStage(name, fingerprint, isPart);
        var directory = ofPool ? lender : _run.FullPath;
        var stage = RunStage.Finished(directory, name)
            ?? throw PursuitException.At(
                directory,
                $"no finished stage '{name}'",
                "a run whose features are whole",
                "Run the command that computes them again: it continues.");
        var differences = stage.DifferencesFrom(fingerprint);
        return differences.Count == 0
            ? stage
            : throw PursuitException.At(
                $"{directory}, stage '{name}'",
                $"made with another {string.Join(", ", differences)}",
                "what was asked for now",
                $"Compute the features again for these files and this model: leave {ApiName.Features} away, "
                    + $"or run {ApiName.ModelFeatures}.");
    }
}
