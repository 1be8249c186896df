using System.Text;
using Pursuit.Proof;

namespace Pursuit.Tests;

public sealed class UnicodeTextTests
{
    [Theory]
    [InlineData("e\u0301\uFFFEe\u0301", "\u00E9\uFFFE\u00E9")]
    [InlineData("\uFFFE", "\uFFFE")]
    [InlineData("a\uFFFE\uFFFEn\u0303", "a\uFFFE\uFFFE\u00F1")]
    [InlineData("plain", "plain")]
    public void Texts_with_the_one_character_that_is_refused_elsewhere_are_normalized_around_it(string text, string expected)
    {
        UnicodeText.Normalize(text, NormalizationForm.FormC).ShouldBe(expected);
        AnswerText.Normalize(text).ShouldBe(expected);
    }
}
