using System.Text.Json.Nodes;
using Pursuit.Engine.Models;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Engine.Tests.Models;

/// <summary>A model of text and images is the model of its text part, however its files spell that.</summary>
public sealed class TextPartTests
{
    /// <summary>config.json of the 4B model as published, what isn't about text shortened.</summary>
    private const string Published =
        """
        {
          "architectures": ["Gemma3ForConditionalGeneration"], "boi_token_index": 255999, "eoi_token_index": 256000,
          "eos_token_id": [1, 106], "image_token_index": 262144, "initializer_range": 0.02, "mm_tokens_per_image": 256,
          "model_type": "gemma3",
          "text_config": {
            "hidden_size": 2560, "intermediate_size": 10240, "model_type": "gemma3_text", "num_hidden_layers": 34,
            "rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "sliding_window": 1024
          },
          "torch_dtype": "bfloat16", "transformers_version": "4.50.0.dev0",
          "vision_config": {"hidden_size": 1152, "image_size": 896, "model_type": "siglip_vision_model", "num_hidden_layers": 27}
        }
        """;

    /// <summary>The same in the spelling of transformers 5, which writes what was left out.</summary>
    private const string Rewritten =
        """
        {
          "architectures": ["Gemma3ForConditionalGeneration"], "eos_token_id": [1, 106], "model_type": "gemma3", "dtype": "bfloat16",
          "text_config": {
            "hidden_size": 2560, "intermediate_size": 10240, "model_type": "gemma3_text", "num_hidden_layers": 34, "vocab_size": 262208,
            "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256, "max_position_embeddings": 131072,
            "rms_norm_eps": 1e-06, "hidden_activation": "gelu_pytorch_tanh", "query_pre_attn_scalar": 256, "sliding_window": 1024,
            "rope_parameters": {"full_attention": {"factor": 8.0, "rope_theta": 1000000.0, "rope_type": "linear"},
                                "sliding_attention": {"rope_theta": 10000.0, "rope_type": "default"}},
            "layer_types": LAYERS, "attn_logit_softcapping": null, "final_logit_softcapping": null, "attention_bias": false,
            "use_bidirectional_attention": false, "tie_word_embeddings": true, "eos_token_id": 1
          },
          "vision_config": {"hidden_size": 1152, "model_type": "siglip_vision_model"}, "tie_word_embeddings": true
        }
        """;

    [Fact]
    public void A_published_config_is_read_with_what_it_leaves_out()
    {
        var config = Parse(Published);
        config.ModelType.ShouldBe("gemma3_text");
        (config.VocabularySize, config.HiddenSize, config.IntermediateSize, config.Layers).ShouldBe((262_208, 2560, 10_240, 34));
        (config.QueryHeads, config.KeyValueHeads, config.HeadSize, config.MaximumPositions).ShouldBe((8, 4, 256, 131_072));
        (config.RopeTheta, config.LocalRopeTheta, config.RopeScaling.Factor).ShouldBe((1_000_000, 10_000, 8));
        config.Windows.Count(w => w == 1024).ShouldBe(29);
        config.Window(5).ShouldBe(int.MaxValue);
        config.EndTokens.ShouldBe([1, 106]);
        config.TiedHead.ShouldBeTrue();
        var layers = string.Join(", ", Enumerable.Range(1, 34).Select(l => l % 6 == 0 ? "\"full_attention\"" : "\"sliding_attention\""));
        Parse(Rewritten.Replace("LAYERS", $"[{layers}]", StringComparison.Ordinal)).ShouldBeEquivalentTo(config);
    }

