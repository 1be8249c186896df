using Pursuit.Proof;
using ProofVerdict = Pursuit.Proof.Verdict;

namespace Pursuit.Reports;

/// <summary>A proof as it is reported: what <c>report.json</c> holds and <c>report.html</c> shows.</summary>
internal sealed record ProofDocument
{
    /// <summary>The version of this model.</summary>
    public int Format { get; init; } = 1;

    /// <summary>The verdict in a few words: that of the first method asked for.</summary>
    public required string Headline { get; init; }

    /// <summary>The command that repeats it.</summary>
    public required string Command { get; init; }

    /// <summary>The proof.</summary>
    public required ProofReport Proof { get; init; }

    /// <summary>Puts a proof beside the command that repeats it.</summary>
    /// <param name="proof">A finished proof.</param>
    /// <param name="command">The command that repeats it.</param>
    public static ProofDocument Of(ProofReport proof, string command) =>
        new() { Headline = HeadlineOf(proof), Command = command, Proof = proof };

    /// <summary>The methods that choose: all but random, full and a whole epoch.</summary>
    internal static IEnumerable<string> Choosing(ProofReport proof) =>
        proof.Methods.Where(m => m is not (ProofReport.Random or ProofReport.Full or ProofReport.FullEpoch));

    /// <summary>The comparisons that decide: by loss against random, across the targets where there are several.</summary>
    internal static IEnumerable<ProofComparison> Deciding(ProofReport proof, string method) => proof.Comparisons
        .Where(c => c.Metric == ProofMetric.Loss && c.Against == ProofReport.Random && c.Method == method && c.Target == Whole(proof));

    /// <summary>The target that stands for all of them: the only one, or none by name.</summary>
    internal static string? Whole(ProofReport proof) => proof.Targets.Count == 1 ? proof.Targets[0].Name : null;

    private static string HeadlineOf(ProofReport proof)
    {
        if (Choosing(proof).FirstOrDefault() is not { } method) return "Random selections against the whole pool";
        var budgets = Deciding(proof, method).ToLookup(c => c.Verdict, c => c.Budget);
        var (better, worse, neither) = (budgets[ProofVerdict.Better].ToArray(), budgets[ProofVerdict.Worse].ToArray(),
            budgets[ProofVerdict.NoDifferenceShown].ToArray());
        if (better.Length + worse.Length == 0) return $"No difference between {method} and random shown at {List(neither)}";
        string[] parts =
        [
            .. better.Length > 0 ? [$"better than random at {List(better)}"] : Array.Empty<string>(),
            .. worse.Length > 0 ? [$"worse than random at {List(worse)}"] : Array.Empty<string>(),
        ];
        return $"{method} trains {string.Join(" and ", parts)}{(neither.Length > 0 ? $"; no difference shown at {List(neither)}" : "")}";
    }

    private static string List(string[] words) =>
        words is [.. var all, var last] && all.Length > 0 ? $"{string.Join(", ", all)} and {last}" : words[0];
}
