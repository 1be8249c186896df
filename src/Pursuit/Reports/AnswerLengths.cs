using Pursuit.Jobs;
using Pursuit.Storage;
using static System.FormattableString;

namespace Pursuit.Reports;

/// <summary>
/// How long the answers of a pool and of a choice are: supervised tokens where they were counted, else characters. To count characters
/// a record is read again, so of a large pool, and of a large choice, only some are, drawn by the run's seed.
/// </summary>
/// <param name="Title">What is counted, and of how many examples where they were drawn.</param>
/// <param name="Unit">In what.</param>
/// <param name="Pool">Lengths of the pool's examples, or of those drawn.</param>
/// <param name="Chosen">Lengths and weights of the chosen, or of those drawn.</param>
internal sealed record AnswerLengths(
    string Title, string Unit, IReadOnlyList<double> Pool, IReadOnlyList<(double Value, double Weight)> Chosen)
{
    private const string Plain = "answer length";
    private const string Purpose = "report/answer-lengths";

    /// <summary>Records read at most of the pool, and of the choice: about 0.2 s of either on one core.</summary>
    public const int MostRead = 25_000;

    /// <summary>Counts them.</summary>
    /// <param name="run">The selection.</param>
    /// <param name="most">Records read at most of the pool, and as many of the choice.</param>
    /// <param name="cancellationToken">Stops between records.</param>
    public static AnswerLengths Of(SelectedRun run, int most, CancellationToken cancellationToken)
    {
        var rows = run.Selection.Rows;
        if (run.Problem.TokenCounts is { } counts)
            return new AnswerLengths(
                Plain, "tokens", [.. counts.Supervised.Select(c => (double)c)],
                [.. rows.Select(r => ((double)counts.Supervised[r.Position], r.Weight))]);
        if (run.Pool.Count <= most)
        {
            double[] all = [.. run.Pool.Read(cancellationToken).Select(e => (double)ReportTexts.AnswerLength(e))];
            return new AnswerLengths(Plain, "characters", all, [.. rows.Select(r => (all[r.Position], r.Weight))]);
        }

        var chosen = Drawn(rows.Count, most, run.Options.Seed, 1);
        return new AnswerLengths(
            Invariant($"{Plain}, of {most:N0} examples drawn from the ")
                + Invariant($"pool{(chosen.Length < rows.Count ? Invariant($" and {most:N0} from the selection") : "")}"),
            "characters",
            [.. Read(Drawn(run.Pool.Count, most, run.Options.Seed, 0))],
            [.. Read([.. chosen.Select(i => rows[i].Position)]).Zip(chosen, (length, i) => (length, rows[i].Weight))]);

        IEnumerable<double> Read(int[] positions) =>
            run.Pool.Read(positions, cancellationToken).Select(e => (double)ReportTexts.AnswerLength(e));
    }

    /// <summary>Some of the first whole numbers, ascending; all where they are few.</summary>
    private static int[] Drawn(int count, int most, ulong seed, ulong index)
    {
        if (count <= most) return [.. Enumerable.Range(0, count)];
        using var all = new SpillableList<int>(directory: null);
        for (var i = 0; i < count; i++) all.Add(i);
        new SeededRandom(seed, Purpose, index).Shuffle(all.Span);
        return [.. all.Take(most).Order()];
    }
}