    [Theory]
    [InlineData("language_model.model.", "language_model.lm_head.weight", "vision_tower.", "multi_modal_projector.")]
    [InlineData("model.language_model.", "lm_head.weight", "model.vision_tower.", "model.multi_modal_projector.")]
    [InlineData("language_model.", "lm_head.weight", "vision_tower.", "multi_modal_projector.")]
    public void Its_weights_are_those_of_the_text_model(string body, string head, string vision, string projector)
    {
        foreach (var tied in new[] { true, false })
        {
            using var reference = new FamilyCase("gemma3");
            using var folder = new TemporaryDirectory();
            var text = JsonNode.Parse(File.ReadAllBytes(Path.Combine(reference.Directory, "config.json")))!.AsObject();
            text.Remove("architectures");
            folder.Write(
                "config.json",
                new JsonObject
                {
                    ["architectures"] = new JsonArray("Gemma3ForConditionalGeneration"),
                    ["model_type"] = "gemma3",
                    ["tie_word_embeddings"] = tied,
                    ["text_config"] = text,
                }.ToJsonString());
            using (var file = SafetensorsFile.Open(Path.Combine(reference.Directory, "model.safetensors")))
            {
                var tensors = file.Tensors.Values.Select(t => Copy(file, t, body + t.Name["model.".Length..])).ToList();
                tensors.Add(TensorToWrite.FromSingle(vision + "vision_model.head.weight", [1, 2], new float[2]));
                tensors.Add(TensorToWrite.FromSingle(projector + "mm_input_projection_weight", [2, 1], new float[2]));
                if (!tied) tensors.Add(Copy(file, file.Info("model.embed_tokens.weight"), head));
                SafetensorsWriter.Write(folder.PathOf("model.safetensors"), tensors, null);
            }

            using var part = Decoder.Load(folder.FullPath, use: WeightUse.Change);
            using var whole = Decoder.Load(reference.Directory, use: WeightUse.Change);
            part.Config.ShouldBeEquivalentTo(whole.Config with { TiedHead = tied });
            foreach (var parameter in whole.Layout.All)
                part.Read(part.Layout.Find(parameter.Name)!).ShouldBe(whole.Read(parameter), parameter.Name);
            if (!tied) part.Read(part.Layout.Head.Parts[0].Weight).ShouldBe(whole.Read(whole.Layout.Embedding));
            ModelConfigReader.Remark(folder.FullPath).ShouldNotBeNull().ShouldContain("its text part is used alone");
            ModelConfigReader.Remark(reference.Directory).ShouldBeNull();

            // What is written is the text model by itself.
            part.Save(folder.PathOf("saved"), halfPrecision: false);
            using var saved = Decoder.Load(folder.PathOf("saved"), use: WeightUse.Change);
            saved.Config.ShouldBeEquivalentTo(part.Config);
            saved.Read(saved.Layout.Embedding).ShouldBe(part.Read(part.Layout.Embedding));
        }
    }

    [Theory]
    [InlineData("\"model_type\": \"gemma3_text\"", "\"model_type\": \"gemma2\"", "a text part of model_type \"gemma2\"")]
    [InlineData("\"boi_token_index\": 255999", "\"quantization_config\": {\"bits\": 4}", "quantized weights")]
    [InlineData("\"sliding_window\": 1024", "\"quantization_config\": {\"bits\": 4}", "quantized weights")]
    [InlineData("Gemma3ForConditionalGeneration", "Gemma3nForConditionalGeneration", "architecture Gemma3nForConditionalGeneration")]
    [InlineData("\"hidden_size\": 2560", "\"hidden_size\": \"wide\"", "\"text_config.hidden_size\" is \"wide\"")]
    [InlineData("\"model_type\": \"gemma3\"", "\"model_type\": \"gemma3n\"", "model_type is \"gemma3n\", a model of more than text")]
    public void What_it_asks_else_is_refused_by_name(string published, string changed, string named) =>
        Should.Throw<PursuitException>(() => Parse(Published.Replace(published, changed, StringComparison.Ordinal)))
            .Message.ShouldContain(named);

    [Fact]
    public void Vision_tensors_in_a_text_model_are_a_fault()
    {
        using var reference = new FamilyCase("gemma3");
        using var folder = new TemporaryDirectory();
        File.Copy(Path.Combine(reference.Directory, "config.json"), folder.PathOf("config.json"));
        using (var file = SafetensorsFile.Open(Path.Combine(reference.Directory, "model.safetensors")))
        {
            var tensors = file.Tensors.Values.Select(t => Copy(file, t, t.Name))
                .Append(TensorToWrite.FromSingle("vision_tower.head.weight", [1, 2], new float[2]));
            SafetensorsWriter.Write(folder.PathOf("model.safetensors"), [.. tensors], null);
        }

        Should.Throw<PursuitException>(() => Decoder.Load(folder.FullPath)).Message.ShouldContain("vision_tower.head.weight");
    }

    private static TensorToWrite Copy(SafetensorsFile file, TensorInfo tensor, string name)
    {
        var values = new float[tensor.ElementCount];
        file.ReadSingle(tensor.Name, values);
        return TensorToWrite.FromSingle(name, [.. tensor.Shape], values);
    }

    private static ModelConfig Parse(string json) => ModelConfigReader.Parse(System.Text.Encoding.UTF8.GetBytes(json), "test/config.json");
}
