namespace Pursuit.Tests.Tokenization.ChatTemplates;

public sealed class GoldenTemplateTests
{
    public static TheoryData<string> Templates => [.. TemplateFixtures.TemplateNames];

    [Theory]
    [MemberData(nameof(Templates))]
    public void A_template_prints_what_jinja2_prints(string name)
    {
        var template = TemplateFixtures.Template(name);
        foreach (var (conversation, prompt, text, error, _) in TemplateFixtures.Cases(name))
        {
            var example = TemplateFixtures.Conversation(conversation);
            if (error is null) template.Render(example, prompt).Text.ShouldBe(text, conversation);
            else Should.Throw<PursuitException>(() => template.Render(example, prompt)).Message.ShouldContain(error);
        }
    }

    [Fact]
    public void What_generation_tags_print_is_exactly_the_trained_span()
    {
        var template = TemplateFixtures.Template("chatml-generation");
        template.MarksAnswers.ShouldBeTrue();
        foreach (var (conversation, prompt, _, _, generation) in TemplateFixtures.Cases("chatml-generation"))
            template.Render(TemplateFixtures.Conversation(conversation), prompt).TrainedSpans.ShouldBe(generation ?? [], conversation);
    }

    [Fact]
    public void Every_published_family_is_among_the_templates() =>
        TemplateFixtures.TemplateNames.ShouldBe(
            [
                "chatml", "chatml-generation", "llama2", "llama3", "llama31", "macros", "mistral-v01", "mistral-v03", "qwen25", "qwen3",
                "smollm2", "tulu", "zephyr",
            ],
            ignoreOrder: true);
}
