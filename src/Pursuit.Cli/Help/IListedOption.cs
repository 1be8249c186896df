namespace Pursuit.Cli.Help;

/// <summary>What help and completion read of an option, beside its name and description.</summary>
internal interface IListedOption
{
    /// <summary>The heading it is listed under.</summary>
    OptionGroup Group { get; }

    /// <summary>Whether the short help (<c>-h</c>) lists it.</summary>
    bool IsCommon { get; }

    /// <summary>How help names the default; null for the default value itself, or none.</summary>
    string? Default { get; }

    /// <summary>The words that are values of it, where they are few; what completion offers.</summary>
    IReadOnlyList<string> Words { get; }
}
