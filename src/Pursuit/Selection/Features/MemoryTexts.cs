namespace Pursuit.Selection.Features;

/// <summary>Texts in memory.</summary>
/// <param name="texts">[examples].</param>
public sealed class MemoryTexts(IReadOnlyList<string> texts) : ITextFeatures
{
    /// <inheritdoc/>
    public int Count => texts.Count;

    /// <inheritdoc/>
    public IEnumerable<string> Read(CancellationToken cancellationToken)
    {
        foreach (var text in texts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return text;
        }
    }
}
