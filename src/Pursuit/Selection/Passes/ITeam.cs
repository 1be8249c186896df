using System.Diagnostics;
using Pursuit.Selection.Features;

namespace Pursuit.Selection.Passes;

/// <summary>
/// The processes that make one selection's passes together, as rank 0 sees them; or this process alone, where there is nobody to ask
/// (<see cref="TeamOfOne"/>). A method that keeps state in every process asks for its part here, under request codes of its own, and
/// answers
/// in the others through <see cref="ITeamWorker"/>.
/// </summary>
internal interface ITeam
{
    /// <summary>Processes, 1 or more.</summary>
    int Count { get; }

    /// <summary>Tells the others what needs no answer.</summary>
    /// <param name="request">What is asked, a code of <see cref="RequestCodes"/>.</param>
    /// <param name="write">Writes what goes out; not called where there is nobody.</param>
    void Tell(byte request, Action<BinaryWriter> write);

    /// <summary>Has all processes do a part: this one's while the others make theirs.</summary>
    /// <param name="request">What is asked, a code of <see cref="RequestCodes"/>.</param>
    /// <param name="write">Writes what goes out; not called where there is nobody.</param>
    /// <param name="here">Makes this process's part.</param>
    /// <param name="read">Reads another's part: rank and answer.</param>
    /// <param name="isPass">True where it is a pass over the rows.</param>
    /// <returns>This process's part.</returns>
    T Ask<T>(byte request, Action<BinaryWriter> write, Func<T> here, Action<int, BinaryReader> read, bool isPass);
}

/// <summary>A team of one.</summary>
internal sealed class TeamOfOne : ITeam
{
    private TeamOfOne()
    {
    }

    /// <summary>This process.</summary>
    public static TeamOfOne Instance { get; } = new();

    public int Count => 1;

    public void Tell(byte request, Action<BinaryWriter> write)
    {
        // Nobody else is there.
    }

    public T Ask<T>(byte request, Action<BinaryWriter> write, Func<T> here, Action<int, BinaryReader> read, bool isPass) => here();
}

/// <summary>Another rank of a team: what it has, and who answers which request.</summary>
internal interface ITeamWorker
{
    /// <summary>The pool's features, as every process has them open.</summary>
    IDenseFeatures Features { get; }

    /// <summary>The order of ties, [pool].</summary>
    IReadOnlyList<ContentId> ContentIds { get; }

    /// <summary>This process's place in the team, from 1.</summary>
    int Rank { get; }

    /// <summary>Processes of the team.</summary>
    int Count { get; }

    /// <summary>The rows this process runs over.</summary>
    RowRange Own { get; }

    /// <summary>At most this many threads.</summary>
    int Threads { get; }

    /// <summary>The gradient rows that rank 0 had made so far, by number.</summary>
    IReadOnlyList<GradientRows> Gradients { get; }

    /// <summary>Says who answers a request.</summary>
    /// <param name="request">A code that nobody answers yet.</param>
    /// <param name="handler">Answers it.</param>
    void On(byte request, RequestHandler handler);
}

/// <summary>Does what rank 0 asks.</summary>
/// <param name="reader">What was asked.</param>
/// <param name="cancellationToken">Stops between shards.</param>
/// <returns>Writes the answer; null where none is asked for.</returns>
internal delegate Action<BinaryWriter>? RequestHandler(BinaryReader reader, CancellationToken cancellationToken);

/// <summary>Another rank's embeddings, once rank 0 has said how their rows are made.</summary>
internal sealed class WorkerEmbeddings
{
    private EmbeddingRows? _rows;

    /// <summary>Listens for the opening.</summary>
    public WorkerEmbeddings(ITeamWorker worker) => worker.On(RequestCodes.OpenEmbeddings, (reader, _) =>
    {
        _rows = EmbeddingRows.Part(worker.Features, reader.ReadBoolean(), reader.ReadDouble(), worker.Own);
        return null;
    });

    /// <summary>The rows.</summary>
    public EmbeddingRows Rows => _rows ?? throw new UnreachableException("a search before the rows were opened");
}
