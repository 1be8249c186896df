using Pursuit.Data;

namespace Pursuit.Proof;

/// <summary>
/// Examples that are copies of one another, nearly or of a part: two that share at least half of the smaller one's sampled runs of
/// 13 words stand in one group, and so do those that are joined by others.
/// </summary>
/// <remarks>
/// Every fourth run is sampled, by its hash, and each example's smallest; a run that stands in more examples than
/// <see cref="MostShared"/> is only looked up in the first of them, so that a licence's words cost no more than that.
/// </remarks>
internal static class DuplicateGroups
{
    private const ulong Sampled = 4;
    private const double ShareOfSmaller = 0.5;
    private const int MostShared = 64;
    private const int Block = 256;

    /// <summary>Groups examples.</summary>
    /// <param name="examples">The examples, read once.</param>
    /// <param name="threads">Threads that look at words; the groups don't depend on it.</param>
    /// <param name="onExamples">Told how many have passed, or null.</param>
    /// <param name="cancellationToken">Stops between blocks of examples.</param>
    /// <returns>Each example's group, named by its first member, [examples].</returns>
    public static int[] Of(IEnumerable<Example> examples, int threads, Action<int>? onExamples, CancellationToken cancellationToken)
    {
        var owners = new Dictionary<ulong, List<int>>();
        var sizes = new List<int>();
        var parents = new List<int>();
        var shared = new Dictionary<int, int>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken };
        foreach (var block in examples.Chunk(Block))
        {
            var samples = new HashSet<ulong>[block.Length];
            Parallel.For(0, block.Length, options, i => samples[i] = Sample(block[i]));
            foreach (var own in samples) Add(own);
            onExamples?.Invoke(parents.Count);
        }

        return [.. Enumerable.Range(0, parents.Count).Select(i => Root(parents, i))];

        void Add(HashSet<ulong> own)
        {
            var position = parents.Count;
            parents.Add(position);
            sizes.Add(own.Count);
            shared.Clear();
            foreach (var hash in own)
            {
                if (!owners.TryGetValue(hash, out var list)) owners[hash] = list = [];
                foreach (var other in list) shared[other] = shared.GetValueOrDefault(other) + 1;
                if (list.Count < MostShared) list.Add(position);
            }

            foreach (var (other, count) in shared)
                if (count >= ShareOfSmaller * Math.Min(own.Count, sizes[other])) Join(parents, position, other);
        }
    }

    private static HashSet<ulong> Sample(Example example)
    {
        var runs = new List<WordRun>();
        WordRuns.Collect(example, runs);
        // The hash's low bits are a product's; the high ones are mixed.
        var sample = runs.Select(r => r.Hash).Where(h => (h >> 32) % Sampled == 0).ToHashSet();
        if (runs.Count > 0) sample.Add(runs.Min(r => r.Hash));
        return sample;
    }

    private static void Join(List<int> parents, int a, int b)
    {
        (a, b) = (Root(parents, a), Root(parents, b));
        parents[Math.Max(a, b)] = Math.Min(a, b);
    }

    private static int Root(List<int> parents, int i)
    {
        while (parents[i] != i) i = parents[i] = parents[parents[i]];
        return i;
    }
}
