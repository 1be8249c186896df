using System.Text.Json.Nodes;
using Pursuit.Engine.Models;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Engine.Tests.Models;

/// <summary>The spellings that the families' published configurations have, and what of them is refused.</summary>
public sealed class FamilyConfigTests
{
    [Theory]
    [InlineData(
        "pythia",
        """{"rotary_pct": null, "rotary_emb_base": null, "rope_parameters": {"rope_theta": 10000, "partial_rotary_factor": 0.25}}""")]
    [InlineData("pythia", """{"use_parallel_residual": null, "attention_bias": true, "rotary_pct": null, "attention_dropout": 0.0}""")]
    [InlineData("gpt2", """{"n_inner": 48, "n_ctx": 40, "scale_attn_weights": true, "tie_word_embeddings": true, "resid_pdrop": 0.1}""")]
    [InlineData("gemma", """{"hidden_act": "gelu", "hidden_activation": "gelu_pytorch_tanh", "tie_word_embeddings": true}""")]
    [InlineData("gemma", """{"hidden_act": null, "rope_theta": null, "rope_parameters": {"rope_theta": 1e4, "rope_type": "default"}}""")]
    [InlineData("gemma2", """{"layer_types": ["sliding_attention", "full_attention", "sliding_attention"]}""")]
    [InlineData(
        "gemma3",
        """
        {"rope_scaling": null, "rope_theta": null, "rope_local_base_freq": null, "sliding_window_pattern": null,
         "layer_types": ["sliding_attention", "sliding_attention", "full_attention"],
         "rope_parameters": {"sliding_attention": {"rope_type": "default", "rope_theta": 100.0},
                             "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 20000.0}}}
        """)]
    [InlineData("smollm3", """{"no_rope_layer_interval": 2, "no_rope_layers": null}""")]
    [InlineData(
        "phi3-longrope",
        """{"rope_scaling": {"type": "su", "short_factor": [1.0, 1.1, 1.3], "long_factor": [1.2, 3.5, 7.0]}}""")]
    [InlineData(
        "phi3-longrope",
        """
        {"rope_scaling": null, "partial_rotary_factor": null, "rope_theta": null,
         "rope_parameters": {"rope_type": "longrope", "short_factor": [1.0, 1.1, 1.3], "long_factor": [1.2, 3.5, 7.0],
                             "rope_theta": 10000.0, "partial_rotary_factor": 0.75}}
        """)]
    [InlineData("mixtral", """{"sliding_window": null, "router_aux_loss_coef": 0.02, "rope_parameters": {"rope_theta": 10000.0}}""")]
    [InlineData("qwen3-moe", """{"decoder_sparse_step": null, "use_sliding_window": false, "sliding_window": null}""")]
    [InlineData("falcon", """{"new_decoder_architecture": null, "multi_query": null, "num_kv_heads": 4, "bias": null, "alibi": null}""")]
    [InlineData("falcon-new", """{"num_ln_in_parallel_attn": 2, "multi_query": false, "activation": "gelu", "rope_scaling": null}""")]
    [InlineData("falcon-new", """{"rope_theta": null, "rope_parameters": {"rope_type": "default", "rope_theta": 5000.0}}""")]
    [InlineData("llama-dynamic", """{"rope_parameters": null, "rope_theta": 500.0, "rope_scaling": {"type": "dynamic", "factor": 2.0}}""")]
    public void Another_spelling_is_the_same_model(string variant, string changes) =>
        Parse(variant, changes).ShouldBeEquivalentTo(Parse(variant, "{}"));

    [Theory]
    [InlineData("gpt2", """{"scale_attn_by_inverse_layer_idx": true}""", "scale_attn_by_inverse_layer_idx")]
    [InlineData("gpt2", """{"scale_attn_weights": false}""", "scale_attn_weights")]
    [InlineData("gpt2", """{"n_positions": 0}""", "max_position_embeddings is 0")]
    [InlineData("gemma3", """{"use_bidirectional_attention": true}""", "use_bidirectional_attention")]
    [InlineData("gemma3", """{"model_type": "gemma3", "architectures": null}""", "model_type \"gemma3\" without text_config")]
    [InlineData("gemma3", """{"model_type": "bert"}""", "It is an encoder")]
    [InlineData("gemma3", """{"model_type": "llava", "vision_config": {}}""", "\"llava\", a model of more than text (vision_config)")]
    [InlineData("gemma2", """{"final_logit_softcapping": -3}""", "final_logit_softcapping is -3")]
    [InlineData("gemma2", """{"query_pre_attn_scalar": 0}""", "attention scores")]
    [InlineData("granite", """{"logits_scaling": 0}""", "logits_scaling is 0")]
    [InlineData("pythia", """{"rotary_pct": 0.1}""", "0 of a head's 8 values are rotated")]
    [InlineData("pythia", """{"hidden_act": "relu"}""", "activation \"relu\"")]
    [InlineData("phi3-longrope", """{"partial_rotary_factor": 1.0}""", "short_factor has 3 numbers, 4 are needed")]
    [InlineData("smollm3", """{"no_rope_layers": [1, 0]}""", "no_rope_layers has 2 numbers for 3 layers")]
    [InlineData("olmoe", """{"clip_qkv": 8.0}""", "clip_qkv")]
    [InlineData("olmoe", """{"num_experts_per_tok": 9}""", "num_experts_per_tok is 9, 1 to 4")]
    [InlineData("mixtral", """{"num_local_experts": null}""", "\"num_local_experts\" is missing")]
    [InlineData("mixtral", """{"n_routed_experts": 8}""", "n_routed_experts")]
    [InlineData("falcon", """{"alibi": true}""", "alibi")]
    [InlineData("falcon", """{"multi_query": false}""", "multi_query false")]
    [InlineData("falcon", """{"parallel_attn": false}""", "parallel_attn false")]
    [InlineData("falcon-new", """{"num_ln_in_parallel_attn": 3}""", "num_ln_in_parallel_attn 3 (supported: 1, 2)")]
    [InlineData("falcon-new", """{"num_kv_heads": 3}""", "not a multiple")]
    [InlineData("olmo3", """{"rope_scaling": {"rope_type": "yarn", "factor": 4.0, "beta_fast": 1, "beta_slow": 2}}""", "beta_slow 2")]
    [InlineData(
        "gemma3-v5",
        """{"rope_parameters": {"sliding_attention": {"rope_type": "yarn"}, "full_attention": {"rope_theta": 1.0}}}""",
        "rope_parameters.sliding_attention of type \"yarn\"")]
    public void What_a_family_has_not_is_refused_by_name(string variant, string changes, string named) =>
        Should.Throw<PursuitException>(() => Parse(variant, changes)).Message.ShouldContain(named);

