using System.Text.Json.Nodes;
using Pursuit.TestKit;
using Pursuit.Tokenization;

namespace Pursuit.Tests.Tokenization;

/// <summary>BERT's tokenizers saved as vocab.txt give the ids of the tokenizer.json that says the same.</summary>
public sealed class VocabularyTextTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("bert", """{"do_lower_case": true, "tokenizer_class": "BertTokenizer"}""")]
    [InlineData("bert", """{"tokenizer_class": "DistilBertTokenizerFast", "strip_accents": null}""")]
    [InlineData("bert", null)]
    [InlineData("bert-cased", """{"do_lower_case": false, "cls_token": {"content": "[CLS]"}}""")]
    public void Ids_are_those_of_the_tokenizer_json(string name, string? config)
    {
        var expected = TokenizerFixtures.Load(name);
        Write(name);
        if (config is not null) _directory.Write("tokenizer_config.json", config);
        var found = Tokenizer.Load(_directory.FullPath);
        found.VocabularySize.ShouldBe(expected.VocabularySize);
        foreach (var text in TokenizerFixtures.Texts.Take(1000))
            found.Encode(text, addSpecialTokens: true).ShouldBe(expected.Encode(text, addSpecialTokens: true), text);
    }

    [Fact]
    public void Lower_case_and_accents_go_by_the_configuration()
    {
        Write("bert");
        _directory.Write("tokenizer_config.json", """{"do_lower_case": true, "strip_accents": false}""");
        var kept = Tokenizer.Load(_directory.FullPath).Encode("\u00E9", false);
        _directory.Write("tokenizer_config.json", """{"do_lower_case": true}""");
        Tokenizer.Load(_directory.FullPath).Encode("\u00E9", false).ShouldBe(Tokenizer.Load(_directory.FullPath).Encode("e", false));
        kept.ShouldNotBe(Tokenizer.Load(_directory.FullPath).Encode("e", false));
    }

    [Theory]
    [InlineData("""{"tokenizer_class": "PhobertTokenizer"}""", "PhobertTokenizer")]
    [InlineData("""{"sep_token": "<end>"}""", "no line '<end>'")]
    public void What_is_not_known_is_refused_by_name(string config, string words)
    {
        Write("bert");
        _directory.Write("tokenizer_config.json", config);
        Should.Throw<PursuitException>(() => Tokenizer.Load(_directory.FullPath)).Message.ShouldContain(words);
    }

    private void Write(string name)
    {
        var vocabulary = JsonNode.Parse(TokenizerFixtures.FileOf(name))!["model"]!["vocab"]!.AsObject();
        _directory.Write("vocab.txt", string.Concat(vocabulary.OrderBy(pair => (int)pair.Value!).Select(pair => pair.Key + "\n")));
    }
}
