using System.ComponentModel;
using Pursuit.Engine.Features;
using Pursuit.Proof;
using Pursuit.Selection;
using Pursuit.Selection.Methods;

namespace Pursuit.Engine.Proof;

/// <summary>
/// Among which methods <c>auto</c> chooses, and with how much training: the options of "--set auto.OPTION=VALUE".
/// </summary>
public sealed record AutoOptions
{
    /// <summary>What the options go by.</summary>
    public const string Name = ProofMethod.Auto;

    /// <summary>The methods, as a proof names them, with commas between; random is always among them.</summary>
    [Description("the methods to choose among, with commas between, named as in a proof; random is always among them")]
    public string Methods { get; init; } = "gtp,less-round-robin,tsds:on=gradients,rds-round-robin";

    /// <summary>Trainings of each method on each half of the target, with other seeds. Default 1; range 1 to 100.</summary>
    [Description("trainings of each method on each half of the target, 1 to 100")]
    public int Seeds { get; init; } = 1;

    /// <summary>Passes of a training over the budget. Default null: those of the proof, 4 in a selection; at least 1.</summary>
    [Description("passes of a training over the budget, 1 or more; those of the proof, else 4")]
    public int? Epochs { get; init; }

    /// <summary>The trainings' highest learning rate. Default null: that of the proof, 0.0003 in a selection; above 0.</summary>
    [Description("the trainings' peak learning rate, above 0; that of the proof, else 0.0003")]
    public double? LearningRate { get; init; }

    /// <summary>The options that settings name.</summary>
    /// <param name="settings">"NAME.option=value" pairs; those of other owners are passed over.</param>
    /// <exception cref="PursuitException">An option is unknown or out of range, or a method unknown.</exception>
    internal static AutoOptions Of(IReadOnlyList<string> settings)
    {
        var options = new AutoOptions();
        MethodOptions.Fill(options, Name, settings);
        options.Validate();
        return options;
    }

    /// <summary>A proof's recipe with what these options say of it.</summary>
    internal ProveOptions On(ProveOptions recipe) =>
        recipe with { Epochs = Epochs ?? recipe.Epochs, LearningRate = LearningRate ?? recipe.LearningRate };

    /// <summary>The methods with random.</summary>
    /// <param name="featuresRun">A run whose features they use; null where features are made for them.</param>
    /// <exception cref="PursuitException">A method is unknown, or can't take part.</exception>
    internal IReadOnlyList<ProofMethod> Candidates(string? featuresRun)
    {
        var words = Methods.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        ProofMethod[] named = [.. words.Where(w => w != ProofReport.Random).Select(ProofMethod.Parse)];
        if (named.FirstOrDefault(m => m.IsFull || m.IsAuto) is { } unfit)
            throw PursuitException.At($"{Name}.methods", $"'{unfit.Label}'", "methods that select");
        if (named.FirstOrDefault(m => m.FeatureSettings.Count > 0) is { } changed)
            throw PursuitException.At(
                $"{Name}.methods",
                $"'{changed.Label}'",
                "methods without options of features",
                "All candidates share the features; set their options for all.");
        if (featuresRun is not null) named = [.. named.Select(m => FeatureSources.Lent(featuresRun, m))];
        if (named.GroupBy(m => m.Label).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw PursuitException.At($"{Name}.methods", $"'{twice.Key}' twice", "each method once");
        return [.. named, ProofMethod.Parse(ProofReport.Random)];
    }

    /// <summary>Checks the ranges and the methods.</summary>
    /// <exception cref="PursuitException">An option is out of range, or a method unknown.</exception>
    public void Validate()
    {
        if (Seeds is < 1 or > 100) throw PursuitException.At($"{Name}.seeds", $"{Seeds}", "1 to 100");
        if (Epochs < 1) throw PursuitException.At($"{Name}.epochs", $"{Epochs}", "1 or more");
        if (LearningRate is { } rate && !(rate > 0))
            throw PursuitException.At($"{Name}.learning-rate", FormattableString.Invariant($"{rate}"), "a number above 0");
        if (Candidates(null).Count < 2) throw PursuitException.At($"{Name}.methods", $"'{Methods}'", "at least one method beside random");
    }
}
