using Pursuit.Engine.Adapters;
using Pursuit.Engine.Models;
using Pursuit.Engine.Models.TextEncoders;
using Pursuit.Fuzz.Mutation;

namespace Pursuit.Fuzz.Targets;

/// <summary>config.json, and the parameters it asks for.</summary>
internal sealed class ModelConfigTarget : FuzzTarget
{
    public override IReadOnlyList<byte[]> Seeds { get; } =
        [File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "seeds", "configs", "config.json"))];

    public override Mutator Mutator { get; } = new EitherMutator(
        new JsonMutator(
        [
            "\"llama\"", "\"mistral\"", "\"qwen2\"", "\"qwen3\"", "\"linear\"", "\"default\"", "\"yarn\"", "\"full_attention\"",
            "\"head_dim\"", "\"attention_bias\"", "\"rope_parameters\"", "\"sliding_window\"", "4096", "4097", "20000000", "3", "6",
        ]),
        9, new ByteMutator([]));

    public override void Read(byte[] input) => _ = new ParameterLayout(ModelConfigReader.Parse(input, "config.json")).Count;
}

/// <summary>config.json of an encoder.</summary>
internal sealed class EncoderConfigTarget : FuzzTarget
{
    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        """
        {"model_type": "roberta", "vocab_size": 99, "hidden_size": 12, "intermediate_size": 20, "num_hidden_layers": 2,
         "num_attention_heads": 3, "max_position_embeddings": 66, "type_vocab_size": 1, "layer_norm_eps": 1e-05, "pad_token_id": 1,
         "hidden_act": "gelu", "position_embedding_type": "absolute"}
        """u8.ToArray(),
        """
        {"model_type": "distilbert", "vocab_size": 99, "dim": 12, "hidden_dim": 20, "n_layers": 2, "n_heads": 3, "activation": "gelu",
         "max_position_embeddings": 64}
        """u8.ToArray(),
    ];

    public override Mutator Mutator { get; } = new EitherMutator(
        new JsonMutator(["\"bert\"", "\"xlm-roberta\"", "\"relative_key\"", "\"is_decoder\"", "4096", "4097", "2147483647", "-1", "0"]),
        9, new ByteMutator([]));

    public override void Read(byte[] input) => _ = TextEncoderConfig.Parse(input, "config.json").Attention;
}

/// <summary>adapter_config.json.</summary>
internal sealed class AdapterConfigTarget : FuzzTarget
{
    public override IReadOnlyList<byte[]> Seeds { get; } =
        [File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "seeds", "configs", "adapter_config.json"))];

    public override Mutator Mutator { get; } = new EitherMutator(
        new JsonMutator(
            ["\"all-linear\"", "\"q_proj\"", "\"LORA\"", "\"gaussian\"", "\"use_dora\"", "\"rank_pattern\"", "\"init_lora_weights\""]),
        9, new ByteMutator([]));

    public override void Read(byte[] input) => AdapterConfig.Parse(input, "adapter_config.json");
}

/// <summary>An adapter's directory, loaded onto a small model: its configuration beside sound weights.</summary>
internal sealed class AdapterTarget : FileTarget
{
    private readonly Decoder _decoder = Decoder.Create(
        new ModelConfig
        {
            VocabularySize = 17,
            HiddenSize = 8,
            IntermediateSize = 12,
            Layers = 2,
            QueryHeads = 2,
            KeyValueHeads = 1,
            HeadSize = 4,
        },
        seed: 1);

    public AdapterTarget()
    {
        using var adapters = LoraAdapters.Create(
            _decoder, new LoraOptions { Rank = 2, Alpha = 4, TargetModules = ["q_proj", "v_proj"] }, seed: 1);
        adapters.Save(Folder, "base");
        Seeds = [File.ReadAllBytes(FilePath)];
    }

    public override IReadOnlyList<byte[]> Seeds { get; }

    public override Mutator Mutator { get; } = new EitherMutator(
        new JsonMutator(["\"all-linear\"", "\"q_proj\"", "\"down_proj\"", "2", "3", "1000000", "\"r\""]), 9, new ByteMutator([]));

    protected override string FileName => AdapterConfig.FileName;

    public override void Dispose()
    {
        _decoder.Dispose();
        base.Dispose();
    }

    protected override void ReadFile() => LoraAdapters.Load(_decoder, Folder).Dispose();
}

/// <summary>A model's directory: its configuration beside sound weights, loaded.</summary>
internal sealed class ModelTarget : FileTarget
{
    public ModelTarget()
    {
        using var decoder = Decoder.Create(
            new ModelConfig
            {
                VocabularySize = 17,
                HiddenSize = 8,
                IntermediateSize = 12,
                Layers = 2,
                QueryHeads = 2,
                KeyValueHeads = 1,
                HeadSize = 4,
                TiedHead = true,
            },
            seed: 1);
        decoder.Save(Folder);
        Seeds = [File.ReadAllBytes(FilePath)];
    }

    public override IReadOnlyList<byte[]> Seeds { get; }

    public override Mutator Mutator { get; } = new EitherMutator(
        new JsonMutator(["\"llama\"", "\"qwen3\"", "\"head_dim\"", "4096", "20000000", "3", "true"]), 9, new ByteMutator([]));

    protected override string FileName => "config.json";

    protected override void ReadFile() => Decoder.Load(Folder).Dispose();
}
