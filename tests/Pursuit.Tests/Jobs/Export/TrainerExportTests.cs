using System.Text.Json;
using System.Text.Json.Nodes;
using Pursuit.Data;
using Pursuit.Jobs.Export;
using Pursuit.TestKit;
using static Pursuit.Tests.Jobs.Export.ExportCases;

namespace Pursuit.Tests.Jobs.Export;

/// <summary>What trainers' loaders make of the files that are written for them.</summary>
public sealed class TrainerExportTests : IDisposable
{
    private const string AssistantOnly = "assistant_only_loss: true";
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void LLaMA_Factory_takes_every_record_that_is_written_and_reads_its_words_calls_and_thoughts()
    {
        var examples = Random(600, 1);
        var written = Write(_directory, TrainerFormat.LlamaFactory, examples);
        written.Rows.Count.ShouldBeInRange(10, 590, "some fit and some don't");
        for (var i = 0; i < examples.Count; i++)
        {
            if (written.Lines[i] == 0) continue;
            var turns = TrainerLoaders.LlamaFactory(written.Rows[written.Lines[i] - 1]).ShouldNotBeNull();
            examples[i].Turns.ShouldAllBe(t => t.Role != Turn.Assistant || t.IsTrained, "it would be trained");
            foreach (var turn in examples[i].Turns)
                turns.ShouldContain(
                    t => t.Content.Contains(turn.Content) && (turn.Reasoning == null || t.Content.Contains(turn.Reasoning)));
            turns.Where(t => t.Role == "function").Sum(t => TrainerLoaders.Function(t.Content).Calls.Count)
                .ShouldBe(examples[i].Turns.Count(t => t.ToolCallsJson is not null));
        }
    }

    [Fact]
    public void What_LLaMA_Factory_would_drop_is_left_out_and_nothing_else()
    {
        var examples = Random(600, 2).Where(e => e.Turns.All(t => t.TrainMark != false && t.UntrainedSpans.Count == 0)).ToArray();
        var written = Write(_directory, TrainerFormat.LlamaFactory, examples);
        for (var i = 0; i < examples.Length; i++)
        {
            // The turns as they stand, the answers of calls made at once counted as one.
            var roles = examples[i].Turns.Select(t =>
                t.Role switch { Turn.Tool => "observation", Turn.Assistant when t.ToolCallsJson is not null => "function", _ => t.Role })
                .ToList();
            for (var k = roles.Count - 1; k > 0; k--)
                if (roles[k] == "observation" && roles[k - 1] == "observation") roles.RemoveAt(k);
            var plain = new JsonObject
            {
                ["messages"] = new JsonArray(
                    [.. roles.Select(r => (JsonNode)new JsonObject { ["role"] = r, ["content"] = r == "function" ? "[]" : "" })]),
            };
            (written.Lines[i] > 0)
                .ShouldBe(TrainerLoaders.LlamaFactory(plain) is not null, $"{string.Join(", ", roles)}: {written.Export.LeftOut[i]}");
            (written.Export.LeftOut[i] is null).ShouldBe(written.Lines[i] > 0);
        }
    }

    [Fact]
    public void LLaMA_Factory_gets_a_call_as_a_turn_of_its_own_role_and_the_others_get_tool_calls()
    {
        Example[] examples = [Of(User("q"), Calls("f", "city"), new Turn(Turn.Tool, "20") { WrittenRole = "observation" }, Says("done"))];
        var factory = Write(_directory, TrainerFormat.LlamaFactory, examples);
        var turns = TrainerLoaders.LlamaFactory(factory.Rows[0]).ShouldNotBeNull();
        turns.ShouldBe(
            [("user", "q"), ("function", """[{"name": "f", "arguments": {"city":1}}]"""), ("observation", "20"), ("assistant", "done")]);
        foreach (var format in new[] { TrainerFormat.Trl, TrainerFormat.Axolotl })
        {
            var function = Write(_directory, format, examples).Rows[0]["messages"]![1]!["tool_calls"]![0]!["function"]!;
            ((string)function["name"]!).ShouldBe("f");
            var arguments = function["arguments"]!;
            (arguments is JsonValue ? JsonNode.Parse((string)arguments!)! : arguments)["city"]!.ToString().ShouldBe("1");
        }
    }

