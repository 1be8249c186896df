using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Pursuit.Storage;

namespace Pursuit.Selection;

/// <summary>
/// What a pursuit's passes and fits gave, as it goes: a pursuit that was killed asks for them again, in the same order, and takes
/// the answers from here instead of from the store, up to where it was. What lies between, it computes again, to the same bits.
/// </summary>
/// <remarks>
/// A file that only grows: a header with the fingerprint of all that the pursuit depends on, then records, each with a digest of the
/// question, the answer, and a SHA-256 over both and over the digest before it. A record that isn't whole ends what is believed, and so
/// does one whose question isn't the one asked: the pursuit goes on by itself from there. Records name no process, so any number of
/// them may continue.
/// </remarks>
internal sealed class PursuitJournal : IDisposable
{
    /// <summary>The file's name in a stage.</summary>
    public const string FileName = "pursuit.journal";

    private const int DigestBytes = SHA256.HashSizeInBytes;
    private const int FrameBytes = 1 + sizeof(long) + DigestBytes; // kind, bytes of the answer, question

    // What only a loss of power could take needs no more than this.
    private static readonly TimeSpan SyncPause = TimeSpan.FromSeconds(5);

    private readonly string _path;
    private readonly byte[] _header;
    private readonly Queue<Record> _found = new();
    private FileStream? _file;
    private byte[] _chain;
    private long _synced = Stopwatch.GetTimestamp();

    private PursuitJournal(string path, string fingerprint)
    {
        _path = path;
        _header = SHA256.HashData(Encoding.UTF8.GetBytes("pursuit journal 1;" + fingerprint));
        _chain = _header;
    }

    /// <summary>Passes that were found made.</summary>
    public int PassesFound { get; private set; }

    /// <summary>What of the file isn't believed and why; null where that is nothing.</summary>
    public string? Dropped { get; private set; }

    /// <summary>What a person should know of what was found, a sentence each.</summary>
    public IEnumerable<string> Notes
    {
        get
        {
            if (Dropped is not null) yield return $"Of what an earlier run kept of its pursuit {Dropped}; that is left out.";
            if (PassesFound > 0) yield return $"The pursuit continues after pass {PassesFound:N0}, where an earlier run was stopped.";
        }
    }

    /// <summary>The next answer's kind; null where no more were found.</summary>
    internal JournalKind? Next => _found.TryPeek(out var next) ? next.Kind : null;

    /// <summary>Opens a journal, or begins one where there is none; nothing is written before there is something to keep.</summary>
    /// <param name="path">The file.</param>
    /// <param name="fingerprint">All that the pursuit's answers depend on.</param>
    /// <exception cref="PursuitException">The file can't be read or written.</exception>
    public static PursuitJournal Open(string path, string fingerprint)
    {
        var journal = new PursuitJournal(path, fingerprint);
        if (!File.Exists(path)) return journal;
        try
        {
            journal.OpenFile();
            journal.Read();
            return journal;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            journal.Dispose();
            throw PursuitException.At(
                path,
                $"what the pursuit had found can't be read ({e.Message})",
                "a readable file",
                "Check its permissions; without the file the pursuit begins anew.",
                e);
        }
    }

    /// <summary>Takes a finished pursuit's journal out of its stage.</summary>
    /// <param name="directory">The stage's directory.</param>
    public static void Delete(string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (File.Exists(path)) Disk.Delete(path);
    }

    /// <summary>Closes the file; it stays.</summary>
    public void Dispose() => _file?.Dispose();

