using Pursuit.Selection;
using Pursuit.Selection.Methods;

namespace Pursuit.Proof;

/// <summary>A method as a proof tries it: its name, and settings of its own where the same method is tried in several ways.</summary>
/// <param name="Label">What tables call it, as it was given: <c>gtp</c> or <c>gtp:fill=none</c>.</param>
/// <param name="Name">The method's name.</param>
/// <param name="Settings">"NAME.option=value" pairs.</param>
public sealed record ProofMethod(string Label, string Name, IReadOnlyList<string> Settings)
{
    /// <summary>True for the whole pool, which nothing selects.</summary>
    public bool IsFull => Name is ProofReport.Full or ProofReport.FullEpoch;

    /// <summary>What the method needs.</summary>
    public FeatureNeeds Needs => IsFull ? FeatureNeeds.None : MethodRegistry.Find(Name).Needs;

    /// <summary>True where the method can't work without a target.</summary>
    public bool NeedsTarget => Needs.NeedsTargetFeatures() || (Needs & (FeatureNeeds.ReferenceLengths | FeatureNeeds.TargetTexts)) != 0;

    /// <summary>True where another target gives another selection.</summary>
    public bool ReadsTarget => NeedsTarget || Needs.ReadsTargetFeatures();

    /// <summary>Reads <c>NAME</c> or <c>NAME:option=value:option=value</c>.</summary>
    /// <exception cref="PursuitException">There is no such method or option.</exception>
    public static ProofMethod Parse(string text)
    {
        var parts = text.Split(':');
        var method = new ProofMethod(text, parts[0], [.. parts[1..].Select(p => $"{parts[0]}.{p}")]);
        if (method.IsFull && parts.Length > 1)
            throw PursuitException.At(ApiName.Methods, $"'{text}'", $"'{parts[0]}' alone: it has no options");
        if (!method.IsFull) _ = MethodOptions.Create(MethodRegistry.Find(method.Name), method.Settings);
        return method;
    }
}
