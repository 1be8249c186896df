namespace Pursuit.TestKit.Architecture;

/// <summary>One type's use of another, as compiled: in a signature, a body, an attribute or a base.</summary>
/// <param name="From">The outermost type that uses, with its namespace.</param>
/// <param name="To">The outermost type that is used, with its namespace.</param>
internal readonly record struct Arrow(string From, string To)
{
    /// <summary>A type's namespace.</summary>
    public static string NamespaceOf(string type) => type.LastIndexOf('.') is > 0 and var dot ? type[..dot] : "";

    /// <inheritdoc/>
    public override string ToString() => $"{From} -> {To}";
}
