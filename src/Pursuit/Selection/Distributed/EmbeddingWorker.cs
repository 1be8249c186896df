using System.Diagnostics;
using Pursuit.Distribution;
using Pursuit.Numerics;
using Pursuit.Selection.Features;
using Pursuit.Selection.KCenter;
using Pursuit.Selection.Neighbours;
using Pursuit.Selection.Rds;

namespace Pursuit.Selection.Distributed;

/// <summary>The other ranks' side of <see cref="EmbeddingTeam"/>: does what rank 0 asks on its own shards, until there is no more.</summary>
internal sealed class EmbeddingWorker(IDenseFeatures features, IReadOnlyList<ContentId> contentIds, IProcessGroup group, int threads)
{
    private readonly RowRange _own = RowRange.Of(features, group.Rank, group.Count);
    private EmbeddingRows? _rows;
    private RadiusSearch? _search;
    private RowCells? _cells;
    private FarthestFirst? _traversal;

    private EmbeddingRows Rows => _rows ?? throw new UnreachableException("a search before the rows were opened");

    private FarthestFirst Traversal => _traversal ?? throw new UnreachableException("a traversal before it was opened");

    /// <summary>Works until rank 0 is done.</summary>
    public void Run(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var reader = new BinaryReader(new MemoryStream(group.Hear()));
            var request = (EmbeddingRequest)reader.ReadByte();
            if (request == EmbeddingRequest.Done) return;
            if (Do(request, reader, cancellationToken) is { } answer) group.Answer(Message.Of(answer));
        }
    }

    /// <summary>Reads lists that another rank wrote.</summary>
    public static NeighbourLists ReadLists(BinaryReader reader)
    {
        var (lengths, rows, keys) = (reader.ReadArray<int>(), reader.ReadArray<int>(), reader.ReadArray<double>());
        var lists = new NeighbourLists(new int[lengths.Length][], new double[lengths.Length][]);
        for (var (query, first) = (0, 0); query < lengths.Length; first += lengths[query++])
        {
            lists.Rows[query] = rows[first..(first + lengths[query])];
            lists.Distances[query] = keys[first..(first + lengths[query])];
        }

        return lists;
    }

    /// <summary>Does one thing.</summary>
    /// <returns>Writes the answer; null where none is asked for.</returns>
    private Action<BinaryWriter>? Do(EmbeddingRequest request, BinaryReader reader, CancellationToken cancellationToken)
    {
        switch (request)
        {
            case EmbeddingRequest.Open:
                _rows = EmbeddingRows.Part(features, reader.ReadBoolean(), reader.ReadDouble(), _own);
                _search = new RadiusSearch(_rows, threads);
                return null;
            case EmbeddingRequest.Cells:
                var centres = reader.ReadArray<float>();
                _cells = RowCells.Of(Rows, new RowCentres(centres, centres.Length / Rows.Dimension, Rows.Dimension), threads, cancellationToken);
                return w => w.WriteArray<int>(_cells.Counts(_own));
            case EmbeddingRequest.Nearest:
                var (length, probed, queries) = (reader.ReadInt32(), reader.ReadArray<int>(), reader.ReadArray<float>());
                return Lists(NeighbourSearch.Here(Rows, Probed(probed, queries.Length / Rows.Dimension), contentIds, queries, length, threads, cancellationToken));
            case EmbeddingRequest.Kernels:
                var (squaredWidth, unit) = (reader.ReadDouble(), reader.ReadDouble());
                var kernels = KernelSums.Of(_search!, reader.ReadArray<int>(), reader.ReadArray<float>(), squaredWidth, unit, cancellationToken);
                return w =>
                {
                    w.WriteArray<long>(kernels.Sums);
                    w.WriteArray<int>(kernels.Near);
                };
            case EmbeddingRequest.Largest:
                var largest = SimilarityScan.LargestHere(Rows, reader.ReadArray<float>(), threads, cancellationToken);
                return w => w.WriteArray<double>(largest);
            case EmbeddingRequest.MostSimilar:
                var most = reader.ReadInt32();
                return Lists(SimilarityScan.MostSimilarHere(Rows, contentIds, reader.ReadArray<float>(), most, threads, cancellationToken));
            case EmbeddingRequest.OpenKCenter:
                _traversal = new FarthestFirst(Rows, contentIds, reader.ReadArray<int>(), threads);
                return null;
            case EmbeddingRequest.LargestNumber:
                var number = Traversal.LargestNumber(cancellationToken);
                return w => w.Write(number);
            case EmbeddingRequest.Sums:
                var sums = Traversal.Sums(reader.ReadDouble(), cancellationToken);
                return w => w.WriteArray<long>(sums);
            case EmbeddingRequest.NearestToPoint:
                return Row(Traversal.Nearest(reader.ReadArray<float>(), cancellationToken));
            case EmbeddingRequest.Take:
                Traversal.Take(reader.ReadInt32(), reader.ReadArray<float>(), cancellationToken);
                return Row(Traversal.Farthest());
            case EmbeddingRequest.Squared:
                return w => w.WriteArray(Traversal.Squared);
            default:
                throw new UnreachableException($"request {request}");
        }
    }

    private ProbedCells? Probed(int[] cells, int queries) => cells.Length == 0 ? null : new ProbedCells(
        _cells ?? throw new UnreachableException("a search in cells before there are any"),
        [.. cells.Chunk(cells.Length / queries)]);

    private static Action<BinaryWriter> Row(TakeableRow best) => w =>
    {
        w.Write(best.Row);
        w.Write(best.Score);
    };

    private static Action<BinaryWriter> Lists(NeighbourLists lists) => w =>
    {
        w.WriteArray<int>([.. lists.Rows.Select(rows => rows.Length)]);
        w.WriteArray<int>([.. lists.Rows.SelectMany(rows => rows)]);
        w.WriteArray<double>([.. lists.Distances.SelectMany(keys => keys)]);
    };
}
