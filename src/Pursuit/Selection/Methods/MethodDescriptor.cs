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

    /// <summary>Adds what the method's other processes answer; null where it asks for no more than passes over gradient rows.</summary>
    internal Action<ITeamWorker>? Serve { get; init; }

    /// <summary>Describes a method whose options are <typeparamref name="TOptions"/>.</summary>
    public static MethodDescriptor For<TOptions>(string name, string summary, FeatureNeeds needs, Func<TOptions, ISelector> create)
        where TOptions : class, new() =>
        new() { Name = name, Summary = summary, Needs = needs, OptionsType = typeof(TOptions), Create = o => create((TOptions)o) };
}

/// <summary>The options of a method that has none.</summary>
public sealed record NoOptions;
