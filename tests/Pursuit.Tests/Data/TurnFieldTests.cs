using Pursuit.Data;

namespace Pursuit.Tests.Data;

/// <summary>What a message says beside its words: marks, reasoning, calls, and fields for templates.</summary>
public sealed class TurnFieldTests : PoolTestBase
{
    private Turn Answer(string fields) =>
        Example($$"""{"messages":[{"role":"user","content":"q"},{"role":"assistant",{{fields}}}]}""").Turns[1];

    private string BadAnswer(string fields) => Reason($$"""{"messages":[{"role":"user","content":"q"},{"role":"assistant",{{fields}}}]}""");

    [Theory]
    [InlineData("\"train\":false", false)]
    [InlineData("\"train\":true", true)]
    [InlineData("\"train\":null", null)]
    [InlineData("\"training\":\"False\"", false)]
    [InlineData("\"trainable\":\"true\"", true)]
    [InlineData("\"weight\":0", false)]
    [InlineData("\"weight\":0.0", false)]
    [InlineData("\"weight\":1.0", true)]
    [InlineData("\"loss\":false", false)]
    [InlineData("\"loss_mask\":1", true)]
    [InlineData("\"loss_scale\":0", false)]
    [InlineData("\"masked\":true", false)]
    [InlineData("\"masked\":false", true)]
    [InlineData("\"train\":false,\"weight\":0", false)]
    [InlineData("\"name\":\"n\"", null)]
    public void A_mark_says_whether_a_turn_is_trained(string mark, bool? trained)
    {
        var turn = Answer($"\"content\":\"a\",{mark}");
        turn.TrainMark.ShouldBe(trained);
        turn.IsTrained.ShouldBe(trained != false);
        turn.UntrainedSpans.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(
        "\"weight\":0.5", "unclear mark: 'weight' is 0.5; expected true, false, 1 or 0 (a turn is trained or it isn't) in message 2")]
    [InlineData(
        "\"train\":\"maybe\"",
        "unclear mark: 'train' is 'maybe'; expected true, false, 1 or 0 (a turn is trained or it isn't) in message 2")]
    [InlineData(
        "\"loss\":[1]", "unclear mark: 'loss' is a list; expected true, false, 1 or 0 (a turn is trained or it isn't) in message 2")]
    [InlineData("\"train\":true,\"weight\":0", "unclear marks: 'train' and 'weight' contradict each other in message 2")]
    [InlineData(
        "\"mask\":1", "unclear mark: 'mask' doesn't say which value is trained; expected 'train', 'weight' or 'loss_mask' in message 2")]
    [InlineData("\"train_detail\":{}", "bad train_detail: an object; expected a list in message 2")]
    [InlineData(
        "\"train_detail\":[{\"begin_offset\":-1,\"end_offset\":2,\"train\":true}]",
        "bad train_detail: expected every entry to be {\"begin_offset\":..., \"end_offset\":..., \"train\":...} in message 2")]
    public void A_mark_that_cannot_be_followed_quarantines_the_record_by_its_name(string mark, string reason) =>
        BadAnswer($"\"content\":\"a\",{mark}").ShouldBe(reason);

    [Fact]
    public void A_mark_that_asks_for_loss_on_others_words_cannot_be_followed()
    {
        Reason("""{"messages":[{"role":"user","content":"q","train":true},{"role":"assistant","content":"a"}]}""")
            .ShouldBe("'train' marks words of the user as trained; expected it on the assistant's only in message 1");
        Reason("""{"messages":[{"role":"user","content":[{"type":"text","text":"q","weight":1}]}]}""")
            .ShouldBe("'weight' marks words of the user as trained; expected it on the assistant's only in message 1");
        Reason("""{"messages":[{"role":"user","content":"q","train_detail":[{"begin_offset":0,"end_offset":0,"train":true}]}]}""")
            .ShouldBe("'train_detail' marks words of the user as trained; expected it on the assistant's only in message 1");
        Example("""{"messages":[{"role":"user","content":"q","weight":0},{"role":"assistant","content":"a"}]}""").Turns[0].IsTrained
            .ShouldBeFalse();
    }

