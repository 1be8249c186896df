using Pursuit.Distribution;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Gtp;

/// <summary>
/// What several processes exchange for a pursuit that goes all the way: every pass adds the rows it may, none of them is dropped, and
/// every swap
/// round is made. The messages are those of a team of processes (docs/scale.md), to the byte; a pursuit that stops early exchanges less.
/// </summary>
internal static class PlannedTraffic
{
    private const int Byte = 1, Number = sizeof(int), Single = sizeof(float), Double = sizeof(double);

    /// <summary>Of <c>gtp</c> with the staged schedule.</summary>
    /// <param name="options">Its options; the numbers of passes and the share of rows offered count.</param>
    /// <param name="rows">N, the pool's examples.</param>
    /// <param name="dimension">D, numbers of a row over all checkpoints.</param>
    /// <param name="budget">M, rows to choose.</param>
    /// <param name="groups">J, target groups.</param>
    /// <param name="processes">n.</param>
    public static Traffic Of(GtpOptions options, long rows, long dimension, long budget, int groups, int processes)
    {
        var others = processes - 1L;
        long outward = 0, back = 0, offered = 0, asked = 0, messages = others * (Byte + Number + Double + Byte); // the opening, and the end
        var swapped = (long)Math.Ceiling(options.SwapShare * budget);
        // (rows in the support, rows looked at) by pass.
        (long Support, long Candidates)[] plan =
        [
            .. options.Supports(budget).Select(support => ((long)support, options.Candidates(support))),
            .. Enumerable.Repeat((budget, swapped + swapped / 4), options.SwapRounds),
        ];
        var pass = 0;
        foreach (var (support, candidates) in plan)
        {
            pass++;
            outward += Score(dimension, groups, support) + Best;
            if (GainsAreAsked(pass)) (asked, outward) = (asked + 1, outward + Gains(support));
            // Every process answers with as many as are wanted; the best of all are then fetched.
            back += others * candidates * (Number + Single);
            offered += candidates;
            messages += others * (Byte + 2 * Number + candidates * Number);
        }

        var fetched = offered * others / processes;
        return new Traffic
        {
            Processes = processes,
            Passes = plan.Length,
            PassesOut = others * outward,
            PassesBack = back,
            Rows = fetched,
            RowsBack = fetched * dimension * Single,
            GainsBack = rows * others / processes * asked * Single,
            Other = messages,
        };
    }

    /// <summary>A pass's request: rows, rule, right-hand sides, and the rows that can't be chosen.</summary>
    private static long Score(long dimension, int groups, long support) =>
        Byte + Number + (
            Byte + Number + groups * Double + Double + Byte) + (Number + groups * dimension * Single) + (Number + support * Number);

    /// <summary>The request for the best rows.</summary>
    private static long Best => Byte + Number + Number;

    /// <summary>The request for every row's gain at a pass: the chosen and the barred.</summary>
    private static long Gains(long support) => Byte + (Number + support * Number) + Number;

    /// <summary>Of more passes than are kept only every second is, then every fourth (<see cref="PursuitGains"/>).</summary>
    private static bool GainsAreAsked(int pass)
    {
        var stride = 1;
        while ((pass - 1) / stride > PursuitGains.MostPasses) stride *= 2;
        return (pass - 1) % stride == 0;
    }
}
