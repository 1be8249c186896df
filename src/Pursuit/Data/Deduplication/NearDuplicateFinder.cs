using System.Collections.Concurrent;

namespace Pursuit.Data.Deduplication;

/// <summary>
/// Finds the examples of a pool that are near duplicates of earlier ones. In the pool's order, an example is one where a kept one before
/// it shares a bucket with it and is as similar as <see cref="NearDuplicateOptions.Threshold"/>; the first such counts. All others are
/// kept.
/// </summary>
/// <remarks>
/// Three stages: all texts are read once and their band hashes put into a file; band by band the hashes are sorted, and those that two or
/// more share become buckets; the examples that share one are read again, in order, and compared. In memory are 4 bytes an example, a band
/// (16 bytes an example, in the second stage), the shared buckets (<see cref="BucketTable"/>) and a bounded cache of n-grams.
/// </remarks>
/// <param name="pool">Unique examples.</param>
/// <param name="options">What near duplicates are.</param>
/// <param name="reading">Threads and the directory of temporary files.</param>
/// <param name="progress">Told how far each stage has come, or null.</param>
/// <param name="token">Stops between examples.</param>
internal sealed class NearDuplicateFinder(
    Pool pool, NearDuplicateOptions options, PoolOptions reading, IProgress<PoolProgress>? progress, CancellationToken token)
{
    /// <summary>Hashes of the cache: 128 MiB.</summary>
    private const long CachedHashes = 16 << 20;

    private const int BatchExamples = 256;
    private const int BatchBytes = 4 << 20;
    private const int BlockExamples = 1 << 14;
    private const int NoBucket = -1;

    private readonly BandPlan _plan = BandPlan.For(options.Threshold, options.Permutations);
    private readonly BucketTable _buckets = new();
    private readonly GramCache _cache = new(CachedHashes);
    private readonly GramReader _reader = new(options);
    private readonly int[] _gramCounts = new int[pool.Count];

    /// <summary>Finds them.</summary>
    /// <returns>In the pool's order.</returns>
    /// <exception cref="PursuitException">A file has changed since it was read, or there is no room for temporary files.</exception>
    public IReadOnlyList<NearDuplicate> Find()
    {
        using var bands = new BandFile(reading.SpoolDirectory, _plan.Bands, pool.Count);
        Sign(bands);
        FindBuckets(bands);
        return Compare(bands);
    }

    private void Sign(BandFile bands)
    {
        var hash = new MinHash(_plan.Bands * _plan.Rows, (ulong)options.Seed);
        var done = 0;
        Parallel.ForEach(
            Partitioner.Create(Batches(Enumerable.Range(0, pool.Count), pool.Read(token)), EnumerablePartitionerOptions.NoBuffering),
            new ParallelOptions { MaxDegreeOfParallelism = reading.Threads, CancellationToken = token },
            () => new GramReader(options),
            (batch, _, reader) =>
            {
                var signature = new uint[hash.Length];
                var hashes = new ulong[_plan.Bands * batch.Count];
                for (var i = 0; i < batch.Count; i++)
                {
                    var grams = reader.Read(batch[i].Example).Whole;
                    _gramCounts[batch[i].Position] = grams.Length;
                    if (grams.Length == 0) continue;
                    hash.Sign(grams, signature);
                    for (var band = 0; band < _plan.Bands; band++)
                        hashes[band * batch.Count + i] = HashOf(signature.AsSpan(band * _plan.Rows, _plan.Rows));
                }

                bands.Write(batch[0].Position, hashes);
                Report("hashing the texts", Interlocked.Add(ref done, batch.Count), pool.Count);
                return reader;
            },
            _ => { });
    }

    private void FindBuckets(BandFile bands)
    {
        var hashes = new ulong[pool.Count];
        var positions = new int[pool.Count];
        var buckets = new int[pool.Count];
        for (var band = 0; band < _plan.Bands; band++)
        {
            token.ThrowIfCancellationRequested();
            bands.ReadBand(band, hashes);
            for (var i = 0; i < positions.Length; i++) positions[i] = i;
            hashes.AsSpan().Sort(positions.AsSpan());
            for (int start = 0, end; start < hashes.Length; start = end)
            {
                for (end = start + 1; end < hashes.Length && hashes[end] == hashes[start];) end++;
                var bucket = end - start == 1 || hashes[start] == BandFile.NoHash ? NoBucket : _buckets.Add(end - start);
                foreach (var position in positions.AsSpan(start, end - start)) buckets[position] = bucket;
            }

            bands.WriteBuckets(band, buckets);
            Report("sorting the hashes", (long)(band + 1) * pool.Count, (long)_plan.Bands * pool.Count);
        }
    }

    private List<NearDuplicate> Compare(BandFile bands)
    {
        var found = new List<NearDuplicate>();
        var candidates = new List<int>();
        for (var first = 0; first < pool.Count; first += BlockExamples)
        {
            var count = Math.Min(BlockExamples, pool.Count - first);
            var buckets = new int[_plan.Bands * count];
            bands.ReadBuckets(first, buckets);
            int[] sharing = [.. Enumerable.Range(0, count).Where(i => BucketsOf(buckets, count, i).Any()).Select(i => first + i)];
            foreach (var batch in Batches(sharing, pool.Read(sharing, token)))
            {
                var grams = Grams(batch);
                for (var i = 0; i < batch.Count; i++)
                {
                    token.ThrowIfCancellationRequested();
                    var position = batch[i].Position;
                    candidates.Clear();
                    foreach (var bucket in BucketsOf(buckets, count, position - first)) _buckets.CopyTo(bucket, candidates);
                    if (Resembled(position, grams[i], candidates) is { } duplicate)
                    {
                        found.Add(duplicate);
                        continue;
                    }

                    _cache.Add(position, grams[i]);
                    foreach (var bucket in BucketsOf(buckets, count, position - first)) _buckets.Insert(bucket, position);
                }

                Report("comparing texts", batch[^1].Position + 1, pool.Count);
            }
        }

        Report("comparing texts", pool.Count, pool.Count);
        return found;
    }

    /// <summary>The first candidate that an example is a near duplicate of.</summary>
    private NearDuplicate? Resembled(int position, GramSets grams, List<int> candidates)
    {
        candidates.Sort();
        var last = -1;
        foreach (var candidate in candidates)
        {
            if (candidate == last || !SizesAllow(position, candidate)) continue;
            last = candidate;
            if (!_cache.TryGet(candidate, out var others))
            {
                others = _reader.Read(pool.Read([candidate], token).Single());
                _cache.Add(candidate, others);
            }

            var similarity = GramSets.Similarity(grams, others, options.Threshold);
            if (similarity >= options.Threshold) return new NearDuplicate(position, candidate, similarity);
        }

        return null;
    }

    /// <summary>The similarity is at most the smaller set's share of the larger one: most others needn't be read.</summary>
    private bool SizesAllow(int a, int b)
    {
        var (x, y) = (_gramCounts[a], _gramCounts[b]);
        return (double)Math.Min(x, y) / Math.Max(x, y) >= options.Threshold;
    }

    private GramSets[] Grams(List<(int Position, Example Example)> batch)
    {
        var grams = new GramSets[batch.Count];
        Parallel.For(
            0,
            batch.Count,
            new ParallelOptions { MaxDegreeOfParallelism = reading.Threads, CancellationToken = token },
            () => new GramReader(options),
            (i, _, reader) =>
            {
                grams[i] = reader.Read(batch[i].Example);
                return reader;
            },
            _ => { });
        return grams;
    }

    private IEnumerable<int> BucketsOf(int[] buckets, int count, int index)
    {
        for (var band = 0; band < _plan.Bands; band++)
        {
            if (buckets[band * count + index] is >= 0 and var bucket) yield return bucket;
        }
    }

    /// <summary>Examples with their positions, so many at a time that neither their number nor their records' bytes are large.</summary>
    private static IEnumerable<List<(int Position, Example Example)>> Batches(IEnumerable<int> positions, IEnumerable<Example> examples)
    {
        var batch = new List<(int Position, Example Example)>();
        var bytes = 0L;
        foreach (var (position, example) in positions.Zip(examples))
        {
            batch.Add((position, example));
            bytes += example.Locator.Length;
            if (batch.Count < BatchExamples && bytes < BatchBytes) continue;
            yield return batch;
            (batch, bytes) = ([], 0);
        }

        if (batch.Count > 0) yield return batch;
    }

    private void Report(string work, long done, long total) =>
        progress?.Report(new PoolProgress(0, 0, done, "") { Work = work, RowsTotal = total });

    /// <summary>
    /// FNV-1a over the words of a band, with a larger factor, and never <see cref="BandFile.NoHash"/>; a chance collision only proposes a
    /// pair.
    /// </summary>
    private static ulong HashOf(ReadOnlySpan<uint> rows)
    {
        var hash = 0xCBF29CE484222325UL;
        foreach (var word in rows) hash = (hash ^ word) * 0x9FB21C651E98DF25UL;
        hash ^= hash >> 32;
        return hash == BandFile.NoHash ? 1 : hash;
    }
}
