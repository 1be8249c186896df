using Pursuit.Engine.Models;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Commands;

/// <summary>What the command line says of a model or an option that is another's.</summary>
[Collection(nameof(InProcess))]
public sealed class ModelMessageTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_model_that_is_used_in_part_is_said_to_be()
    {
        _directory.Write("whole/config.json", """{"model_type": "gemma3", "vision_config": {}, "text_config": {}}""");
        var said = InProcess.Run("generate", "--model", _directory.PathOf("whole"), "--prompt", "x");
        said.ExitCode.ShouldBe(2); // there is nothing else in the directory
        said.Error.ShouldContain("a model of text and images (gemma3); its text part is used alone");
    }

    [Fact]
    public void A_tokenizer_with_more_ids_than_the_model_has_rows_is_refused_with_both_sizes()
    {
        var path = _directory.PathOf("model");
        var config = new ModelConfig
        {
            VocabularySize = 50,
            HiddenSize = 8,
            IntermediateSize = 8,
            Layers = 1,
            QueryHeads = 1,
            KeyValueHeads = 1,
            HeadSize = 8,
        };
        using (var decoder = Decoder.Create(config, seed: 1))
            decoder.Save(path);
        File.Copy(Path.Combine(BundledModel.Directory, "tokenizer.json"), Path.Combine(path, "tokenizer.json"));
        var said = InProcess.Run("generate", "--model", path, "--prompt", "x");
        said.ExitCode.ShouldBe(2);
        said.Error.ShouldContain("a tokenizer with ids up to 4095 for an embedding of 50 rows");
    }

    [Theory]
    [InlineData("--encoder", "e", "It is an option of 'pursuit select', 'pursuit prune', 'pursuit features'")]
    [InlineData("--on", "embedding", "It is an option of 'pursuit select', 'pursuit prune'.")]
    [InlineData("--sed", "1", "--seed")]
    public void An_option_of_other_commands_is_refused_with_their_names(string option, string value, string named)
    {
        foreach (var methods in new string[][] { [], ["--methods", "length"] })
        {
            var said = InProcess.Run(["score", "--pool", "p.jsonl", .. methods, option, value]);
            said.ExitCode.ShouldBe(2);
            said.Error.ShouldContain(named);
        }
    }

    [Fact]
    public void A_method_that_ranks_a_pool_as_a_whole_is_refused_with_the_command_that_takes_it()
    {
        _directory.Write("pool.jsonl", """{"text": "a"}""" + "\n");
        var (pool, scores) = (_directory.PathOf("pool.jsonl"), _directory.PathOf("s.jsonl"));
        var said = InProcess.Run("score", "--pool", pool, "--methods", "rds", "--out", scores);
        said.ExitCode.ShouldBe(2);
        said.Error.ShouldContain("with 'pursuit select' and a --budget of 100%");
        File.Exists(scores).ShouldBeFalse();
    }
}
