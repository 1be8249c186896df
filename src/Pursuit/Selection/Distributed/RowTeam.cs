using System.Runtime.InteropServices;
using Pursuit.Distribution;
using Pursuit.Selection.Features;
using Pursuit.Selection.Pursuits;

namespace Pursuit.Selection.Distributed;

/// <summary>
/// Rank 0's side of passes that several processes share (docs/scale.md): right-hand sides go out, each process scans its own shards and
/// answers its best rows, the lists are merged by score and content id, and rows are fetched from whoever owns them, once.
/// </summary>
/// <remarks>
/// A row's products depend on that row alone, lists are merged in one total order, and sums are in fixed point: so every result is that of one
/// process to the last bit, for any number of them.
/// </remarks>
internal sealed class RowTeam : ITeam
{
    private readonly IProcessGroup _group;
    private readonly RowRange[] _ranges;
    private readonly Dictionary<(int Rows, int Position), float[]> _cache = [];
    private long _cached;
    private int _rows;
    private long _passesOut, _passesBack, _gathered, _rowsBack, _gainsBack, _other;
    private int _passes;

    /// <summary>Shares out a pool's rows.</summary>
    /// <param name="features">The pool's features, which every process has open.</param>
    /// <param name="group">The processes; this is rank 0.</param>
    public RowTeam(IDenseFeatures features, IProcessGroup group)
    {
        _group = group;
        _ranges = [.. Enumerable.Range(0, group.Count).Select(rank => RowRange.Of(features, rank, group.Count))];
    }

    /// <summary>Bytes of fetched rows that are kept, so that no row travels twice.</summary>
    public long CacheBytes { get; set; } = 1L << 30;

    /// <summary>Rank 0's own rows.</summary>
    public RowRange Own => _ranges[0];

    /// <summary>Bytes so far.</summary>
    public Traffic Traffic => new()
    {
        Processes = _group.Count,
        Passes = _passes,
        PassesOut = _passesOut,
        PassesBack = _passesBack,
        Rows = _gathered,
        RowsBack = _rowsBack,
        GainsBack = _gainsBack,
        Other = _other,
    };

    /// <summary>Every process makes rows of its features.</summary>
    public TeamRows Open(RowConstruction construction)
    {
        Tell(ref _other, Request.Open, w =>
        {
            w.Write((int)construction.Normalisation);
            w.Write(construction.FloorQuantile);
        });
        return new TeamRows(this, _rows++);
    }

    /// <summary>Every process makes rows of its features less a mean.</summary>
    public TeamRows Minus(int rows, float[] mean)
    {
        Tell(ref _other, Request.Minus, w =>
        {
            w.Write(rows);
            w.WriteArray<float>(mean);
        });
        return new TeamRows(this, _rows++);
    }

    /// <summary>Products of all rows.</summary>
    public void Scan(int id, GradientRows rows, float[] rhs, int count, double[] scores, int threads, CancellationToken cancellationToken)
    {
        Tell(ref _other, Request.Scan, w =>
        {
            w.Write(id);
            w.Write(count);
            w.WriteArray(rhs.AsSpan(0, count * rows.Dimension));
        });
        rows.ScanOwn(rhs, count, scores, 0, threads, cancellationToken);
        ForEachAnswer(ref _other, (rank, answer) => answer.CopyTo(MemoryMarshal.AsBytes(scores.AsSpan(_ranges[rank].First * count, _ranges[rank].Count * count))));
    }

    /// <summary>Sums of all rows by group, in fixed point.</summary>
    public long[] Sums(int id, GradientRows rows, IReadOnlyList<int> group, int groups, double unit, int threads, CancellationToken cancellationToken)
    {
        Tell(ref _other, Request.Sums, w =>
        {
            w.Write(id);
            w.Write(groups);
            w.Write(unit);
            w.WriteArray(group.All(g => g == 0) ? [] : group.ToArray().AsSpan());
        });
        var total = RowSums.OfOwn(rows, group, groups, unit, threads, cancellationToken);
        ForEachAnswer(ref _other, (_, answer) =>
        {
            var part = MemoryMarshal.Cast<byte, long>(answer);
            for (var k = 0; k < total.Length; k++) total[k] += part[k];
        });
        return total;
    }

