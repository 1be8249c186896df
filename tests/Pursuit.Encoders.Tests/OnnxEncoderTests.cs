using Pursuit.Engine.Features;
using Pursuit.TestKit;

namespace Pursuit.Encoders.Tests;

/// <summary>Vectors of a tiny encoder against the same computed by plain loops in double precision, and what its files may ask.</summary>
public sealed class OnnxEncoderTests : IDisposable
{
    private const string Text = "the query 42 ab cde.";

    private readonly TinyEncoder _tiny = new();
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("mean_tokens", "mean")]
    [InlineData("cls_token", "cls")]
    [InlineData("lasttoken", "last")]
    [InlineData("max_tokens", "max")]
    [InlineData("weightedmean_tokens", "weighted")]
    [InlineData("mean_sqrt_len_tokens", "sqrt-mean")]
    public void A_vector_is_the_pooled_states_as_the_pooling_module_says(string module, string pooling)
    {
        _tiny.Save(_directory, module);
        var encoder = Load();
        encoder.Facts.Pooling.ShouldBe(pooling);
        var tokens = encoder.Tokenize(Text, "");
        tokens.Ids[0].ShouldBe(Id("[CLS]"));
        tokens.Ids[^1].ShouldBe(Id("[SEP]"));
        Near(Vector(encoder, tokens), Pooled(pooling, _tiny.States(tokens.Ids), 0));
    }

    [Theory]
    [InlineData(EncoderPool.Mean, "mean")]
    [InlineData(EncoderPool.Cls, "cls")]
    [InlineData(EncoderPool.SqrtMean, "sqrt-mean")]
    public void The_option_goes_before_the_module(EncoderPool pool, string pooling)
    {
        _tiny.Save(_directory, "max_tokens");
        var encoder = Load(new EncoderOptions { Pool = pool });
        var tokens = encoder.Tokenize(Text, "");
        Near(Vector(encoder, tokens), Pooled(pooling, _tiny.States(tokens.Ids), 0));
    }

    [Fact]
    public void Without_modules_the_mean_is_taken()
    {
        _tiny.Save(_directory, pooling: null);
        var encoder = Load();
        var tokens = encoder.Tokenize(Text, "");
        Near(Vector(encoder, tokens), Pooled("mean", _tiny.States(tokens.Ids), 0));
    }

    [Fact]
    public void A_prompt_goes_before_the_text_and_is_pooled_or_not_as_the_module_says()
    {
        _tiny.Save(_directory);
        var prompted = Load().Tokenize("abc", "query: ");
        prompted.Ids.ShouldBe(Load().Tokenize("query: abc", "").Ids);
        prompted.PooledFrom.ShouldBe(0);
        _directory.Write("1_Pooling/config.json", """{"pooling_mode_mean_tokens": true, "include_prompt": false}""");
        var encoder = Load();
        var tokens = encoder.Tokenize("abc", "query: ");
        tokens.PooledFrom.ShouldBe(3); // [CLS], query, :
        Near(Vector(encoder, tokens), Pooled("mean", _tiny.States(tokens.Ids), 3));
        encoder.Tokenize("abc", "").PooledFrom.ShouldBe(0);
    }

    [Fact]
    public void A_module_that_normalizes_gives_vectors_of_length_1()
    {
        _tiny.Save(_directory);
        _directory.Write(
            "modules.json",
            """
            [{"type": "sentence_transformers.models.Transformer"}, {"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"},
             {"type": "sentence_transformers.models.Normalize"}]
            """);
        var encoder = Load();
        var tokens = encoder.Tokenize(Text, "");
        var expected = Pooled("mean", _tiny.States(tokens.Ids), 0);
        var norm = Math.Sqrt(expected.Sum(v => v * v));
        Near(Vector(encoder, tokens), [.. expected.Select(v => v / norm)]);
    }

    [Fact]
    public void A_file_that_pools_itself_is_taken_at_its_word()
    {
        _tiny.Save(_directory, null, new TinyEncoder.Shape { Pools = true, Output = "sentence_embedding" });
        var encoder = Load();
        using var session = encoder.Start();
        session.Dimension.ShouldBe(TinyEncoder.Width);
        var tokens = encoder.Tokenize(Text, "");
        Near(Vector(encoder, tokens), _tiny.States(tokens.Ids)[0]);
    }

    [Fact]
    public void Narrow_inputs_and_weights_in_another_file_give_the_same_vector()
    {
        _tiny.Save(_directory);
        var encoder = Load();
        var tokens = encoder.Tokenize(Text, "");
        var expected = Vector(encoder, tokens);
        _tiny.Save(_directory, shape: new TinyEncoder.Shape { Narrow = true, Outside = "model.onnx_data" });
        Vector(Load(), tokens).ShouldBe(expected);
        Load().Facts.Parts["encoder"].ShouldNotBe(encoder.Facts.Parts["encoder"]);
    }

    [Fact]
    public void Weights_in_another_file_are_part_of_the_fingerprint()
    {
        _tiny.Save(_directory, shape: new TinyEncoder.Shape { Outside = "weights.bin" });
        var before = Load().Facts.Parts["encoder"];
        var path = _directory.PathOf("weights.bin");
        var bytes = File.ReadAllBytes(path);
        bytes[100] ^= 1;
        File.WriteAllBytes(path, bytes);
        Load().Facts.Parts["encoder"].ShouldNotBe(before);
    }

    [Theory]
    [InlineData("auto", "onnx/model.onnx")]
    [InlineData("model_quantized", "onnx/model_quantized.onnx")]
    [InlineData("onnx/model_quantized.onnx", "onnx/model_quantized.onnx")]
    public void A_file_is_found_by_name_in_the_folder_onnx_too(string name, string expected)
    {
        _tiny.Save(_directory, name: "onnx/model.onnx");
        _tiny.Save(_directory, name: "onnx/model_quantized.onnx");
        var encoder = Load(new EncoderOptions { File = name });
        encoder.Facts.Name.ShouldEndWith("/" + expected);
        using var session = encoder.Start();
        session.Dimension.ShouldBe(TinyEncoder.Width);
    }

    [Fact]
    public void A_text_is_cut_to_the_least_of_the_limits_and_keeps_its_end_token()
    {
        _tiny.Save(_directory);
        var longer = string.Concat(Enumerable.Repeat("a ", 100));
        Check(Load().Tokenize(longer, ""), TinyEncoder.Positions);
        Check(Load(maxLength: 10).Tokenize(longer, ""), 10);
        _directory.Write("sentence_bert_config.json", """{"max_seq_length": 12}""");
        Check(Load().Tokenize(longer, ""), 12);
        Load().Tokenize("a b", "").IsCut.ShouldBeFalse();

        void Check(EncoderTokens tokens, int length)
        {
            (tokens.Ids.Count, tokens.Ids[^1], tokens.IsCut).ShouldBe((length, Id("[SEP]"), true));
        }
    }

    [Fact]
    public void Texts_are_put_in_lower_case_where_the_encoder_asks()
    {
        _tiny.Save(_directory);
        _directory.Write("tokenizer_config.json", """{"do_lower_case": false}""");
        Load().Tokenize("ABC", "").Ids.ShouldContain(Id("[UNK]"));
        _directory.Write("sentence_bert_config.json", """{"do_lower_case": true}""");
        Load().Tokenize("ABC", "").Ids.ShouldBe(Load().Tokenize("abc", "").Ids);
    }

    [Fact]
    public void The_same_tokens_give_the_same_bits_from_several_threads()
    {
        _tiny.Save(_directory);
        var encoder = Load();
        using var session = encoder.Start();
        EncoderTokens[] texts = [.. Enumerable.Range(0, 40).Select(i => encoder.Tokenize(new string('a', 1 + (i % 17)) + $" {i}", ""))];
        float[][] Encode(int threads)
        {
            var vectors = new float[texts.Length][];
            Parallel.For(0, texts.Length, new ParallelOptions { MaxDegreeOfParallelism = threads }, i =>
                session.Encode(texts[i], vectors[i] = new float[session.Dimension]));
            return vectors;
        }

        Encode(4).ShouldBe(Encode(1));
    }

    [Fact]
    public void Prompts_are_read_with_their_default()
    {
        _tiny.Save(_directory);
        _directory.Write(
            "config_sentence_transformers.json", """{"prompts": {"query": "query: ", "passage": ""}, "default_prompt_name": "query"}""");
        var facts = Load().Facts;
        (facts.DefaultPrompt, facts.Prompts["query"]).ShouldBe(("query", "query: "));
    }

    private ISentenceEncoder Load(EncoderOptions? options = null, int maxLength = 512) =>
        new OnnxEncoderLoader().Load(_directory.FullPath, options ?? new EncoderOptions(), maxLength);

    private int Id(string token) => Array.IndexOf(_tiny.Vocabulary, token);

    private static float[] Vector(ISentenceEncoder encoder, EncoderTokens tokens)
    {
        using var session = encoder.Start();
        var vector = new float[session.Dimension];
        session.Encode(tokens, vector);
        return vector;
    }

    private static void Near(float[] found, double[] expected)
    {
        found.Length.ShouldBe(expected.Length);
        for (var k = 0; k < found.Length; k++) ((double)found[k]).ShouldBe(expected[k], Tolerances.EncoderStates);
    }

    // By hand, for each way of pooling.
    private static double[] Pooled(string pooling, double[][] states, int from)
    {
        var used = states[from..];
        double[] Each(Func<IEnumerable<double>, double> of) =>
            [.. Enumerable.Range(0, TinyEncoder.Width).Select(k => of(used.Select(state => state[k])))];
        return pooling switch
        {
            "cls" => states[0],
            "last" => states[^1],
            "max" => Each(Enumerable.Max),
            "weighted" => Each(values => values.Select((v, t) => v * (t + 1)).Sum() / Enumerable.Range(1, used.Length).Sum()),
            "sqrt-mean" => Each(values => values.Sum() / Math.Sqrt(used.Length)),
            _ => Each(Enumerable.Average),
        };
    }
}