    [Fact]
    public void Details_count_characters_with_both_ends_and_what_none_trains_is_not_trained()
    {
        // 0123456789 in characters; the face is two UTF-16 units.
        static string Detail(int begin, int end, bool train) =>
            $$"""{"begin_offset":{{begin}},"end_offset":{{end}},"train":{{(train ? "true" : "false")}}}""";
        Answer(
            $"\"content\":\"ab😀defgh\",\"train_detail\":[{Detail(0, 1, false)},{Detail(3, 4, true)},{Detail(5, 5, false)}]").UntrainedSpans
            .ShouldBe([new(0, 4), new(6, 9)]);
        Answer($"\"content\":\"ab😀d\",\"train_detail\":[{Detail(2, 99, true)},{Detail(0, 0, true)}]").UntrainedSpans.ShouldBe([new(1, 2)]);
        Answer($"\"content\":\"ab\",\"train_detail\":[{Detail(0, 0, true)},{Detail(1, 1, true)}]").UntrainedSpans.ShouldBeEmpty();
        Answer($"\"content\":\"ab\",\"train\":false,\"train_detail\":[{Detail(0, 0, true)}]")
            .ShouldSatisfyAllConditions(t => t.TrainMark.ShouldBe(false), t => t.UntrainedSpans.ShouldBeEmpty());
        Answer("\"content\":\"ab\",\"train_detail\":[]").TrainMark.ShouldBe(false); // as axolotl has it
    }

    [Fact]
    public void Parts_of_the_content_carry_marks()
    {
        var turn = Answer("""
            "content":[{"type":"text","text":"é😀","train":false},{"type":"text","text":"b"},{"type":"text","text":"c","weight":0},{"type":"text","text":"d","loss":0},{"type":"text","text":"e","train":true}]
            """);
        turn.Content.ShouldBe("é😀bcde");
        turn.UntrainedSpans.ShouldBe([new(0, 3), new(4, 6)]);
        turn.IsTrained.ShouldBeTrue();
        BadAnswer("""
            "content":[{"type":"text","text":"a","weight":2}]
            """).ShouldStartWith("unclear mark: 'weight' is 2;");
    }

    [Fact]
    public void Only_the_last_answer_is_trained_where_the_record_says_so()
    {
        const string turns =
            """{"role":"user","content":"q"},{"role":"assistant","content":"a"},{"role":"user","content":"r"},"""
                + """{"role":"assistant","content":"b"}""";
        Example($$"""{"messages":[{{turns}}],"only_last":true}""").Turns.Select(t => t.IsTrained).ShouldBe([false, false, false, true]);
        Example($$"""{"messages":[{{turns}}],"only_last":false}""").Turns.Select(t => t.IsTrained).ShouldBe([false, true, false, true]);
    }

    [Theory]
    [InlineData("\"content\":\"a\",\"reasoning_content\":\"hm\"")]
    [InlineData("\"content\":\"a\",\"reasoning\":\"hm\",\"thinking\":\"\"")]
    [InlineData("\"content\":\"a\",\"thinking\":\"hm\",\"reasoning\":\"hm\"")]
    [InlineData("\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"s\"},{\"type\":\"text\",\"text\":\"a\"}]")]
    [InlineData("\"content\":[{\"type\":\"reasoning\",\"text\":\"h\"},"
        + "{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"m\"}]},{\"type\":\"text\",\"text\":\"a\"}]")]
    [InlineData("\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\"},{\"type\":\"text\",\"text\":\"a\"}],\"reasoning\":\"hm\"")]
    public void Reasoning_is_read_under_any_of_its_names(string fields)
    {
        var turn = Answer(fields);
        (turn.Reasoning, turn.Content).ShouldBe(("hm", "a"));
        turn.FieldsJson.ShouldBeNull();
    }

    [Fact]
    public void An_answer_may_be_reasoning_alone()
    {
        var turn = Answer("\"content\":null,\"reasoning\":\"hm\"");
        (turn.Content, turn.IsContentNull, turn.Reasoning).ShouldBe(("", true, "hm"));
    }

