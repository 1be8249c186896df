using System.Text;
using System.Text.Json.Nodes;
using Pursuit.Engine.Models;

namespace Pursuit.Engine.Tests.Models;

public sealed class ModelConfigTests
{
    private const string Llama = """
        {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 64, "intermediate_size": 172, "num_hidden_layers": 5,
         "num_attention_heads": 8, "num_key_value_heads": 4, "vocab_size": 512, "rms_norm_eps": 1e-05, "hidden_act": "silu", "eos_token_id": [2, 3]}
        """;

    private const string Sizes = "\"hidden_size\": 64, \"intermediate_size\": 172, \"num_hidden_layers\": 5, \"num_attention_heads\": "
        + "8, \"num_key_value_heads\": 4, \"vocab_size\": 512, \"head_dim\": 8";

    [Fact]
    public void What_a_config_leaves_out_gets_the_familys_default()
    {
        var config = Parse(Llama);
        config.HeadSize.ShouldBe(8);
        config.RopeTheta.ShouldBe(10000);
        config.RopeScaling.ShouldBe(RopeScaling.None);
        config.TiedHead.ShouldBeFalse();
        config.Window(0).ShouldBe(int.MaxValue);
        config.EndTokens.ShouldBe([2, 3]);
        Parse(Llama, ("num_key_value_heads", null)).KeyValueHeads.ShouldBe(8);
        Parse(Llama, ("model_type", "qwen3"), ("architectures", null)).HeadSize.ShouldBe(128);
        Parse(Llama, ("model_type", "qwen2"), ("architectures", null)).Biases.ShouldBe(BiasPlacement.QueryKeyValue);
    }

    [Fact]
    public void A_mistral_slides_unless_its_config_says_null()
    {
        var node = JsonNode.Parse(Llama)!.AsObject();
        node["model_type"] = "mistral";
        node.Remove("architectures");
        ModelConfigReader.Parse(Encoding.UTF8.GetBytes(node.ToJsonString()), "test").Window(4).ShouldBe(4096);
        node["sliding_window"] = null;
        ModelConfigReader.Parse(Encoding.UTF8.GetBytes(node.ToJsonString()), "test").Window(4).ShouldBe(int.MaxValue);
    }

    [Theory]
    [InlineData("model_type", "\"mamba\"", "mamba")]
    [InlineData("architectures", "[\"LlamaForSequenceClassification\"]", "LlamaForSequenceClassification")]
    [InlineData("hidden_act", "\"relu2\"", "relu2")]
    [InlineData("rope_scaling", "{\"rope_type\": \"mrope\", \"factor\": 4.0}", "mrope")]
    [InlineData("rope_parameters", "{\"rope_theta\": 1e4, \"partial_rotary_factor\": 0.5}", "partial_rotary_factor 0.5")]
    [InlineData("quantization_config", "{\"bits\": 4}", "quantization_config")]
    [InlineData("num_local_experts", "8", "num_local_experts")]
    [InlineData("partial_rotary_factor", "0.5", "partial_rotary_factor")]
    [InlineData("final_logit_softcapping", "30.0", "final_logit_softcapping")]
    public void What_is_not_supported_is_refused_by_name(string field, string value, string named)
    {
        var message = Should.Throw<PursuitException>(() => Parse(Llama, (field, value))).Message;
        message.ShouldContain(named);
        message.ShouldContain("llama, mistral, qwen2, qwen3");
    }

    [Theory]
    [InlineData("hidden_size", "64.0")]
    [InlineData("embedding_multiplier", "1.0")]
    [InlineData("logits_scaling", "1")]
    [InlineData("final_logit_softcapping", "null")]
    [InlineData("no_rope_layers", "[]")]
    [InlineData("head_dim", "null")]
    public void Harmless_spellings_are_the_same_model(string field, string value) =>
        Parse(Llama, (field, value)).ShouldBeEquivalentTo(Parse(Llama));

    [Theory]
    [InlineData("llama")]
    [InlineData("mistral")]
    [InlineData("qwen3")]
    public void A_null_number_of_key_value_heads_means_as_many_as_query_heads(string family) =>
        Parse(Llama, ("model_type", family), ("architectures", null), ("num_key_value_heads", "null")).KeyValueHeads.ShouldBe(8);

    [Fact]
    public void An_unsupported_family_names_the_way_that_is_left() =>
        Should.Throw<PursuitException>(() => Parse(Llama, ("model_type", "\"mamba\""))).Message.ShouldContain("Features");

