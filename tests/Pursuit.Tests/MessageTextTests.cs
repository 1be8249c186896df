namespace Pursuit.Tests;

public sealed class MessageTextTests
{
    [Theory]
    [InlineData("it's a file's name: 'a'; expected 'b'.")]
    [InlineData("")]
    public void A_message_of_ordinary_length_is_left_as_it_stands(string message) =>
        new PursuitException(message).Message.ShouldBe(message);

    [Fact]
    public void A_long_quotation_is_cut_with_its_length_and_the_rest_stays()
    {
        var message = PursuitException.At(
            "a.jsonl, line 3", $"the role '{new string('x', 100_000)}'", "one of user, assistant", "It isn't one.").Message;
        message.ShouldBe($"a.jsonl, line 3: the role '{new string('x', 150)}[... 99,800 characters ...]{new string('x', 50)}'; "
            + "expected one of user, assistant. It isn't one.");
    }

    [Fact]
    public void A_long_quotation_with_spaces_and_apostrophes_is_cut()
    {
        var quoted = string.Join(' ', Enumerable.Repeat("it's", 20_000));
        PursuitException.At("x", $"\"{quoted}\"", "y").Message.Length.ShouldBeLessThan(300);
        PursuitException.At("x", $"'{quoted}'", "y").Message.Length.ShouldBeLessThan(300);
    }

    [Fact]
    public void A_long_word_is_cut_and_no_message_is_endless()
    {
        PursuitException.At(new string('p', 100_000), "nothing", "a file").Message.Length.ShouldBeLessThan(500);
        PursuitException.At("x", string.Concat(Enumerable.Repeat("word ", 100_000)), "y").Message.Length.ShouldBeLessThan(4_100);
    }

    [Fact]
    public void A_cut_splits_no_character()
    {
        foreach (var shift in Enumerable.Range(0, 4))
        {
            var text = new string('a', shift) + string.Concat(Enumerable.Repeat("\U0001F600", 5_000));
            Pursuit.Reports.VisibleText.Of(new PursuitException($"x '{text}' y").Message).ShouldNotContain("U+D");
        }
    }
}
