namespace Pursuit.Engine.Models;

/// <summary>A family's mixture of experts: the names of its tensors and of its keys.</summary>
internal sealed record MixtureRule
{
    /// <summary>The router, relative to a layer.</summary>
    public string Router { get; init; } = "mlp.gate";

    /// <summary>What stands before an expert's number, relative to a layer.</summary>
    public string Experts { get; init; } = "mlp.experts";

    /// <summary>An expert's gate and up.</summary>
    public IReadOnlyList<string> ExpertInput { get; init; } = ["gate_proj", "up_proj"];

    /// <summary>An expert's down.</summary>
    public string ExpertOutput { get; init; } = "down_proj";

    /// <summary>The key of the number of experts.</summary>
    public string CountKey { get; init; } = "num_experts";

    /// <summary>The key of an expert's width.</summary>
    public string SizeKey { get; init; } = "intermediate_size";

    /// <summary>Whether the chosen experts' weights are made to sum to 1; null: norm_topk_prob says so.</summary>
    public bool? Normalizes { get; init; }

    /// <summary>Whether decoder_sparse_step and mlp_only_layers are read.</summary>
    public bool MayHaveDenseLayers { get; init; }

    /// <summary>The last parts of the linear modules' names.</summary>
    public IEnumerable<string> LinearModules => [Router[(Router.LastIndexOf('.') + 1)..], .. ExpertInput, ExpertOutput];
}
