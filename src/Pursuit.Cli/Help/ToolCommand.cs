using System.CommandLine;

namespace Pursuit.Cli.Help;

/// <summary>A command with what its help shows beside its options.</summary>
/// <param name="name">Its name.</param>
/// <param name="description">One sentence: what it does.</param>
internal sealed class ToolCommand(string name, string description) : Command(name, description)
{
    /// <summary>A command line without the leading "pursuit", on files with everybody's names.</summary>
    public required string Example { get; init; }

    /// <summary>What the long help adds: short paragraphs, each a line.</summary>
    public IReadOnlyList<string> Details { get; init; } = [];
}
