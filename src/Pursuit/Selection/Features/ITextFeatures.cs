namespace Pursuit.Selection.Features;

/// <summary>
/// What examples say, for methods that count words or compress: a text as it stands, of a conversation the turns' contents in
/// order, each but the last followed by a line feed; roles and tool calls are left out.
/// </summary>
public interface ITextFeatures
{
    /// <summary>Examples.</summary>
    int Count { get; }

    /// <summary>Every example's text in the pool's order; each call starts from the first.</summary>
    /// <param name="cancellationToken">Stops between examples.</param>
    IEnumerable<string> Read(CancellationToken cancellationToken);
}