    [Theory]
    [InlineData(
        "\"content\":\"a\",\"reasoning\":\"x\",\"thinking\":\"y\"",
        "two thoughts: 'reasoning' and 'thinking' differ; expected one of them in message 2")]
    [InlineData(
        "\"content\":[{\"type\":\"thinking\",\"thinking\":\"x\"}],\"reasoning\":\"y\"",
        "two thoughts: 'reasoning' and a part of the content differ; expected one of them in message 2")]
    [InlineData("\"content\":\"a\",\"reasoning\":[\"x\"]", "bad reasoning: a list; expected a text in message 2")]
    [InlineData(
        "\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"thinking\",\"thinking\":\"x\"}]",
        "unread words: a part that is reasoning; expected it in the assistant's messages, before the words in message 2")]
    [InlineData(
        "\"content\":\"a\",\"reasoning_details\":[{\"text\":\"x\"}]",
        "unread words: 'reasoning_details' isn't read; expected its text in 'reasoning_content' in message 2")]
    [InlineData("\"content\":null,\"refusal\":\"no\"", "unread words: 'refusal' isn't read; expected its text in the content in message 2")]
    public void Reasoning_that_is_unclear_quarantines_the_record(string fields, string reason) => BadAnswer(fields).ShouldBe(reason);

    [Fact]
    public void Reasoning_beside_an_answer_is_the_answers()
    {
        Example("""{"prompt":"p","completion":"c","reasoning":"hm"}""").Turns[1].Reasoning.ShouldBe("hm");
        Example("""{"instruction":"p","output":"c","thinking":"hm"}""").Turns[1].Reasoning.ShouldBe("hm");
        Example("""{"prompt":[{"role":"user","content":"p"}],"completion":["""
            + """{"role":"assistant","content":"c"}],"reasoning_content":"hm"}""").Turns[1].Reasoning
            .ShouldBe("hm");
        var distilled = Example("""{"messages":[{"role":"user","content":"p"}],"reasoning":"hm","answer":"c","model":"m"}""");
        (distilled.Turns[1].Content, distilled.Turns[1].Reasoning).ShouldBe(("c", "hm"));
        Reason("""{"messages":[{"role":"user","content":"p"},{"role":"assistant","content":"c"}],"reasoning":"hm"}""")
            .ShouldBe("unread words: 'reasoning' beside the messages; expected it in the message it belongs to");
        Reason("""{"messages":[{"role":"user","content":"p"}],"reasoning":"hm"}""")
            .ShouldStartWith("unread words: 'reasoning' beside a conversation that ends without an answer");
        Example("""{"messages":[{"role":"user","content":"p"},"""
            + """{"role":"assistant","content":"c","thinking":"hm"}],"reasoning":"hm"}""").Turns[1].Reasoning
            .ShouldBe("hm");
    }

    [Fact]
    public void Calls_in_every_spelling_become_the_list_that_templates_read()
    {
        const string call = """[{"type":"function","function":{"name":"w","arguments":{"c":"Rome"}}}]""";
        var function = Example(
            """{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":null,"function_call":{"name":"w","arguments":"""
                + """{"c":"Rome"}}},{"role":"function","name":"w","content":"20"}]}""");
        (function.Turns[1].ToolCallsJson, function.Turns[1].IsContentNull, function.Turns[1].WrittenRole).ShouldBe((call, true, null));
        (function.Turns[2].Role, function.Turns[2].WrittenRole, function.Turns[2].FieldsJson)
            .ShouldBe(("tool", "function", """{"name":"w"}"""));

        var said = Example("""{"conversations":[{"from":"human","value":"q"},"""
            + """{"from":"function_call","value":"{\"name\":\"w\",\"arguments\":{\"c\":\"Rome\"}}"},{"from":"observation","value":"20"},"""
            + """{"from":"gpt","value":"a"}],"tools":"[{\"name\":\"w\"}]"}""");
        (said.Turns[1].ToolCallsJson, said.Turns[1].Content, said.Turns[1].WrittenRole).ShouldBe((call, "", "function_call"));
        (said.Turns[2].Role, said.Turns[2].WrittenRole).ShouldBe(("tool", "observation"));
        (said.Turns[0].WrittenRole, said.Turns[3].WrittenRole).ShouldBe((null, null));

        var two = Answer("""
            "content":"x","tool_calls":[{"name":"a"},{"name":"b"}]
            """);
        two.ToolCallsJson.ShouldBe("""[{"name":"a"},{"name":"b"}]""");
        Example("""{"conversations":[{"from":"human","value":"q"},{"from":"function_call","value":"["""
            + """{\"name\":\"a\",\"arguments\":\"{}\"}, {\"name\":\"b\",\"arguments\":{}}]"}]}""").Turns[1].ToolCallsJson
            .ShouldBe("""[{"type":"function","function":{"name":"a","arguments":"{}"}},{"type":"function","function":"""
                + """{"name":"b","arguments":{}}}]""");
    }

