using Pursuit.Engine.Training;
using Pursuit.TestKit;
using Pursuit.Tokenization;
using Pursuit.Tokenization.Training;

namespace Pursuit.Engine.Tests.Training;

public sealed class DocumentTokenizerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public DocumentTokenizerTests() => BpeTrainer.Train(
        ["a few words"],
        new BpeTrainingOptions { VocabularySize = 258, SpecialTokens = ["<s>", "</s>"], BosToken = "<s>", EosToken = "</s>" },
        null,
        TestContext.Current.CancellationToken).Save(_directory.FullPath);

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("""{"tokenizer_class": "LlamaTokenizer", "eos_token": "</s>", "bos_token": "<s>"}""", true)]
    [InlineData("""{"tokenizer_class": "LlamaTokenizer", "eos_token": "</s>", "bos_token": "<s>", "add_eos_token": true}""", true)]
    [InlineData("""{"tokenizer_class": "LlamaTokenizer", "eos_token": "</s>", "bos_token": "<s>", "add_bos_token": false}""", false)]
    [InlineData("""{"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "</s>", "add_bos_token": true}""", false)]
    public void A_document_has_the_tokens_around_it_that_any_text_has_and_one_end(string config, bool begins)
    {
        _directory.Write(TokenizerConfig.FileName, config);
        var words = DocumentTokenizer.Load(_directory.FullPath);
        var tokens = words.Encode("ab");
        var own = new List<int>();
        words.Tokenizer.Encode("ab", addSpecialTokens: false, own, null);
        int[] begin = begins ? [words.Tokenizer.TokenToId("<s>")!.Value] : [];
        tokens.ShouldBe([.. begin, .. own, words.EndToken]);
        words.Encode("").ShouldBe([.. begin, words.EndToken]);
    }

    [Fact]
    public void A_tokenizer_without_an_end_token_is_refused()
    {
        _directory.Write(TokenizerConfig.FileName, """{"bos_token": "<s>"}""");
        Should.Throw<PursuitException>(() => DocumentTokenizer.Load(_directory.FullPath)).Message.ShouldContain("without an end token");
    }
}
