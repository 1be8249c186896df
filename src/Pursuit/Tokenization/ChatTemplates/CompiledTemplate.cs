using Pursuit.Data;
using Pursuit.Jinja;

namespace Pursuit.Tokenization.ChatTemplates;

/// <summary>One template of a model, parsed, with what a few short renderings tell of its ways.</summary>
internal sealed class CompiledTemplate
{
    /// <summary>Characters a turn's opening needs to be distinguished from ordinary words.</summary>
    private const int ShortestOpening = 4;

    private const string Question = "x";
    private const string Answer = "y";
    private const string Tool =
        """[{"type": "function", "function": {"name": "f", "description": "", "parameters": {"type": "object", "properties": {}}}}]""";

    private readonly JinjaTemplate _template;
    private readonly TokenizerConfig _config;
    private readonly IReadOnlyList<KeyValuePair<string, object?>> _variables;
    private readonly string? _probeTools;

    /// <summary>Parses a template.</summary>
    /// <param name="name">What messages call it.</param>
    /// <param name="text">Its text.</param>
    /// <param name="config">The special tokens.</param>
    /// <param name="variables">What a person set.</param>
    /// <param name="now">What <c>strftime_now</c> returns.</param>
    /// <param name="withTools">True for the template of conversations with tools, which may not print any without.</param>
    /// <exception cref="PursuitException">The text is no template or asks what isn't supported; says the line.</exception>
    public CompiledTemplate(
        string name, string text, TokenizerConfig config, TemplateVariables variables, DateTimeOffset now, bool withTools = false)
    {
        _probeTools = withTools ? Tool : null;
        Text = text;
        Source = new TemplateSource(text);
        _config = config;
        _template = JinjaTemplate.Parse(name, text, now);
        _variables = [.. variables.Values.Select(variable =>
            new KeyValuePair<string, object?>(
                variable.Name, JsonValues.Read(variable.Json, -1, $"{ApiName.TemplateSet} {variable.Name}")))];
        GenerationPrompt = FindGenerationPrompt();
        (AnswerHeader, Opening) = FindOpening();
    }

    /// <summary>The template's text.</summary>
    public string Text { get; }

    /// <summary>What the text mentions.</summary>
    public TemplateSource Source { get; }

    /// <summary>What it prints to make the assistant speak; empty where it prints nothing.</summary>
    public string GenerationPrompt { get; }

    /// <summary>What it prints in an assistant's turn before the words, where it has no generation prompt.</summary>
    public string AnswerHeader { get; }

    /// <summary>What opens an answer and is no ordinary word, such as <c>[/INST]</c>; empty where there is no such thing.</summary>
    public string Opening { get; }

    /// <summary>True where the template marks the trained spans itself.</summary>
    public bool MarksAnswers => _template.HasGeneration;

    /// <summary>Prints a conversation and finds its answers.</summary>
    /// <exception cref="PursuitException">The template refuses the conversation, or it holds what is no JSON; says why.</exception>
    public RenderedConversation Render(Conversation conversation, bool addGenerationPrompt)
    {
        var owners = new MarkOwners();
        var rendering = Print(conversation, owners, addGenerationPrompt);
        return new AnswerLocator(this, rendering, owners, conversation.Turns).Locate() with
        {
            HasNestedTemplate =
                Opening.Length > 0 && conversation.Turns.Any(turn => turn.Content.Contains(Opening, StringComparison.Ordinal)),
        };
    }

    private JinjaRendering Print(Conversation conversation, MarkOwners owners, bool addGenerationPrompt)
    {
        var variables = ConversationVariables.Create(conversation, Source, _config, owners, addGenerationPrompt);
        variables.AddRange(_variables);
        return _template.Render(variables);
    }

    // Null where the template refuses, as some do without a system turn: less is known then, and the mask's rule says what follows.
    private JinjaRendering? TryPrint(IReadOnlyList<Turn> turns, MarkOwners owners, bool addGenerationPrompt = false)
    {
        try
        {
            return Print(new Conversation(turns, _probeTools), owners, addGenerationPrompt);
        }
        catch (PursuitException refusal) when (refusal.InnerException is not JinjaLimitException)
        {
            return null;
        }
    }

    private string FindGenerationPrompt()
    {
        IReadOnlyList<Turn> question = [new Turn(Turn.User, Question)];
        var without = TryPrint(question, new MarkOwners())?.Text.Value;
        var with = TryPrint(question, new MarkOwners(), addGenerationPrompt: true)?.Text.Value;
        return without is not null && with is not null && with.StartsWith(without, StringComparison.Ordinal) ? with[without.Length..] : "";
    }

    private (string AnswerHeader, string Opening) FindOpening()
    {
        var owners = new MarkOwners();
        var rendering = TryPrint([new Turn(Turn.User, Question), new Turn(Turn.Assistant, Answer)], owners);
        var marks = rendering?.Text.Marks.Where(mark => owners[mark.Owner].Turn >= 0).ToArray();
        if (rendering is null || marks is not [var question, .., var answer])
            return ("", Distinct(GenerationPrompt));
        var text = rendering.Text;
        var between = text.Value[question.End..Math.Max(question.End, answer.Start)];
        var entered = rendering.Stretches.LastOrDefault(stretch => stretch.Start <= answer.Start && stretch.Message == 1);
        var hasHeader = entered.Message == 1 && entered.Start >= question.End && GenerationPrompt.Length == 0;
        var header = hasHeader ? text.Value[entered.Start..answer.Start] : "";
        return (header, Distinct(GenerationPrompt.Length > 0 ? GenerationPrompt : between));
    }

    // "Assistant:" is in ordinary texts too.
    private static string Distinct(string opening)
    {
        opening = opening.Trim();
        return opening.Length >= ShortestOpening && opening.AsSpan().ContainsAny('<', '[', '|') ? opening : "";
    }
}
