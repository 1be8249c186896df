using Pursuit.Engine.Kernels;
using Pursuit.Storage;

namespace Pursuit.Engine.Models.TextEncoders;

/// <summary>An encoder's weights in memory, in float32.</summary>
internal sealed class TextEncoderWeights : IDisposable
{
    private readonly DeviceBuffer _memory;

    private TextEncoderWeights(DeviceBuffer memory, TextEncoderConfig config, TensorReader reader)
    {
        _memory = memory;
        var (family, hidden) = (config.Family, config.HiddenSize);
        Tokens = reader.Take(["embeddings.word_embeddings.weight"], config.VocabularySize, hidden);
        Positions = reader.Take(["embeddings.position_embeddings.weight"], config.Positions, hidden);
        if (family.HasTypes)
            Types = reader.Take(["embeddings.token_type_embeddings.weight"], config.Types, hidden);
        Norm = TakeNorm("embeddings.LayerNorm");
        Layers = [.. Enumerable.Range(0, config.Layers).Select(TakeLayer)];

        NormCall TakeNorm(string name) =>
            new(config.Norm, reader.Take([name + ".weight"], hidden), reader.Take([name + ".bias"], hidden));

        EncoderLinear TakeLinear(IReadOnlyList<string> names, int inputs, int outputs) => new(
            inputs,
            names.Count * outputs,
            reader.Take([.. names.Select(name => name + ".weight")], outputs, inputs),
            reader.Take([.. names.Select(name => name + ".bias")], outputs));

        EncoderLayer TakeLayer(int layer)
        {
            var prefix = $"{family.Layers}{layer}.";
            return new(
                TakeLinear([.. family.QueryKeyValue.Select(name => prefix + name)], hidden, hidden),
                TakeLinear([prefix + family.AttentionOutput], hidden, hidden),
                TakeNorm(prefix + family.AttentionNorm),
                TakeLinear([prefix + family.MlpInput], hidden, config.IntermediateSize),
                TakeLinear([prefix + family.MlpOutput], config.IntermediateSize, hidden),
                TakeNorm(prefix + family.MlpNorm));
        }
    }

    /// <summary>The tokens' embeddings [vocabulary, hidden].</summary>
    public BufferSlice Tokens { get; }

    /// <summary>The positions' [positions, hidden].</summary>
    public BufferSlice Positions { get; }

    /// <summary>The types' [types, hidden]; null where the family has none.</summary>
    public BufferSlice? Types { get; }

    /// <summary>The norm of their sum.</summary>
    public NormCall Norm { get; }

    /// <summary>The layers.</summary>
    public IReadOnlyList<EncoderLayer> Layers { get; }

    /// <summary>Reads the weights of an encoder's directory.</summary>
    /// <param name="directory">A directory with model.safetensors, or its index and files; bf16, fp16, fp32 or fp64.</param>
    /// <param name="config">What the encoder is made of.</param>
    /// <param name="operations">Where to.</param>
    /// <exception cref="PursuitException">
    /// A file is missing or malformed, or a tensor is missing, left over or of another shape than the config says.
    /// </exception>
    public static TextEncoderWeights Read(string directory, TextEncoderConfig config, IDecoderOperations operations)
    {
        using var files = ModelWeights.Open(directory);
        using var nothing = operations.Allocate(0);
        var measure = new TensorReader(files, config.Family, null);
        _ = new TextEncoderWeights(nothing, config, measure);
        measure.ThrowIfUnfit();
        var memory = operations.Allocate(measure.Length);
        try
        {
            return new TextEncoderWeights(memory, config, new TensorReader(files, config.Family, memory));
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>Frees them.</summary>
    public void Dispose() => _memory.Dispose();
}

/// <summary>One layer's weights.</summary>
/// <param name="QueryKeyValue">Queries, keys and values, as one matrix.</param>
/// <param name="AttentionOutput">The attention's output.</param>
/// <param name="AttentionNorm">The norm of its sum with the residual stream.</param>
/// <param name="MlpInput">The first matrix of the feed-forward block.</param>
/// <param name="MlpOutput">The second.</param>
/// <param name="MlpNorm">The norm of its sum with the residual stream.</param>
internal sealed record EncoderLayer(
    EncoderLinear QueryKeyValue,
    EncoderLinear AttentionOutput,
    NormCall AttentionNorm,
    EncoderLinear MlpInput,
    EncoderLinear MlpOutput,
    NormCall MlpNorm);

/// <summary>A linear layer y = W x + b.</summary>
/// <param name="Inputs">Inputs.</param>
/// <param name="Outputs">Outputs.</param>
/// <param name="Weight">W [outputs, inputs].</param>
/// <param name="Bias">b [outputs].</param>
internal readonly record struct EncoderLinear(int Inputs, int Outputs, BufferSlice Weight, BufferSlice Bias);
