using Pursuit.Engine.Features;
using Pursuit.TestKit;

namespace Pursuit.Encoders.Tests;

/// <summary>What an encoder's directory may lack or ask that isn't supported is told by name, with what to do.</summary>
public sealed class BadEncoderTests : IDisposable
{
    private readonly TinyEncoder _tiny = new();
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_pooling_that_nobody_knows_is_refused_by_name()
    {
        _tiny.Save(_directory, "attention_tokens");
        Refused("the pooling attention_tokens", "mean_tokens", "encoder.pool");
        _directory.Write("1_Pooling/config.json", """{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": true}""");
        Refused("the pooling cls_token with mean_tokens");
        _directory.Write("1_Pooling/config.json", "{}");
        Refused("no pooling");
    }

    [Fact]
    public void Other_inputs_and_outputs_are_refused_by_name()
    {
        _tiny.Save(_directory, shape: new TinyEncoder.Shape { Ids = "pixel_values" });
        Refused("the input pixel_values", "input_ids, attention_mask");
        _tiny.Save(_directory, shape: new TinyEncoder.Shape { Output = "sentence_embedding", Pools = true });
        Refused(null, "").ShouldBeNull(); // a vector is a vector
    }

    [Fact]
    public void Missing_outside_weights_are_named()
    {
        _tiny.Save(_directory, shape: new TinyEncoder.Shape { Outside = "model.onnx_data" });
        File.Delete(_directory.PathOf("model.onnx_data"));
        Refused("weights in model.onnx_data, which isn't there", "beside it");
        File.Delete(_directory.PathOf("model.onnx"));
        _tiny.Save(_directory, shape: new TinyEncoder.Shape { Outside = "../away.onnx_data" }, name: "onnx/model.onnx");
        Refused("weights in '../away.onnx_data'", "beside it");
    }

    [Fact]
    public void Operators_that_are_too_new_are_told_with_their_version()
    {
        _tiny.Save(_directory, shape: new TinyEncoder.Shape { Opset = 99 });
        Refused("operators of version 99", "older opset");
    }

    [Fact]
    public void A_tokenizer_of_another_model_is_refused_with_both_sizes()
    {
        _tiny.Save(_directory);
        _directory.Write("config.json", """{"model_type": "bert", "vocab_size": 40, "max_position_embeddings": 24}""");
        Refused($"ids up to {_tiny.Vocabulary.Length - 1}", "40 tokens");
    }

    [Fact]
    public void Damaged_files_are_refused()
    {
        _tiny.Save(_directory);
        var bytes = File.ReadAllBytes(_directory.PathOf("model.onnx"));
        File.WriteAllBytes(_directory.PathOf("model.onnx"), bytes[..(bytes.Length / 2)]);
        Refused("aren't an ONNX file");
        File.WriteAllText(_directory.PathOf("model.onnx"), "version https://git-lfs.github.com/spec/v1\n");
        Refused("aren't an ONNX file");
    }

    [Fact]
    public void A_module_that_is_not_supported_is_refused_by_name()
    {
        _tiny.Save(_directory);
        _directory.Write("modules.json", """[{"type": "sentence_transformers.models.WordEmbeddings", "path": ""}]""");
        Refused("WordEmbeddings");
        _directory.Write(
            "modules.json", """[{"type": "sentence_transformers.models.Transformer"}, {"type": "sentence_transformers.models.Dense"}]""");
        Refused("the outputs last_hidden_state", "Dense");
        _directory.Write("modules.json", """[{"type": "sentence_transformers.models.Pooling", "path": "../1_Pooling"}]""");
        Refused("modules.json[0].path", "a folder in the encoder's directory");
    }

    [Fact]
    public void What_is_missing_is_named()
    {
        Should.Throw<PursuitException>(() => new OnnxEncoderLoader().Load(_directory.PathOf("no"), new EncoderOptions(), 64))
            .Message.ShouldContain("no directory");
        var file = _directory.Write("file.onnx", "");
        Should.Throw<PursuitException>(() => new OnnxEncoderLoader().Load(file, new EncoderOptions(), 64))
            .Message.ShouldContain("which is a file");
        File.Delete(file);
        Refused("no ONNX file", "optimum");
        _tiny.Save(_directory);
        File.Delete(_directory.PathOf("config.json"));
        Refused("no config.json");
        _tiny.Save(_directory);
        File.Delete(_directory.PathOf("vocab.txt"));
        Refused("no tokenizer.json");
        _tiny.Save(_directory);
        Should.Throw<PursuitException>(() => new OnnxEncoderLoader().Load(_directory.FullPath, new EncoderOptions { File = "int8" }, 64))
            .Message.ShouldContain("one of: model.onnx");
    }

    private PursuitException? Refused(string? words, params string[] more)
    {
        PursuitException? fault = null;
        try
        {
            using var session = new OnnxEncoderLoader().Load(_directory.FullPath, new EncoderOptions(), 64).Start();
        }
        catch (PursuitException e)
        {
            fault = e;
        }

        if (words is null) return fault;
        fault.ShouldNotBeNull();
        fault.Message.ShouldContain(words);
        foreach (var word in more) fault.Message.ShouldContain(word);
        return fault;
    }
}
