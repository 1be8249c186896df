using System.Diagnostics;
using System.Runtime.InteropServices;
using Pursuit.Distribution;
using Pursuit.Selection.Features;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Distributed;

/// <summary>
/// The other ranks' side of <see cref="Team"/>: does what rank 0 asks on its own shards, until there is no more. Passes over gradient rows
/// are
/// answered here; what a method asks besides is answered by the handlers it adds.
/// </summary>
internal sealed class TeamWorker : ITeamWorker
{
    private readonly IProcessGroup _group;
    private readonly Dictionary<byte, RequestHandler> _handlers = [];
    private readonly List<GradientRows> _gradients = [];
    private ScoredRows? _scored;

    /// <summary>A process of a team.</summary>
    /// <param name="features">The pool's features, gradients or embeddings.</param>
    /// <param name="contentIds">The order of ties, [pool].</param>
    /// <param name="group">The processes; this is another than rank 0.</param>
    /// <param name="threads">At most this many.</param>
    public TeamWorker(IDenseFeatures features, IReadOnlyList<ContentId> contentIds, IProcessGroup group, int threads)
    {
        (Features, ContentIds, Threads, _group) = (features, contentIds, threads, group);
        Own = RowRange.Share(features, group.Rank, group.Count);
        On(GradientRequest.Open, Open);
        On(GradientRequest.Minus, Minus);
        On(GradientRequest.Scan, Scan);
        On(GradientRequest.Sums, Sums);
        On(GradientRequest.Gather, Gather);
        On(GradientRequest.Score, Score);
        On(GradientRequest.Best, Best);
        On(GradientRequest.Gains, (reader, _) => Bytes(Scored.Noted(reader.ReadArray<int>(), reader.ReadArray<int>())));
    }

    /// <inheritdoc/>
    public IDenseFeatures Features { get; }

    /// <inheritdoc/>
    public IReadOnlyList<ContentId> ContentIds { get; }

    /// <inheritdoc/>
    public int Rank => _group.Rank;

    /// <inheritdoc/>
    public int Count => _group.Count;

    /// <inheritdoc/>
    public RowRange Own { get; }

    /// <inheritdoc/>
    public int Threads { get; }

    /// <inheritdoc/>
    public IReadOnlyList<GradientRows> Gradients => _gradients;

    private ScoredRows Scored => _scored ?? throw new UnreachableException("scores before a pass");

    /// <inheritdoc/>
    public void On(byte request, RequestHandler handler) => _handlers.Add(request, handler);

    /// <summary>Works until rank 0 is done.</summary>
    /// <exception cref="PursuitException">A row holds NaN or infinity.</exception>
    public void Run(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var reader = new BinaryReader(new MemoryStream(_group.Hear()));
            var request = reader.ReadByte();
            if (request == RequestCodes.Done) return;
            if (!_handlers.TryGetValue(request, out var handler)) throw new UnreachableException($"request {request}");
            if (handler(reader, cancellationToken) is { } answer) _group.Answer(Message.Compose(answer));
        }
    }

    private void On(GradientRequest request, RequestHandler handler) => On((byte)request, handler);

    private Action<BinaryWriter>? Open(BinaryReader reader, CancellationToken cancellationToken)
    {
        var construction = new RowConstruction((RowNormalization)reader.ReadInt32(), reader.ReadDouble());
        _gradients.Add(GradientRows.OfPool(Features, construction, OwnRows.Instance, Own));
        return null;
    }

    private Action<BinaryWriter>? Minus(BinaryReader reader, CancellationToken cancellationToken)
    {
        _gradients.Add(Rows(reader).Minus(reader.ReadArray<float>(), Threads, cancellationToken));
        return null;
    }

    private Action<BinaryWriter> Scan(BinaryReader reader, CancellationToken cancellationToken)
    {
        var (rows, count, rhs) = (Rows(reader), reader.ReadInt32(), reader.ReadArray<float>());
        var scores = new double[Own.Count * count];
        rows.ScanOwn(rhs, count, scores, 0, Threads, cancellationToken);
        return Bytes(scores);
    }

    private Action<BinaryWriter> Sums(BinaryReader reader, CancellationToken cancellationToken)
    {
        var (rows, groups, unit, groupOf) = (Rows(reader), reader.ReadInt32(), reader.ReadDouble(), reader.ReadArray<int>());
        return Bytes(
            RowSums.ComputeOwn(rows, groupOf.Length == 0 ? new int[rows.Count] : groupOf, groups, unit, Threads, cancellationToken));
    }

    private Action<BinaryWriter> Gather(BinaryReader reader, CancellationToken cancellationToken)
    {
        var rows = Rows(reader);
        var own = reader.ReadArray<int>().Where(Own.Contains).ToArray();
        var values = new float[own.Length * rows.Dimension];
        rows.GatherHere(own, values);
        return Bytes(values);
    }

    private Action<BinaryWriter>? Score(BinaryReader reader, CancellationToken cancellationToken)
    {
        var (rows, rule) = (Rows(reader), ScoreRules.Read(reader));
        var pass = new ScorePass(ContentIds, reader.ReadArray<float>(), rule, reader.ReadArray<int>(), Threads, cancellationToken);
        _scored = ScoredRows.Make(rows, pass);
        return null;
    }

    private Action<BinaryWriter> Best(BinaryReader reader, CancellationToken cancellationToken)
    {
        var count = reader.ReadInt32();
        Scored.Exclude(reader.ReadArray<int>());
        var best = Scored.Best(count);
        return w =>
        {
            foreach (var candidate in best) candidate.Write(w);
        };
    }

    private GradientRows Rows(BinaryReader reader) => _gradients[reader.ReadInt32()];

    private static Action<BinaryWriter> Bytes<T>(T[] values)
        where T : unmanaged => w => w.Write(MemoryMarshal.AsBytes(values.AsSpan()));
}
