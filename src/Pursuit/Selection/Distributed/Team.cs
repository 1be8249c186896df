using Pursuit.Distribution;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Distributed;

/// <summary>Rank 0's side of what several processes do for one selection (docs/scale.md): every message is counted.</summary>
/// <param name="group">The processes; this is rank 0.</param>
internal sealed class Team(IProcessGroup group) : ITeam
{
    private long _passesOut, _passesBack, _rowsBack, _gainsBack, _other;
    private int _passes;
    private long _rows;

    /// <inheritdoc/>
    public int Count => group.Count;

    /// <summary>Bytes so far.</summary>
    public Traffic Traffic => new()
    {
        Processes = group.Count,
        Passes = _passes,
        PassesOut = _passesOut,
        PassesBack = _passesBack,
        Rows = _rows,
        RowsBack = _rowsBack,
        GainsBack = _gainsBack,
        Other = _other,
    };

    /// <summary>Lets the other processes go, when all went well; where it didn't, whoever started them ends them.</summary>
    public void Done() => Tell(RequestCodes.Done, _ => { });

    /// <inheritdoc/>
    public void Tell(byte request, Action<BinaryWriter> write) => Send(ref _other, request, write);

    /// <summary>Begins a pass, whose answers are asked for later.</summary>
    public void TellPass(byte request, Action<BinaryWriter> write)
    {
        _passes++;
        Send(ref _passesOut, request, write);
    }

    /// <inheritdoc/>
    public T Ask<T>(byte request, Action<BinaryWriter> write, Func<T> here, Action<int, BinaryReader> read, bool isPass)
    {
        if (isPass) TellPass(request, write);
        else Tell(request, write);
        var part = here();
        Hear(ref isPass ? ref _passesBack : ref _other, read);
        return part;
    }

    /// <summary>Asks for the best rows of the last pass; this process looks for its own meanwhile.</summary>
    public void AskBest(byte request, Action<BinaryWriter> write, Action here, Action<int, BinaryReader> read)
    {
        Send(ref _passesOut, request, write);
        here();
        Hear(ref _passesBack, read);
    }

    /// <summary>Asks for every row's gain at the last pass.</summary>
    public void AskGains(byte request, Action<BinaryWriter> write, Action here, Action<int, BinaryReader> read)
    {
        Send(ref _passesOut, request, write);
        here();
        Hear(ref _gainsBack, read);
    }

    /// <summary>Asks for rows that the others own.</summary>
    /// <param name="request">The request.</param>
    /// <param name="count">How many.</param>
    /// <param name="write">Writes which.</param>
    /// <param name="read">Reads another's rows.</param>
    public void AskRows(byte request, int count, Action<BinaryWriter> write, Action<int, BinaryReader> read)
    {
        Tell(request, write);
        Hear(ref _rowsBack, read);
        _rows += count;
    }

    private void Send(ref long counter, byte request, Action<BinaryWriter> write)
    {
        var message = Message.Compose(request, write);
        counter += (group.Count - 1L) * message.Length;
        group.Tell(message);
    }

    private void Hear(ref long counter, Action<int, BinaryReader> read)
    {
        for (var rank = 1; rank < group.Count; rank++)
        {
            var answer = group.AnswerOf(rank);
            counter += answer.Length;
            using var reader = new BinaryReader(new MemoryStream(answer));
            read(rank, reader);
        }
    }
}
