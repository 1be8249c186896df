using System.Text;
using Pursuit.Data;
using Pursuit.Fuzz.Mutation;
using Pursuit.Tokenization;
using Pursuit.Tokenization.ChatTemplates;

namespace Pursuit.Fuzz.Targets;

/// <summary>tokenizer.json, then texts through what was loaded.</summary>
internal sealed class TokenizerTarget : FuzzTarget
{
    private static readonly string[] Texts =
        ["the house <s> 12\r\n", "a\u0301\U00010330 word\u2581", new string('a', 300) + "'ll " + new string(' ', 40)];

    private static readonly string[] Words =
    [
        "\"Sequence\"", "\"NFKD\"", "\"NFC\"", "\"Lowercase\"", "\"Replace\"", "\"Prepend\"", "\"Strip\"", "\"ByteLevel\"", "\"Metaspace\"",
        "\"Split\"", "\"Removed\"", "\"MergedWithNext\"", "\"MergedWithPrevious\"", "\"Contiguous\"", "\"TemplateProcessing\"", "\"BPE\"",
        "{\"Regex\":\"(a|b\"}", "{\"Regex\":\"(?:a+)+$\"}", "{\"Regex\":\"\\\\p{Han}+\"}", "{\"Regex\":\"[^\\\\s]{2,1000}\"}",
        "{\"Regex\":\"(?i:x*)*?\"}", "{\"Regex\":\"(?!a)(?=b)[a-z&&[^b]]\"}", "{\"String\":\"\"}", "{\"String\":\"a\"}",
        "\"WordPiece\"", "\"Unigram\"", "\"BertNormalizer\"", "\"Precompiled\"", "\"Nmt\"", "{\"Regex\":\"\\\\b\\\\w+\\\\B\"}",
        "{\"type\":\"WordPiece\"}", "{\"type\":\"NFKC\"}", "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"x*\"},\"behavior\":\"Isolated\"}",
        "{\"type\":\"Replace\",\"pattern\":{\"String\":\"a\"},\"content\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
        "{\"type\":\"Prepend\",\"prepend\":\"aaaaaaaa\"}", "16777215", "16777216",
    ];

    public override IReadOnlyList<byte[]> Seeds { get; } = SeedsOf("tokenizers");

    public override Mutator Mutator { get; } = new EitherMutator(new JsonMutator(Words), 8, new ByteMutator(Words));

    public override void Read(byte[] input)
    {
        var tokenizer = Tokenizer.Parse(input, "tokenizer.json");
        foreach (var text in Texts)
        {
            tokenizer.Decode(tokenizer.Encode(text, true), false);
        }
    }
}

/// <summary>tokenizer_config.json with the templates in it.</summary>
internal sealed class TokenizerConfigTarget : FuzzTarget
{
    public override IReadOnlyList<byte[]> Seeds { get; } =
        [File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "seeds", "configs", "tokenizer_config.json"))];

    public override Mutator Mutator { get; } = new EitherMutator(
        new JsonMutator(
            ["\"chat_template\"", "\"bos_token\"", "\"content\"", "\"name\"", "\"template\"", "\"default\"", "\"{{ messages }}\""]),
        8, new ByteMutator(["\"chat_template\":"]));

    public override void Read(byte[] input)
    {
        var config = TokenizerConfig.Parse(input, "tokenizer_config.json");
        if (config.ChatTemplate is { } text) TemplateTarget.Render(text, config);
    }
}

/// <summary>Templates: parsed, then rendered with conversations of each kind.</summary>
internal sealed class TemplateTarget : FuzzTarget
{
    private static readonly string[] Words =
    [
        "{{", "}}", "{%", "%}", "{%-", "-%}", "{#", "#}", "{% for m in messages %}", "{% endfor %}", "{% if m %}", "{% elif m %}",
        "{% else %}", "{% endif %}", "{% set x = messages %}", "{% macro f(a, b=1) %}", "{% endmacro %}", "{% generation %}",
        "{% endgeneration %}", "messages", "m.content", "loop.index", "loop.cycle(1, 2)", "namespace(a=1)", "range(100000)", "range(10**9)",
        "|tojson", "|join(',')", "|replace('a','aaaaaaaaaaaaaaaa')", "|length", "|list", "|map(attribute='role')", "|selectattr('role')",
        "|batch(2)", "|sort", "|indent(9999)", "|center(99999999)", "'%9999999d' % 1", "'a' * 1000000000", "x ~ x", "**", "//", "%",
        "[1:2:3]", "[::-1]", "not in", "is defined", "is mapping", "none", "true", "[[", "]]", "{'a':", "(", ")", "f(f)",
        "{% filter upper %}", "{% endfilter %}", "{% call f() %}", "{% endcall %}", "raise_exception('x')", "strftime_now('%Y')",
        "'\\ud800'", "9223372036854775807", "1e999", "0/0", "1//0", ".items()", ".split('')", ".format(1)", ".strip()", "{% break %}",
        "{% continue %}", "dict(a=1)", "cycler", "{% raw %}", "{% endraw %}", "{% include 'x' %}",
    ];

    private static readonly Turn[][] Conversations =
    [
        [new Turn("user", "a question"), new Turn("assistant", "an answer")],
        [
            new Turn("system", "s"), new Turn("user", "a"),
            new Turn(
                "assistant",
                "") { ToolCallsJson = "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":{\"x\":[1,2.5,null]}}}]" },
            new Turn("tool", "r"), new Turn("assistant", "\U0001F600 done\n"),
        ],
    ];

    public override IReadOnlyList<byte[]> Seeds { get; } = SeedsOf("templates");

    public override Mutator Mutator { get; } = new EitherMutator(new ByteMutator(Words), 8, new LineMutator());

    public override void Read(byte[] input) =>
        Render(Encoding.UTF8.GetString(input), new TokenizerConfig { BosToken = "<s>", EosToken = "</s>" });

    public static void Render(string text, TokenizerConfig config)
    {
        var template = ChatTemplate.Parse(text, config, DateTimeOffset.UnixEpoch);
        foreach (var conversation in Conversations) template.Render(conversation, "[{\"name\":\"f\"}]", addGenerationPrompt: true);
    }
}
