using System.Diagnostics;
using System.Text;
using Pursuit.Distribution;

namespace Pursuit.Mpi;

/// <summary>
/// The processes that mpirun or srun started, as a group that does one job. A process leaves by <see cref="Finish"/>, when all are
/// done, or ends the whole job by <see cref="Abort"/>; anything else would leave the others waiting.
/// </summary>
/// <remarks>One thread makes all calls (MPI_THREAD_FUNNELED). Whoever waits sleeps between looks, so that waiting costs no core.</remarks>
public sealed unsafe class MpiWorld : IProcessGroup
{
    private const int Funneled = 1;
    private const int TellTag = 1;
    private const int AnswerTag = 2;
    private const int Most = 1 << 28; // bytes of one call: counts are int
    private static readonly TimeSpan ShortWait = TimeSpan.FromMilliseconds(3); // while it yields to others, and doesn't sleep

    private readonly nint _world;
    private readonly nint _byte;
    private readonly delegate* unmanaged[Cdecl]<void*, int, nint, int, int, nint, int> _send;
    private readonly delegate* unmanaged[Cdecl]<void*, int, nint, int, int, nint, nint, int> _receive;
    private readonly delegate* unmanaged[Cdecl]<void*, int, nint, int, nint, int> _broadcast;
    private readonly delegate* unmanaged[Cdecl]<int, int, nint, int*, nint, int> _probe;
    private readonly delegate* unmanaged[Cdecl]<int, byte*, int*, int> _errorText;
    private readonly delegate* unmanaged[Cdecl]<nint, int, int> _abort;
    private readonly delegate* unmanaged[Cdecl]<int> _finalize;

    private MpiWorld(MpiLibrary library)
    {
        Library = library;
        _world = library.Export("ompi_mpi_comm_world");
        _byte = library.Export("ompi_mpi_byte");
        _send = (delegate* unmanaged[Cdecl]<void*, int, nint, int, int, nint, int>)library.Export("MPI_Send");
        _receive = (delegate* unmanaged[Cdecl]<void*, int, nint, int, int, nint, nint, int>)library.Export("MPI_Recv");
        _broadcast = (delegate* unmanaged[Cdecl]<void*, int, nint, int, nint, int>)library.Export("MPI_Bcast");
        _probe = (delegate* unmanaged[Cdecl]<int, int, nint, int*, nint, int>)library.Export("MPI_Iprobe");
        _errorText = (delegate* unmanaged[Cdecl]<int, byte*, int*, int>)library.Export("MPI_Error_string");
        _abort = (delegate* unmanaged[Cdecl]<nint, int, int>)library.Export("MPI_Abort");
        _finalize = (delegate* unmanaged[Cdecl]<int>)library.Export("MPI_Finalize");
        // An exception on any thread must end the whole job, not leave the others waiting for this process.
        AppDomain.CurrentDomain.UnhandledException += (_, _) => Abort(1);
        int provided;
        Check(
            ((delegate* unmanaged[Cdecl]<int*, byte***, int, int*, int>)library.Export("MPI_Init_thread"))(null, null, Funneled, &provided),
            "MPI_Init_thread");
        Check(
            ((delegate* unmanaged[Cdecl]<nint, nint, int>)library.Export("MPI_Comm_set_errhandler"))(
                _world, library.Export("ompi_mpi_errors_return")),
            "MPI_Comm_set_errhandler");
        int rank, count;
        Check(((delegate* unmanaged[Cdecl]<nint, int*, int>)library.Export("MPI_Comm_rank"))(_world, &rank), "MPI_Comm_rank");
        Check(((delegate* unmanaged[Cdecl]<nint, int*, int>)library.Export("MPI_Comm_size"))(_world, &count), "MPI_Comm_size");
        (Rank, Count) = (rank, count);
    }

    /// <summary>The library behind it.</summary>
    internal MpiLibrary Library { get; }

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public int Count { get; }

