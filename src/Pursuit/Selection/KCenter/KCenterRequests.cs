using System.Diagnostics;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.KCenter;

/// <summary>What other processes answer where they share <c>kcenter</c>: each keeps the distances of its own rows.</summary>
internal static class KCenterRequests
{
    /// <summary>Begin to take rows far from each other: rows that are never taken. No answer.</summary>
    public const byte Open = RequestCodes.KCenter;

    /// <summary>The largest size of a number of own rows. Answer: one double.</summary>
    public const byte LargestNumber = RequestCodes.KCenter + 1;

    /// <summary>Sums of own rows: unit. Answer: [D] fixed-point numbers.</summary>
    public const byte Sums = RequestCodes.KCenter + 2;

    /// <summary>The own row nearest to a point: point [D]. Answer: row and score.</summary>
    public const byte Nearest = RequestCodes.KCenter + 3;

    /// <summary>Take a row: position, row [D]. Answer: the own row farthest from all taken, and its score.</summary>
    public const byte Take = RequestCodes.KCenter + 4;

    /// <summary>Squared distances to the nearest taken row. Answer: [own rows] doubles.</summary>
    public const byte Squared = RequestCodes.KCenter + 5;

    /// <summary>Which taken row is nearest, by the order they were taken in. Answer: [own rows] doubles.</summary>
    public const byte Owners = RequestCodes.KCenter + 6;

    /// <summary>Answers them.</summary>
    public static void Serve(ITeamWorker worker)
    {
        var embeddings = new WorkerEmbeddings(worker);
        FarthestFirst? traversal = null;
        worker.On(Open, (reader, _) =>
        {
            traversal = new FarthestFirst(embeddings.Rows, worker.ContentIds, reader.ReadArray<int>(), worker.Threads);
            return null;
        });
        worker.On(LargestNumber, (_, cancellationToken) =>
        {
            var number = Opened().LargestNumber(cancellationToken);
            return w => w.Write(number);
        });
        worker.On(Sums, (reader, cancellationToken) =>
        {
            var sums = Opened().Sums(reader.ReadDouble(), cancellationToken);
            return w => w.WriteArray<long>(sums);
        });
        worker.On(Nearest, (reader, cancellationToken) => Opened().Nearest(reader.ReadArray<float>(), cancellationToken).Write);
        worker.On(Take, (reader, cancellationToken) =>
        {
            Opened().Take(reader.ReadInt32(), reader.ReadArray<float>(), cancellationToken);
            return Opened().Farthest().Write;
        });
        worker.On(Squared, (_, _) => w => w.WriteArray(Opened().Squared));
        worker.On(Owners, (_, _) => w => w.WriteArray<double>(Array.ConvertAll(Opened().Owners.ToArray(), o => (double)o)));

        FarthestFirst Opened() => traversal ?? throw new UnreachableException("a traversal before it was opened");
    }
}
