using System.Runtime.InteropServices;
using Pursuit.Selection.Distributed;
using Pursuit.Selection.Features;
using Pursuit.Selection.Pursuits;

namespace Pursuit.Selection.Gtp;

/// <summary>
/// The pursuit in two rounds (after Mirzasoleiman et al., "Distributed submodular maximization", 2013): in each part of the pool by itself, with
/// the whole budget, then among what the parts chose. Parts are consecutive shards, so no number of processes changes a byte; several
/// processes take a part each, and say nothing in between.
/// </summary>
internal sealed class TwoRounds(PursuitProblem problem, GtpOptions options, PursuitStops stops)
{
    /// <summary>Pursues at most <paramref name="budget"/> rows.</summary>
    public PursuitOutcome Run(int budget, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var found = Found(budget, out var missing);
        var answers = missing.Length == 0 ? []
            : problem.Rows.Team is { } team ? team.Pursue(PartsQuestion.Of(problem, options, budget, missing), part => Pursue(part, budget, progress, cancellationToken))
            : Array.ConvertAll(missing, part => Pursue(part, budget, progress, cancellationToken));
        foreach (var (part, answer) in missing.Zip(answers))
        {
            problem.Journal?.Keep(JournalKind.Part, Question(part, budget), MemoryMarshal.AsBytes(answer.AsSpan()));
            found[part] = answer;
        }

        // Parts are pursued side by side: the store is passed over as often as in the longest of them.
        problem.CountParts((int)found.Max(f => f[0]), found.Sum(f => f[1]));
        int[] union = [.. found.SelectMany(f => f.Skip(2)).Select(p => (int)p).Order()];
        if (union.Length == 0) return new PursuitTrace(problem, stops, budget, progress).Finish(StopReason.Optimal, 0);
        var among = problem.Some(union);
        var outcome = new GtpSolver(among, options, stops).Run(budget, null, progress, cancellationToken).Outcome;
        problem.CountParts(0, among.BytesRead);
        problem.Gains!.AddAmong(among.Gains!, union, problem.Rows.Count);
        return outcome with { Positions = Array.ConvertAll(outcome.Positions, p => union[p]) };
    }

    /// <summary>One part's pursuit.</summary>
    /// <param name="problem">The whole pool's problem.</param>
    /// <param name="options">How to pursue.</param>
    /// <param name="stops">When to stop.</param>
    /// <param name="part">0 to <see cref="GtpOptions.Parts"/> - 1.</param>
    /// <param name="budget">Rows at most.</param>
    /// <param name="cancellationToken">Stops between shards.</param>
    /// <returns>Passes, bytes read, then the positions chosen.</returns>
    public static long[] PursuePart(PursuitProblem problem, GtpOptions options, PursuitStops stops, int part, int budget, CancellationToken cancellationToken)
    {
        var range = RowRange.Of(problem.Rows.Features, part, options.Parts);
        if (range.Count == 0) return [0, 0];
        var within = problem.Within(range);
        var outcome = new GtpSolver(within, options, stops).Run(Math.Min(budget, range.Count), null, null, cancellationToken).Outcome;
        return [within.Passes, within.BytesRead, .. outcome.Positions.Select(p => (long)p)];
    }

    private long[] Pursue(int part, int budget, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        progress?.Report(new WorkProgress("pursuit in parts", part, options.Parts, "parts"));
        return PursuePart(problem, options, stops, part, budget, cancellationToken);
    }

    /// <summary>What a journal holds of the first round, by part.</summary>
    private long[][] Found(int budget, out int[] missing)
    {
        var found = new long[options.Parts][];
        var first = 0;
        for (; first < found.Length; first++)
        {
            if (problem.Journal?.Find(JournalKind.Part, Question(first, budget)) is not { } kept) break;
            found[first] = kept.As<long>();
        }

        missing = [.. Enumerable.Range(first, found.Length - first)];
        return found;
    }

    private byte[] Question(int part, int budget) => PursuitJournal.Digest(w =>
    {
        w.Write(part);
        w.Write(options.Parts);
        w.Write(budget);
        w.Write(MemoryMarshal.AsBytes(problem.Target.Scaled.AsSpan()));
    });
}