    [Theory]
    [InlineData("[{\\\"name\\\":\\\"f\\\",\\\"arguments\\\":{}}]", "", "assistant")]
    [InlineData("{\\\"name\\\":\\\"f\\\",\\\"arguments\\\":\\\"{}\\\"}", "", "assistant")]
    [InlineData("{\\\"name\\\":\\\"f\\\",\\\"arguments\\\":{}}", ",\"name\":\"look_up\"", "tool")]
    [InlineData("{\\\"name\\\":\\\"Rome\\\"}", "", "tool")]
    [InlineData("[]", "", "tool")]
    [InlineData("[{\\\"name\\\":\\\"f\\\",\\\"arguments\\\":{}},1]", "", "tool")]
    [InlineData("20 degrees", "", "tool")]
    public void A_message_of_the_role_function_is_a_call_where_its_words_are_and_no_function_is_named_beside_them(
        string words, string fields, string role)
    {
        var turn =
            Example($$"""{"messages":[{"role":"user","content":"q"},{"role":"function","content":"{{words}}"{{fields}}}]}""").Turns[1];
        turn.Role.ShouldBe(role);
        (turn.ToolCallsJson is not null).ShouldBe(role == "assistant");
    }

    [Fact]
    public void The_same_call_has_the_same_id_in_every_spelling()
    {
        string[] spellings =
        [
            """{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":null,"function_call":"""
                + """{"name":"w","arguments":"{}"}}]}""",
            """{"messages":[{"role":"user","content":"q"},{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":"""
                + """{"arguments":"{}","name":"w"}}]}]}""",
            """{"conversations":[{"from":"human","value":"q"},{"from":"function_call","value":"{\"name\":\"w\",\"arguments\":\"{}\"}"}]}""",
        ];
        spellings.Select(IdOf).Distinct().Count().ShouldBe(1);
    }

    [Theory]
    [InlineData("""{"from":"function_call","value":"call it"}""", "a function_call whose words are no JSON")]
    [InlineData("""{"from":"function_call","value":"{}"}""", "a function_call whose words are no call")]
    [InlineData("""{"from":"function_call","value":"[]"}""", "a function_call whose list is empty")]
    [InlineData("""{"from":"function_call","value":"[1]"}""", "a function_call whose list has an entry that is no call")]
    [InlineData("""{"from":"gpt","value":"x","function_call":"f"}""", "bad function_call: a text; expected")]
    [InlineData(
        """{"from":"gpt","value":"x","function_call":{"name":"f"},"tool_calls":[{"name":"f"}]}""",
        "two kinds of calls: both 'tool_calls' and 'function_call'")]
    [InlineData("""{"from":"human","value":"x","function_call":{"name":"f"}}""", "bad function_call: the message is the user's")]
    public void A_call_that_is_none_quarantines_the_record(string message, string reason) =>
        Reason($$"""{"conversations":[{{message}}]}""", RecordShape.ShareGpt).ShouldStartWith(reason);

    [Fact]
    public void Other_fields_are_kept_for_templates_and_roles_as_they_are_spelled()
    {
        var example = Example("""{"messages":[{"role":"developer","content":"d"},{"role":"user","content":"q","name":"Ann"},"""
            + """{"role":"assistant","content":"a","x\u0079":[1, {"k":null}],"none":null,"weight":1},"""
            + """{"role":"tool","content":"t","tool_calls":[],"tool_call_id":"c1"}]}""");
        (example.Turns[0].Role, example.Turns[0].WrittenRole).ShouldBe(("system", "developer"));
        example.Turns.Select(t => t.FieldsJson)
            .ShouldBe([null, """{"name":"Ann"}""", """{"x\u0079":[1, {"k":null}]}""", """{"tool_call_id":"c1"}"""]);
        example.Turns.ShouldAllBe(t => !t.IsContentNull);
    }

