using System.Numerics.Tensors;
using System.Text.Json;
using Pursuit.Engine.Models;
using Pursuit.TestKit;

namespace Pursuit.Engine.Tests.Models;

public sealed class GeneratorTests
{
    [Theory]
    [InlineData("llama")]
    [InlineData("mistral-window")]
    [InlineData("qwen3")]
    public void A_cache_gives_the_tokens_of_computing_everything_again(string variant)
    {
        using var reference = new ReferenceCase(variant);
        using var decoder = Decoder.Load(reference.Directory);
        using var generator = new Generator(decoder);
        using var worker = new DecoderWorker(decoder);
        var vocabulary = decoder.Config.VocabularySize;
        foreach (var prompt in new[] { new[] { 5 }, [7, 3, 9, 11, 2, 30, 8] })
        {
            var text = prompt.ToList();
            for (var i = 0; i < 30; i++)
            {
                var logits = new float[text.Count * vocabulary];
                worker.Logits(Batch.Pack([([.. text], null)]).Whole(LossReduction.ExampleSum), logits);
                text.Add(TensorPrimitives.IndexOfMax(logits.AsSpan(^vocabulary..)));
            }

            prompt.Concat(generator.Greedy(prompt, 30, endTokens: [], cancellationToken: TestContext.Current.CancellationToken))
                .ShouldBe(text);
        }
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("mistral-window")]
    [InlineData("qwen3")]
    public void Many_texts_side_by_side_are_what_each_is_alone(string variant)
    {
        using var reference = new ReferenceCase(variant);
        using var decoder = Decoder.Load(reference.Directory);
        using var together = new Generator(decoder);
        using var alone = new Generator(decoder);
        var random = new SeededRandom(5, "tests/prompts");
        var (vocabulary, longest) = (decoder.Config.VocabularySize, decoder.Config.MaximumPositions);
        // More prompts than places, among them some that fill the model's longest sequence and leave no room.
        List<int[]> prompts = [.. Enumerable.Range(0, 70).Select(
            i => Enumerable.Range(0, i % 9 == 8 ? longest : 1 + random.NextInt(20)).Select(_ => random.NextInt(vocabulary)).ToArray())];
        int[] ends = [3, 11];
        var (taken, texts) = (0, new int[prompts.Count][]);
        together.Greedy(
            prompts, 25, () => taken < prompts.Count ? taken++ : null, (i, tokens) => texts[i] = tokens, ends,
            TestContext.Current.CancellationToken);
        for (var i = 0; i < prompts.Count; i++)
            texts[i].ShouldBe(
                alone.Greedy(prompts[i], 25, ends, TestContext.Current.CancellationToken), $"prompt {i} of {prompts[i].Length} tokens");
        texts.Select(t => t.Length).Distinct().Count().ShouldBeGreaterThan(3);
    }

    [Fact]
    public void A_prompt_longer_than_a_chunk_is_read_whole()
    {
        using var decoder = TinyModel.Create();
        using var generator = new Generator(decoder);
        using var worker = new DecoderWorker(decoder);
        int[] prompt = [.. Enumerable.Range(0, 270).Select(i => i * 7 % 61)];
        var logits = new float[270 * 61];
        worker.Logits(Batch.Pack([(prompt, null)]).Whole(LossReduction.ExampleSum), logits);
        generator.Greedy(prompt, 1, [], TestContext.Current.CancellationToken).Single()
            .ShouldBe(TensorPrimitives.IndexOfMax(logits.AsSpan(^61..)));
    }

    [Fact]
    public void Text_ends_at_an_end_token_at_the_limit_or_at_the_longest_sequence()
    {
        using var decoder = TinyModel.Create(TinyModel.Config with { MaximumPositions = 12 });
        using var generator = new Generator(decoder);
        var cancellation = TestContext.Current.CancellationToken;
        var five = generator.Greedy([1, 2], 5, [], cancellation).ToArray();
        five.Length.ShouldBe(5);
        generator.Greedy([1, 2], 5, [five[2]], cancellation).ShouldBe(five.Take(Array.IndexOf(five, five[2]) + 1));
        generator.Greedy([1, 2], 50, [], cancellation).Length.ShouldBe(10);
        Should.Throw<PursuitException>(() => generator.Greedy([], 5, null, cancellation)).Message.ShouldContain("0 tokens");
        Should.Throw<PursuitException>(() => generator.Greedy(new int[13], 5, null, cancellation)).Message.ShouldContain("1 to 12");
    }

    [Fact]
    public void Stories260K_has_its_reference_logits_and_tells_its_documented_story()
    {
        var directory = RepositoryFiles.Shared("model", "stories260K");
        Assert.SkipWhen(directory is null, RepositoryFiles.SharedAbsent);
        using var verification = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(directory, "verification.json")));
        int[] ids = [.. verification.RootElement.GetProperty("texts")[0].GetProperty("ids").EnumerateArray().Select(e => e.GetInt32())];
        using var temporary = new TemporaryDirectory();
        File.Copy(Path.Combine(directory, "config.json"), temporary.PathOf("config.json"));
        File.Copy(Path.Combine(directory, "model.fp32.safetensors"), temporary.PathOf("model.safetensors"));
        using var decoder = Decoder.Load(temporary.FullPath);
        using var worker = new DecoderWorker(decoder);

        var logits = new float[ids.Length * 512];
        worker.Logits(Batch.Pack([(ids, null)]).Whole(LossReduction.ExampleSum), logits);
        var bytes = File.ReadAllBytes(Path.Combine(directory, "reference_logits_tinystory_fp32.bin"));
        bytes.Length.ShouldBe(logits.Length * sizeof(float));
        Distance.Relative(logits, System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes)).ShouldBeLessThan(1e-5);

        // The story is checked by tokens through the tokenizer's own vocabulary: every piece in order spells the text.
        using var tokenizer = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(directory, "tokenizer.json")));
        var pieces = tokenizer.RootElement.GetProperty("model").GetProperty("vocab").EnumerateObject()
            .ToDictionary(p => p.Value.GetInt32(), p => p.Name);
        using var generator = new Generator(decoder);
        var tokens = new[] { 1, 403, 407, 261, 378 }.Concat(
            generator.Greedy([1, 403, 407, 261, 378], 256 - 5, [], TestContext.Current.CancellationToken));
        var text = string.Concat(tokens.Skip(1).Select(t => pieces[t]))
            .Replace('\u2581', ' ').Replace("<0x0A>", "\n", StringComparison.Ordinal).TrimStart();
        var documented = verification.RootElement.GetProperty("greedy_fp32_256").GetString()!;
        text.Length.ShouldBeGreaterThan(documented.Length / 2);
        text[..Math.Min(text.Length, documented.Length)].ShouldBe(documented[..Math.Min(text.Length, documented.Length)]);
    }
}
