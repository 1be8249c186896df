using Microsoft.Win32.SafeHandles;

namespace Pursuit.Data.Reading;

/// <summary>
/// The handles by which records are read again: a bounded number, however many files a pool has; the least recently used one is
/// closed for a new one. Several readings share them, since reads at an offset don't disturb each other.
/// </summary>
/// <param name="files">The pool's files.</param>
/// <param name="spool">Where compressed files are unpacked.</param>
/// <param name="most">Handles kept open; those in use at one moment, one for each thread, may be more.</param>
internal sealed class OpenFiles(IReadOnlyList<SourceFile> files, Spool spool, int most = OpenFiles.UsualMost) : IDisposable
{
    /// <summary>Leaves room within the 256 descriptors that some systems give a process.</summary>
    public const int UsualMost = 32;

    private readonly Dictionary<int, LinkedListNode<Entry>> _open = [];
    private readonly LinkedList<Entry> _byUse = new(); // the last used first
    private readonly Lock _gate = new();
    private bool _disposed;

    /// <summary>The pool's files.</summary>
    public IReadOnlyList<SourceFile> Files => files;

    /// <summary>Handles open now.</summary>
    public int Count
    {
        get
        {
            lock (_gate) return _open.Count;
        }
    }

    /// <summary>Reads bytes of a file's text.</summary>
    /// <param name="source">The file's position in the pool.</param>
    /// <param name="offset">Bytes of text before them.</param>
    /// <param name="destination">Gets them.</param>
    /// <param name="atLeast">Bytes that must be there.</param>
    /// <param name="token">Stops the unpacking of a compressed file.</param>
    /// <returns>Bytes read; fewer than asked for at the file's end.</returns>
    /// <exception cref="PursuitException">The file can't be read, has changed, or ends before.</exception>
    public int Read(int source, long offset, Span<byte> destination, int atLeast, CancellationToken token)
    {
        var file = files[source];
        if (file.NeedsUnpacking)
        {
            var start = spool.StartOf(source, files[source], token);
            return Fill(
                spool.Handle, files[source].Path, start + offset,
                destination[..(int)Math.Min(destination.Length, spool.LengthOf(source) - offset)], atLeast);
        }

        destination = destination[..(int)Math.Min(destination.Length, Math.Max(0, file.Bytes - offset))]; // an archive has more behind it
        if (file.Spooled is { } spooled) return Fill(spooled, file.Path, file.Start!.Value + offset, destination, atLeast);
        var entry = Rent(source);
        try
        {
            return Fill(entry.Handle, file.Path, file.Start!.Value + offset, destination, atLeast);
        }
        finally
        {
            Return(entry);
        }
    }

    /// <summary>Reads bytes of the spool.</summary>
    /// <param name="source">The file whose they are, for messages.</param>
    /// <param name="start">Where they begin.</param>
    /// <param name="destination">Gets them.</param>
    public void ReadSpool(int source, long start, Span<byte> destination) =>
        Fill(spool.Handle, files[source].Path, start, destination, destination.Length);

    /// <summary>Closes all.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (var entry in _byUse) entry.Handle.Dispose();
            _byUse.Clear();
            _open.Clear();
        }
    }

    private Entry Rent(int source)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_open.TryGetValue(source, out var node))
            {
                if (node != _byUse.First)
                {
                    _byUse.Remove(node);
                    _byUse.AddFirst(node);
                }
            }
            else
            {
                files[source].RequireUnchanged();
                CloseBeyond(most - 1);
                node = _byUse.AddFirst(new Entry(source, files[source].OpenHandle()));
                _open.Add(source, node);
            }

            node.Value.Users++;
            return node.Value;
        }
    }

    private void Return(Entry entry)
    {
        lock (_gate)
        {
            entry.Users--;
            CloseBeyond(most);
        }
    }

    private void CloseBeyond(int count)
    {
        for (var node = _byUse.Last; node is not null && _open.Count > count;)
        {
            var earlier = node.Previous;
            if (node.Value.Users == 0)
            {
                node.Value.Handle.Dispose();
                _open.Remove(node.Value.Source);
                _byUse.Remove(node);
            }

            node = earlier;
        }
    }

    private static int Fill(SafeFileHandle handle, string name, long offset, Span<byte> destination, int atLeast)
    {
        var total = 0;
        try
        {
            while (total < destination.Length)
            {
                var read = RandomAccess.Read(handle, destination[total..], offset + total);
                if (read == 0) break;
                total += read;
            }
        }
        catch (IOException e)
        {
            throw PursuitException.At(
                name, FormattableString.Invariant($"reading failed at byte {offset + total:N0} ({e.Message})"), "a readable file",
                "Check the disk.", e);
        }

        return total >= atLeast ? total : throw PursuitException.At(
            name, FormattableString.Invariant($"the file ends at byte {offset + total:N0}"), "input files that do not change during a run",
            "Run again from the start.");
    }

    private sealed class Entry(int source, SafeFileHandle handle)
    {
        public int Source { get; } = source;

        public SafeFileHandle Handle { get; } = handle;

        public int Users { get; set; }
    }
}
