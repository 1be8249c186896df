using System.Diagnostics;
using Pursuit.Numerics;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Neighbours;

/// <summary>
/// Searches over embeddings that several processes share (docs/scale.md): queries go out, each process searches its own shards, and rank 0
/// merges what comes back.
/// </summary>
/// <remarks>
/// Lists are merged by distance and content id, sums are in fixed point, and what is computed of a row depends on that row alone: so every
/// result is that of one process to the last bit, for any number of them.
/// </remarks>
internal static class NeighbourRequests
{
    // Put own rows to the nearest of some centres: centres [C, D]. Answer: own rows in each, [C].
    private const byte CellsCode = RequestCodes.Neighbours;

    // The nearest own rows: length, the cells each looks at [V, probes] (none: all rows), queries [V, D]. Answer: lists.
    private const byte NearestCode = RequestCodes.Neighbours + 1;

    // Kernels of own rows about queries: squared width, unit, positions, queries [Q, D]. Answer: sums, near-duplicates.
    private const byte KernelsCode = RequestCodes.Neighbours + 2;

    /// <summary>Every process puts its rows to the nearest of some centres.</summary>
    /// <returns>Rank 0's cells, and the rows of the whole pool in each.</returns>
    public static (RowCells Cells, int[] Counts) AskCells(
        EmbeddingRows pool, RowCentres centres, int threads, CancellationToken cancellationToken)
    {
        var counts = new int[centres.Count];
        var cells = pool.Team.Ask(
            CellsCode,
            w => w.WriteArray(centres.Values),
            () => RowCells.Assign(pool, centres, threads, cancellationToken),
            (_, reader) => Add(reader.ReadArray<int>()),
            isPass: true);
        Add(cells.Counts(pool.Own));
        return (cells, counts);

        void Add(int[] part)
        {
            for (var c = 0; c < counts.Length; c++) counts[c] += part[c];
        }
    }

    /// <summary>Each query's nearest rows, of all processes.</summary>
    public static NeighbourLists AskNearest(NearestRows nearest, ProbedCells? probed, CancellationToken cancellationToken) => AskLists(
        nearest,
        NearestCode,
        w => w.WriteArray<int>([.. (probed?.Of ?? []).SelectMany(cells => cells)]),
        () => NeighbourSearch.Here(nearest, probed, cancellationToken));

    /// <summary>Lists that every process makes of its rows, merged.</summary>
    /// <param name="nearest">What is looked for.</param>
    /// <param name="request">What is asked; the answer is lists.</param>
    /// <param name="write">Writes what goes out between the lists' length and the queries.</param>
    /// <param name="here">Makes this process's lists.</param>
    public static NeighbourLists AskLists(NearestRows nearest, byte request, Action<BinaryWriter> write, Func<NeighbourLists> here)
    {
        var parts = new List<NeighbourLists>();
        parts.Add(nearest.Pool.Team.Ask(
            request,
            w =>
            {
                w.Write(nearest.Length);
                write(w);
                w.WriteArray<float>(nearest.Queries);
            },
            here,
            (_, reader) => parts.Add(ReadLists(reader)),
            isPass: true));
        return parts.Count == 1 ? parts[0] : NeighbourLists.Merge(parts, nearest.Length, nearest.ContentIds);
    }

    /// <summary>Kernels of all rows about some queries.</summary>
    public static KernelSums AskKernels(
        RadiusSearch search, int[] positions, float[] values, double squaredWidth, double unit, CancellationToken cancellationToken)
    {
        var others = new List<(long[] Sums, int[] Near)>();
        var sums = search.Pool.Team.Ask(
            KernelsCode,
            w =>
            {
                w.Write(squaredWidth);
                w.Write(unit);
                w.WriteArray<int>(positions);
                w.WriteArray<float>(values);
            },
            () => KernelSums.Compute(search, positions, values, squaredWidth, unit, cancellationToken),
            (_, reader) => others.Add((reader.ReadArray<long>(), reader.ReadArray<int>())),
            isPass: true);
        foreach (var (other, near) in others) sums.Add(other, near);
        return sums;
    }

    /// <summary>Answers them in another process.</summary>
    public static void Serve(ITeamWorker worker)
    {
        var embeddings = new WorkerEmbeddings(worker);
        RadiusSearch? search = null;
        RowCells? cells = null;
        worker.On(CellsCode, (reader, cancellationToken) =>
        {
            var rows = embeddings.Rows;
            var centres = reader.ReadArray<float>();
            cells = RowCells.Assign(
                rows, new RowCentres(centres, centres.Length / rows.Dimension, rows.Dimension), worker.Threads, cancellationToken);
            return w => w.WriteArray<int>(cells.Counts(worker.Own));
        });
        worker.On(NearestCode, (reader, cancellationToken) =>
        {
            var (length, probed, queries) = (reader.ReadInt32(), reader.ReadArray<int>(), reader.ReadArray<float>());
            var nearest = new NearestRows(embeddings.Rows, worker.ContentIds, queries, length, worker.Threads);
            return Write(
                NeighbourSearch.Here(nearest, Probed(cells, probed, queries.Length / embeddings.Rows.Dimension), cancellationToken));
        });
        worker.On(KernelsCode, (reader, cancellationToken) =>
        {
            if (search?.Pool != embeddings.Rows) search = new RadiusSearch(embeddings.Rows, worker.Threads);
            var (squaredWidth, unit) = (reader.ReadDouble(), reader.ReadDouble());
            var kernels = KernelSums.Compute(
                search, reader.ReadArray<int>(), reader.ReadArray<float>(), squaredWidth, unit, cancellationToken);
            return w =>
            {
                w.WriteArray<long>(kernels.Sums);
                w.WriteArray<int>(kernels.Near);
            };
        });
    }

    /// <summary>Writes lists as an answer.</summary>
    public static Action<BinaryWriter> Write(NeighbourLists lists) => w =>
    {
        w.WriteArray<int>([.. lists.Rows.Select(rows => rows.Length)]);
        w.WriteArray<int>([.. lists.Rows.SelectMany(rows => rows)]);
        w.WriteArray<double>([.. lists.Distances.SelectMany(keys => keys)]);
    };

    private static NeighbourLists ReadLists(BinaryReader reader)
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

    private static ProbedCells? Probed(RowCells? cells, int[] probed, int queries) => probed.Length == 0 ? null : new ProbedCells(
        cells ?? throw new UnreachableException("a search in cells before there are any"),
        [.. probed.Chunk(probed.Length / queries)]);
}

/// <summary>A search for the nearest rows of some queries, in one pass.</summary>
/// <param name="Pool">The rows.</param>
/// <param name="ContentIds">The order of equal ones, [rows].</param>
/// <param name="Queries">[V, dimension], in the pool's space.</param>
/// <param name="Length">K, rows per query.</param>
/// <param name="Threads">At most this many; the lists don't depend on it.</param>
internal sealed record NearestRows(EmbeddingRows Pool, IReadOnlyList<ContentId> ContentIds, float[] Queries, int Length, int Threads);
