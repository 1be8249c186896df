using System.Text;
using Pursuit.Data;
using Pursuit.Proof;

namespace Pursuit.Tests.Data;

/// <summary>Words of writing without spaces.</summary>
public sealed class UnspacedScriptsTests
{
    [Theory]
    [InlineData("\u4e2d\u6587", "\u4e2d|\u6587")] // Han
    [InlineData("\U00020000\u3007\u3005", "\U00020000|\u3007|\u3005")]
    [InlineData("\u304b\u306a\u30ab\u30ca\u30fc", "\u304b|\u306a|\u30ab|\u30ca|\u30fc")] // Kana
    [InlineData("\uff76\uff85", "\uff76|\uff85")] // half-width
    [InlineData("\u0e01\u0e31\u0e19", "\u0e01\u0e31|\u0e19")] // Thai, with a vowel above
    [InlineData("\u0ea5\u0eb2\u0ea7", "\u0ea5|\u0eb2|\u0ea7")] // Lao
    [InlineData("\u1780\u17d2\u1798\u17c2", "\u1780\u17d2|\u1798\u17c2")] // Khmer
    [InlineData("\u1019\u103c\u1014\u103a", "\u1019\u103c|\u1014\u103a")] // Myanmar
    [InlineData("GPT\u4e2d4\u6587x1", "gpt|\u4e2d|4|\u6587|x1")]
    [InlineData("na\u00efve caf\u00e9", "na\u00efve|caf\u00e9")]
    [InlineData("\u0939\u093f\u0928\u094d\u0926\u0940", "\u0939\u093f\u0928\u094d\u0926\u0940")] // Devanagari has spaces
    [InlineData("\ud55c\uad6d\uc5b4", "\ud55c\uad6d\uc5b4")] // Hangul too
    public void Each_letter_is_a_word_with_its_marks(string text, string words) => AnswerText.Words(text).ShouldBe(words.Split('|'));

    [Fact]
    public void Digits_and_signs_of_these_scripts_do_not_stand_alone()
    {
        foreach (var code in new[] { 0x0E50, 0x0E3F, 0x17E1, 0x1041, 0x3001, 0x30FB, 'a', 0x0939 })
            UnspacedScripts.StandsAlone(new Rune(code)).ShouldBeFalse($"U+{code:X4}");
    }
}
