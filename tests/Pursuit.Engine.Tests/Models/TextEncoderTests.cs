using System.Text.Json.Nodes;
using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models.TextEncoders;
using Pursuit.Storage;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Engine.Tests.Models;

/// <summary>
/// Encoders in safetensors against NumPy's float64 (tests/fixtures/encoders/make_encoders.py), and what of them is refused.
/// </summary>
public sealed class TextEncoderTests
{
    private const int Texts = 4;

    public static TheoryData<string> Variants { get; } = new("bert", "bert-masked", "roberta", "xlm-roberta", "distilbert");

    /// <summary>A change of config.json, and words of what is said about it.</summary>
    public static TheoryData<string, string, string> BadConfigs { get; } = new()
    {
        { "model_type", "\"mpnet\"", "model_type \"mpnet\" without an ONNX file" },
        { "model_type", "\"llama\"", "It is a language model" },
        { "model_type", "null", "no model_type" },
        { "model_type", "7", "\"model_type\" is 7, a string is needed" },
        { "position_embedding_type", "\"relative_key\"", "position_embedding_type \"relative_key\" (supported: absolute)" },
        { "hidden_act", "\"relu\"", "activation \"relu\"" },
        { "is_decoder", "true", "is_decoder" },
        { "add_cross_attention", "true", "add_cross_attention" },
        { "quantization_config", "{}", "quantized weights" },
        { "hidden_size", "null", "\"hidden_size\" is missing" },
        { "hidden_size", "13", "hidden_size is 13, not a multiple of num_attention_heads 3" },
        { "hidden_size", "1000000000", "the most one tensor may hold" },
        { "num_attention_heads", "0", "num_attention_heads is 0" },
        { "num_hidden_layers", "100000", "at most 4096" },
        { "num_hidden_layers", "3", "encoder.layer.2.attention.self.query.weight [12, 12] is missing" },
        { "num_hidden_layers", "1", "encoder.layer.1.attention.output.LayerNorm.bias" },
        { "intermediate_size", "24", "the config says [24, 12]" },
        { "vocab_size", "36", "the config says [36, 12]" },
        { "type_vocab_size", "0", "type_vocab_size is 0" },
        { "layer_norm_eps", "-1", "layer_norm_eps is -1" },
        { "max_position_embeddings", "\"many\"", "\"max_position_embeddings\" is \"many\"" },
    };

    [Theory]
    [MemberData(nameof(Variants))]
    public void States_equal_those_of_float64_on_every_width(string variant)
    {
        foreach (var operations in OperationRegistry.Fast.Append(OperationRegistry.Plain))
        {
            using var encoder = Load(variant, operations);
            for (var text = 0; text < Texts; text++)
            {
                var (ids, expected) = Expected(variant, text);
                var states = new float[expected.Length];
                encoder.HiddenStates(ids, states);
                Distance.Relative(states, expected).ShouldBeLessThan(Tolerances.ModelAgainstFloat64, $"{operations.Name}, text {text}");
            }
        }
    }

    [Fact]
    public void A_text_has_the_same_bits_after_any_other_and_from_several_threads()
    {
        using var encoder = Load("bert");
        int[][] texts = [.. Enumerable.Range(0, 40).Select(i => Expected("bert", i % Texts).Ids)];
        float[][] Run(int threads, Func<int, int> order)
        {
            var all = new float[texts.Length][];
            Parallel.For(0, texts.Length, new ParallelOptions { MaxDegreeOfParallelism = threads }, i =>
            {
                var text = order(i);
                encoder.HiddenStates(texts[text], all[text] = new float[texts[text].Length * encoder.HiddenSize]);
            });
            return all;
        }

        var one = Run(1, i => i);
        Run(4, i => i).ShouldBe(one);
        Run(1, i => texts.Length - 1 - i).ShouldBe(one);
    }

    [Fact]
    public void Every_token_s_state_depends_on_those_behind_it()
    {
        using var encoder = Load("bert");
        var (first, second) = (new float[3 * encoder.HiddenSize], new float[3 * encoder.HiddenSize]);
        encoder.HiddenStates([2, 9, 3], first);
        encoder.HiddenStates([2, 9, 4], second);
        first[..encoder.HiddenSize].ShouldNotBe(second[..encoder.HiddenSize]);
    }

    [Fact]
    public void A_warm_encoder_allocates_nothing()
    {
        using var encoder = Load("bert");
        var (ids, expected) = Expected("bert", 2);
        var states = new float[expected.Length];
        Allocations.LeastOf(() => encoder.HiddenStates(ids, states)).ShouldBe(0);
    }

    [Fact]
    public void Tokens_outside_the_vocabulary_and_texts_longer_than_the_positions_are_refused()
    {
        using var encoder = Load("roberta");
        var states = new float[40 * encoder.HiddenSize];
        Should.Throw<PursuitException>(() => encoder.HiddenStates([2, 37, 3], states)).Message.ShouldContain("token id 37");
        encoder.HiddenStates([.. Enumerable.Repeat(5, 24)], states.AsSpan(0, 24 * encoder.HiddenSize));
        Should.Throw<PursuitException>(() => encoder.HiddenStates([.. Enumerable.Repeat(5, 25)], states))
            .Message.ShouldContain("a text of 25 tokens; expected at most 24");
    }

    [Theory]
    [MemberData(nameof(BadConfigs))]
    public void What_is_not_computed_or_does_not_fit_is_named(string key, string value, string words)
    {
        using var directory = new TemporaryDirectory();
        File.Copy(Path.Combine(Fixture("bert"), "model.safetensors"), directory.PathOf("model.safetensors"));
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(Fixture("bert"), "config.json")))!;
        config[key] = JsonNode.Parse(value);
        directory.Write("config.json", config.ToJsonString());
        var fault = Should.Throw<PursuitException>(() =>
        {
            using var encoder = TextEncoder.Load(directory.FullPath, TextEncoderConfig.ReadDirectory(directory.FullPath));
        });
        fault.Message.ShouldContain(words);
        fault.Message.ShouldNotContain('\n');
    }

    private static string Fixture(string variant) => RepositoryFiles.Fixture("encoders", variant);

    private static TextEncoder Load(string variant, IDecoderOperations? operations = null) =>
        TextEncoder.Load(Fixture(variant), TextEncoderConfig.ReadDirectory(Fixture(variant)), operations);

    private static (int[] Ids, float[] States) Expected(string variant, int text)
    {
        using var file = SafetensorsFile.Open(Path.Combine(Fixture(variant), "expected.safetensors"));
        return ([.. Read($"ids.{text}").Select(id => (int)id)], Read($"states.{text}"));

        float[] Read(string name)
        {
            var values = new float[file.Info(name).ElementCount];
            file.ReadSingle(name, values);
            return values;
        }
    }
}
