using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

/// <summary>One tensor of the model, by its Hugging Face name, and its place in a flat buffer of all parameters.</summary>
/// <param name="Index">Its number in <see cref="ParameterLayout.All"/>.</param>
/// <param name="Name">Name in the safetensors file.</param>
/// <param name="Shape">[out, in] of a matrix, [size] of a vector.</param>
/// <param name="Offset">First value in a flat buffer.</param>
/// <param name="VectorOffset">First value in a flat buffer of the vectors alone; -1 for a matrix.</param>
internal sealed record Parameter(int Index, string Name, IReadOnlyList<int> Shape, long Offset, long VectorOffset = -1)
{
    /// <summary>How its values lie in the file; null: as in memory.</summary>
    public FileOrder? Order { get; init; }

    /// <summary>Its shape in the file.</summary>
    public IReadOnlyList<int> FileShape => Order?.Shape(Shape) ?? Shape;

    /// <summary>Every value of a vector in a model made at random.</summary>
    public float Start { get; init; }

    /// <summary>Whether it is a norm's weight or a bias.</summary>
    public bool IsVector => Shape.Count == 1;

    /// <summary>Number of values.</summary>
    public int Length { get; } = Shape.Aggregate(1, (product, size) => checked(product * size));

    /// <summary>This parameter's values in a flat buffer laid out by the same <see cref="ParameterLayout"/>.</summary>
    public BufferSlice In(DeviceBuffer buffer) => buffer.Slice(Offset, Length);
}

/// <summary>One linear layer y = W x + b within a <see cref="LinearGroup"/>.</summary>
/// <param name="Module">Its module name, such as "model.layers.0.self_attn.q_proj".</param>
/// <param name="FirstOutput">Its first column in the group's outputs.</param>
/// <param name="Weight">W [outputs, inputs].</param>
/// <param name="Bias">b [outputs], or null.</param>
internal sealed record LinearPart(string Module, int FirstOutput, Parameter Weight, Parameter? Bias)
{
    /// <summary>Number of outputs.</summary>
    public int Outputs => Weight.Shape[0];
}

/// <summary>
/// Linear layers that read the same input, stored one after another so that one product computes them all
/// (queries, keys and values; gate and up).
/// </summary>
/// <param name="Layer">The decoder layer, or -1 for the head.</param>
/// <param name="Inputs">Width of the shared input.</param>
/// <param name="Parts">The layers, in the order of their outputs.</param>
internal sealed record LinearGroup(int Layer, int Inputs, IReadOnlyList<LinearPart> Parts)
{
    /// <summary>Number of outputs of all parts.</summary>
    public int Outputs { get; } = Parts.Sum(p => p.Outputs);

    /// <summary>Whether the parts carry biases (all or none do).</summary>
    public bool HasBias => Parts[0].Bias is not null;

    /// <summary>All parts' weights as one matrix [Outputs, Inputs].</summary>
    public BufferSlice Weights(DeviceBuffer buffer) => buffer.Slice(Parts[0].Weight.Offset, checked(Outputs * Inputs));

    /// <summary>All parts' biases as one vector [Outputs].</summary>
    public BufferSlice Biases(DeviceBuffer buffer) => buffer.Slice(Parts[0].Bias!.Offset, Outputs);
}

/// <summary>A norm's weight, and its bias where it has one.</summary>
/// <param name="Weight">w [size].</param>
/// <param name="Bias">b [size], or null.</param>
internal sealed record NormParameters(Parameter Weight, Parameter? Bias);

/// <summary>The parameters of one decoder layer.</summary>
/// <param name="AttentionNorm">The norm before attention, or null.</param>
/// <param name="QueryKeyValue">Queries, keys, values.</param>
/// <param name="QueryNorm">The norm of queries, or null.</param>
/// <param name="KeyNorm">The norm of keys, or null.</param>
/// <param name="AttentionOutput">The attention's output.</param>
/// <param name="AttentionOutputNorm">The norm of the attention's output, or null.</param>
/// <param name="MlpNorm">The norm before the feed-forward block, which may be that before attention itself; or null.</param>
/// <param name="Mlp">The feed-forward block, or null where there is a mixture.</param>
/// <param name="Mixture">The mixture of experts in its place, or null.</param>
/// <param name="MlpOutputNorm">The norm of the feed-forward block's output, or null.</param>
internal sealed record LayerParameters(
    NormParameters? AttentionNorm,
    LinearGroup QueryKeyValue,
    NormParameters? QueryNorm,
    NormParameters? KeyNorm,
    LinearGroup AttentionOutput,
    NormParameters? AttentionOutputNorm,
    NormParameters? MlpNorm,
    MlpParameters? Mlp,
    MixtureParameters? Mixture,
    NormParameters? MlpOutputNorm)
{
    /// <summary>Whether attention and feed-forward block read the output of one norm.</summary>
    public bool SharesNorm => AttentionNorm is not null && ReferenceEquals(AttentionNorm, MlpNorm);

    /// <summary>Its linear layers.</summary>
    public IEnumerable<LinearGroup> LinearGroups
    {
        get
        {
            IEnumerable<LinearGroup> mlp = Mlp is null ? [] : [Mlp.GateUp, Mlp.Down];
            IEnumerable<LinearGroup> mixture =
                Mixture is null ? [] : Mixture.Experts.SelectMany(e => new[] { e.GateUp, e.Down }).Prepend(Mixture.Router);
            return [QueryKeyValue, AttentionOutput, .. mlp, .. mixture];
        }
    }
}

/// <summary>A feed-forward block, or one expert.</summary>
/// <param name="GateUp">Gate and up, or the first matrix of a block without a gate.</param>
/// <param name="Down">Down.</param>
internal sealed record MlpParameters(LinearGroup GateUp, LinearGroup Down);

/// <summary>A mixture of experts.</summary>
/// <param name="Router">The logits of the experts.</param>
/// <param name="Experts">The experts.</param>
internal sealed record MixtureParameters(LinearGroup Router, IReadOnlyList<MlpParameters> Experts);
