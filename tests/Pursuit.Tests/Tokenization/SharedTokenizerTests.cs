using System.Text.Json;
using Pursuit.TestKit;
using Pursuit.Tokenization;

namespace Pursuit.Tests.Tokenization;

/// <summary>Tokenizers that aren't in the repository, against the ids their makers recorded.</summary>
public sealed class SharedTokenizerTests
{
    [Theory]
    [InlineData("gpt2-tokenizer", false)]
    [InlineData("stories260K", true)]
    public void A_published_tokenizer_gives_the_ids_recorded_with_it(string model, bool addSpecialTokens)
    {
        var directory = RepositoryFiles.Shared("model", model);
        Assert.SkipWhen(directory is null, RepositoryFiles.SharedAbsent);
        var tokenizer = Tokenizer.Load(directory);
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(directory, "verification.json")));
        var texts = document.RootElement.ValueKind == JsonValueKind.Array
            ? document.RootElement
            : document.RootElement.GetProperty("texts");
        texts.GetArrayLength().ShouldBeGreaterThan(0);
        foreach (var item in texts.EnumerateArray())
        {
            var text = item.GetProperty("text").GetString()!;
            var expected = item.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()).ToArray();
            tokenizer.Encode(text, addSpecialTokens).ShouldBe(expected, text);
            tokenizer.Decode(expected, skipSpecialTokens: true).ShouldBe(text);
        }
    }
}
