using System.Text.Json;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Methods;
using Pursuit.Selection.Pursuits;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.Pursuits;

/// <summary>Pursuits that laws are held against, and what they told.</summary>
internal static class PursuitCases
{
    /// <summary>A method with settings: both schedules, fills, held-out halves, a mean taken off, two rounds.</summary>
    public static TheoryData<string, string[]> All => new()
    {
        { "gtp", [] },
        { "gtp", ["gtp.schedule=paper", "gtp.fill=peel", "gtp.groups=one", "gtp.tolerance=0"] },
        { "gtp", ["gtp.noise-floor=held-out", "gtp.iterations=6"] },
        { "gtp", ["gtp.batch=0", "gtp.centre=true", "gtp.noise-floor=off", "gtp.fill=none"] },
        { "gtp", ["gtp.normalise=none", "gtp.norm-floor=0"] },
        { "gtp", ["gtp.normalise=row", "gtp.weights=raw"] },
        { "gtp", ["gtp.rounds=2", "gtp.parts=3", "gtp.groups=clusters"] },
        { "gtp", ["gtp.schedule=shortlist", "gtp.shortlist=12"] },
        { "gtp", ["gtp.schedule=shortlist", "gtp.shortlist=24", "gtp.groups=one", "gtp.fill=none", "gtp.tolerance=0"] },
        { "omp", [] },
    };

    /// <summary>A pool in several shards, and a target.</summary>
    public static SelectionProblem Problem(int rows = 600, string budget = "24")
    {
        var problem = Gradients.Realistic(rows, 24, budget);
        return problem with
        {
            Gradients = problem.Gradients with
            {
                Pool = Gradients.InShards(
            (MemoryFeatures)problem.Gradients.Pool!, 128)
            }
        };
    }

    /// <summary>A choice with all that is told of it.</summary>
    public static string Choose(SelectionProblem problem, string method, string[] settings, SelectionContext? context = null)
    {
        var chosen = MethodOptions.Create(MethodRegistry.Find(method), settings).Select(
            problem, context ?? new SelectionContext { Threads = 1 });
        return JsonSerializer.Serialize(chosen with { Details = null }, RunJson.Compact) + JsonSerializer.Serialize(
            chosen.Details, chosen.Details!.GetType(), RunJson.Compact)
            + JsonSerializer.Serialize(
                ((PursuitDetails)chosen.Details!).Gains!.Passes.Select(p => (object[])[p.Pass, .. p.Gains]),
                RunJson.Compact);
    }
}