    /// <summary>Rows by position, fetched from their owners unless they were before.</summary>
    public void Gather(int id, GradientRows rows, ReadOnlySpan<int> positions, Span<float> destination)
    {
        var dimension = rows.Dimension;
        var missing = new List<int>();
        foreach (var position in positions)
            if (!Own.Contains(position) && !_cache.ContainsKey((id, position))) missing.Add(position);
        var fetched = missing.Count == 0 ? [] : Fetch(id, [.. missing.Distinct()], dimension);
        for (var p = 0; p < positions.Length; p++)
        {
            var row = destination.Slice(p * dimension, dimension);
            if (Own.Contains(positions[p])) rows.GatherHere(positions.Slice(p, 1), row);
            else (_cache.TryGetValue((id, positions[p]), out var cached) ? cached : fetched[positions[p]]).CopyTo(row);
        }
    }

    /// <summary>A pass that scores all rows.</summary>
    public IScoredRows Score(int id, GradientRows rows, IReadOnlyList<ContentId> contentIds, float[] rhs, IScoreRule rule, ReadOnlySpan<int> removed, int threads, CancellationToken cancellationToken)
    {
        var gone = removed.ToArray();
        _passes++;
        Tell(ref _passesOut, Request.Score, w =>
        {
            w.Write(id);
            rule.Write(w);
            w.WriteArray<float>(rhs);
            w.WriteArray<int>(gone);
        });
        return new TeamScores(this, ScoredRows.Of(rows, contentIds, rhs, rule, gone, threads, cancellationToken), rule.KeepsProducts ? rule.Columns : 0, contentIds);
    }

    /// <summary>Pursuits in parts of the pool, shared out.</summary>
    /// <param name="id">The rows' number.</param>
    /// <param name="question">What is pursued.</param>
    /// <param name="own">Does a part here.</param>
    /// <returns>What each part gave, as <see cref="Gtp.TwoRounds.PursuePart"/> has it.</returns>
    public long[][] Pursue(int id, PartsQuestion question, Func<int, long[]> own)
    {
        Tell(ref _other, Request.Pursue, w =>
        {
            w.Write(id);
            w.WriteArray<byte>(question.ToBytes());
        });
        var answers = new long[question.Parts.Length][];
        for (var index = 0; index < answers.Length; index++)
            if (PartsQuestion.RankOf(index, _group.Count) == 0) answers[index] = own(question.Parts[index]);
        ForEachAnswer(ref _other, (rank, answer) =>
        {
            using var reader = new BinaryReader(new MemoryStream(answer));
            for (var index = 0; index < answers.Length; index++)
                if (PartsQuestion.RankOf(index, _group.Count) == rank) answers[index] = reader.ReadArray<long>();
        });
        return answers;
    }

    /// <summary>Lets the other processes go, when all went well; where it didn't, whoever started them ends them.</summary>
    public void Done() => Tell(ref _other, Request.Done, _ => { });

    private Dictionary<int, float[]> Fetch(int id, int[] positions, int dimension)
    {
        Tell(ref _other, Request.Gather, w =>
        {
            w.Write(id);
            w.WriteArray<int>(positions);
        });
        var fetched = new Dictionary<int, float[]>();
        ForEachAnswer(ref _rowsBack, (rank, answer) =>
        {
            var values = MemoryMarshal.Cast<byte, float>(answer);
            foreach (var position in positions.Where(_ranges[rank].Contains))
            {
                var row = values[..dimension].ToArray();
                values = values[dimension..];
                fetched.Add(position, row);
                _gathered++;
                if (_cached + dimension * sizeof(float) > CacheBytes) continue;
                _cached += dimension * sizeof(float);
                _cache.Add((id, position), row);
            }
        });
        return fetched;
    }

    private void Tell(ref long counter, Request request, Action<BinaryWriter> write)
    {
        var message = Message.Of(request, write);
        counter += (_group.Count - 1L) * message.Length;
        _group.Tell(message);
    }