    [Theory]
    [InlineData("num_hidden_layers", "2147483647", "num_hidden_layers is 2147483647, at most 4096")]
    [InlineData("num_hidden_layers", "20000000", "num_hidden_layers is 20000000, at most 4096")]
    [InlineData("intermediate_size", "2147483647", "intermediate_size 2147483647")]
    [InlineData("num_attention_heads", "2147483644", "2147483644 query")]
    [InlineData("head_dim", "2147483646", "head_dim 2147483646")]
    [InlineData("vocab_size", "2147483647", "vocab_size 2147483647")]
    [InlineData("hidden_size", "2147483640", "hidden_size 2147483640")]
    [InlineData("hidden_size", "1e999", "1e999")]
    [InlineData("rms_norm_eps", "1e999", "1e999")]
    [InlineData("architectures", "[\"\\udc00\"]", "half of a character")]
    [InlineData("\\udc00", "1", "half of a character")]
    public void A_size_beyond_what_can_be_is_refused_at_once_with_its_number(string field, string value, string named)
    {
        foreach (var family in new[] { "llama", "mistral", "qwen3" })
        {
            var json = $"{{\"model_type\": \"{family}\", \"use_sliding_window\": true, \"{field}\": "
                + $"{value}, {Sizes.Replace($"\"{field}\"", $"\"unused_{field}\"", StringComparison.Ordinal)}}}";
            Should.Throw<PursuitException>(() => ModelConfigReader.Parse(Encoding.UTF8.GetBytes(json), "config.json")).Message
                .ShouldContain(named);
        }
    }

    [Fact]
    public void A_whole_number_may_be_written_with_a_point_and_a_byte_order_mark_may_stand_in_front()
    {
        var json = $"\uFEFF{{\"model_type\": \"llama\", {Sizes.Replace("64", "64.0", StringComparison.Ordinal)}}}";
        ModelConfigReader.Parse(Encoding.UTF8.GetBytes(json), "config.json").HiddenSize.ShouldBe(64);
    }

    [Theory]
    [InlineData("mistral", "attention_bias", "true")]
    [InlineData("qwen2", "mlp_bias", "true")]
    public void A_bias_the_family_has_not_is_refused(string family, string field, string value) =>
        Should.Throw<PursuitException>(() => Parse(Llama, ("model_type", $"\"{family}\""), ("architectures", null), (field, value))).Message
            .ShouldContain(field);

    [Fact]
    public void Everything_missing_or_of_the_wrong_kind_comes_in_one_message()
    {
        var message = Should.Throw<PursuitException>(
            () => Parse(Llama, ("hidden_size", null), ("vocab_size", "\"many\""), ("rms_norm_eps", "true"))).Message;
        message.ShouldContain("\"hidden_size\" is missing");
        message.ShouldContain("\"vocab_size\" is \"many\"");
        message.ShouldContain("\"rms_norm_eps\" is true");
    }

    [Fact]
    public void Contradictions_come_in_one_message_with_their_numbers()
    {
        var message = Should.Throw<PursuitException>(
            () => Parse(Llama, ("num_key_value_heads", "3"), ("head_dim", "7"), ("num_hidden_layers", "0"))).Message;
        message.ShouldContain("8, not a multiple of num_key_value_heads 3");
        message.ShouldContain("head_dim is 7");
        message.ShouldContain("num_hidden_layers is 0");
    }

    [Theory]
    [InlineData("{\"model_type\": ")]
    [InlineData("[]")]
    public void Malformed_json_is_the_callers_fault(string text) =>
        Should.Throw<PursuitException>(() => ModelConfigReader.Parse(Encoding.UTF8.GetBytes(text), "some/config.json")).Message
            .ShouldContain("some/config.json");

    [Fact]
    public void Llama3_scaling_keeps_high_frequencies_divides_low_ones_and_ramps_between()
    {
        var scaling = new RopeScaling(RopeScalingKind.Llama3, 8, 1, 4, 8192);
        var (plain, scaled) = (RopeScaling.None.Frequencies(128, 500000), scaling.Frequencies(128, 500000));
        for (var i = 0; i < plain.Length; i++)
        {
            var wavelength = 2 * Math.PI / plain[i];
            if (wavelength < 2048)
                scaled[i].ShouldBe(plain[i]);
            else if (wavelength > 8192)
                scaled[i].ShouldBe(plain[i] / 8);
            else
                scaled[i].ShouldBeInRange(plain[i] / 8, plain[i]);
        }
    }

    private static ModelConfig Parse(string json, params (string Field, string? Value)[] changes)
    {
        var node = JsonNode.Parse(json)!.AsObject();
        foreach (var (field, value) in changes)
        {
            if (value is null)
                node.Remove(field);
            else
                node[field] = value.All(char.IsLetterOrDigit) && char.IsLetter(value[0]) && value is not ("true" or "false" or "null")
                    ? JsonValue.Create(value)
                    : JsonNode.Parse(value);
        }

        return ModelConfigReader.Parse(Encoding.UTF8.GetBytes(node.ToJsonString()), "test/config.json");
    }
}
