using Pursuit.Selection;
using Pursuit.Selection.Methods;

namespace Pursuit.Proof;

/// <summary>A method as a proof tries it: its name, and settings of its own where the same method is tried in several ways.</summary>
/// <param name="Label">What tables call it, as it was given: <c>gtp</c> or <c>gtp:fill=none</c>.</param>
/// <param name="Name">The method's name.</param>
/// <param name="Settings">"NAME.option=value" pairs.</param>
public sealed record ProofMethod(string Label, string Name, IReadOnlyList<string> Settings)
{
    /// <summary>The name of the choice among methods by short trainings.</summary>
    public const string Auto = MethodOptions.AutoOwner;

    /// <summary>True where short trainings on halves of the target choose the method.</summary>
    public bool IsAuto => Name == Auto;

    /// <summary>True for the whole pool, which nothing selects.</summary>
    public bool IsFull => Name is ProofReport.Full or ProofReport.FullEpoch;

    /// <summary>What the method itself needs; nothing where it isn't one of the registry's.</summary>
    public FeatureNeeds Needs => IsFull || IsAuto ? FeatureNeeds.None : MethodRegistry.Find(Name).Needs;

    /// <summary>What stands for the examples; null is the method's own kind.</summary>
    public Representation? On { get; private init; }

    /// <summary>
    /// "features.option=value", "embedding.option=value" and "encoder.option=value" pairs: how the
    /// features it reads are made, where that isn't as the others'.
    /// </summary>
    public IReadOnlyList<string> FeatureSettings { get; private init; } = [];

    /// <summary>The text that <see cref="Parse"/> makes this method of.</summary>
    internal string Given => string.Join(
        ':',
        [
            Name, .. Settings.Select(s => s[(Name.Length + 1)..]), .. FeatureSettings,
            .. On is null ? Array.Empty<string>() : [$"on={Representation.WordFor(On.Kind!.Value)}"],
        ]);

    /// <summary>True where the method can't work without a target.</summary>
    public bool NeedsTarget =>
        IsAuto || Needs.NeedsTargetFeatures() || (Needs & (FeatureNeeds.ReferenceLengths | FeatureNeeds.TargetTexts)) != 0;

    /// <summary>True where another target gives another selection.</summary>
    public bool ReadsTarget => NeedsTarget || Needs.ReadsTargetFeatures();

    /// <summary>
    /// Reads <c>NAME</c> or <c>NAME:option=value:option=value</c>; <c>on=gradients</c>, <c>on=embeddings</c> and <c>on=encoder</c> say
    /// what it compares, <c>features.option=value</c>, <c>embedding.option=value</c> and <c>encoder.option=value</c> how that is made.
    /// </summary>
    /// <exception cref="PursuitException">There is no such method or option.</exception>
    public static ProofMethod Parse(string text)
    {
        const string Representing = "on=";
        var parts = text.Split(':');
        var on = parts[1..].LastOrDefault(p => p.StartsWith(Representing, StringComparison.Ordinal))?[Representing.Length..];
        parts = [.. parts.Where(p => !p.StartsWith(Representing, StringComparison.Ordinal))];
        var method = new ProofMethod(
            string.Join(':', parts), parts[0], [.. parts[1..].Where(p => !IsOfFeatures(p)).Select(p => $"{parts[0]}.{p}")])
        {
            FeatureSettings = [.. parts[1..].Where(IsOfFeatures)],
        };
        if ((method.IsFull || method.IsAuto) && (parts.Length > 1 || on is not null))
            throw PursuitException.At(
                ApiName.Methods,
                $"'{text}'",
                $"'{parts[0]}' alone{(method.IsAuto ? $"; {ApiName.Set} gives its options" : ": it has no options")}");
        if (method.IsFull || method.IsAuto) return method;
        _ = MethodOptions.Create(MethodRegistry.Find(method.Name), method.Settings);
        if (method.FeatureSettings.Count > 0 && !method.Needs.ReadsFeatures())
            throw PursuitException.At(ApiName.Methods, $"'{text}'", $"no options of features: '{method.Name}' reads none");
        return on switch
        {
            null => method,
            "gradients" => method.Compares(FeatureKind.Gradient),
            "embeddings" => method.Compares(FeatureKind.Embedding),
            "encoder" => method.Compares(FeatureKind.Encoder),
            _ => throw PursuitException.At(
                ApiName.Methods, $"'{text}'", "on=gradients, on=embeddings or on=encoder",
                $"Features of a file are given with {ApiName.Features}."),
        };
    }

    private static bool IsOfFeatures(string setting) =>
        setting.StartsWith(MethodOptions.FeaturesOwner + ".", StringComparison.Ordinal)
        || setting.StartsWith(MethodOptions.EmbeddingOwner + ".", StringComparison.Ordinal)
        || setting.StartsWith(MethodOptions.EncoderOwner + ".", StringComparison.Ordinal);

    /// <summary>The same method on features of a kind, by which its label calls it where they aren't its own.</summary>
    /// <exception cref="PursuitException">It can't use them.</exception>
    internal ProofMethod Compares(FeatureKind kind)
    {
        if (On?.Kind == kind) return this; // its label says so already
        var on = Representation.Of(kind);
        var method = MethodRegistry.Find(Name);
        if (method.FaultOf(on) is { } fault) throw new PursuitException([fault]);
        return this with { On = on, Label = Label + method.Suffix(on, null) };
    }
}