    [Theory]
    [InlineData("no call", "a call that isn't JSON")]
    [InlineData("[]", "a list of calls with none in it")]
    [InlineData("""[{"arguments":{}}]""", "a call without a name")]
    [InlineData("""[{"name":"f","arguments":[1]}]""", "a call whose arguments aren't a JSON object")]
    [InlineData("""[{"name":"f","arguments":"x"}]""", "a call whose arguments aren't a JSON object")]
    [InlineData("""[{"name":"f","arguments":"{\"a\":1,\"a\":2}"}]""", "a call whose arguments aren't a JSON object")]
    [InlineData("""[{"name":"f","arguments":"{\"a\":\"\\ud800\"}"}]""", "a call whose arguments aren't a JSON object")]
    public void A_call_that_no_trainer_can_read_is_left_out_of_every_file(string calls, string fault)
    {
        Example[] examples = [Of(User("q"), Says("") with { ToolCallsJson = calls }), Of(User("q"), Says("a"))];
        foreach (var format in Enum.GetValues<TrainerFormat>())
            Write(_directory, format, examples).Export.LeftOut.ShouldBe([fault, null]);
    }

    [Fact]
    public void Turns_within_a_prompt_are_not_trained_by_any_trainer()
    {
        static Turn InPrompt(string content) => Says(content) with { TrainMark = false };
        Example[] asked =
        [
            Prompted(3, User("q"), InPrompt("a"), User("r"), Says("b")),
            Prompted(3, User("q"), Says("a") with { TrainMark = true }, User("r"), Says("b")),
        ];
        var trl = Write(_directory, TrainerFormat.Trl, asked);
        trl.Export.LeftOut.ShouldBe([null, "a turn marked as trained within the prompt"]);
        TrainerLoaders.TrlTrained(trl.Rows[0], assistantOnly: trl.Configuration.Contains(AssistantOnly))!.Select(m => (string)m["content"]!)
            .ShouldBe(["b"]);
        Write(_directory, TrainerFormat.LlamaFactory, asked).Export.LeftOut.ShouldBe(["a turn that is not to be trained", null]);
        Example[] preferred =
        [
            Prefers([User("q"), InPrompt("a"), User("r")], Says("good"), Says("bad")),
            Prefers([User("q"), Says("a"), User("r")], Says("good"), Says("bad")),
        ];
        foreach (var format in Enum.GetValues<TrainerFormat>())
            Write(_directory, format, preferred).Export.LeftOut.ShouldBe([null, "a turn marked as trained within the prompt"]);
    }

    [Fact]
    public void A_mark_on_either_answer_of_a_preference_is_left_out_of_every_file_since_trainers_take_loss_on_all_of_it()
    {
        var marked = Says("no") with { TrainMark = false };
        var stretch = Says("half of it") with { UntrainedSpans = [new UntrainedSpan(0, 4)] };
        Example[] examples =
        [
            Prefers([User("q")], Says("good"), Says("bad")),
            Prefers([User("q")], marked, Says("bad")),
            Prefers([User("q")], Says("good"), marked),
            Prefers([User("q")], Says("good"), stretch),
        ];
        foreach (var format in Enum.GetValues<TrainerFormat>())
            Write(_directory, format, examples).Export.LeftOut.ShouldBe(
                [null, ExportRow.UntrainedAnswer, ExportRow.UntrainedAnswer, ExportRow.UntrainedStretch], format.ToString());
    }

    [Fact]
    public void Calls_that_LLaMA_Factory_would_look_for_in_another_place_are_left_out_of_its_file()
    {
        static Example Hidden(Turn call) => Of(User("q"), call, Answers("1"), Says("done"));
        Example[] examples =
        [
            Hidden(Calls("f", "<tool_call> or </tool_call>")),
            Hidden(Calls("f", "x", "I use <tool_call>.")),
            Hidden(Calls("f", "x") with { Reasoning = "a </think> within" }),
            Hidden(Calls("f", "x", "Words.") with { Reasoning = "hm" }),
        ];
        var written = Write(_directory, TrainerFormat.LlamaFactory, examples);
        written.Export.LeftOut.Select(f => f is null).ShouldBe([false, false, false, true]);
        written.Export.LeftOut[0].ShouldBe("a call beside the marks <tool_call> or </think> in words");
        var (words, calls) = TrainerLoaders.Function((string)written.Rows[0]["messages"]![1]!["content"]!);
        (words, calls.Count).ShouldBe(("<think>\nhm\n</think>\n\nWords.", 1));
    }

