using System.Runtime.InteropServices;
using Pursuit.Selection.Features;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Distributed;

/// <summary>
/// Rank 0's side of passes that several processes share (docs/scale.md): right-hand sides go out, each process scans its own shards and
/// answers its best rows, the lists are merged by score and content id, and rows are fetched from whoever owns them, once.
/// </summary>
/// <param name="features">What the rows are made of.</param>
/// <param name="team">The processes; this is rank 0.</param>
/// <param name="fetched">Rows of others that are here.</param>
/// <param name="number">The rows' number, the same in every process.</param>
internal sealed class TeamRows(TeamFeatures features, Team team, FetchedRows fetched, int number) : IRowSource
{
    private readonly RowRange[] _ranges = [.. Enumerable.Range(0, team.Count).Select(rank => RowRange.Share(features, rank, team.Count))];

    /// <inheritdoc/>
    public ITeam Team => team;

    /// <inheritdoc/>
    public int Number => number;

    /// <inheritdoc/>
    public IRowSource Minus(float[] mean)
    {
        team.Tell((byte)GradientRequest.Minus, w =>
        {
            w.Write(number);
            w.WriteArray<float>(mean);
        });
        return features.Next();
    }

    /// <inheritdoc/>
    public void KeepFetched(long bytes) => fetched.MostBytes = bytes;

    /// <inheritdoc/>
    public void Scan(
        GradientRows rows, float[] rhs, int count, double[] scores, int threads, CancellationToken cancellationToken) => team.Ask(
        (byte)GradientRequest.Scan,
        w =>
        {
            w.Write(number);
            w.Write(count);
            w.WriteArray(rhs.AsSpan(0, count * rows.Dimension));
        },
        () =>
        {
            rows.ScanOwn(rhs, count, scores, 0, threads, cancellationToken);
            return scores;
        },
        (rank, reader) => Read(reader, scores.AsSpan(_ranges[rank].First * count, _ranges[rank].Count * count)),
        isPass: false);

    /// <inheritdoc/>
    public long[] Sums(
        GradientRows rows, IReadOnlyList<int> group, int groups, double unit, int threads, CancellationToken cancellationToken)
    {
        var others = new long[groups * rows.Dimension];
        var part = new long[others.Length];
        var total = team.Ask(
            (byte)GradientRequest.Sums,
            w =>
            {
                w.Write(number);
                w.Write(groups);
                w.Write(unit);
                w.WriteArray(group.All(g => g == 0) ? [] : group.ToArray().AsSpan());
            },
            () => RowSums.ComputeOwn(rows, group, groups, unit, threads, cancellationToken),
            (_, reader) =>
            {
                Read(reader, part.AsSpan());
                for (var k = 0; k < others.Length; k++) others[k] += part[k];
            },
            isPass: false);
        for (var k = 0; k < total.Length; k++) total[k] += others[k];
        return total;
    }

    /// <inheritdoc/>
    public void Gather(GradientRows rows, ReadOnlySpan<int> positions, Span<float> destination)
    {
        var dimension = rows.Dimension;
        var missing = new List<int>();
        foreach (var position in positions)
            if (!_ranges[0].Contains(position) && fetched.Find(number, position) is null) missing.Add(position);
        var found = missing.Count == 0 ? [] : Fetch([.. missing.Distinct()], dimension);
        for (var p = 0; p < positions.Length; p++)
        {
            var row = destination.Slice(p * dimension, dimension);
            if (_ranges[0].Contains(positions[p])) rows.GatherHere(positions.Slice(p, 1), row);
            else (fetched.Find(number, positions[p]) ?? found[positions[p]]).CopyTo(row);
        }
    }

    /// <inheritdoc/>
    public IScoredRows Score(GradientRows rows, ScorePass pass)
    {
        team.TellPass((byte)GradientRequest.Score, w =>
        {
            w.Write(number);
            pass.Rule.Write(w);
            w.WriteArray<float>(pass.Rhs);
            w.WriteArray<int>(pass.Excluded);
        });
        return new TeamScores(team, _ranges, ScoredRows.Make(rows, pass), pass);
    }

    private Dictionary<int, float[]> Fetch(int[] positions, int dimension)
    {
        var found = new Dictionary<int, float[]>();
        team.AskRows(
            (byte)GradientRequest.Gather,
            positions.Length,
            w =>
            {
                w.Write(number);
                w.WriteArray<int>(positions);
            },
            (rank, reader) =>
            {
                foreach (var position in positions.Where(_ranges[rank].Contains))
                {
                    var row = new float[dimension];
                    Read(reader, row.AsSpan());
                    found.Add(position, row);
                    fetched.Keep(number, position, row);
                }
            });
        return found;
    }

    private static void Read<T>(BinaryReader reader, Span<T> destination)
        where T : unmanaged => reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(destination));

    /// <summary>A pass's scores: rank 0's here, the others' where they are.</summary>
    private sealed class TeamScores(Team team, RowRange[] ranges, ScoredRows own, ScorePass pass) : IScoredRows
    {
        private readonly List<int> _excluded = [];

        public Candidate[] Best(int count)
        {
            var all = new List<Candidate>();
            team.AskBest(
                (byte)GradientRequest.Best,
                w =>
                {
                    w.Write(count);
                    w.WriteArray(CollectionsMarshal.AsSpan(_excluded));
                },
                () => all.AddRange(own.Best(count)),
                (_, reader) =>
                {
                    while (reader.BaseStream.Position < reader.BaseStream.Length) all.Add(Candidate.Read(reader, pass.KeptColumns));
                });
            _excluded.Clear();
            var ids = pass.ContentIds;
            all.Sort((a, b) => b.Score.CompareTo(a.Score) is var order && order != 0 ? order
                : ids[a.Position].CompareTo(ids[b.Position]) is var tie && tie != 0 ? tie
                : a.Position.CompareTo(b.Position));
            return [.. all.Take(count)];
        }

        public void Exclude(ReadOnlySpan<int> positions)
        {
            own.Exclude(positions);
            _excluded.AddRange(positions);
        }

        public IPassGains Gains(ReadOnlySpan<int> support, ReadOnlySpan<int> excluded)
        {
            var (chosen, unchoosable) = (support.ToArray(), excluded.ToArray());
            var all = new float[ranges[^1].End];
            team.AskGains(
                (byte)GradientRequest.Gains,
                w =>
                {
                    w.WriteArray<int>(chosen);
                    w.WriteArray<int>(unchoosable);
                },
                () => own.Noted(chosen, unchoosable).CopyTo(all, 0),
                (rank, reader) => Read(reader, all.AsSpan(ranges[rank].First, ranges[rank].Count)));
            return new GainsHere(all);
        }
    }
}
