using Pursuit.Selection.Length;
using Pursuit.Selection.LengthMatched;
using Pursuit.Selection.Random;

namespace Pursuit.Selection;

/// <summary>Every method, by name. Adding a method is a folder beside this file and one entry here (CONTRIBUTING.md).</summary>
public static class MethodRegistry
{
    /// <summary>The methods in the order of their listing: baselines last.</summary>
    public static IReadOnlyList<MethodDescriptor> Methods { get; } =
    [
        MethodDescriptor.For<NoOptions>(
            RandomSelector.Name,
            "a uniformly random choice; the baseline to beat",
            FeatureNeeds.None,
            _ => new RandomSelector()),
        MethodDescriptor.For<LengthOptions>(
            LengthSelector.Name,
            "the longest (or shortest) answers",
            FeatureNeeds.TokenCounts,
            options => new LengthSelector(options)),
        MethodDescriptor.For<LengthMatchedOptions>(
            LengthMatchedSelector.Name,
            "random, with answer lengths distributed as the target's or an earlier selection's",
            FeatureNeeds.TokenCounts | FeatureNeeds.ReferenceLengths,
            options => new LengthMatchedSelector(options)),
    ];

    /// <summary>The method of a name.</summary>
    /// <exception cref="PursuitException">There is none; the message has the nearest name.</exception>
    public static MethodDescriptor Find(string name) =>
        Methods.FirstOrDefault(m => m.Name == name)
        ?? throw PursuitException.At("--method", $"no method is named '{name}'", $"one of: {string.Join(", ", Methods.Select(m => m.Name))}", Suggestion.For(name, Methods.Select(m => m.Name)));
}