    [Fact]
    public void TRL_takes_loss_on_exactly_the_turns_that_are_trained_here()
    {
        var examples = Random(600, 3);
        var written = Write(_directory, TrainerFormat.Trl, examples);
        written.Rows.Count.ShouldBeInRange(40, 560);
        var assistantOnly = written.Configuration.Contains(AssistantOnly);
        for (var i = 0; i < examples.Count; i++)
        {
            if (written.Lines[i] == 0) continue;
            var trained = TrainerLoaders.TrlTrained(written.Rows[written.Lines[i] - 1], assistantOnly).ShouldNotBeNull();
            trained.Select(m => (string?)m["content"] ?? "").ShouldBe(examples[i].Turns.Where(t => t.IsTrained).Select(t => t.Content));
            trained.Select(m => (string?)m["reasoning_content"])
                .ShouldBe(examples[i].Turns.Where(t => t.IsTrained).Select(t => t.Reasoning));
            examples[i].Turns.ShouldAllBe(t => !t.IsTrained || t.UntrainedSpans.Count == 0);
        }
    }

    [Fact]
    public void Prompts_and_completions_stay_what_they_are_for_TRL_and_messages_ask_for_loss_on_the_assistant()
    {
        var prompted = Write(
            _directory, TrainerFormat.Trl, [Prompted(1, User("q"), Says("a")), Prompted(2, Instruction("s"), User("q"), Says("b"))]);
        prompted.Rows.ShouldAllBe(r => r.ContainsKey("prompt") && r.ContainsKey("completion"));
        prompted.Configuration.ShouldNotContain(AssistantOnly);
        TrainerLoaders.TrlTrained(prompted.Rows[1], assistantOnly: false)!.Select(m => (string)m["content"]!).ShouldBe(["b"]);
        var longer = Write(_directory, TrainerFormat.Trl, [Prompted(1, User("q"), Says("a"), User("more"), Says("b"))]);
        longer.Configuration.ShouldContain(AssistantOnly, customMessage: "TRL trains on the whole completion");
        var mixed = Write(_directory, TrainerFormat.Trl, [Prompted(1, User("q"), Says("a")), Of(User("q"), Says("b"))]);
        mixed.Rows.ShouldAllBe(r => r.ContainsKey("messages"));
        mixed.Configuration.ShouldContain(AssistantOnly);
        Write(_directory, TrainerFormat.Trl, [Text("t")]).Configuration
            .ShouldNotContain(AssistantOnly, customMessage: "TRL refuses it for texts");
    }

    [Fact]
    public void Axolotl_takes_loss_on_exactly_the_characters_that_are_trained_here()
    {
        var examples = Random(600, 4);
        var written = Write(_directory, TrainerFormat.Axolotl, examples);
        written.Lines.ShouldAllBe(l => l > 0);
        for (var i = 0; i < examples.Count; i++)
        {
            var turns = TrainerLoaders.Axolotl(written.Rows[written.Lines[i] - 1], written.Configuration);
            turns.Select(t => t.Trained).ShouldBe(examples[i].Turns.Select(Trained));
        }

        Write(_directory, TrainerFormat.Axolotl, [Of(User("q"), Says("a"))]).Configuration.ShouldNotContain("message_field_training");
        UntrainedSpan[] spans = [new(0, 1)];
        Example[] beside =
        [
            Of(User("q"), Says("ab") with { UntrainedSpans = spans, Reasoning = "hm" }),
            Of(User("q"), Calls("f", "x", "ab") with { UntrainedSpans = spans }),
        ];
        Write(_directory, TrainerFormat.Axolotl, [.. beside, examples[0]]).Export.LeftOut.Take(2)
            .ShouldAllBe(f => f == "thoughts or calls beside a stretch that is not to be trained");

        static string Trained(Turn turn) =>
            !turn.IsTrained ? "" : string.Concat(turn.Content.Where((_, i) => !turn.UntrainedSpans.Any(s => s.Start <= i && i < s.End)));
    }

