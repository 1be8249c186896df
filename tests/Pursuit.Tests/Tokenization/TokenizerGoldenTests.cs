using System.Text.Json;
using Pursuit.TestKit;
using Pursuit.Tokenization;

namespace Pursuit.Tests.Tokenization;

/// <summary>Id for id against @huggingface/tokenizers; tests/fixtures/tokenizer/README.md says how the files were made.</summary>
public sealed class TokenizerGoldenTests
{
    public static TheoryData<string> Own => [.. TokenizerFixtures.Names];

    [Theory]
    [MemberData(nameof(Own))]
    public void Ids_equal_the_reference_on_strings_of_many_scripts(string name)
    {
        Compare(TokenizerFixtures.Load(name), TokenizerFixtures.Read<Golden>($"{name}.ids.json.gz"));
    }

    [Theory]
    [InlineData("gpt2-tokenizer")]
    [InlineData("stories260K")]
    public void Ids_of_published_tokenizers_equal_the_reference(string name)
    {
        var directory = RepositoryFiles.Shared("model", name);
        Assert.SkipWhen(directory is null, RepositoryFiles.SharedAbsent);
        var tokenizer = Tokenizer.Load(directory);
        var golden = TokenizerFixtures.Read<Golden>($"{name}.ids.json.gz");
        tokenizer.Fingerprint.ShouldBe(golden.Sha256, "another tokenizer.json than the golden file was made from");
        Compare(tokenizer, golden);
    }

    private static void Compare(Tokenizer tokenizer, Golden golden)
    {
        golden.Ids.Length.ShouldBeGreaterThanOrEqualTo(1500);
        for (var i = 0; i < golden.Ids.Length; i++)
        {
            var text = TokenizerFixtures.Texts[i];
            var ids = tokenizer.Encode(text, golden.AddSpecialTokens);
            if (!ids.AsSpan().SequenceEqual(golden.Ids[i])) ids.ShouldBe(golden.Ids[i], $"string {i}: {JsonSerializer.Serialize(text)}");
            if (!golden.Decode) continue;
            var expected = golden.Decoded.GetValueOrDefault(i, text);
            tokenizer.Decode(tokenizer.Encode(text, false), skipSpecialTokens: false).ShouldBe(expected, $"string {i}");
        }
    }

    private sealed record Golden(
        string Reference, string? Sha256, bool AddSpecialTokens, bool Decode, int[][] Ids, Dictionary<int, string> Decoded);
}