    /// <summary>A question's digest.</summary>
    internal static byte[] Digest(Action<BinaryWriter> question)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        question(writer);
        writer.Flush();
        return SHA256.HashData(stream.GetBuffer().AsSpan(0, (int)stream.Length));
    }

    /// <summary>The answer that was kept for the next question.</summary>
    /// <returns>Where it lies; null where none was kept, and from then on for all questions.</returns>
    internal JournalAnswer? Find(JournalKind kind, byte[] question)
    {
        if (!_found.TryPeek(out var next)) return null;
        if (next.Kind == kind && next.Question.AsSpan().SequenceEqual(question))
        {
            _found.Dequeue();
            return new JournalAnswer(this, next.Offset, next.Length);
        }

        // Answers to other questions: what follows has no place any more.
        Dropped = $"{_found.Count:N0} answers to other questions than this pursuit asks";
        PassesFound -= _found.Count(r => r.Kind == JournalKind.Pass);
        _found.Clear();
        Disk.Truncate(_file!, next.Offset - FrameBytes);
        _chain = next.Before;
        return null;
    }

    /// <summary>Keeps an answer.</summary>
    /// <exception cref="PursuitException">The file can't be written.</exception>
    internal JournalAnswer Keep(JournalKind kind, byte[] question, ReadOnlySpan<byte> answer)
    {
        Debug.Assert(_found.Count == 0, "answers are taken before new ones are kept");
        try
        {
            var file = OpenFile();
            file.Position = file.Length;
            if (file.Length == 0) Disk.Write(file, _header);
            var frame = Frame(kind, question, answer.Length);
            Disk.Write(file, frame);
            var offset = file.Position;
            Disk.Write(file, answer);
            _chain = Link(_chain, frame, answer);
            Disk.Write(file, _chain);
            var syncs = Stopwatch.GetElapsedTime(_synced) > SyncPause;
            file.Flush(flushToDisk: syncs);
            if (syncs) _synced = Stopwatch.GetTimestamp();
            return new JournalAnswer(this, offset, answer.Length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PursuitException.At(
                _path,
                $"what the pursuit found can't be written ({e.Message})",
                "a writable directory with free space",
                "Free some space; the same command continues where it was.",
                e);
        }
    }

    private FileStream OpenFile() => _file ??= Disk.OpenInPlace(_path, FileShare.Read, 1 << 16);

    private static byte[] Frame(JournalKind kind, byte[] question, long length)
    {
        var frame = new byte[FrameBytes];
        frame[0] = (byte)kind;
        BinaryPrimitives.WriteInt64LittleEndian(frame.AsSpan(1), length);
        question.CopyTo(frame, 1 + sizeof(long));
        return frame;
    }

    private static byte[] Link(byte[] before, byte[] frame, ReadOnlySpan<byte> answer)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(before);
        hash.AppendData(frame);
        hash.AppendData(answer);
        return hash.GetHashAndReset();
    }

    /// <summary>Reads the records that are whole and cuts off what isn't.</summary>
    private void Read()
    {
        var file = _file!;
        var header = new byte[_header.Length];
        var whole = 0L;
        if (file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) == header.Length && header.AsSpan().SequenceEqual(_header))
        {
            whole = file.Position;
            while (TryRead(file)) whole = file.Position;
        }

        if (whole == file.Length) return;
        Dropped = whole == 0
            ? "it is another pursuit's, or no journal"
            : $"{file.Length - whole:N0} bytes at its end aren't whole";
        Disk.Truncate(file, whole);
    }

    private bool TryRead(FileStream file)
    {
        var frame = new byte[FrameBytes];
        if (file.ReadAtLeast(frame, frame.Length, throwOnEndOfStream: false) < frame.Length) return false;
        var length = BinaryPrimitives.ReadInt64LittleEndian(frame.AsSpan(1));
        if (!Enum.IsDefined((JournalKind)frame[0]) || length < 0 || length > Math.Min(
            Array.MaxLength, file.Length - file.Position - DigestBytes))
        {
            return false;
        }

        var record = new Record((JournalKind)frame[0], frame[(1 + sizeof(long))..], file.Position, length, _chain);
        var answer = new byte[length];
        var digest = new byte[DigestBytes];
        file.ReadExactly(answer);
        file.ReadExactly(digest);
        var link = Link(_chain, frame, answer);
        if (!digest.AsSpan().SequenceEqual(link)) return false;
        _chain = link;
        _found.Enqueue(record);
        if (record.Kind == JournalKind.Pass) PassesFound++;
        return true;
    }

    /// <summary>Reads a part of an answer.</summary>
    internal void Read(long offset, Span<byte> destination)
    {
        try
        {
            var done = 0;
            while (done < destination.Length)
            {
                var read = RandomAccess.Read(_file!.SafeFileHandle, destination[done..], offset + done);
                if (read == 0) throw new EndOfStreamException($"it ends at {offset + done:N0} bytes");
                done += read;
            }
        }
        catch (IOException e)
        {
            throw PursuitException.At(
                _path,
                $"what the pursuit found can't be read again ({e.Message})",
                "the file as it was written",
                "Run the same command again.",
                e);
        }
    }

    /// <summary>A kept answer.</summary>
    /// <param name="Kind">What was asked for.</param>
    /// <param name="Question">The question's digest.</param>
    /// <param name="Offset">Where the answer begins.</param>
    /// <param name="Length">Its bytes.</param>
    /// <param name="Before">The chain's digest before it.</param>
    private sealed record Record(JournalKind Kind, byte[] Question, long Offset, long Length, byte[] Before);
}

/// <summary>What a pursuit asks for.</summary>
internal enum JournalKind : byte
{
    /// <summary>A pass's best rows, asked for the first time.</summary>
    Pass = 1,

    /// <summary>More of the same pass's rows.</summary>
    More = 2,

    /// <summary>Every row's gain at a pass.</summary>
    Gains = 3,

    /// <summary>A fit's weights.</summary>
    Weights = 4,

    /// <summary>What the pursuit in a part of the pool chose and read.</summary>
    Part = 5,
}

/// <summary>An answer in a journal, read when it is wanted.</summary>
internal sealed record JournalAnswer(PursuitJournal Journal, long Offset, long Length)
{
    /// <summary>The answer as numbers.</summary>
    public T[] As<T>()
        where T : unmanaged
    {
        var values = new T[Length / Marshal.SizeOf<T>()];
        Journal.Read(Offset, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}
