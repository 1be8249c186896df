using Pursuit.Proof;

namespace Pursuit.Tests.Reports;

/// <summary>A proof of made-up scores: one method better than random, one worse, one the same.</summary>
internal static class ProofSample
{
    private static readonly string[] Methods = ["gtp", "less", "length", ProofReport.Random, ProofReport.Full, ProofReport.FullEpoch];
    private static readonly string[] Budgets = ["0.5%", "1%", "5%"];
    private static readonly ulong[] Seeds = [0, 1, 2];

    /// <summary>A proof on some targets, whose names are shown.</summary>
    public static ProofReport Of(params string[] targets)
    {
        var scores = new List<TrainingScores>();
        foreach (var target in targets)
        {
            scores.Add(One(target, ProofReport.Base, null, null, 2.4));
            foreach (var seed in Seeds)
            {
                for (var b = 0; b < Budgets.Length; b++)
                {
                    var random = 2.0 - 0.12 * b;
                    scores.Add(One(target, "gtp", Budgets[b], seed, random - 0.25));
                    scores.Add(One(target, "less", Budgets[b], seed, random));
                    scores.Add(One(target, "length", Budgets[b], seed, random + 0.3));
                    scores.Add(One(target, ProofReport.Random, Budgets[b], seed, random));
                    scores.Add(One(target, ProofReport.Full, Budgets[b], seed, random - 0.02));
                }

                scores.Add(One(target, ProofReport.FullEpoch, null, seed, 1.5));
            }
        }

        var analysis = new ProofAnalysis(scores, targets, Budgets, Methods, Seeds, 0);
        var comparisons = analysis.Comparisons();
        return new ProofReport
        {
            Pursuit = "1.2.3",
            Recipe = new ProofRecipe("models/<b>mini</b>", 4, 16, 1e-3, 0.03, 512, "weights"),
            PoolExamples = 4782,
            Targets = [.. targets.Select(t => new ProofTarget(t, $"{t}/dev.jsonl", $"{t}/test.jsonl", 40, 900, 20))],
            Budgets = [new("0.5%", 23, 6), new("1%", 47, 12), new("5%", 239, 60)],
            Methods = Methods,
            Seeds = Seeds,
            Overlaps = [.. targets.Select((t, i) => new Overlap
            {
                Test = t, With = "pool", TestExamples = 40, SameContent = i, SharedRun = 2 * i, SharedAnswerRun = i, Examples = 3 * i,
                First = i == 0
                    ? []
                    : [new OverlapPair("t1", "</script><img src=x>", "the quick brown fox jumps over the lazy dog and then some more")],
            })],
            Scores = analysis.Scores(),
            Comparisons = comparisons,
            Verdicts = ProofAnalysis.Sentences(comparisons, Seeds.Length, ProofRecipe.PerAnswerToken),
            Remarks = ["3 seeds are few: intervals are wide."],
            Costs = [.. from t in targets
                from m in Methods from b in m == ProofReport.FullEpoch ? [null] : Budgets.Select(b => (string?)b) from s in Seeds
                select Cost(t, m, b, s)],
            Seconds = 271.4,
        };
    }

    private static ProofCost Cost(string target, string method, string? budget, ulong seed) => new()
    {
        Target = method is "gtp" or "less" ? target : null,
        Method = method,
        Budget = budget,
        Seed = seed,
        Selection = method is ProofReport.Full or ProofReport.FullEpoch
            ? null
            : new SelectionCost(method is "gtp" or "less" ? 41.5 : 0.4, method is "gtp" or "less" ? 1_250_000 : 0, 84_000_000),
        Examples = 47,
        WithoutAnswer = 0,
        EffectiveSize = method == "gtp" ? 31.4 : 47,
        Steps = 12,
        Tokens = 15_000,
        TrainingSeconds = 3.9,
        TestSeconds = 2.1,
    };

    private static TrainingScores One(string target, string method, string? budget, ulong? seed, double loss)
    {
        var random = new SeededRandom(seed ?? 99, $"test/proof/{target}/{method}/{budget}");
        var shared = new SeededRandom(7, $"test/proof/{target}");
        return new TrainingScores
        {
            Target = target,
            Method = method,
            Budget = budget,
            Seed = seed,
            Losses = [.. Enumerable.Range(0, 40)
                .Select(_ => Math.Max(0.01, loss + 0.5 * shared.NextGaussian() + 0.12 * random.NextGaussian()))],
            Labels = [.. Enumerable.Range(0, 40).Select(i => 5 + i % 20)],
            Answers = [.. Enumerable.Range(0, 20)
                .Select(i => new AnswerScore(i % 4 == 0 ? 1 : 0, Math.Clamp(1.1 - loss / 2.5 + 0.1 * random.NextGaussian(), 0, 1), 0.4))],
        };
    }
}
