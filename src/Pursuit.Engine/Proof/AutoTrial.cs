using Pursuit.Data;
using Pursuit.Proof;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Storage;

namespace Pursuit.Engine.Proof;

/// <summary>
/// Chooses among methods by a small proof of its own: each selects toward one half of the target, a model is trained on that, and
/// measured on the other half; then the halves change places. No test is seen.
/// </summary>
/// <param name="run">Keeps the halves and the trainings.</param>
/// <param name="options">The recipe; its targets, tests, methods and budgets are not looked at.</param>
/// <param name="auto">The candidates.</param>
/// <param name="progress">Told how far the work has come.</param>
internal sealed class AutoTrial(RunDirectory run, ProveOptions options, AutoOptions auto, IProgress<WorkProgress>? progress)
{
    /// <summary>Fewer leave nothing to hold out.</summary>
    public const int LeastExamples = 4;

    private static readonly string[] Halves = ["half-1", "half-2"];

    /// <summary>Chooses a method toward a target.</summary>
    /// <param name="inputs">The pool; its tests are not looked at.</param>
    /// <param name="target">The target's files.</param>
    /// <param name="budget">How much is to be chosen.</param>
    /// <param name="seed">Seed of the halves, the selections and the trainings.</param>
    /// <param name="cancellationToken">Stops it; the same call goes on.</param>
    /// <exception cref="PursuitException">The target is too small, or a candidate refuses it.</exception>
    public AutoVerdict Choose(
        ProofInputs inputs, IReadOnlyList<string> target, Budget budget, ulong seed, CancellationToken cancellationToken)
    {
        var candidates = auto.Candidates(options.FeaturesRun);
        var halves = Split(target, seed, cancellationToken);
        // What selects toward one half is measured on the other.
        var own = inputs.On([(Halves[1], halves[1]), (Halves[0], halves[0])], options.Pool, cancellationToken);
        var trial = auto.On(options) with
        {
            Targets = halves,
            Tests = [halves[1], halves[0]],
            Methods = candidates,
            Budgets = [budget],
            Seeds = auto.Seeds,
            EpochSeeds = 0,
            FirstSeed = seed,
            Generate = 0,
            Time = null,
        };
        var plan = new ProofPlan(trial, own) { Methods = candidates };
        var trainings = new ProofProgress(progress, own.Material.StepTokens);
        var work = new ProofWork(run, trial, own, plan, trainings, progress);
        foreach (var each in plan.Seeds) work.Announce(each);
        var scores = new List<TrainingScores>();
        long tokens = 0;
        foreach (var (cost, found) in plan.Seeds.SelectMany(each => work.Do(each, cancellationToken)))
        {
            scores.AddRange(found);
            tokens += cost.Tokens;
        }

        return Judge(candidates, scores, own.Tests, plan.Seeds, tokens, own.LossUnit, seed);
    }

    /// <summary>The target's records in two files, each record in one of them: which, depends on its content and the seed alone.</summary>
    private IReadOnlyList<string> Split(IReadOnlyList<string> target, ulong seed, CancellationToken cancellationToken)
    {
        using var examples = Pool.Open(options.Pool.Beside(target), null, cancellationToken);
        if (examples.Count < LeastExamples)
            throw PursuitException.At(
                ApiName.Target,
                $"{examples.Count:N0} examples",
                $"at least {LeastExamples}, of which '{AutoOptions.Name}' holds out one half, then the other",
                "Give more, or name a method.");
        int[] order =
        [
            .. Enumerable.Range(0, examples.Count)
                .OrderBy(i => SeededRandom.ForExample(seed, "auto/halves", examples.ContentIds[i]))
                .ThenBy(i => examples.ContentIds[i]),
        ];
        var first = order.Length / 2;
        return [Write(Halves[0], order[..first]), Write(Halves[1], order[first..])];

        string Write(string name, int[] positions)
        {
            var path = run.PathOf(name + ".jsonl");
            AtomicFile.Write(path, stream => examples.CopyRecords(positions, stream, cancellationToken));
            return path;
        }
    }

    private static AutoVerdict Judge(
        IReadOnlyList<ProofMethod> candidates,
        IReadOnlyList<TrainingScores> scores,
        IReadOnlyList<ProofTest> tests,
        IReadOnlyList<ulong> seeds,
        long tokens,
        string unit,
        ulong seed)
    {
        // Examples of both halves are one test: each was held out once.
        var losses = candidates.ToDictionary(c => c.Label, c => new ExampleScores(
            [.. seeds.Select(s => tests.SelectMany(t => Of(c, t, s)).ToArray())],
            [.. tests.SelectMany(t => t.Labels).Select(l => (double)l)]));
        var ranked = candidates.OrderBy(c => losses[c.Label].Mean).ToArray(); // stable: equal ones in the order they were given
        var best = losses[ranked[0].Label];
        return new AutoVerdict
        {
            Candidates =
            [
                .. ranked.Select((c, rank) => new AutoCandidate(
                    c.Label,
                    c.Given,
                    losses[c.Label].Mean,
                    rank == 0 ? null : Bootstrap.OfTest(losses[c.Label].Less(best), seed))),
            ],
            Examples = tests.Sum(t => t.Count),
            Trainings = tests.Count * seeds.Count,
            Tokens = tokens,
            LossUnit = unit,
        };

        IEnumerable<double> Of(ProofMethod method, ProofTest test, ulong of)
        {
            var found = scores.Single(s => s.Method == method.Label && s.Target == test.Name && s.Seed == of);
            return found.Losses.Select((loss, i) => loss * found.Labels[i]);
        }
    }
}