    [Fact]
    public void Documents_and_tools_by_their_older_names_are_read()
    {
        var example =
            Example("""{"documents":[ {"title":"t","text":"x"} ],"functions":[{"name":"f"}],"messages":[{"role":"user","content":"q"}]}""");
        example.DocumentsJson.ShouldBe("""[ {"title":"t","text":"x"} ]""");
        example.ToolsJson.ShouldBe("""[{"name":"f"}]""");
        foreach (var none in (string[])["[]", "\"[]\"", "\" [ ] \"", "\"\"", "null"])
            Example($$"""{"tools":{{none}},"messages":[{"role":"user","content":"q"}]}""").ToolsJson.ShouldBeNull(none);
        Example("""{"documents":["a"],"messages":[{"role":"user","content":"q"}]}""").DocumentsJson.ShouldBeNull();
        Reason("""{"tools":[{"name":"g"}],"functions":[{"name":"f"}],"messages":[{"role":"user","content":"q"}]}""")
            .ShouldBe("two lists of tools: 'tools' and 'functions'; expected one of them");
    }

    [Fact]
    public void A_system_text_may_stand_beside_the_list_under_either_name_and_in_it_as_well_if_it_is_the_same()
    {
        static string With(string beside, string first = "") => $$"""{"messages":[{{first}}{"role":"user","content":"q"}]{{beside}}}""";
        const string inList = """{"role":"system","content":"s"},""";
        string[] same =
        [
            With("", inList), With(""","system":"s" """), With(""","system_prompt":"s","system":null"""),
            With(""","system_prompt":"s" """, inList), With(""","system":"s","system_prompt":"s" """, inList),
        ];
        same.Select(IdOf).Distinct().Count().ShouldBe(1);
        Example(With(""","system_prompt":"s" """, inList)).Turns.Count.ShouldBe(2);
        Reason(With(""","system_prompt":"t" """, inList)).ShouldStartWith("two system texts");
    }

    [Theory]
    [InlineData("""{"messages":null,"conversations":[{"from":"human","value":"q"},{"from":"gpt","value":"a"}]}""")]
    [InlineData("""{"messages":[{"role":"user","from":null,"content":"q","value":null},"""
        + """{"role":null,"from":"gpt","content":null,"value":"a"}],"conversations":null}""")]
    [InlineData("""{"messages":null,"prompt":"q","completion":"a"}""")]
    [InlineData("""{"messages":null,"instruction":"q","input":null,"output":"a","history":null,"system":null,"tools":null}""")]
    [InlineData("""{"messages":"[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":\"a\"}]"}""")]
    [InlineData(
        """{"messages":" \n[{\"role\":\"user\",\"content\":\"\\u0071\"},{\"role\":\"assistant\",\"content\":\"a\"}]","z":{"x":[1]}}""")]
    public void Null_is_missing_and_a_list_may_be_a_text(string record)
    {
        using var pool = OpenText($"{Good}\n{record}\n{{\"messages\":[{{\"role\":\"user\",\"content\":\"more\"}}]}}\n");
        pool.Ledger.ReasonCounts.ShouldBeEmpty();
        pool.Ledger.Rows().Select(row => row.Fate).ShouldBe([RowFate.Pool, RowFate.DuplicateOf, RowFate.Pool]);
        IdOf(record).ShouldBe(IdOf(Good));
    }

    [Fact]
    public void A_list_that_is_a_text_is_read_again_as_it_was()
    {
        var example = Example(
            """{"a":1,"conversations":"[{\"from\":\"human\",\"value\":\"\\\"é\\\"\"},"""
                + """{\"from\":\"gpt\",\"value\":\"a\",\"k\":1}]","id":"x"}""");
        (example.Id, example.Turns[0].Content, example.Turns[1].FieldsJson).ShouldBe(("x", "\"é\"", """{"k":1}"""));
        Reason("""{"messages":"[oops"}""").ShouldStartWith("bad messages: a text that begins like a list, but: not valid JSON");
    }
}
