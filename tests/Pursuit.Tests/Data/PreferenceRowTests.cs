using Pursuit.Data;

namespace Pursuit.Tests.Data;

/// <summary>An answer not to give is never learned as one to give.</summary>
public sealed class PreferenceRowTests : PoolTestBase
{
    private Example Chosen(string record) =>
        Pool.ReadAll(
            new PoolOptions { Paths = [Files.Write($"{Guid.NewGuid():N}.jsonl", record)], Preference = PreferenceReading.Chosen },
            CancellationToken.None)
            .Single();

    private string NotChosen(string record)
    {
        using var pool = Open(new PoolOptions
        {
            Paths = [Files.Write($"{Guid.NewGuid():N}.jsonl", $"{Good}\n{record}\n")],
            Preference = PreferenceReading.Chosen,
        });
        return pool.Ledger.Quarantined().Single().Reason;
    }

    private static string Show(Example example) =>
        $"{string.Join(" | ", example.Turns.Select(Show))} # {string.Join(" | ", example.RejectedTurns.Select(Show))} # "
            + $"{example.PromptTurns}";

    private static string Show(Turn turn) => $"{turn.Role}: {turn.Content}";

    [Theory]
    [InlineData("""{"prompt":"p","chosen":"c","rejected":"r"}""", "'chosen' and 'rejected'")]
    [InlineData(
        """{"chosen":[{"role":"user","content":"p"},{"role":"assistant","content":"c"}],"rejected":[{"role":"user","content":"p"},"""
            + """{"role":"assistant","content":"r"}]}""",
        "'chosen' and 'rejected'")]
    [InlineData(
        """{"messages":[{"role":"user","content":"p"}],"chosen":{"role":"assistant","content":"c"},"rejected":"""
            + """{"role":"assistant","content":"r"}}""",
        "'chosen' and 'rejected'")]
    [InlineData("""{"prompt":"p","completion":"c","rejected":"r"}""", "'rejected'")]
    [InlineData(
        """{"messages":[{"role":"user","content":"p"},{"role":"assistant","content":"c"}],"rejected_response":"r"}""",
        "'rejected_response'")]
    [InlineData("""{"messages":[{"role":"user","content":"p"},{"role":"assistant","content":"c"}],"rejected":true}""", "'rejected'")]
    public void A_preference_row_is_quarantined_with_the_word_that_names_the_option(string record, string names) =>
        Reason(record).ShouldBe($"a preference row: {names}; expected an example to learn (preference 'chosen' reads the chosen answers)");

    [Theory]
    [InlineData("""{"prompt":"p","chosen":"c","rejected":"r","system":"s"}""", "system: s | user: p | assistant: c # assistant: r # 2")]
    [InlineData("""{"question":"p","chosen":"c","rejected":"r"}""", "user: p | assistant: c # assistant: r # 1")]
    [InlineData(
        """{"prompt":[{"role":"user","content":"p"}],"chosen":[{"role":"assistant","content":"c"}],"rejected":["""
            + """{"role":"assistant","content":"r"},{"role":"user","content":"?"},{"role":"assistant","content":"r2"}]}""",
        "user: p | assistant: c # assistant: r | user: ? | assistant: r2 # 1")]
    [InlineData(
        """{"prompt":"p","chosen":[{"role":"user","content":"p"},{"role":"assistant","content":"c"}],"rejected":["""
            + """{"role":"user","content":"p"},{"role":"assistant","content":"r"}],"messages":[{"role":"user","content":"p"},"""
            + """{"role":"assistant","content":"c"}]}""", "user: p | assistant: c # assistant: r # 1")]
    [InlineData(
        """{"chosen":"Human: p Assistant: good","rejected":"Human: p Assistant: bad"}""",
        "user: Human: p Assistant: | assistant:  good # assistant:  bad # 1")]
    [InlineData(
        """{"conversations":[{"from":"human","value":"p"}],"chosen":{"from":"gpt","value":"c"},"rejected":{"from":"gpt","value":"r"}}""",
        "user: p | assistant: c # assistant: r # 1")]
    [InlineData(
        """{"instruction":"i","input":"n","chosen":"c","rejected":"r","history":[["q","a"]]}""",
        "user: q | assistant: a | user: i\n\nn | assistant: c # assistant: r # 3")]
    [InlineData(
        """{"messages":[{"role":"user","content":"p"},{"role":"assistant","content":"c"}],"rejected_response":"r"}""",
        "user: p | assistant: c # assistant: r # 1")]
    [InlineData(
        """{"messages":[{"role":"user","content":"p"},{"role":"assistant","content":"c"}],"rejected_messages":["""
            + """{"role":"user","content":"p"},{"role":"assistant","content":"r"}]}""", "user: p | assistant: c # assistant: r # 1")]
    [InlineData("""{"prompt":"p","chosen":"c","rejected":null}""", "user: p | assistant: c #  # 1")]
    [InlineData("""{"prompt":"p","completion":"c","chosen":null,"rejected":null}""", "user: p | assistant: c #  # 1")]
    public void The_chosen_answer_is_the_example_where_it_is_asked_for(string record, string shown) => Show(Chosen(record)).ShouldBe(shown);