    /// <summary>Joins the processes that a launcher started. Once per process.</summary>
    /// <param name="launch">What the launcher said.</param>
    /// <exception cref="PursuitException">There is no Open MPI, or the launcher isn't one of its; says what to do.</exception>
    public static MpiWorld Start(MpiLaunch launch)
    {
        const string Advice = "Start with Open MPI's mpirun, or with srun --mpi=pmix.";
        if (launch.IsForeign)
            throw PursuitException.At(
                "MPI", $"{launch.Processes} processes started by {launch.Launcher}, whose protocol (PMI) Open MPI doesn't speak",
                "a launcher of Open MPI", Advice);
        var world = new MpiWorld(MpiLibrary.Load());
        if (world.Count == launch.Processes) return world;
        var found = world.Count;
        world.Finish();
        throw PursuitException.At(
            "MPI", $"a world of {found} where {launch.Launcher} started {launch.Processes} processes",
            "the same number: launcher and library of one Open MPI", Advice);
    }

    /// <inheritdoc/>
    public void Tell(ReadOnlySpan<byte> message)
    {
        long length = message.Length;
        for (var rank = 1; rank < Count; rank++) Check(_send(&length, sizeof(long), _byte, rank, TellTag, _world), "MPI_Send");
        fixed (byte* bytes = message) Broadcast(bytes, length);
    }

    /// <inheritdoc/>
    public byte[] Hear()
    {
        var message = new byte[ReceiveLength(0, TellTag)];
        fixed (byte* bytes = message) Broadcast(bytes, message.Length);
        return message;
    }

    /// <inheritdoc/>
    public void Answer(ReadOnlySpan<byte> message)
    {
        long length = message.Length;
        Check(_send(&length, sizeof(long), _byte, 0, AnswerTag, _world), "MPI_Send");
        fixed (byte* bytes = message)
        {
            for (long sent = 0; sent < length; sent += Most)
                Check(_send(bytes + sent, (int)Math.Min(Most, length - sent), _byte, 0, AnswerTag, _world), "MPI_Send");
        }
    }

    /// <inheritdoc/>
    public byte[] AnswerOf(int rank)
    {
        var message = new byte[ReceiveLength(rank, AnswerTag)];
        fixed (byte* bytes = message)
        {
            for (long received = 0; received < message.Length; received += Most)
                Check(
                    _receive(bytes + received, (int)Math.Min(Most, message.Length - received), _byte, rank, AnswerTag, _world, 0),
                    "MPI_Recv");
        }

        return message;
    }

    /// <summary>Leaves when this process's part is done; returns when all have come so far.</summary>
    public void Finish() => Check(_finalize(), "MPI_Finalize");

    /// <summary>Ends every process of the job, within a second, with an exit code. Doesn't return as a rule.</summary>
    public void Abort(int code) => _ = _abort(_world, code);

    private void Broadcast(byte* bytes, long length)
    {
        for (long done = 0; done < length; done += Most)
            Check(_broadcast(bytes + done, (int)Math.Min(Most, length - done), _byte, 0, _world), "MPI_Bcast");
    }

    private long ReceiveLength(int from, int tag)
    {
        // A receive would turn its core at full speed until something comes; the waits here may be long ones. Within a pass they are
        // short, and a sleep of a millisecond for each of its messages would be felt.
        var wait = default(SpinWait);
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            int flag;
            Check(_probe(from, tag, _world, &flag, 0), "MPI_Iprobe");
            if (flag != 0) break;
            wait.SpinOnce(Stopwatch.GetElapsedTime(began) < ShortWait ? -1 : 0);
        }

        long length;
        Check(_receive(&length, sizeof(long), _byte, from, tag, _world, 0), "MPI_Recv");
        return length;
    }

    private void Check(int code, string function)
    {
        if (code == 0) return;
        const int MaxLength = 512; // MPI_MAX_ERROR_STRING is 256 in Open MPI
        var text = stackalloc byte[MaxLength];
        int length;
        _ = _errorText(code, text, &length);
        throw new MpiException($"{function} failed with code {code}: {Encoding.UTF8.GetString(text, Math.Clamp(length, 0, MaxLength))}");
    }
}
