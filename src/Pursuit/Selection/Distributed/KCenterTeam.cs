using Pursuit.Selection.KCenter;

namespace Pursuit.Selection.Distributed;

/// <summary>Rank 0's side of a farthest-first traversal that several processes share: each keeps the distances of its own rows.</summary>
internal sealed class KCenterTeam(EmbeddingTeam team, TeamChannel channel)
{
    /// <summary>The largest size of a number of any row.</summary>
    public double LargestNumber(Func<double> here)
    {
        var largest = 0.0;
        return Math.Max(channel.Ask(EmbeddingRequest.LargestNumber, _ => { }, here, (_, reader) => largest = Math.Max(largest, reader.ReadDouble()), isPass: true), largest);
    }

    /// <summary>Sums of all rows in fixed point.</summary>
    public long[] Sums(Func<long[]> here, double unit)
    {
        var others = new List<long[]>();
        var sums = channel.Ask(EmbeddingRequest.Sums, w => w.Write(unit), here, (_, reader) => others.Add(reader.ReadArray<long>()), isPass: true);
        foreach (var other in others)
            for (var k = 0; k < sums.Length; k++) sums[k] += other[k];
        return sums;
    }

    /// <summary>The row nearest to a point.</summary>
    public TakeableRow Nearest(Func<TakeableRow> here, float[] point, IReadOnlyList<ContentId> contentIds) =>
        Best(EmbeddingRequest.NearestToPoint, w => w.WriteArray<float>(point), here, contentIds);

    /// <summary>Takes a row; the farthest one then.</summary>
    public TakeableRow Take(Func<TakeableRow> here, int row, float[] centre, IReadOnlyList<ContentId> contentIds) => Best(
        EmbeddingRequest.Take,
        w =>
        {
            w.Write(row);
            w.WriteArray<float>(centre);
        },
        here,
        contentIds);

    /// <summary>Each row's squared distance to the nearest taken one, [pool].</summary>
    public double[] Squared(FarthestFirst own) => team.All(EmbeddingRequest.Squared, _ => { }, () => own.Squared.ToArray(), isPass: false);

    private TakeableRow Best(EmbeddingRequest request, Action<BinaryWriter> write, Func<TakeableRow> here, IReadOnlyList<ContentId> contentIds)
    {
        var best = TakeableRow.None;
        return channel.Ask(request, write, here, (_, reader) => best = best.Or(new TakeableRow(reader.ReadInt32(), reader.ReadDouble()), contentIds), isPass: true).Or(best, contentIds);
    }
}
