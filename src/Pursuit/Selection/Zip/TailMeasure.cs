namespace Pursuit.Selection.Zip;

/// <summary>Measures many texts behind one tail over several threads.</summary>
internal sealed class TailMeasure : IDisposable
{
    private readonly ParallelOptions _parallel;
    private readonly ITailCompressor _compressor;

    /// <summary>Opens the compressor.</summary>
    /// <exception cref="PursuitException">It isn't on this machine.</exception>
    public TailMeasure(ZipCompressor compressor, int threads, CancellationToken cancellationToken)
    {
        _parallel = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken };
        _compressor = compressor == ZipCompressor.Libz ? new LibzCompressor() : new ManagedCompressor();
    }

    /// <summary>What each text adds behind the tail, z(tail + text) - z(tail), [positions].</summary>
    /// <param name="text">The text whose end is the tail.</param>
    /// <param name="texts">All texts.</param>
    /// <param name="positions">Which of them.</param>
    /// <param name="onDone">Told how many are done, or null.</param>
    public int[] Added(CompressedText text, IReadOnlyList<byte[]> texts, IReadOnlyList<int> positions, Action<int>? onDone = null)
    {
        var added = new int[positions.Count];
        var alone = _compressor.SetTail(text.Tail);
        var done = 0;
        Parallel.For(0, positions.Count, _parallel, i =>
        {
            added[i] = _compressor.SizeBehindTail(texts[positions[i]]) - alone;
            if (onDone is not null) onDone(Interlocked.Increment(ref done));
        });
        return added;
    }

    /// <summary>Frees the compressor.</summary>
    public void Dispose() => _compressor.Dispose();
}