    [Theory]
    [InlineData("""{"prompt":"p","rejected":"r"}""", "a rejected answer without a chosen one; expected both")]
    [InlineData("""{"prompt":"p","chosen":"c","rejected":"c"}""", "chosen and rejected say the same; expected two answers")]
    [InlineData(
        """{"chosen":"a","rejected":"b"}""",
        "no prompt: chosen and rejected begin differently; expected a 'prompt', or one that both begin with")]
    [InlineData(
        """{"chosen":"ab","rejected":"abc"}""",
        "one of chosen and rejected begins with all of the other; expected two answers to one prompt")]
    [InlineData(
        """{"chosen":[{"role":"user","content":"p"},{"role":"assistant","content":"c"}],"rejected":[{"role":"user","content":"other"},"""
            + """{"role":"assistant","content":"r"}]}""",
        "no prompt: chosen and rejected begin differently; expected a 'prompt', or one that both begin with")]
    [InlineData("""{"prompt":"p","chosen":3,"rejected":"c"}""", "bad chosen: a number; expected a text, a message or a list of messages")]
    [InlineData(
        """{"prompt":"p","chosen":{"role":"user","content":"c"},"rejected":"r"}""", "bad chosen: its last message isn't the assistant's")]
    [InlineData(
        """{"messages":[{"role":"user","content":"p"},{"role":"assistant","content":"c"}],"chosen":"c","rejected":"r"}""",
        "chosen beside messages that end with an answer; expected the messages before it")]
    public void A_pair_that_is_none_is_quarantined(string record, string reason) => NotChosen(record).ShouldBe(reason);

    [Theory]
    [InlineData("""{"prompt":"q","completion":"a","label":false}""", "label")]
    [InlineData("""{"prompt":"q","completion":"a","label":0}""", "label")]
    [InlineData("""{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"kto_tag":false}""", "kto_tag")]
    [InlineData("""{"instruction":"q","output":"a","label":"false"}""", "label")]
    public void An_undesired_answer_is_never_an_example(string record, string name)
    {
        Reason(record).ShouldBe($"an undesired answer: '{name}' is false; expected answers to learn");
        NotChosen(record).ShouldBe($"an undesired answer: '{name}' is false; expected answers to learn");
    }

    [Fact]
    public void A_desired_answer_is_an_ordinary_example_and_never_one_with_its_undesired_twin()
    {
        using var pool = OpenText("""
            {"id":"bad","label":false,"prompt":"Hi","completion":"Bonjour"}
            {"id":"good","label":true,"prompt":"Hi","completion":"Bonjour"}
            """);
        pool.Ledger.Rows().Select(row => row.Fate).ShouldBe([RowFate.Quarantined, RowFate.Pool]);
        pool.UserId(0).ShouldBe("good");
        Copied(pool, 0).ShouldBe("""{"id":"good","label":true,"prompt":"Hi","completion":"Bonjour"}""" + "\n");
        Example("""{"text":"a review","label":0}""").Text.ShouldBe("a review");
    }

