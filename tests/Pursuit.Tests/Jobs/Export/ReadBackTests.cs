using Pursuit.Data;
using Pursuit.Jobs.Export;
using Pursuit.TestKit;

namespace Pursuit.Tests.Jobs.Export;

/// <summary>What is written for a trainer and read again says the same.</summary>
public sealed class ReadBackTests : IDisposable
{
    private const string Question = """{"role":"user","content":"q"}""";
    private const string Tools = "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{}}}]";
    private const string Call =
        """{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":"""
            + """{"name":"f","arguments":{"x":1.50}}}]}""";
    private const string CallOfText = """{"role":"assistant","content":null,"tool_calls":[{"name":"f","arguments":"{\"x\":1.50}"}]}""";
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData($$"""{"messages":[{{Question}},{"role":"assistant","content":"a\u2028 😀"}]}""")]
    [InlineData($$"""{"messages":[{"role":"developer","content":"d"},{{Question}},{"role":"assistant","content":"a"},"""
        + """{"role":"user","content":"r","name":"Ann"},{"role":"assistant","content":"b"}]}""")]
    [InlineData($$"""{"messages":[{{Question}},{"role":"assistant","content":"a","train":false},{{Question}},"""
        + """{"role":"assistant","content":"b","weight":1}]}""")]
    [InlineData($$"""{"messages":[{{Question}},{"role":"assistant","content":"a","reasoning":"hm"}]}""")]
    [InlineData($$"""{"messages":[{{Question}},{{Call}},{"role":"tool","tool_call_id":"1","content":"t"},"""
        + $$"""{"role":"assistant","content":"b"}],{{Tools}}}""")]
    [InlineData("""{"prompt":"q","completion":"a"}""")]
    [InlineData($$"""{"prompt":[{{Question}},{"role":"assistant","content":"a"},{{Question}}],"completion":["""
        + """{"role":"assistant","content":"b"}]}""")]
    [InlineData("""{"instruction":"i","input":"n","output":"o","history":[["q","a"]],"system":"s"}""")]
    [InlineData($$"""{"prompt":[{{Question}},{"role":"assistant","content":"a"},{{Question}}],"chosen":["""
        + """{"role":"assistant","content":"c"}],"rejected":[{"role":"assistant","content":"r"}]}""")]
    [InlineData("""{"chosen":"Human: p Assistant: good","rejected":"Human: p Assistant: bad"}""")]
    [InlineData("""{"text":"t \u2028"}""")]
    [InlineData($$"""{"messages":[{{Question}},{"role":"assistant","content":"a"}],"documents":[{"text":"d"}]}""")]
    public void TRLs_rows_have_the_ids_they_were_made_of(string record)
    {
        if (!record.Contains("documents", StringComparison.Ordinal)) ReadBack(TrainerFormat.Trl, record).ShouldBe(Read(record).ContentId);
        else Export(TrainerFormat.Trl, Read(record)).Rows[0]["chat_template_kwargs"]!["documents"]![0]!["text"]!.ToString().ShouldBe("d");
    }

    [Theory]
    [InlineData($$"""{"messages":[{{Question}},{"role":"assistant","content":"a","train":false},{{Question}},"""
        + """{"role":"assistant","content":[{"type":"text","text":"b😀","train":false},{"type":"text","text":"c"}]}]}""")]
    [InlineData($$"""{"messages":[{{Question}},{"role":"assistant","content":"a","thinking":"hm"}]}""")]
    [InlineData(
        $$"""{"messages":[{{Question}},{{CallOfText}},{"role":"tool","content":"t"},{"role":"assistant","content":"b"}],{{Tools}}}""")]
    [InlineData($$"""{"prompt":[{{Question}},{"role":"assistant","content":"a"},{{Question}}],"completion":["""
        + """{"role":"assistant","content":"b"}]}""")]
    [InlineData($$"""{"prompt":[{{Question}}],"chosen":{"role":"assistant","content":"c"},"rejected":"r"}""")]
    [InlineData("""{"text":"t"}""")]
    public void Axolotls_rows_have_the_ids_they_were_made_of(string record) =>
        ReadBack(TrainerFormat.Axolotl, record).ShouldBe(Read(record).ContentId);

    [Theory]
    [InlineData($$"""{"messages":[{"role":"system","content":"s"},{{Question}},{"role":"assistant","content":"a"}]}""")]
    [InlineData($$"""{"messages":[{{Question}},{{Call}},{"role":"tool","content":"t"},{"role":"assistant","content":"b"}],{{Tools}}}""")]
    [InlineData("""{"conversations":[{"from":"human","value":"q"},{"from":"function_call","value":"[{\"name\":\"f\",\"arguments\":{}},"""
        + """{\"name\":\"g\",\"arguments\":{\"x\":[]}}]"},{"from":"observation","value":"t"},{"from":"gpt","value":"b"}]}""")]
    [InlineData(
        $$$"""{"messages":[{{{Question}}}],"chosen":{"role":"assistant","content":"c"},"rejected":{"role":"assistant","content":"r"}}""")]
    public void LLaMA_Factorys_rows_have_the_ids_they_were_made_of(string record) =>
        ReadBack(TrainerFormat.LlamaFactory, record).ShouldBe(Read(record).ContentId);

    [Fact]
    public void What_LLaMA_Factorys_layout_has_no_field_for_is_never_read_back_as_an_answer_of_a_tool()
    {
        const string record =
            $$$"""{"messages":[{{{Question}}},{"role":"assistant","content":"Let me look.","tool_calls":[{"name":"f","arguments":{}}]},"""
                + """{"role":"tool","content":"t"},{"role":"assistant","content":"b"}]}""";
        var written = Export(TrainerFormat.LlamaFactory, Read(record)).Rows[0].ToJsonString();
        written.ShouldContain("tool_call");
        Should.Throw<PursuitException>(() => Read(written)).Message.ShouldContain("a function_call whose words are no JSON");
    }

    private ContentId ReadBack(TrainerFormat format, string record) =>
        Read(Export(format, Read(record)).Rows.ShouldHaveSingleItem().ToJsonString()).ContentId;

    private ExportCases.Written Export(TrainerFormat format, Example example) => ExportCases.Write(_directory, format, [example]);

    private Example Read(string record) => Pool.ReadAll(
        new PoolOptions { Paths = [_directory.Write("record.jsonl", record)], Preference = PreferenceReading.Chosen },
        CancellationToken.None).ShouldHaveSingleItem();
}
