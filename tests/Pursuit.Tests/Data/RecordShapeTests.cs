using Pursuit.Data;

namespace Pursuit.Tests.Data;

public sealed class RecordShapeTests : PoolTestBase
{
    private static string Turns(Example example) => string.Join(" | ", example.Turns.Select(turn => $"{turn.Role}: {turn.Content}"));

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":" hi\n"},{"role":"assistant","content":"yo"}]}""", "user:  hi\n | assistant: yo")]
    [InlineData(
        """{"messages":[{"role":"developer","content":"d"},{"role":"user","content":[]},{"role":"function","content":"t"}]}""",
        "system: d | user:  | tool: t")]
    [InlineData(
        """{"system":"","messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]}""", "user: ab")]
    [InlineData(
        """{"conversations":[{"from":"human","value":"q"},{"from":"function_call","value":"{\"name\":\"f\",\"arguments\":{}}"},"""
            + """{"from":"observation","value":"o"},{"from":"gpt","value":"a"}]}""", "user: q | assistant:  | tool: o | assistant: a")]
    [InlineData("""{"instruction":"i","input":"n","output":"o"}""", "user: i\n\nn | assistant: o")]
    [InlineData("""{"instruction":"i","input":null,"output":""}""", "user: i | assistant: ")]
    [InlineData("""{"instruction":" ","input":"n","output":"o","history":[]}""", "user: n | assistant: o")]
    [InlineData(
        """{"instruction":"i","output":"o","system":"s","history":[["q1","a1"],["q2","a2"]]}""",
        "system: s | user: q1 | assistant: a1 | user: q2 | assistant: a2 | user: i | assistant: o")]
    [InlineData("""{"prompt":"p","completion":"c","id":1}""", "user: p | assistant: c")]
    [InlineData(
        """{"prompt":[{"role":"user","content":"p"}],"completion":[{"role":"assistant","content":"c"}]}""", "user: p | assistant: c")]
    public void A_record_becomes_turns(string record, string turns) => Turns(Example(record)).ShouldBe(turns);

    [Fact]
    public void Escapes_become_their_characters()
    {
        Example("""{"text":"\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\ude00 é"}""").Text.ShouldBe("\"\\/\b\f\n\r\tAé€😀 é");
        Example("""{"\u0074ext":"a","id":"\u0069d"}""").Id.ShouldBe("id");
    }

    [Fact]
    public void Tool_calls_and_tools_are_kept_as_they_are_written()
    {
        var example = Example("""{"tools":[ {"name": "f"} ],"messages":[{"role":"user","content":"q"},{"role":"assistant","tool_calls":"""
            + """[ {"function":{"name":"f","arguments":"{}"}} ]},{"role":"tool","content":"r"}]}""");
        example.ToolsJson.ShouldBe("""[ {"name": "f"} ]""");
        example.Turns[1].ToolCallsJson.ShouldBe("""[ {"function":{"name":"f","arguments":"{}"}} ]""");
        example.Turns[1].Content.ShouldBe("");
        example.Turns[0].ToolCallsJson.ShouldBeNull();
    }

    [Theory]
    [InlineData("""{"messages":[]}""", "no messages: the list is empty")]
    [InlineData("""{"messages":"x"}""", "bad messages: a text; expected a list of messages")]
    [InlineData("""{"other":1,"id":2}""", "no 'messages': keys: other, id")]
    [InlineData("""{}""", "no 'messages': no keys")]
    [InlineData(
        """{"instruction":"q","output":"a"}""", "no 'messages': keys: instruction, output (read as messages, but it looks like alpaca)")]
    [InlineData("""{"messages":[1]}""", "bad message: number 1 is a number; expected an object")]
    [InlineData("""{"messages":[{"content":"x"}]}""", "no role: keys: content in message 1")]
    [InlineData(
        """{"messages":[{"role":"User","content":"x"}]}""",
        "unknown role: 'User'; expected one of system, user, assistant, tool (or human, gpt, model, bot, chatgpt, developer, function, "
            + "observation, function_call) in message 1")]
    [InlineData("""{"messages":[{"role":1,"content":"x"}]}""", "bad role: a number; expected a text in message 1")]
    [InlineData(
        """{"messages":[{"role":"user","from":"human","content":"x"}]}""", "two names for one field: both 'role' and 'from' in message 1")]
    [InlineData(
        """{"messages":[{"role":"user","content":"x","value":"y"}]}""", "two names for one field: both 'content' and 'value' in message 1")]
    [InlineData(
        """{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":null}]}""",
        "no content: missing or null, and no tool_calls in message 2")]
    [InlineData(
        """{"messages":[{"role":"user","content":{"a":1}}]}""",
        "bad content: an object; expected a text or a list of text parts in message 1")]
    [InlineData(
        """{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]}""",
        "a content part that isn't text: 'image_url'; expected only parts of type text in message 1")]
    [InlineData(
        """{"messages":[{"role":"user","content":["x"]}]}""",
        "bad content part: a text; expected {\"type\":\"text\",\"text\":...} in message 1")]
    [InlineData(
        """{"messages":[{"role":"user","content":[{"text":"x"}]}]}""",
        "bad content part: it has no 'type'; expected \"text\" in message 1")]
    [InlineData(
        """{"messages":[{"role":"user","content":[{"type":"text"}]}]}""", "bad content part: it has no 'text' that is a text in message 1")]
    [InlineData(
        """{"messages":[{"role":"user","content":"x","tool_calls":[{}]}]}""",
        "bad tool_calls: the message is the user's; expected them in the assistant's only in message 1")]
    [InlineData(
        """{"messages":[{"role":"assistant","content":"x","tool_calls":{}}]}""",
        "bad tool_calls: an object instead of a list in message 1")]
    [InlineData(
        """{"messages":[{"role":"assistant","content":"x","tool_calls":["f"]}]}""",
        "bad tool_calls: a call that is a text instead of an object in message 1")]
    [InlineData(
        """{"system":"s","messages":[{"role":"system","content":"t"},{"role":"user","content":"x"}]}""",
        "two system texts: one beside the list and one in it; expected one of them")]
    [InlineData("""{"system":1,"messages":[{"role":"user","content":"x"}]}""", "bad system: a number; expected a text")]
    [InlineData(
        """{"tools":{"name":"f"},"messages":[{"role":"user","content":"x"}]}""",
        "bad tools: an object; expected a list of definitions or a text that holds one")]
    [InlineData(
        """{"tools":"{}","messages":[{"role":"user","content":"x"}]}""",
        "bad tools: the text holds an object; expected a list of definitions")]
    [InlineData("""{"messages":[{"role":"user","content":"\n"},{"role":"assistant","content":""}]}""", "no words: every text is empty")]
    [InlineData("""["x"]""", "not a record: a list; expected an object")]
    [InlineData("""{"messages":[{"role":"user","content":"x","role":"user"}]}""", "the key 'role' occurs twice in one object")]
    [InlineData("""{"a":{"b":1,"\u0062":2},"messages":[]}""", "the key 'b' occurs twice in one object")]
    [InlineData("""{"a":"\ud83dx","messages":[]}""", "half a surrogate pair: the escape at byte 6 of the record")]
    [InlineData("""{"\udc00":1,"messages":[]}""", "half a surrogate pair: the escape at byte 2 of the record")]
    [InlineData(
        """{"messages":[{"role":"user","content":"x"}],}""",
        "not valid JSON: byte 44 of the record: The JSON object contains a trailing comma at the end which is not supported in this mode")]
    public void A_bad_message_record_is_quarantined_with_its_reason(string record, string reason) => Reason(record).ShouldBe(reason);

    [Theory]
    [InlineData(
        RecordShape.ShareGpt, """{"messages":[{"role":"user","content":"x"}]}""",
        "no 'conversations': keys: messages (read as sharegpt, but it looks like messages)")]
    [InlineData(RecordShape.Alpaca, """{"instruction":"i"}""", "no 'output': keys: instruction")]
    [InlineData(RecordShape.Alpaca, """{"instruction":"i","output":["o"]}""", "bad output: a list; expected a text")]
    [InlineData(RecordShape.Alpaca, """{"instruction":"i","input":{},"output":"o"}""", "bad input: an object; expected a text")]
    [InlineData(
        RecordShape.Alpaca, """{"instruction":"i","output":"o","history":[["q"]]}""",
        "bad history: expected every entry to be a pair [question, answer]")]
    [InlineData(
        RecordShape.Alpaca, """{"instruction":"i","output":"o","history":[["q",null]]}""",
        "bad history: expected question and answer to be texts")]
    [InlineData(RecordShape.Alpaca, """{"instruction":"i","output":null}""", "no 'output': keys: instruction, output (null)")]
    [InlineData(RecordShape.Alpaca, """{"instruction":"i","output":"o","history":"h"}""", "bad history: a text; expected a list of pairs")]
    [InlineData(RecordShape.PromptCompletion, """{"prompt":"p"}""", "no 'completion': keys: prompt")]
    [InlineData(RecordShape.PromptCompletion, """{"completion":"c"}""", "no 'prompt': keys: completion")]
    [InlineData(
        RecordShape.PromptCompletion, """{"prompt":"p","completion":"c","response":"r"}""",
        "two answers: both 'completion' and 'response'; expected one of them")]
    [InlineData(
        RecordShape.PromptCompletion, """{"prompt":"p","completion":[]}""",
        "bad prompt and completion: a text and a list; expected two texts or two lists of messages")]
    [InlineData(
        RecordShape.PromptCompletion, """{"prompt":[{"role":"user","content":"p"}],"completion":[{"role":"user","content":"p"}]}""",
        "bad completion: no message is the assistant's")]
    [InlineData(
        RecordShape.PromptCompletion, """{"prompt":[{"role":"user"}],"completion":[]}""",
        "no content: missing or null, and no tool_calls in message 1 (prompt)")]
    [InlineData(RecordShape.Text, """{"text":null}""", "no 'text': keys: text (null)")]
    [InlineData(RecordShape.Text, """{"content":"x"}""", "no 'text': keys: content")]
    public void A_bad_record_of_another_shape_is_quarantined_with_its_reason(RecordShape shape, string record, string reason) =>
        Reason(record, shape).ShouldBe(reason);

    [Fact]
    public void A_files_shape_is_the_one_most_of_its_first_records_name()
    {
        var path = Files.Write("a.jsonl", $$"""
            oops
            {"text":"t"}
            {"prompt":"p","messages":[{"role":"user","content":"x"}]}
            {{Good}}
            """);
        using (var pool = Open(path))
        {
            pool.Sources[0].Shape.ShouldBe(RecordShape.Messages);
            pool.Count.ShouldBe(2);
        }

        using (var pool = Open(new PoolOptions { Paths = [path], Shape = RecordShape.Text })) pool.Count.ShouldBe(1);
    }

    [Fact]
    public void Files_of_different_shapes_make_one_pool_and_an_unknown_one_is_set_aside()
    {
        var one = Files.Write("1.jsonl", Good);
        var two = Files.Write("2.jsonl", """{"instruction":"q","output":"a"}""");
        var other = Files.Write("3.jsonl", """{"picked":"x"}""");
        using var pool = Open(one, two, other);
        pool.Sources.Select(s => s.Shape).ShouldBe([RecordShape.Messages, RecordShape.Alpaca, null]);
        pool.Ledger.Rows().Select(row => row.Fate).ShouldBe([RowFate.Pool, RowFate.DuplicateOf, RowFate.Quarantined]);
        pool.Ledger[2].Reason.ShouldBe("no known shape: keys: picked; expected one of messages, sharegpt, alpaca, prompt-completion, text");
    }

    [Fact]
    public void Shape_names_are_read_back()
    {
        foreach (var shape in Enum.GetValues<RecordShape>()) RecordShapeNames.Parse(shape.Name()).ShouldBe(shape);
        Should.Throw<PursuitException>(() => RecordShapeNames.Parse("chatml")).Message.ShouldBe(
            "Shape: 'chatml'; expected one of messages, sharegpt, alpaca, prompt-completion, text. "
                + "Omit it to have the shape detected per file.");
    }
}
