using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Methods;

/// <summary>What the registry knows of a method.</summary>
public sealed record MethodDescriptor
{
    /// <summary>The name on the command line, lower-case with hyphens.</summary>
    public required string Name { get; init; }

    /// <summary>One line: what it prefers.</summary>
    public required string Summary { get; init; }

    /// <summary>What it must be given.</summary>
    public required FeatureNeeds Needs { get; init; }

    /// <summary>The method's page, relative to the repository's root.</summary>
    public string Page => $"docs/methods/{Name}.md";

    /// <summary>The options record; its public init properties are what "--set NAME.option=value" sets.</summary>
    public required Type OptionsType { get; init; }

    /// <summary>Makes the method from its options record.</summary>
    public required Func<object, ISelector> Create { get; init; }

    /// <summary>
    /// True where the method compares examples as vectors, whatever these represent: it takes gradients for embeddings and the other way
    /// round.
    /// </summary>
    public bool TakesAnyVectors { get; init; }

    /// <summary>What it must be given where its options decide that; null where they don't.</summary>
    internal Func<object, FeatureNeeds>? NeedsOf { get; init; }

    /// <summary>Adds what the method's other processes answer; null where it asks for no more than passes over gradient rows.</summary>
    internal Action<ITeamWorker>? Serve { get; init; }

    /// <summary>What the method must be given with some settings.</summary>
    /// <param name="settings">"NAME.option=value" pairs.</param>
    /// <exception cref="PursuitException">An option is unknown, or has a value that doesn't fit.</exception>
    internal FeatureNeeds NeedsWith(IReadOnlyList<string> settings) =>
        NeedsOf is null ? Needs : NeedsOf(MethodOptions.Read(this, settings));

    /// <summary>What results call the method: its name, and the representation where that isn't its own.</summary>
    /// <param name="on">The representation that was asked for; null for none.</param>
    /// <param name="used">The kind of features it gets; null where that isn't known.</param>
    internal string Label(Representation? on, FeatureKind? used) => Name + Suffix(on, used);

    /// <summary>What follows the name there: " on gradients", or nothing.</summary>
    internal string Suffix(Representation? on, FeatureKind? used) =>
        on?.Path is not null ? $" on {on.Name}"
        : (on?.Kind ?? used) is { } kind && Needs.ReadsFeatures() && kind != Needs.OwnKind() ? $" on {Representation.WordFor(kind)}"
        : "";

    /// <summary>What is wrong with asking the method to work on a representation; null where nothing is.</summary>
    internal Fault? FaultOf(Representation on) =>
        !Needs.ReadsFeatures() ? Fault.OfOption(ApiName.On, $"given with '{Name}', which compares no vectors")
        : on.Kind is { } kind && !Takes(kind)
            ? Fault.OfOption(ApiName.On, $"{on.Name}; '{Name}' is defined by {Representation.WordFor(Needs.OwnKind())}")
        : null;

    /// <summary>Whether features of a kind serve the method; an encoder's vectors do where embeddings do.</summary>
    internal bool Takes(FeatureKind kind) =>
        TakesAnyVectors || kind == Needs.OwnKind() || (kind == FeatureKind.Encoder && Needs.OwnKind() == FeatureKind.Embedding);

    /// <summary>Describes a method whose options are <typeparamref name="TOptions"/>.</summary>
    public static MethodDescriptor For<TOptions>(string name, string summary, FeatureNeeds needs, Func<TOptions, ISelector> create)
        where TOptions : class, new() =>
        new() { Name = name, Summary = summary, Needs = needs, OptionsType = typeof(TOptions), Create = o => create((TOptions)o) };
}

/// <summary>The options of a method that has none.</summary>
public sealed record NoOptions;
