using Pursuit.Engine.Features;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Encoders.Tests;

/// <summary>Encoders without an ONNX file: vectors from golden hidden states, and what decides between both kinds of files.</summary>
public sealed class SafetensorsEncoderTests : IDisposable
{
    private const int Width = 12;
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(EncoderPool.Auto, "mean")]
    [InlineData(EncoderPool.Mean, "mean")]
    [InlineData(EncoderPool.Cls, "cls")]
    [InlineData(EncoderPool.Last, "last")]
    [InlineData(EncoderPool.Max, "max")]
    [InlineData(EncoderPool.Weighted, "weighted")]
    [InlineData(EncoderPool.SqrtMean, "sqrt-mean")]
    public void A_vector_is_the_pooled_states_of_float64(EncoderPool pool, string pooling)
    {
        foreach (var variant in new[] { "bert", "roberta", "distilbert" })
        {
            Save(variant);
            var encoder = Load(new EncoderOptions { Pool = pool });
            encoder.Facts.Pooling.ShouldBe(pooling);
            using var session = encoder.Start();
            session.Dimension.ShouldBe(Width);
            foreach (var text in Enumerable.Range(0, 4))
            {
                var (ids, states) = Expected(variant, text);
                var vector = new float[Width];
                session.Encode(new EncoderTokens(ids, 0, false), vector);
                var expected = Pooled(pooling, [.. states.Chunk(Width)]);
                for (var k = 0; k < Width; k++) ((double)vector[k]).ShouldBe(expected[k], Tolerances.EncoderStates);
            }
        }
    }

    [Fact]
    public void A_normalizing_module_gives_length_1_and_a_module_s_pooling_is_taken()
    {
        Save("bert");
        _directory.Write("1_Pooling/config.json", """{"pooling_mode_cls_token": true}""");
        _directory.Write(
            "modules.json",
            """
            [{"type": "sentence_transformers.models.Transformer"}, {"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"},
             {"type": "sentence_transformers.models.Normalize"}]
            """);
        using var session = Load().Start();
        var (ids, states) = Expected("bert", 0);
        var vector = new float[Width];
        session.Encode(new EncoderTokens(ids, 0, false), vector);
        var norm = Math.Sqrt(states[..Width].Sum(v => (double)v * v));
        for (var k = 0; k < Width; k++) ((double)vector[k]).ShouldBe(states[k] / norm, Tolerances.EncoderStates);
    }

    [Fact]
    public void An_ONNX_file_goes_first_unless_safetensors_are_named()
    {
        Save("bert");
        Load().Facts.Name.ShouldEndWith("/model.safetensors");
        new TinyEncoder().Save(_directory, pooling: null);
        Load().Facts.Name.ShouldEndWith("/model.onnx");
        Save("bert");
        var named = Load(new EncoderOptions { File = "model.safetensors" });
        named.Facts.Name.ShouldEndWith("/model.safetensors");
        File.Delete(_directory.PathOf("model.onnx"));
        Refused("no ONNX file 'model_quantized', but safetensors", new EncoderOptions { File = "model_quantized" });
        File.Delete(_directory.PathOf("model.safetensors"));
        Refused("no model.safetensors", new EncoderOptions { File = "model.safetensors" });
    }

    [Fact]
    public void Weights_and_configuration_are_part_of_the_fingerprint()
    {
        Save("bert");
        var before = Load().Facts.Parts["encoder"];
        var bytes = File.ReadAllBytes(_directory.PathOf("model.safetensors"));
        bytes[^5] ^= 1;
        _directory.Write("model.safetensors", bytes);
        var weights = Load().Facts.Parts["encoder"];
        weights.ShouldNotBe(before);
        var config = File.ReadAllText(_directory.PathOf("config.json"));
        _directory.Write("config.json", config.Replace("\"gelu\"", "\"gelu_new\"", StringComparison.Ordinal));
        Load().Facts.Parts["encoder"].ShouldNotBe(weights);
    }

    [Fact]
    public void What_safetensors_cannot_give_is_refused_by_name()
    {
        Save("bert");
        _directory.Write(
            "modules.json", """[{"type": "sentence_transformers.models.Transformer"}, {"type": "sentence_transformers.models.Dense"}]""");
        Refused("a Dense module");
        Save("bert");
        File.Delete(_directory.PathOf("modules.json"));
        File.Delete(_directory.PathOf("config.json"));
        Refused("no config.json");
        Save("bert");
        var bytes = File.ReadAllBytes(_directory.PathOf("model.safetensors"));
        _directory.Write("model.safetensors", bytes.AsSpan(0, bytes.Length / 2));
        Refused("model.safetensors");
        File.Delete(_directory.PathOf("model.safetensors"));
        _directory.Write("pytorch_model.bin", "");
        Refused("pytorch_model.bin, which is never read");
    }

    private void Save(string variant)
    {
        foreach (var name in new[] { "config.json", "model.safetensors" })
            _directory.Write(name, File.ReadAllBytes(Path.Combine(RepositoryFiles.Fixture("encoders", variant), name)));
        string[] vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", .. Enumerable.Range('a', 26).Select(c => $"{(char)c}")];
        _directory.Write("tokenizer_config.json", """{"tokenizer_class": "BertTokenizer"}""");
        _directory.Write("vocab.txt", string.Join('\n', vocabulary) + "\n");
    }

    private ISentenceEncoder Load(EncoderOptions? options = null) =>
        new OnnxEncoderLoader().Load(_directory.FullPath, options ?? new EncoderOptions(), 512);

    private void Refused(string words, EncoderOptions? options = null) => Should.Throw<PursuitException>(() =>
    {
        using var session = Load(options).Start();
    }).Message.ShouldContain(words);

    private static (int[] Ids, float[] States) Expected(string variant, int text)
    {
        using var file = SafetensorsFile.Open(RepositoryFiles.Fixture("encoders", Path.Combine(variant, "expected.safetensors")));
        return ([.. Read($"ids.{text}").Select(id => (int)id)], Read($"states.{text}"));

        float[] Read(string name)
        {
            var values = new float[file.Info(name).ElementCount];
            file.ReadSingle(name, values);
            return values;
        }
    }

    // By hand, for each way of pooling.
    private static double[] Pooled(string pooling, float[][] states)
    {
        double[] Each(Func<IEnumerable<double>, double> of) =>
            [.. Enumerable.Range(0, Width).Select(k => of(states.Select(state => (double)state[k])))];
        return pooling switch
        {
            "cls" => Array.ConvertAll(states[0], v => (double)v),
            "last" => Array.ConvertAll(states[^1], v => (double)v),
            "max" => Each(Enumerable.Max),
            "weighted" => Each(values => values.Select((v, t) => v * (t + 1)).Sum() / Enumerable.Range(1, states.Length).Sum()),
            "sqrt-mean" => Each(values => values.Sum() / Math.Sqrt(states.Length)),
            _ => Each(Enumerable.Average),
        };
    }
}
