using System.Runtime.InteropServices;
using Pursuit.Selection.Features;
using Pursuit.Selection.Passes;
using Pursuit.Selection.Pursuits;

namespace Pursuit.Selection.Gtp;

/// <summary>
/// The pursuit in two rounds (after Mirzasoleiman et al., "Distributed submodular maximization", 2013): in each part of the pool by itself,
/// with
/// the whole budget, then among what the parts chose. Parts are consecutive shards, so no number of processes changes a byte; several
/// processes take a part each, and say nothing in between.
/// </summary>
internal sealed class TwoRounds(PursuitProblem problem, GtpOptions options, PursuitStops stops)
{
    // Pursue in parts of the pool: rows, question. Answer: what the process's parts gave, one after the other.
    private const byte PursueCode = RequestCodes.Gtp;

    /// <summary>Pursues at most <paramref name="budget"/> rows.</summary>
    public PursuitOutcome Run(int budget, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var found = Found(budget, out var missing);
        var answers = missing.Length == 0
            ? []
            : Ask(PartsQuestion.Of(problem, options, budget, missing), part => Pursue(part, budget, progress, cancellationToken));
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
    public static long[] PursuePart(
        PursuitProblem problem, GtpOptions options, PursuitStops stops, int part, int budget, CancellationToken cancellationToken)
    {
        var range = RowRange.Share(problem.Rows.Features, part, options.Parts);
        if (range.Count == 0) return [0, 0];
        var within = problem.Within(range);
        var outcome = new GtpSolver(within, options, stops).Run(Math.Min(budget, range.Count), null, null, cancellationToken).Outcome;
        return [within.Passes, within.BytesRead, .. outcome.Positions.Select(p => (long)p)];
    }

    /// <summary>Answers for other processes' parts in another process.</summary>
    public static void Serve(ITeamWorker worker) => worker.On(PursueCode, (reader, cancellationToken) =>
    {
        var rows = worker.Gradients[reader.ReadInt32()].Whole(worker.Threads, cancellationToken);
        var question = PartsQuestion.Read(reader.ReadArray<byte>());
        var answers = new List<long[]>();
        for (var index = 0; index < question.Parts.Length; index++)
        {
            if (PartsQuestion.RankOf(index, worker.Count) == worker.Rank)
                answers.Add(question.Answer(rows, worker.ContentIds, index, worker.Threads, cancellationToken));
        }

        return w =>
        {
            foreach (var answer in answers) w.WriteArray<long>(answer);
        };
    });

    /// <summary>Shares out parts of the pool among the processes.</summary>
    /// <param name="question">What is pursued.</param>
    /// <param name="own">Does a part here.</param>
    /// <returns>What each part gave, as <see cref="PursuePart"/> has it.</returns>
    private long[][] Ask(PartsQuestion question, Func<int, long[]> own)
    {
        var source = problem.Rows.Source;
        var answers = new long[question.Parts.Length][];
        return source.Team.Ask(
            PursueCode,
            w =>
            {
                w.Write(source.Number);
                w.WriteArray<byte>(question.ToBytes());
            },
            () =>
            {
                foreach (var index in Shares(0)) answers[index] = own(question.Parts[index]);
                return answers;
            },
            (rank, reader) =>
            {
                foreach (var index in Shares(rank)) answers[index] = reader.ReadArray<long>();
            },
            isPass: false);

        IEnumerable<int> Shares(int rank) =>
            Enumerable.Range(0, answers.Length).Where(index => PartsQuestion.RankOf(index, source.Team.Count) == rank);
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
