using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

internal sealed partial record ModelFamily
{
    private static readonly ModuleNames PhiNames = new()
    {
        QueryKeyValue = ["self_attn.qkv_proj"],
        MlpInput = ["mlp.gate_up_proj"],
    };

    private static readonly ModuleNames GemmaSandwich = new()
    {
        AttentionOutputNorm = "post_attention_layernorm",
        MlpNorm = "pre_feedforward_layernorm",
        MlpOutputNorm = "post_feedforward_layernorm",
    };

    private static readonly ModuleNames OlmoNames = new()
    {
        AttentionNorm = null,
        AttentionOutputNorm = "post_attention_layernorm",
        MlpNorm = null,
        MlpOutputNorm = "post_feedforward_layernorm",
    };

    private const BiasPlacement AllBiases = BiasPlacement.QueryKeyValue | BiasPlacement.AttentionOutput | BiasPlacement.Mlp;

    /// <summary>The families, by which every config is read and written.</summary>
    public static IReadOnlyList<ModelFamily> All { get; } =
    [
        new("llama", "Llama", "Llama 1 to 3, SmolLM 1 and 2, TinyLlama, Yi")
        {
            AttentionBias = ConfigKey.Read, MlpBias = ConfigKey.Read, MayLackKeyValueHeads = true,
        },
        new("mistral", "Mistral", "Mistral 7B, Nemo, Small 2 and 3") { AttentionBias = ConfigKey.Refused, Windows = WindowRule.Always },
        new("qwen2", "Qwen2", "Qwen2, Qwen2.5, QwQ") { FixedBiases = BiasPlacement.QueryKeyValue, Windows = WindowRule.Asked },
        new("qwen3", "Qwen3", "Qwen3 without experts")
        {
            AttentionBias = ConfigKey.Read, QueryKeyNorm = HeadNorm.EachHead, UsualHeadSize = 128, Windows = WindowRule.Asked,
        },
        new("gpt2", "GPT2", "GPT-2, DistilGPT-2")
        {
            HeadClass = "GPT2LMHeadModel",
            Names = new()
            {
                Body = "transformer.",
                Embedding = "wte",
                Positions = "wpe",
                Layers = "h.",
                AttentionNorm = "ln_1",
                QueryKeyValue = ["attn.c_attn"],
                AttentionOutput = "attn.c_proj",
                MlpNorm = "ln_2",
                MlpInput = ["mlp.c_fc"],
                MlpOutput = "mlp.c_proj",
                FinalNorm = "ln_f",
            },
            Keys = new()
            {
                Hidden = "n_embd",
                Intermediate = "n_inner",
                Layers = "n_layer",
                Heads = "n_head",
                Positions = "n_positions",
                Epsilon = "layer_norm_epsilon",
                Activation = "activation_function",
            },
            FixedBiases = AllBiases,
            LayerNorm = true,
            TransposedWeights = true,
            Gated = false,
            UsualActivation = Activation.GeluTanh,
            NeverGrouped = true,
            UsualWidening = 4,
            UsualEpsilon = 1e-5,
            UsuallyTied = true,
            RefusedFlags = ["scale_attn_by_inverse_layer_idx", "add_cross_attention"],
        },
        new("gpt_neox", "GPTNeoX", "Pythia, GPT-NeoX-20B, Dolly, StableLM alpha")
        {
            Names = new()
            {
                Body = "gpt_neox.",
                Embedding = "embed_in",
                QueryKeyValue = ["attention.query_key_value"],
                AttentionOutput = "attention.dense",
                MlpInput = ["mlp.dense_h_to_4h"],
                MlpOutput = "mlp.dense_4h_to_h",
                FinalNorm = "final_layer_norm",
                Head = "embed_out",
            },
            Keys = new() { Epsilon = "layer_norm_eps", RopeTheta = "rotary_emb_base", RotaryShare = "rotary_pct" },
            FixedBiases = BiasPlacement.Mlp,
            UsualBiases = BiasPlacement.QueryKeyValue | BiasPlacement.AttentionOutput,
            BiasKey = "attention_bias",
            LayerNorm = true,
            QueryKeyValue = FusedLayout.ByHead,
            Gated = false,
            UsualActivation = Activation.Gelu,
            MayBeParallel = true,
            UsualRotaryShare = 0.25,
            NeverGrouped = true,
            UsualEpsilon = 1e-5,
        },
        new("gemma", "Gemma", "Gemma 1, CodeGemma")
        {
            AttentionBias = ConfigKey.Read,
            NormOffset = 1,
            UsualActivation = Activation.GeluTanh,
            ReadsHiddenActivation = true,
            ScalesEmbedding = true,
            UsualHeadSize = 256,
            MayLackKeyValueHeads = true,
            UsuallyTied = true,
            RefusedFlags = ["use_bidirectional_attention"],
        },
        new("gemma2", "Gemma2", "Gemma 2")
        {
            Names = GemmaSandwich,
            AttentionBias = ConfigKey.Read,
            NormOffset = 1,
            UsualActivation = Activation.GeluTanh,
            ReadsHiddenActivation = true,
            ScalesEmbedding = true,
            ReadsSoftcaps = true,
            UsualQueryScalar = 256,
            UsualHeadSize = 256,
            MayLackKeyValueHeads = true,
            UsuallyTied = true,
            Windows = WindowRule.Pattern,
            RefusedFlags = ["use_bidirectional_attention"],
        },
        new("gemma3_text", "Gemma3", "Gemma 3 270M and 1B, the text of 4B to 27B (gemma3)")
        {
            BodyClass = "Gemma3TextModel",
            PartOf = new("gemma3", "Gemma3ForConditionalGeneration", "Gemma3Model"),
            UsualSizes = new Dictionary<string, int>
            {
                ["vocab_size"] = 262_208,
                ["hidden_size"] = 2304,
                ["intermediate_size"] = 9216,
                ["num_hidden_layers"] = 26,
                ["num_attention_heads"] = 8,
                ["num_key_value_heads"] = 4,
                ["max_position_embeddings"] = 131_072,
            },
            Names = GemmaSandwich,
            AttentionBias = ConfigKey.Read,
            NormOffset = 1,
            QueryKeyNorm = HeadNorm.EachHead,
            UsualActivation = Activation.GeluTanh,
            ReadsHiddenActivation = true,
            ScalesEmbedding = true,
            ReadsSoftcaps = true,
            UsualQueryScalar = 256,
            UsualRopeTheta = 1_000_000,
            UsualLocalRopeTheta = 10_000,
            UsualHeadSize = 256,
            MayLackKeyValueHeads = true,
            UsuallyTied = true,
            Windows = WindowRule.Pattern,
            FullEvery = 6,
            RefusedFlags = ["use_bidirectional_attention"],
        },
        new("granite", "Granite", "Granite 3.0 to 3.3 without experts")
        {
            AttentionBias = ConfigKey.Read, MlpBias = ConfigKey.Read, MayLackKeyValueHeads = true, ReadsMultipliers = true,
        },
        new("smollm3", "SmolLM3", "SmolLM3")
        {
            AttentionBias = ConfigKey.Read,
            MlpBias = ConfigKey.Read,
            MayLackKeyValueHeads = true,
            UsualRopeTheta = 2_000_000,
            ReadsNoRopeLayers = true,
            UsuallyTied = true,
            Windows = WindowRule.WithoutRope,
            UsualWindow = null,
        },
        new("phi3", "Phi3", "Phi-3 and 3.5 mini and medium, Phi-4, Phi-4-mini")
        {
            Names = PhiNames,
            MayLackKeyValueHeads = true,
            UsualRotaryShare = 1,
            LongRopeSpellings = true,
            UsualEpsilon = 1e-5,
            Windows = WindowRule.Always,
            UsualWindow = null,
        },
        new("olmo2", "Olmo2", "OLMo 2")
        {
            Names = OlmoNames,
            AttentionBias = ConfigKey.Read,
            QueryKeyNorm = HeadNorm.AllHeads,
            MayLackKeyValueHeads = true,
            UsualEpsilon = 1e-5,
        },
        new("olmo3", "Olmo3", "OLMo 3")
        {
            Names = OlmoNames,
            AttentionBias = ConfigKey.Read,
            QueryKeyNorm = HeadNorm.AllHeads,
            LocalRopeIsPlain = true,
            MayLackKeyValueHeads = true,
            UsualEpsilon = 1e-5,
            Windows = WindowRule.Pattern,
            FullEvery = 4,
        },
        new("mixtral", "Mixtral", "Mixtral 8x7B and 8x22B")
        {
            MayLackKeyValueHeads = true,
            UsualRopeTheta = 1_000_000,
            UsualEpsilon = 1e-5,
            Windows = WindowRule.Always,
            UsualWindow = null,
            Mixture = new()
            {
                Router = "block_sparse_moe.gate",
                Experts = "block_sparse_moe.experts",
                ExpertInput = ["w1", "w3"],
                ExpertOutput = "w2",
                CountKey = "num_local_experts",
                Normalizes = true,
            },
        },
        new("qwen3_moe", "Qwen3Moe", "Qwen3 30B-A3B and 235B-A22B, Qwen3-Coder with experts")
        {
            AttentionBias = ConfigKey.Read,
            QueryKeyNorm = HeadNorm.EachHead,
            MayLackKeyValueHeads = true,
            Windows = WindowRule.Asked,
            Mixture = new() { SizeKey = "moe_intermediate_size", MayHaveDenseLayers = true },
        },
        new("olmoe", "Olmoe", "OLMoE")
        {
            AttentionBias = ConfigKey.Read,
            QueryKeyNorm = HeadNorm.AllHeads,
            MayLackKeyValueHeads = true,
            UsualEpsilon = 1e-5,
            Mixture = new(),
        },
        new("starcoder2", "Starcoder2", "StarCoder2")
        {
            Names = new() { MlpInput = ["mlp.c_fc"], MlpOutput = "mlp.c_proj" },
            Keys = new() { Epsilon = "norm_epsilon" },
            UsualBiases = AllBiases,
            BiasKey = "use_bias",
            LayerNorm = true,
            Gated = false,
            UsualActivation = Activation.GeluTanh,
            UsualEpsilon = 1e-5,
            UsuallyTied = true,
            Windows = WindowRule.Always,
            UsualWindow = null,
        },
        new("falcon", "Falcon", "Falcon 7B, 40B, 180B and Falcon 2")
        {
            Names = new()
            {
                Body = "transformer.",
                Embedding = "word_embeddings",
                Layers = "h.",
                AttentionNorm = "ln_attn",
                QueryKeyValue = ["self_attention.query_key_value"],
                AttentionOutput = "self_attention.dense",
                MlpNorm = "ln_mlp",
                MlpInput = ["mlp.dense_h_to_4h"],
                MlpOutput = "mlp.dense_4h_to_h",
                FinalNorm = "ln_f",
            },
            Keys = new()
            {
                Intermediate = "ffn_hidden_size",
                KeyValueHeads = "num_kv_heads",
                HeadSize = null,
                Epsilon = "layer_norm_epsilon",
                Activation = "activation",
            },
            SharedNorm = "input_layernorm",
            ReadsDecoderArchitecture = true,
            MayLackKeyValueHeads = true,
            UsualBiases = AllBiases,
            BiasKey = "bias",
            UsuallyBiased = false,
            LayerNorm = true,
            QueryKeyValue = FusedLayout.ByHead,
            Gated = false,
            UsualActivation = Activation.Gelu,
            UsualWidening = 4,
            UsualEpsilon = 1e-5,
            UsuallyTied = true,
            RefusedFlags = ["alibi"],
        },
    ];

    private static readonly Dictionary<string, ModelFamily> ByName = All.ToDictionary(f => f.ModelType, StringComparer.Ordinal);
}