    [Fact]
    public void Answers_within_the_prompt_are_not_learned_unless_their_messages_ask_for_it()
    {
        const string chosen = """],"chosen":[{"role":"assistant","content":"c"}],"rejected":[{"role":"assistant","content":"r"}]}""";
        static string Prompt(string mark) =>
            $$"""{"prompt":[{"role":"user","content":"p"},{"role":"assistant","content":"a"{{mark}}},{"role":"user","content":"q"}""";
        Chosen(Prompt("") + chosen).Turns.Select(t => t.IsTrained).ShouldBe([false, false, false, true]);
        Chosen(Prompt(",\"train\":true") + chosen).Turns.Select(t => t.IsTrained).ShouldBe([false, true, false, true]);
        const string completion = """],"completion":[{"role":"assistant","content":"c"}]}""";
        Example(Prompt("") + completion).Turns.Select(t => t.IsTrained).ShouldBe([false, false, false, true]);
        Example(Prompt(",\"weight\":1") + completion).Turns.Select(t => t.IsTrained).ShouldBe([false, true, false, true]);
    }

    [Fact]
    public void Rows_that_differ_in_the_rejected_answer_alone_are_different_examples()
    {
        string[] lines =
        [
            """{"prompt":"p","chosen":"c","rejected":"r"}""", """{"prompt":"p", "chosen":"c","rejected":"s"}""",
            """{"prompt":"p","chosen":"c","rejected":" r"}""",
        ];
        using var pool =
            Open(new PoolOptions { Paths = [Files.Write("a.jsonl", string.Join('\n', lines))], Preference = PreferenceReading.Chosen });
        pool.Ledger.Rows().Select(row => row.Fate).ShouldBe([RowFate.Pool, RowFate.Pool, RowFate.DuplicateOf]);
        Copied(pool, 1, 0).ShouldBe($"{lines[1]}\n{lines[0]}\n");
    }

    [Theory]
    [InlineData("\"images\":[\"cat.png\"]", "more than text: 'images'; expected a record of text alone")]
    [InlineData("\"image\":\"cat.png\"", "more than text: 'image'; expected a record of text alone")]
    [InlineData("\"videos\":[{\"url\":\"x\"}]", "more than text: 'videos'; expected a record of text alone")]
    [InlineData("\"audio\":{\"path\":\"x\"}", "more than text: 'audio'; expected a record of text alone")]
    [InlineData(
        "\"chat_template_kwargs\":{\"enable_thinking\":false}",
        "unread template variables: 'chat_template_kwargs'; expected none in records "
            + "(those of all records go to the chat template as an option)")]
    [InlineData(
        "\"loss_mask\":[0,1]",
        "an unread mask: 'loss_mask' of the record; expected marks on its messages ('train', 'weight' or 'loss_mask')")]
    [InlineData(
        "\"mask\":\"assistant\"",
        "an unread mask: 'mask' of the record is 'assistant'; expected marks on its messages ('train', 'weight' or 'loss_mask')")]
    public void A_field_that_changes_what_is_learned_and_cannot_be_followed_quarantines_the_record(string field, string reason)
    {
        Reason($$"""{"messages":[{"role":"user","content":"<image>What?"},{"role":"assistant","content":"a cat"}],{{field}}}""")
            .ShouldBe(reason);
        Reason($$"""{"text":"t",{{field}}}""", RecordShape.Text).ShouldBe(reason);
    }

    [Theory]
    [InlineData("\"images\":[]")]
    [InlineData("\"images\":[null],\"videos\":null,\"audio\":\"\"")]
    [InlineData("\"chat_template_kwargs\":{\"enable_thinking\":null}")]
    [InlineData("\"mask\":\"user\"")]
    public void An_empty_field_says_nothing(string field) =>
        IdOf($$"""{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],{{field}}}""").ShouldBe(IdOf(Good));

    [Fact]
    public void Images_of_a_message_are_quarantined_as_well() =>
        Reason("""{"messages":[{"role":"user","content":"q","images":["x"]}]}""")
            .ShouldBe("more than text: 'images'; expected a message of text alone in message 1");
}
