using Pursuit.Data;
using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Methods;

namespace Pursuit.Jobs;

/// <summary>Gives methods the texts they declare, read from the records as they ask.</summary>
internal static class TextFeatures
{
    /// <summary>Names what is missing before any file is read.</summary>
    public static void AddFaults(SelectJobOptions options, MethodDescriptor method, List<Fault> faults)
    {
        if (method.Needs.HasFlag(FeatureNeeds.TargetTexts) && options.Targets.Count == 0)
            faults.Add(Fault.OfOption(ApiName.Target, $"missing; '{method.Name}' compares with the words of a target's examples"));
    }

    /// <summary>The problem with the texts its method declares.</summary>
    public static SelectionProblem Give(SelectionProblem problem, FeatureNeeds needs, Pool pool, Pool? target) => problem with
    {
        Texts = new TextInputs
        {
            Pool = needs.HasFlag(FeatureNeeds.PoolTexts) ? new PoolTexts(pool) : null,
            Target = needs.HasFlag(FeatureNeeds.TargetTexts) && target is not null ? new PoolTexts(target) : null,
        },
    };

    /// <summary>What a choice depends on besides the pool; null where the method reads no target's text.</summary>
    public static string? TargetFingerprint(FeatureNeeds needs, Pool? target) =>
        needs.HasFlag(FeatureNeeds.TargetTexts) ? target?.Fingerprint : null;

    /// <summary>The texts of a pool's records.</summary>
    private sealed class PoolTexts(Pool pool) : ITextFeatures
    {
        public int Count => pool.Count;

        public IEnumerable<string> Read(CancellationToken cancellationToken) => pool.Read(cancellationToken).Select(ExampleText.Of);
    }
}
