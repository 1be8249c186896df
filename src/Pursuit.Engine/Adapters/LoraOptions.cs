using Pursuit.Engine.Models;

namespace Pursuit.Engine.Adapters;

/// <summary>Which linear layers get a low-rank adapter (LoRA; Hu et al., 2021), in PEFT's terms.</summary>
public sealed record LoraOptions
{
    /// <summary>As the only target module: every linear layer of the decoder layers.</summary>
    public const string AllLinear = "all-linear";

    /// <summary>Names of the linear layers of a decoder layer.</summary>
    public static IReadOnlyList<string> KnownModules { get; } =
        [.. ModelFamily.All.SelectMany(f => f.LinearModules).Distinct()];

    private static readonly IReadOnlyList<string> Attention = ModelFamily.All[0].Names.AttentionModules;

    /// <summary>Rank r, at least 1; default 128.</summary>
    public int Rank { get; init; } = 128;

    /// <summary>alpha, positive; default 512. The adapter's output is scaled by alpha / r.</summary>
    public double Alpha { get; init; } = 512;

    /// <summary>Probability that an input of an adapter is dropped in training, in [0, 1); default 0.1.</summary>
    public double Dropout { get; init; } = 0.1;

    /// <summary>Scale by alpha / sqrt(r) instead (rsLoRA; Kalajdzievski, 2023); default no.</summary>
    public bool RankStabilized { get; init; }

    /// <summary>
    /// The adapted layers: names of <see cref="KnownModules"/>, longer ends of module names
    /// ("layers.0.self_attn.q_proj"), or <see cref="AllLinear"/> alone. Default q_proj, k_proj, v_proj, o_proj, which stands for the linear
    /// layers of attention in families that call them otherwise.
    /// </summary>
    public IReadOnlyList<string> TargetModules { get; init; } = Attention;

    /// <summary>The factor on an adapter's output.</summary>
    public float Scale => (float)(RankStabilized ? Alpha / Math.Sqrt(Rank) : Alpha / Rank);

    /// <summary>Whether a target module names a layer: the whole module name, or its end after a dot.</summary>
    /// <param name="module">The layer's module name, such as "model.layers.0.self_attn.q_proj".</param>
    public bool Targets(string module) => TargetModules.Any(target => Targets(target, module));

    /// <summary>Reports every fault in one message.</summary>
    /// <param name="where">Where the options came from, for the message.</param>
    /// <exception cref="PursuitException">A value is out of range.</exception>
    public void Validate(string where = "LoRA")
    {
        var faults = new List<string>();
        if (Rank < 1)
            faults.Add($"rank is {Rank}, at least 1 is needed");
        if (!(Alpha > 0) || !double.IsFinite(Alpha))
            faults.Add(FormattableString.Invariant($"alpha is {Alpha}, a positive number is needed"));
        if (!(Dropout >= 0 && Dropout < 1))
            faults.Add(FormattableString.Invariant($"dropout is {Dropout}, 0 up to but not 1 is needed"));
        if (TargetModules.Count == 0)
            faults.Add($"no target modules, at least one of {string.Join(", ", KnownModules)} is needed");
        if (TargetModules.Count > 1 && TargetModules.Contains(AllLinear))
            faults.Add($"{AllLinear} stands beside {TargetModules.Count - 1} other target modules, it is possible alone only");
        foreach (var target in TargetModules.Where(t => t != AllLinear && !KnownModules.Contains(t[(t.LastIndexOf('.') + 1)..])))
            faults.Add($"target module \"{target}\" can't be adapted, only {string.Join(", ", KnownModules)}");
        if (faults.Count > 0)
            throw new PursuitException(FaultKind.Option, $"{where}: {string.Join("; ", faults)}.");
    }

    /// <summary>These options with the names that a family has for what the target modules stand for.</summary>
    internal LoraOptions For(ModelFamily family) =>
        TargetModules.SequenceEqual(Attention) ? this with { TargetModules = family.Names.AttentionModules } : this;

    internal static bool Targets(string target, string module) =>
        target == AllLinear || module.EndsWith(target, StringComparison.Ordinal)
            && (module.Length == target.Length || module[^(target.Length + 1)] == '.');
}
