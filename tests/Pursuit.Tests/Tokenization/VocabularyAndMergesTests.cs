using System.Text.Json.Nodes;
using Pursuit.TestKit;
using Pursuit.Tokenization;

namespace Pursuit.Tests.Tokenization;

/// <summary>Tokenizers saved as vocab.json and merges.txt give the ids of the tokenizer.json that says the same.</summary>
public sealed class VocabularyAndMergesTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("gpt2", "GPT2Tokenizer")]
    [InlineData("qwen2", "Qwen2TokenizerFast")]
    public void Ids_are_those_of_the_tokenizer_json(string name, string kind)
    {
        var expected = TokenizerFixtures.Load(name);
        Write(name, new JsonObject { ["tokenizer_class"] = kind });
        var found = Tokenizer.Load(_directory.FullPath);
        found.VocabularySize.ShouldBe(expected.VocabularySize);
        foreach (var text in TokenizerFixtures.Texts.Take(2000))
            found.Encode(text, addSpecialTokens: false).ShouldBe(expected.Encode(text, addSpecialTokens: false), text);
    }

    [Fact]
    public void Config_json_tells_the_class_where_the_tokenizers_own_file_does_not()
    {
        Write("qwen2", []);
        _directory.Write("config.json", """{"model_type": "qwen3"}""");
        Tokenizer.Load(_directory.FullPath).Encode("2024", addSpecialTokens: false)
            .ShouldBe(TokenizerFixtures.Load("qwen2").Encode("2024", addSpecialTokens: false));
    }

    [Theory]
    [InlineData("RobertaTokenizer", "the class RobertaTokenizer")]
    [InlineData(null, "a class that no file names")]
    public void A_class_whose_rules_are_not_known_is_refused_by_name(string? kind, string words)
    {
        Write("gpt2", kind is null ? [] : new JsonObject { ["tokenizer_class"] = kind });
        Should.Throw<PursuitException>(() => Tokenizer.Load(_directory.FullPath)).Message.ShouldContain(words);
    }

    [Fact]
    public void A_directory_with_a_SentencePiece_model_alone_says_so()
    {
        _directory.Write("tokenizer.model", "x");
        Should.Throw<PursuitException>(() => Tokenizer.Load(_directory.FullPath)).Message
            .ShouldContain("tokenizer.model, a SentencePiece model");
    }

    private void Write(string name, JsonObject config)
    {
        var root = JsonNode.Parse(TokenizerFixtures.FileOf(name))!.AsObject();
        var model = root["model"]!.AsObject();
        _directory.Write("vocab.json", model["vocab"]!.ToJsonString());
        _directory.Write("merges.txt", "#version: 0.2\n"
            + string.Concat(model["merges"]!.AsArray().Select(m => (m is JsonArray pair ? $"{pair[0]} {pair[1]}" : (string)m!) + "\n")));
        var added = new JsonObject();
        foreach (var token in root["added_tokens"]!.AsArray())
        {
            var copy = token!.DeepClone().AsObject();
            copy.Remove("id");
            added[token["id"]!.ToString()] = copy;
        }

        config["added_tokens_decoder"] = added;
        _directory.Write("tokenizer_config.json", config.ToJsonString());
    }
}
