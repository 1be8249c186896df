using Pursuit.Distribution;

namespace Pursuit.Selection.Distributed;

/// <summary>Rank 0's messages to processes that share embeddings, counted.</summary>
internal sealed class TeamChannel(IProcessGroup group)
{
    private long _passesOut, _passesBack, _other;
    private int _passes;

    /// <summary>Bytes so far.</summary>
    public Traffic Traffic => new()
    {
        Processes = group.Count,
        Passes = _passes,
        PassesOut = _passesOut,
        PassesBack = _passesBack,
        Rows = 0,
        RowsBack = 0,
        GainsBack = 0,
        Other = _other,
    };

    /// <summary>Tells the others what needs no answer.</summary>
    public void Tell(EmbeddingRequest request, Action<BinaryWriter> write) => Send(ref _other, request, write);

    /// <summary>Has all processes do a part: this one's while the others make theirs.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="write">What goes out.</param>
    /// <param name="here">This process's part.</param>
    /// <param name="read">Reads another's part: rank and answer.</param>
    /// <param name="isPass">True where it is a pass over the rows.</param>
    /// <returns>This process's part.</returns>
    public T Ask<T>(EmbeddingRequest request, Action<BinaryWriter> write, Func<T> here, Action<int, BinaryReader> read, bool isPass)
    {
        if (isPass) _passes++;
        Send(ref isPass ? ref _passesOut : ref _other, request, write);
        var part = here();
        ref var counter = ref isPass ? ref _passesBack : ref _other;
        for (var rank = 1; rank < group.Count; rank++)
        {
            var answer = group.AnswerOf(rank);
            counter += answer.Length;
            using var reader = new BinaryReader(new MemoryStream(answer));
            read(rank, reader);
        }

        return part;
    }

    private void Send(ref long counter, EmbeddingRequest request, Action<BinaryWriter> write)
    {
        var message = Message.Of(request, write);
        counter += (group.Count - 1L) * message.Length;
        group.Tell(message);
    }
}