    [Theory]
    [InlineData(TrainerFormat.Trl)]
    [InlineData(TrainerFormat.Axolotl)]
    [InlineData(TrainerFormat.LlamaFactory)]
    public void Every_line_has_the_same_columns_whose_types_the_first_lines_show(TrainerFormat format)
    {
        Example[] plain = [.. Enumerable.Range(0, 50).Select(i => Of(User($"q{i}"), Says("a")))];
        Example[] examples =
        [
            .. plain, Of(User("q"), Calls("f", "x"), Answers("1"), Says("b")) with { ToolsJson = "[ {\"name\":\"f\"} ]" }, .. plain,
            Of(User("q"), Says("c") with { Reasoning = "hm", FieldsJson = """{"name":"n"}""" }),
        ];
        var written = Write(_directory, format, examples, copies: 2);
        written.Rows.Count.ShouldBe(2 * examples.Length);
        written.Rows.Select(r => string.Join(',', r.Select(p => p.Key))).Distinct().ShouldHaveSingleItem();
        written.Rows.SelectMany(r => r["messages"]!.AsArray()).Select(m => string.Join(',', m!.AsObject().Select(p => p.Key))).Distinct()
            .ShouldHaveSingleItem();
        TrainerLoaders.LateTypes(written.Rows, 6).ShouldBeEmpty();
        for (var i = 0; i < examples.Length; i++)
            written.Rows[written.Lines[i] - 1]["messages"]!.AsArray()[^1]!["content"]!.ToString()
                .ShouldEndWith(examples[i].Turns[^1].Content);
        var tools = written.Rows.Select(r => (string?)r["tools"]).ToArray();
        tools.Count(t => t == "[ {\"name\":\"f\"} ]").ShouldBe(2);
        tools.Distinct().Single(t => t is null or { Length: < 3 })
            .ShouldBe(format switch { TrainerFormat.Trl => null, TrainerFormat.Axolotl => "[]", _ => "" });
    }

    [Fact]
    public void Fields_beside_the_words_are_kept_for_templates_and_one_of_two_kinds_is_left_out_and_named()
    {
        var example = Of(User("q") with { FieldsJson = """{"name":"Ann"}""" }, Calls("f", "x"), Answers("1"), Says("done"));
        foreach (var format in new[] { TrainerFormat.Trl, TrainerFormat.Axolotl })
        {
            var messages = Write(_directory, format, [example]).Rows[0]["messages"]!;
            ((string)messages[0]!["name"]!).ShouldBe("Ann");
            ((string)messages[1]!["tool_calls"]![0]!["id"]!).ShouldBe("c1");
            ((string)messages[2]!["tool_call_id"]!).ShouldBe("c1");
        }

        var mixed = Write(_directory, TrainerFormat.Trl, [example, Of(User("q") with { FieldsJson = """{"name":7}""" }, Says("a"))]);
        mixed.Rows.SelectMany(r => r["messages"]!.AsArray()).ShouldAllBe(m => !m!.AsObject().ContainsKey("name"));
        mixed.Export.Notes.ShouldHaveSingleItem().ShouldContain("'name'");
    }

    [Fact]
    public void Calls_with_other_arguments_are_said_and_those_with_other_kinds_stand_first()
    {
        Example[] plain = [.. Enumerable.Range(0, 20).Select(i => Of(User($"q{i}"), Calls("f", "x"), Answers("1"), Says("a")))];
        Write(_directory, TrainerFormat.Trl, plain).Export.Notes.ShouldBeEmpty();
        var other = Write(_directory, TrainerFormat.Trl, [.. plain, Of(User("q"), Calls("f", "y"), Answers("1"), Says("a"))]);
        other.Export.Notes.ShouldHaveSingleItem().ShouldContain("'datasets' before version 4.7 gives each the others' too");
        Write(_directory, TrainerFormat.Axolotl, [plain[0], Of(User("q"), Calls("f", "y"), Answers("1"), Says("a"))]).Export.Notes
            .ShouldBeEmpty("its arguments are texts");
        var text = Says("") with { ToolCallsJson = """[{"name":"f","arguments":{"x":"one"}}]""" };
        var mixed = Write(_directory, TrainerFormat.Trl, [.. plain, Of(User("late"), text, Answers("1"), Says("a"))]);
        mixed.Lines[^1].ShouldBeLessThan(3, "datasets looks at a file's beginning for places with several kinds of values");
        mixed.Export.Notes.ShouldHaveSingleItem().ShouldContain("from version 4.7 on");
    }

