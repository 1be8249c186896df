using System.Diagnostics;
using System.Runtime.InteropServices;
using Pursuit.Distribution;
using Pursuit.Selection.Features;
using Pursuit.Selection.Pursuits;

namespace Pursuit.Selection.Distributed;

/// <summary>The other ranks' side of <see cref="RowTeam"/>: does what rank 0 asks on its own shards, until there is no more.</summary>
internal sealed class RowWorker(IDenseFeatures features, IReadOnlyList<ContentId> contentIds, IProcessGroup group, int threads)
{
    private readonly RowRange _own = RowRange.Of(features, group.Rank, group.Count);
    private readonly List<GradientRows> _rows = [];
    private ScoredRows? _scored;

    /// <summary>Works until rank 0 is done.</summary>
    /// <exception cref="PursuitException">A row holds NaN or infinity.</exception>
    public void Run(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var reader = new BinaryReader(new MemoryStream(group.Hear()));
            var request = (Request)reader.ReadByte();
            if (request == Request.Done) return;
            Do(request, reader, cancellationToken);
        }
    }

    /// <summary>Reads what <see cref="Best"/> answers.</summary>
    public static Candidate ReadCandidate(BinaryReader reader, int columns)
    {
        var (position, score) = (reader.ReadInt32(), reader.ReadSingle());
        var products = columns == 0 ? [] : new double[columns];
        for (var j = 0; j < columns; j++) products[j] = reader.ReadDouble();
        return new Candidate(position, score, products);
    }

    private void Do(Request request, BinaryReader reader, CancellationToken cancellationToken)
    {
        switch (request)
        {
            case Request.Open:
                _rows.Add(GradientRows.OfPool(features, new RowConstruction((RowNormalisation)reader.ReadInt32(), reader.ReadDouble()), null, _own));
                break;
            case Request.Minus:
                _rows.Add(Rows(reader).Minus(reader.ReadArray<float>(), threads, cancellationToken));
                break;
            case Request.Scan:
                Scan(Rows(reader), reader.ReadInt32(), reader.ReadArray<float>(), cancellationToken);
                break;
            case Request.Sums:
                Sums(Rows(reader), reader, cancellationToken);
                break;
            case Request.Gather:
                Gather(Rows(reader), reader.ReadArray<int>());
                break;
            case Request.Score:
                _scored = ScoredRows.Of(Rows(reader), contentIds, rule: ReadRule(reader), rhs: reader.ReadArray<float>(), removed: reader.ReadArray<int>(), threads: threads, cancellationToken: cancellationToken);
                break;
            case Request.Best:
                Best(reader.ReadInt32(), reader.ReadArray<int>());
                break;
            case Request.Pursue:
                Pursue(Rows(reader), PartsQuestion.Of(reader.ReadArray<byte>()), cancellationToken);
                break;
            case Request.Gains:
                group.Answer(MemoryMarshal.AsBytes(_scored!.Noted(reader.ReadArray<int>(), reader.ReadArray<int>()).AsSpan()));
                break;
            default:
                throw new UnreachableException($"request {request}");
        }
    }

    private GradientRows Rows(BinaryReader reader) => _rows[reader.ReadInt32()];

    private static IScoreRule ReadRule(BinaryReader reader) => reader.ReadByte() switch
    {
        IdentificationRule.Code => IdentificationRule.Read(reader),
        HerdRule.Code => HerdRule.Read(reader),
        var code => throw new UnreachableException($"rule {code}"),
    };

    private void Scan(GradientRows rows, int count, float[] rhs, CancellationToken cancellationToken)
    {
        var scores = new double[_own.Count * count];
        rows.ScanOwn(rhs, count, scores, 0, threads, cancellationToken);
        group.Answer(MemoryMarshal.AsBytes(scores.AsSpan()));
    }

    private void Sums(GradientRows rows, BinaryReader reader, CancellationToken cancellationToken)
    {
        var (groups, unit) = (reader.ReadInt32(), reader.ReadDouble());
        var groupOf = reader.ReadArray<int>();
        group.Answer(MemoryMarshal.AsBytes(RowSums.OfOwn(rows, groupOf.Length == 0 ? new int[rows.Count] : groupOf, groups, unit, threads, cancellationToken).AsSpan()));
    }

    private void Gather(GradientRows rows, int[] positions)
    {
        var own = positions.Where(_own.Contains).ToArray();
        var values = new float[own.Length * rows.Dimension];
        rows.GatherHere(own, values);
        group.Answer(MemoryMarshal.AsBytes(values.AsSpan()));
    }

    private void Pursue(GradientRows rows, PartsQuestion question, CancellationToken cancellationToken)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        var whole = rows.Whole(threads, cancellationToken);
        for (var index = 0; index < question.Parts.Length; index++)
            if (PartsQuestion.RankOf(index, group.Count) == group.Rank) writer.WriteArray<long>(question.Answer(whole, contentIds, index, threads, cancellationToken));
        writer.Flush();
        group.Answer(stream.ToArray());
    }

    private void Best(int count, int[] removed)
    {
        _scored!.Remove(removed);
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        foreach (var candidate in _scored.Best(count))
        {
            writer.Write(candidate.Position);
            writer.Write(candidate.Score);
            foreach (var product in candidate.Products) writer.Write(product);
        }

        writer.Flush();
        group.Answer(stream.ToArray());
    }
}
