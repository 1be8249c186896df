using Pursuit.Selection.Neighbours;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Rds;

/// <summary>What other processes answer where they share <c>rds</c>.</summary>
internal static class RdsRequests
{
    /// <summary>Each own row's largest similarity: target [V, D]. Answer: [own rows] doubles.</summary>
    public const byte Largest = RequestCodes.Rds;

    /// <summary>The most similar own rows: length, target [V, D]. Answer: lists.</summary>
    public const byte MostSimilar = RequestCodes.Rds + 1;

    /// <summary>Answers them.</summary>
    public static void Serve(ITeamWorker worker)
    {
        var embeddings = new WorkerEmbeddings(worker);
        worker.On(Largest, (reader, cancellationToken) =>
        {
            var largest = SimilarityScan.LargestHere(embeddings.Rows, reader.ReadArray<float>(), worker.Threads, cancellationToken);
            return w => w.WriteArray<double>(largest);
        });
        worker.On(MostSimilar, (reader, cancellationToken) =>
        {
            var length = reader.ReadInt32();
            var nearest = new NearestRows(embeddings.Rows, worker.ContentIds, reader.ReadArray<float>(), length, worker.Threads);
            return NeighbourRequests.Write(SimilarityScan.MostSimilarHere(nearest, cancellationToken));
        });
    }
}
