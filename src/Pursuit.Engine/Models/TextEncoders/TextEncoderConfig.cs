using Pursuit.Engine.Kernels;
using Pursuit.Storage;

namespace Pursuit.Engine.Models.TextEncoders;

/// <summary>What an encoder is made of: the part of config.json that decides its arithmetic.</summary>
internal sealed record TextEncoderConfig
{
    private const double UsualEpsilon = 1e-12;

    /// <summary>The family.</summary>
    public required TextEncoderFamily Family { get; init; }

    /// <summary>Number of token ids.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Width of the residual stream, and numbers of a hidden state.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width inside the feed-forward block.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Number of layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Heads; they divide <see cref="HiddenSize"/>.</summary>
    public required int Heads { get; init; }

    /// <summary>Learned positions.</summary>
    public required int Positions { get; init; }

    /// <summary>Token types that have embeddings.</summary>
    public int Types { get; init; }

    /// <summary>The id of the padding token.</summary>
    public int PaddingToken { get; init; }

    /// <summary>The feed-forward block's function.</summary>
    public Activation Activation { get; init; }

    /// <summary>The norms' rule.</summary>
    public NormRule Norm { get; init; }

    /// <summary>The attention of every layer.</summary>
    public AttentionShape Attention => new(Heads, Heads, HiddenSize / Heads, int.MaxValue) { SeesBehind = true };

    /// <summary>The feed-forward block's elementwise part over rows.</summary>
    public ActivationShape Mlp(int rows) => new(rows, IntermediateSize, Activation, Gated: false);

    /// <summary>Reads an encoder's config.json.</summary>
    /// <param name="directory">The directory that holds it.</param>
    /// <exception cref="PursuitException">
    /// The file is missing or malformed, contradicts itself, or is of an encoder that isn't computed from safetensors.
    /// </exception>
    public static TextEncoderConfig ReadDirectory(string directory)
    {
        var path = Path.Combine(directory, "config.json");
        return Parse(BoundedFile.Read(path, JsonFile.LargestConfiguration, "an encoder's configuration"), path);
    }

    /// <summary>Reads the content of a config.json.</summary>
    /// <param name="utf8">The content.</param>
    /// <param name="where">Its name, for messages.</param>
    /// <exception cref="PursuitException">It is malformed, contradicts itself, or is of an encoder that isn't computed.</exception>
    public static TextEncoderConfig Parse(ReadOnlyMemory<byte> utf8, string where)
    {
        using var document = JsonFile.Parse(utf8, where);
        var fields = new JsonFields(document.Root);
        var modelType = fields.Text("model_type");
        if (modelType is null)
            fields.ThrowIfFaulty();
        if (TextEncoderFamily.Find(modelType ?? "") is not { } family)
        {
            throw PursuitException.At(
                where,
                $"{(string.IsNullOrEmpty(modelType) ? "no model_type" : $"model_type \"{modelType}\"")} without an ONNX file",
                $"one of {string.Join(", ", TextEncoderFamily.All.Select(f => f.ModelType))}, or model.onnx",
                ModelFamily.Find(modelType ?? "") is not null
                    ? $"It is a language model, not an encoder: methods over embeddings take it as {ApiName.Model}."
                    : "Export the encoder to ONNX, as optimum does, or copy its onnx folder.");
        }

        var config = Read(fields, family);
        fields.ThrowIfFaulty("the encoder needs what is not computed from safetensors", "Export it to ONNX, as optimum does.");
        config.Validate(where);
        return config;
    }

    private static TextEncoderConfig Read(JsonFields fields, TextEncoderFamily family)
    {
        var keys = family.Keys;
        foreach (var name in new[] { "quantization_config", "quantization" })
            fields.Refuse(fields.Has(name), $"quantized weights ({name})");
        foreach (var name in new[] { "is_decoder", "is_encoder_decoder", "add_cross_attention" })
            fields.Refuse(fields.Flag(name, false), name);
        var positions = fields.Text("position_embedding_type") ?? "absolute";
        fields.Refuse(positions != "absolute", $"position_embedding_type \"{positions}\" (supported: absolute)");
        var function = fields.Text(keys.Activation) ?? "gelu";
        fields.Refuse(
            !ModelConfigReader.TryActivation(function, out var activation),
            $"activation \"{function}\" ({keys.Activation}; supported: {ModelConfigReader.ActivationNames})");
        return new TextEncoderConfig
        {
            Family = family,
            VocabularySize = fields.Integer("vocab_size"),
            HiddenSize = fields.Integer(keys.Hidden),
            IntermediateSize = fields.Integer(keys.Intermediate),
            Layers = fields.Integer(keys.Layers),
            Heads = fields.Integer(keys.Heads),
            Positions = fields.Integer(keys.Positions),
            Types = family.HasTypes ? fields.Integer("type_vocab_size", 2) : 0,
            PaddingToken = fields.Integer("pad_token_id", family.CountsFromPadding ? 1 : 0),
            Activation = activation,
            Norm = new((float)(family.EpsilonKey is { } key ? fields.Number(key, UsualEpsilon) : UsualEpsilon), Centers: true),
        };
    }

    private void Validate(string where)
    {
        var (faults, keys) = (new List<string>(), Family.Keys);
        AtLeastOne(VocabularySize, "vocab_size");
        AtLeastOne(HiddenSize, keys.Hidden);
        AtLeastOne(IntermediateSize, keys.Intermediate);
        AtLeastOne(Layers, keys.Layers);
        AtLeastOne(Heads, keys.Heads);
        AtLeastOne(Positions, keys.Positions);
        if (Family.HasTypes) AtLeastOne(Types, "type_vocab_size");
        if (Heads > 0 && HiddenSize % Heads != 0)
            faults.Add($"{keys.Hidden} is {HiddenSize}, not a multiple of {keys.Heads} {Heads}");
        if (Layers > ModelConfig.MostLayers)
            faults.Add($"{keys.Layers} is {Layers}, at most {ModelConfig.MostLayers} are possible");
        if (!(Norm.Epsilon > 0) || !float.IsFinite(Norm.Epsilon))
            faults.Add(FormattableString.Invariant($"{Family.EpsilonKey} is {Norm.Epsilon}, not a positive number"));
        if (Family.CountsFromPadding && (PaddingToken < 0 || PaddingToken >= Positions - 1))
            faults.Add($"pad_token_id is {PaddingToken}, but positions begin behind it and there are {Positions}");
        AtMostATensor(VocabularySize, "vocab_size");
        AtMostATensor(Positions, keys.Positions);
        AtMostATensor(Types, "type_vocab_size");
        AtMostATensor(IntermediateSize, keys.Intermediate);
        AtMostATensor(3L * HiddenSize, $"3 times {keys.Hidden}");
        if (faults.Count > 0)
        {
            throw new PursuitException(
                $"{where}: the config contradicts itself: {string.Join("; ", faults)}. Correct the file or use the encoder's own.");
        }

        void AtLeastOne(int value, string name)
        {
            if (value < 1) faults.Add($"{name} is {value}, at least 1 is needed");
        }

        // The kernels count a tensor's values in 31 bits.
        void AtMostATensor(long rows, string name)
        {
            if ((Int128)rows * HiddenSize > int.MaxValue)
                faults.Add($"{name} {rows} times {keys.Hidden} {HiddenSize} is over {int.MaxValue} values, the most one tensor may hold");
        }
    }
}