    [Fact]
    public void Preferences_are_rows_that_each_trainer_reads()
    {
        Example[] examples =
        [
            Prefers([Instruction("s"), User("q")], Says("good"), Says("bad")),
            Prefers([User("q"), Says("a") with { TrainMark = false }, User("r")], Says("fine"), Says("poor")),
        ];
        var trl = Write(_directory, TrainerFormat.Trl, examples);
        var (prompt, chosen, rejected) = TrainerLoaders.TrlPreference(trl.Rows[0]);
        prompt.Select(m => (string)m!["content"]!).ShouldBe(["s", "q"]);
        ((string)chosen.ShouldHaveSingleItem()!["content"]!).ShouldBe("good");
        ((string)rejected.ShouldHaveSingleItem()!["content"]!).ShouldBe("bad");
        trl.Configuration.ShouldContain("trl dpo");
        trl.Configuration.ShouldNotContain(AssistantOnly);

        var factory = Write(_directory, TrainerFormat.LlamaFactory, examples);
        TrainerLoaders.LlamaFactory(factory.Rows[1], ranking: true)!.Select(t => t.Content).ShouldBe(["q", "a", "r", "fine", "poor"]);
        JsonNode.Parse(factory.Configuration)!["out"]!["ranking"]!.GetValue<bool>().ShouldBeTrue();

        var axolotl = Write(_directory, TrainerFormat.Axolotl, examples);
        axolotl.Configuration.ShouldContain("type: chat_template.default");
        ((string)axolotl.Rows[1]["rejected"]!["content"]!).ShouldBe("poor");
        var tools = Write(_directory, TrainerFormat.Axolotl, [examples[0], examples[1] with { ToolsJson = "[]" }]);
        tools.Export.LeftOut[1].ShouldBe("tools or their calls beside a rejected answer");
    }

    [Fact]
    public void Documents_go_to_the_one_trainer_that_hands_them_to_the_template()
    {
        Example[] examples = [Of(User("q"), Says("a")) with { DocumentsJson = """[{"text":"d"}]""" }, Of(User("q"), Says("b"))];
        var trl = Write(_directory, TrainerFormat.Trl, examples);
        ((string)trl.Rows[0]["chat_template_kwargs"]!["documents"]![0]!["text"]!).ShouldBe("d");
        trl.Rows[1]["chat_template_kwargs"]!["documents"]!.AsArray().ShouldBeEmpty();
        foreach (var format in new[] { TrainerFormat.Axolotl, TrainerFormat.LlamaFactory })
            Write(_directory, format, examples).Export.LeftOut.ShouldBe(["documents", null]);
    }

    [Fact]
    public void An_entry_is_added_to_the_dataset_info_that_stands_there_and_a_broken_one_is_refused()
    {
        _directory.Write("dataset_info.json", """{"other":{"file_name":"o.json"}}""");
        var entries =
            JsonDocument.Parse(Write(_directory, TrainerFormat.LlamaFactory, [Of(User("q"), Says("a"))]).Configuration).RootElement;
        entries.GetProperty("other").GetProperty("file_name").GetString().ShouldBe("o.json");
        entries.GetProperty("out").GetProperty("columns").TryGetProperty("tools", out _)
            .ShouldBeFalse("a column that no record has is an error there");
        foreach (var broken in (string[])
        [
            "[1]", "{", "null", """{"a":{},"a":{}}""", """{"a":{"b":1,"b":2}}""", """{"\udc00":{}}""", """{"a":"\ud800"}""",
        ])
        {
            _directory.Write("dataset_info.json", broken);
            Should.Throw<PursuitException>(() => Write(_directory, TrainerFormat.LlamaFactory, [Of(User("q"), Says("a"))]), broken).Message
                .ShouldContain("dataset_info.json");
        }
    }

    [Theory]
    [InlineData("a/out.jsonl", "a/out.selection.jsonl")]
    [InlineData("out.jsonl.gz", "out.selection.jsonl")]
    [InlineData("out.v2.jsonl", "out.v2.selection.jsonl")]
    public void Everything_beside_a_file_of_records_is_named_by_its_stem(string records, string facts) =>
        SelectionWriter.FactsPath(records).ShouldBe(facts);
}