    private void ForEachAnswer(ref long counter, Action<int, byte[]> read)
    {
        for (var rank = 1; rank < _group.Count; rank++)
        {
            var answer = _group.AnswerOf(rank);
            counter += answer.Length;
            read(rank, answer);
        }
    }

    /// <summary>A pass's scores: rank 0's here, the others' where they are.</summary>
    private sealed class TeamScores(RowTeam team, ScoredRows own, int columns, IReadOnlyList<ContentId> contentIds) : IScoredRows
    {
        private readonly List<int> _removed = [];

        public Candidate[] Best(int count)
        {
            team.Tell(ref team._passesOut, Request.Best, w =>
            {
                w.Write(count);
                w.WriteArray(CollectionsMarshal.AsSpan(_removed));
            });
            _removed.Clear();
            var all = own.Best(count).ToList();
            team.ForEachAnswer(ref team._passesBack, (_, answer) =>
            {
                using var reader = new BinaryReader(new MemoryStream(answer));
                while (reader.BaseStream.Position < answer.Length) all.Add(RowWorker.ReadCandidate(reader, columns));
            });
            all.Sort((a, b) => b.Score.CompareTo(a.Score) is var order && order != 0 ? order
                : contentIds[a.Position].CompareTo(contentIds[b.Position]) is var tie && tie != 0 ? tie
                : a.Position.CompareTo(b.Position));
            return [.. all.Take(count)];
        }

        public void Remove(ReadOnlySpan<int> positions)
        {
            own.Remove(positions);
            _removed.AddRange(positions);
        }

        public IPassGains Gains(ReadOnlySpan<int> support, ReadOnlySpan<int> barred)
        {
            var (chosen, excluded) = (support.ToArray(), barred.ToArray());
            team.Tell(ref team._passesOut, Request.Gains, w =>
            {
                w.WriteArray<int>(chosen);
                w.WriteArray<int>(excluded);
            });
            var all = new float[team._ranges[^1].End];
            own.Noted(support, barred).CopyTo(all, 0);
            team.ForEachAnswer(ref team._gainsBack, (rank, answer) => answer.CopyTo(MemoryMarshal.AsBytes(all.AsSpan(team._ranges[rank].First, team._ranges[rank].Count))));
            return new GainsHere(all);
        }
    }
}

/// <summary>Rows of a pool that a team shares.</summary>
/// <param name="Of">The team.</param>
/// <param name="Id">The rows' number, the same in every process.</param>
internal sealed record TeamRows(RowTeam Of, int Id)
{
    /// <summary><see cref="RowTeam.Scan"/>.</summary>
    public void Scan(GradientRows rows, float[] rhs, int count, double[] scores, int threads, CancellationToken cancellationToken) => Of.Scan(Id, rows, rhs, count, scores, threads, cancellationToken);

    /// <summary><see cref="RowTeam.Sums"/>.</summary>
    public long[] Sums(GradientRows rows, IReadOnlyList<int> group, int groups, double unit, int threads, CancellationToken cancellationToken) => Of.Sums(Id, rows, group, groups, unit, threads, cancellationToken);

    /// <summary><see cref="RowTeam.Gather"/>.</summary>
    public void Gather(GradientRows rows, ReadOnlySpan<int> positions, Span<float> destination) => Of.Gather(Id, rows, positions, destination);

    /// <summary><see cref="RowTeam.Score"/>.</summary>
    public IScoredRows Score(GradientRows rows, IReadOnlyList<ContentId> contentIds, float[] rhs, IScoreRule rule, ReadOnlySpan<int> removed, int threads, CancellationToken cancellationToken) =>
        Of.Score(Id, rows, contentIds, rhs, rule, removed, threads, cancellationToken);

    /// <summary><see cref="RowTeam.Pursue"/>.</summary>
    public long[][] Pursue(PartsQuestion question, Func<int, long[]> own) => Of.Pursue(Id, question, own);

    /// <summary><see cref="RowTeam.Minus"/>.</summary>
    public TeamRows Minus(float[] mean) => Of.Minus(Id, mean);
}
