namespace Pursuit.Selection;

/// <summary>
/// What an option, or a value of one, is called on the command line where that isn't the member's name in lower case with hyphens.
/// </summary>
/// <param name="name">The name.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal sealed class OptionNameAttribute(string name) : Attribute
{
    /// <summary>The name.</summary>
    public string Name => name;
}