    [Theory]
    [InlineData("mixtral", "model.layers.1.block_sparse_moe.experts.3.w2.weight", "is missing")]
    [InlineData("phi3", "model.layers.0.self_attn.qkv_proj.weight", "the config says [32, 16]")]
    [InlineData("gpt2", "transformer.h.1.attn.c_attn.weight", "the config says [12, 36]")]
    public void Weights_that_do_not_fit_are_named_with_what_the_config_says(string variant, string tensor, string said)
    {
        using var reference = new FamilyCase(variant);
        using var folder = new TemporaryDirectory();
        File.Copy(Path.Combine(reference.Directory, "config.json"), folder.PathOf("config.json"));
        using (var file = SafetensorsFile.Open(Path.Combine(reference.Directory, "model.safetensors")))
        {
            var tensors = file.Tensors.Values.Where(t => t.Name != tensor || said != "is missing").Select(t =>
            {
                var values = new float[t.ElementCount];
                file.ReadSingle(t.Name, values);
                // The named one gets a row more.
                return t.Name == tensor
                    ? TensorToWrite.FromSingle(t.Name, [t.Shape[0] + 1, t.Shape[1]], values.Concat(new float[t.Shape[1]]).ToArray())
                    : TensorToWrite.FromSingle(t.Name, [.. t.Shape], values);
            });
            SafetensorsWriter.Write(folder.PathOf("model.safetensors"), [.. tensors], null);
        }

        var message = Should.Throw<PursuitException>(() => Decoder.Load(folder.FullPath)).Message;
        message.ShouldContain(tensor);
        message.ShouldContain(said);
    }

    [Fact]
    public void Buffers_and_bare_names_of_old_files_are_no_fault()
    {
        using var reference = new FamilyCase("gpt2");
        using var folder = new TemporaryDirectory();
        File.Copy(Path.Combine(reference.Directory, "config.json"), folder.PathOf("config.json"));
        using (var file = SafetensorsFile.Open(Path.Combine(reference.Directory, "model.safetensors")))
        {
            var tensors = file.Tensors.Values.Select(t =>
            {
                var values = new float[t.ElementCount];
                file.ReadSingle(t.Name, values);
                return TensorToWrite.FromSingle(t.Name["transformer.".Length..], [.. t.Shape], values);
            });
            var mask = TensorToWrite.FromSingle("h.0.attn.bias", [1, 1, 1, 1], new float[1]);
            SafetensorsWriter.Write(folder.PathOf("model.safetensors"), [.. tensors, mask], null);
        }

        using var bare = Decoder.Load(folder.FullPath);
        using var whole = Decoder.Load(reference.Directory);
        foreach (var parameter in whole.Layout.All)
            bare.Read(bare.Layout.Find(parameter.Name)!).ShouldBe(whole.Read(parameter));
    }

    [Fact]
    public void More_tokens_than_learned_positions_are_refused_with_their_number()
    {
        using var reference = new FamilyCase("gpt2");
        using var decoder = Decoder.Load(reference.Directory);
        using var worker = new DecoderWorker(decoder);
        var batch = Batch.Pack([(new int[41], null)]).Whole(LossReduction.ExampleSum);
        Should.Throw<PursuitException>(() => worker.Losses(batch, new double[1])).Message.ShouldContain("41 tokens; expected at most 40");
    }

    private static ModelConfig Parse(string variant, string changes)
    {
        using var reference = new FamilyCase(variant);
        var node = JsonNode.Parse(File.ReadAllBytes(Path.Combine(reference.Directory, "config.json")))!.AsObject();
        foreach (var (name, value) in JsonNode.Parse(changes)!.AsObject().ToArray())
        {
            node.Remove(name);
            if (value is not null || name == "sliding_window")
                node[name] = value?.DeepClone();
        }

        return ModelConfigReader.Parse(System.Text.Encoding.UTF8.GetBytes(node.ToJsonString()), "test/config.json");
    }
}
