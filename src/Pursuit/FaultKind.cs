namespace Pursuit;

/// <summary>What kind of thing a <see cref="Fault"/> is about.</summary>
public enum FaultKind
{
    /// <summary>What a file, a record or a tensor holds isn't what it should be.</summary>
    Input,

    /// <summary>An option has a value it can't have, is missing, or contradicts another.</summary>
    Option,

    /// <summary>A file or a directory can't be read or written, or isn't there.</summary>
    Storage,
}
