using System.CommandLine;

namespace Pursuit.Cli.Help;

/// <summary>An option with its place in the command's help.</summary>
/// <typeparam name="T">Its value's type; <see langword="bool"/> for a flag, which takes no value.</typeparam>
internal sealed class ListedOption<T> : Option<T>, IListedOption
{
    /// <summary>An option with a value.</summary>
    /// <param name="name">Its name, with the hyphens.</param>
    /// <param name="group">The heading it is listed under.</param>
    /// <param name="value">What its value is, in capitals.</param>
    /// <param name="description">One or more sentences, the first of which says what it is.</param>
    public ListedOption(string name, OptionGroup group, string value, string description)
        : base(name)
    {
        Group = group;
        HelpName = value;
        Description = description;
        AllowMultipleArgumentsPerToken = typeof(T) == typeof(string[]);
    }

    /// <summary>A flag.</summary>
    /// <param name="name">Its name, with the hyphens.</param>
    /// <param name="group">The heading it is listed under.</param>
    /// <param name="description">One or more sentences, the first of which says what it does.</param>
    public ListedOption(string name, OptionGroup group, string description)
        : this(name, group, "", description) => HelpName = null;

    /// <inheritdoc/>
    public OptionGroup Group { get; }

    /// <inheritdoc/>
    public bool IsCommon { get; init; }

    /// <summary>Whether its value is the directory of a model that computes.</summary>
    public bool IsModel { get; init; }

    /// <inheritdoc/>
    public string? Default { get; init; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Words { get; init; } = [];
}
