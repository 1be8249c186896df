namespace Pursuit.Engine.Models;

/// <summary>Which linear layers get a low-rank adapter (Hu et al., 2021), in PEFT's terms.</summary>
public sealed record LoraOptions
{
    /// <summary>Names that may be adapted.</summary>
    public static IReadOnlyList<string> KnownModules { get; } = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

    /// <summary>Rank r, at least 1; default 128.</summary>
    public int Rank { get; init; } = 128;

    /// <summary>alpha, positive; default 512. The adapter's output is scaled by alpha / r.</summary>
    public double Alpha { get; init; } = 512;

    /// <summary>Probability that an input of an adapter is dropped in training, in [0, 1); default 0.1.</summary>
    public double Dropout { get; init; } = 0.1;

    /// <summary>Scale by alpha / sqrt(r) instead (rsLoRA, Kalajdzievski 2023); default no.</summary>
    public bool RankStabilized { get; init; }

    /// <summary>The layers' names; default q_proj, k_proj, v_proj, o_proj.</summary>
    public IReadOnlyList<string> TargetModules { get; init; } = ["q_proj", "k_proj", "v_proj", "o_proj"];

    /// <summary>The factor on an adapter's output.</summary>
    public float Scale => (float)(RankStabilized ? Alpha / Math.Sqrt(Rank) : Alpha / Rank);

    /// <summary>Reports every fault in one message.</summary>
    /// <exception cref="PursuitException">A value is out of range.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        if (Rank < 1)
            faults.Add($"rank is {Rank}, at least 1 is needed");
        if (!(Alpha > 0) || !double.IsFinite(Alpha))
            faults.Add(FormattableString.Invariant($"alpha is {Alpha}, a positive number is needed"));
        if (!(Dropout >= 0 && Dropout < 1))
            faults.Add(FormattableString.Invariant($"dropout is {Dropout}, a number from 0 to below 1 is needed"));
        if (TargetModules.Count == 0)
            faults.Add("no target modules");
        foreach (var module in TargetModules.Where(m => !KnownModules.Contains(m)))
            faults.Add($"target module \"{module}\" is not one of {string.Join(", ", KnownModules)}");
        if (faults.Count > 0)
            throw new PursuitException($"LoRA: {string.Join("; ", faults)}.");
    }
}
