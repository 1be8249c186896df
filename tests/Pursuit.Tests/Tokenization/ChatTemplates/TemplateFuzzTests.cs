using Pursuit.Data;
using Pursuit.Tokenization.ChatTemplates;

namespace Pursuit.Tests.Tokenization.ChatTemplates;

public sealed class TemplateFuzzTests
{
    private const int Rounds = 3000;

    private static readonly string[] Pieces =
    [
        "{%", "%}", "{{", "}}", "-", "(", ")", "[", "]", "|", ".", "'", "\"", "for x in messages", "endfor", "if", "else", "endif",
        "set ns.x = ", "::-1", "+", "~", "* 99999999", "messages", "loop", "range(99999)", "\\", "\ud800", "\0", "{#", "endmacro",
        "tojson", "not", "is", "9e999",
    ];

    [Fact]
    public void A_mutated_template_renders_or_is_refused_and_always_ends()
    {
        var templates = TemplateFixtures.TemplateNames.Select(TemplateFixtures.TemplateText).ToArray();
        var conversations = TemplateFixtures.ConversationNames.Select(TemplateFixtures.Conversation).ToArray();
        var random = new SeededRandom(1, "test/mutated templates");
        var (rendered, refused) = (0, 0);
        for (var round = 0; round < Rounds; round++)
        {
            var text = Mutate(templates[random.NextInt(templates.Length)], random);
            try
            {
                var example = conversations[random.NextInt(conversations.Length)];
                var result = ChatTemplate.Parse(text, TemplateFixtures.Config).Render(example, addGenerationPrompt: random.NextInt(2) == 0);
                CheckSpans(result, example);
                rendered++;
            }
            catch (PursuitException)
            {
                refused++;
            }
        }

        // Mutations that all break, or that all do nothing, would test little.
        rendered.ShouldBeGreaterThan(Rounds / 10);
        refused.ShouldBeGreaterThan(Rounds / 10);
    }

    // Whatever the template does, the spans lie in the text, in order, and apart.
    private static void CheckSpans(RenderedConversation result, Example example)
    {
        var position = 0;
        foreach (var answer in result.Answers)
        {
            answer.Span.Start.ShouldBeGreaterThanOrEqualTo(position);
            answer.Span.End.ShouldBeGreaterThan(answer.Span.Start);
            answer.Limit.ShouldBeInRange(answer.Span.End, result.Text.Length);
            position = answer.Span.End;
            if (answer.Turn >= 0) example.Turns[answer.Turn].Role.ShouldBe(Turn.Assistant);
        }
    }

    private static string Mutate(string text, SeededRandom random)
    {
        for (var edits = 1 + random.NextInt(3); edits > 0; edits--)
        {
            var at = random.NextInt(text.Length + 1);
            var length = Math.Min(random.NextInt(12), text.Length - at);
            var from = random.NextInt(text.Length + 1);
            text = random.NextInt(5) switch
            {
                0 => text.Remove(at, length),
                1 => text.Insert(at, Pieces[random.NextInt(Pieces.Length)]),
                2 => text.Insert(at, text.Substring(from, Math.Min(random.NextInt(60), text.Length - from))),
                3 when at < text.Length => text.Remove(at, 1).Insert(at, ((char)(' ' + random.NextInt(95))).ToString()),
                _ => text.Remove(at, length).Insert(at, Pieces[random.NextInt(Pieces.Length)]),
            };
        }

        return text;
    }
}
