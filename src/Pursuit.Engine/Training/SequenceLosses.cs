using Pursuit.Engine.Models;

namespace Pursuit.Engine.Training;

/// <summary>Losses of many sequences, in batches whose composition doesn't depend on the number of threads.</summary>
internal static class SequenceLosses
{
    private const int BatchTokens = 1 << 15;

    /// <summary>Each sequence's mean loss, in nats per label, and how many labels it is over.</summary>
    /// <param name="sequences">Token ids, and which of them count; null for all.</param>
    /// <param name="pool">Workers on the model.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    public static IEnumerable<(double Loss, int Labels)> Compute(
        IReadOnlyList<(int[] Tokens, bool[]? Supervised)> sequences, DecoderPool pool, CancellationToken cancellationToken)
    {
        for (int first = 0, end; first < sequences.Count; first = end)
        {
            end = first;
            for (var tokens = 0; end < sequences.Count && (end == first || tokens + sequences[end].Tokens.Length <= BatchTokens); end++)
                tokens += sequences[end].Tokens.Length;
            var found = pool.Losses(Batch.Pack([.. sequences.Skip(first).Take(end - first)]), cancellationToken);
            for (var i = 0; i < end - first; i++) yield return (found.Examples[i], found.Labels[i]);
        }
    }
}
