using Pursuit.Engine.Models;
using Pursuit.Jobs;

namespace Pursuit.Cli.Tests;

public sealed class BundledModelTests
{
    [Fact]
    public void It_stands_beside_the_program_whole_and_small()
    {
        new FileInfo(Path.Combine(BundledModel.Directory, "model.safetensors")).Length.ShouldBeLessThan(16_000_000);
        using var decoder = Decoder.Load(BundledModel.Directory);
        var encoder = ModelEncoder.Load(BundledModel.Directory, decoder.Config.MaximumPositions);
        encoder.Tokenizer.VocabularySize.ShouldBe(decoder.Config.VocabularySize);
        encoder.Template.GenerationPrompt.ShouldBe("Assistant:");
        decoder.Config.EndTokens.ShouldBe([encoder.Tokenizer.TokenToId("<|endoftext|>")!.Value]);
    }

    [Fact]
    public void It_finds_sentences_likelier_than_their_words_in_reverse()
    {
        using var decoder = Decoder.Load(BundledModel.Directory);
        using var worker = new DecoderWorker(decoder);
        var tokenizer = ModelEncoder.Load(BundledModel.Directory, 512).Tokenizer;
        string[] sentences =
        [
            "The committee shall submit its report to the Council within thirty days of the end of each year.",
            "He walked slowly down the road to the house, and when he came to the door he knocked twice.",
            "If the file does not exist, the function returns an error that says which path was not found.",
        ];
        foreach (var sentence in sentences)
            Loss(sentence).ShouldBeLessThan(Loss(string.Join(' ', sentence.Split(' ').Reverse())) - 0.5, sentence);

        double Loss(string text)
        {
            Span<double> losses = stackalloc double[1];
            worker.Losses(
                Batch.Pack([([0, .. tokenizer.Encode(text, addSpecialTokens: false)], null)]).Whole(LossReduction.TokenMean), losses);
            return losses[0];
        }
    }

    [Fact]
    public void Commands_use_it_where_no_model_is_named()
    {
        var run = Cli.Run("generate", "--prompt", "The United States of", "--max-tokens", "3", "--json");
        run.ExitCode.ShouldBe(0, run.Error);
        run.Json.GetProperty("tokens").GetArrayLength().ShouldBe(3);
    }
}
