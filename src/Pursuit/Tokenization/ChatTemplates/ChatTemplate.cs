using System.Security.Cryptography;
using System.Text;
using Pursuit.Data;
using Pursuit.Storage;

namespace Pursuit.Tokenization;

/// <summary>Where a chat template came from.</summary>
public enum ChatTemplateSource
{
    /// <summary>The model directory's <c>chat_template.jinja</c>.</summary>
    File,

    /// <summary>The model directory's <c>tokenizer_config.json</c>.</summary>
    Configuration,

    /// <summary>The model has none: <see cref="ChatTemplate.Plain"/>. People are told.</summary>
    BuiltIn,
}

/// <summary>
/// Prints conversations the way a model was taught to read them, and knows which of the characters are the assistant's.
/// The templates are written in Jinja; the subset, the rule of the loss mask and the built-in template are described in
/// docs/formats/chat-templates.md.
/// </summary>
/// <remarks>Immutable and safe to share between threads.</remarks>
public sealed class ChatTemplate
{
    /// <summary>The template's own file in a model directory; it goes before the one in <c>tokenizer_config.json</c>.</summary>
    public const string FileName = "chat_template.jinja";

    /// <summary>
    /// The built-in template: <c>User: ...</c>, <c>Assistant: ...</c> with the end-of-text token, a line each. For models
    /// that bring none.
    /// </summary>
    public const string Plain =
        """
        {{- bos_token }}
        {%- for message in messages %}
            {{- message.role | capitalize + ': ' + message.content }}
            {%- if message.tool_calls %}
                {{- message.tool_calls | tojson }}
            {%- endif %}
            {{- (eos_token if message.role == 'assistant' else '') ~ '\n' }}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- 'Assistant: ' }}
        {%- endif %}
        """;

    // The day Llama 3.1's own template falls back to: a date in every prompt must not change from run to run.
    private static readonly DateTimeOffset DefaultNow = new(2024, 7, 26, 0, 0, 0, TimeSpan.Zero);

    private readonly JinjaTemplate _template;
    private readonly TokenizerConfig _config;

    private ChatTemplate(string text, ChatTemplateSource source, string name, TokenizerConfig config, DateTimeOffset? now)
    {
        Text = text;
        Source = source;
        Fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        _config = config;
        _template = JinjaTemplate.Parse(name, text, now ?? DefaultNow);
        GenerationPrompt = FindGenerationPrompt();
    }

    /// <summary>The template as it was found.</summary>
    public string Text { get; }

    /// <summary>Where it was found.</summary>
    public ChatTemplateSource Source { get; }

    /// <summary>SHA-256 of the template's text in UTF-8, 64 lower-case hexadecimal digits.</summary>
    public string Fingerprint { get; }

    /// <summary>What the template prints to make the assistant speak, such as <c>&lt;|im_start|&gt;assistant\n</c>; empty where it prints nothing.</summary>
    public string GenerationPrompt { get; }

    /// <summary>True where the template marks the trained spans itself with <c>{% generation %}</c>.</summary>
    public bool MarksAnswers => _template.HasGeneration;

    /// <summary>Loads the chat template of a model: its <c>chat_template.jinja</c>, else its configuration's, else <see cref="Plain"/>.</summary>
    /// <param name="modelDirectory">The model's directory.</param>
    /// <param name="config">Its <c>tokenizer_config.json</c>.</param>
    /// <exception cref="PursuitException">The template can't be read, is no template, or asks what isn't supported; says the line.</exception>
    public static ChatTemplate Load(string modelDirectory, TokenizerConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        modelDirectory = ModelDirectory.Open(modelDirectory).TokenizerPath;
        var file = Path.Combine(modelDirectory, FileName);
        if (File.Exists(file)) return new ChatTemplate(ReadFile(file), ChatTemplateSource.File, file, config, null);
        var where = Path.Combine(modelDirectory, TokenizerConfig.FileName);
        if (config.ChatTemplate is { } text) return new ChatTemplate(text, ChatTemplateSource.Configuration, where + ", chat_template", config, null);
        if (config.ChatTemplates.Count > 0)
        {
            throw PursuitException.At(
                where,
                $"chat templates named {string.Join(", ", config.ChatTemplates.Keys.Order(StringComparer.Ordinal).Select(name => $"\"{name}\""))}",
                "one named \"default\"",
                $"Put the one to use beside it as {FileName}.");
        }

        return new ChatTemplate(Plain, ChatTemplateSource.BuiltIn, "the built-in chat template", config, null);
    }

    /// <summary>Takes a template's text.</summary>
    /// <param name="text">The template.</param>
    /// <param name="config">The special tokens it may print.</param>
    /// <param name="now">What <c>strftime_now</c> tells; without it 26 July 2024, so that runs repeat.</param>
    /// <exception cref="PursuitException">The text is no template or asks what isn't supported; says the line.</exception>
    public static ChatTemplate Parse(string text, TokenizerConfig config, DateTimeOffset? now = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(config);
        return new ChatTemplate(text, text == Plain ? ChatTemplateSource.BuiltIn : ChatTemplateSource.File, "the chat template", config, now);
    }

    /// <summary>Prints a conversation.</summary>
    /// <param name="example">A conversation; a text has no template.</param>
    /// <param name="addGenerationPrompt">Whether the prompt for the assistant's next answer follows.</param>
    /// <exception cref="PursuitException">The template refuses the conversation, or the record's tools are no JSON; says why.</exception>
    public RenderedConversation Render(Example example, bool addGenerationPrompt = false)
    {
        ArgumentNullException.ThrowIfNull(example);
        if (example.IsText) throw new ArgumentException("A text is not rendered; it is encoded as it stands.", nameof(example));
        return Render(example.Turns, example.ToolsJson, addGenerationPrompt);
    }

    /// <summary>Prints turns.</summary>
    /// <param name="turns">The conversation.</param>
    /// <param name="toolsJson">The tools it may use, as a JSON array, or null.</param>
    /// <param name="addGenerationPrompt">Whether the prompt for the assistant's next answer follows.</param>
    /// <exception cref="PursuitException">The template refuses the conversation, or the tools are no JSON; says why.</exception>
    public RenderedConversation Render(IReadOnlyList<Turn> turns, string? toolsJson = null, bool addGenerationPrompt = false)
    {
        var (text, generations) = RenderText(turns, toolsJson, addGenerationPrompt);
        var locator = new AnswerLocator(text, turns, GenerationPrompt, (first, prompt) => TryRenderText([.. turns.Take(first)], toolsJson, prompt));
        return locator.Locate(MarksAnswers ? generations : null);
    }

    private (JinjaText Text, IReadOnlyList<CharSpan> Generations) RenderText(IReadOnlyList<Turn> turns, string? toolsJson, bool addGenerationPrompt) =>
        _template.Render(ConversationVariables.Create(turns, toolsJson, _config, addGenerationPrompt));

    // Null where the template refuses, as many do without a user's turn: the caller then knows less, and says so by its rule.
    private JinjaText? TryRenderText(IReadOnlyList<Turn> turns, string? toolsJson, bool addGenerationPrompt)
    {
        try
        {
            return RenderText(turns, toolsJson, addGenerationPrompt).Text;
        }
        catch (PursuitException refusal) when (refusal.InnerException is not JinjaLimitException)
        {
            return null;
        }
    }

    private string FindGenerationPrompt()
    {
        IReadOnlyList<Turn> probe = [new Turn(Turn.User, "x")];
        var without = TryRenderText(probe, null, false)?.Value;
        var with = TryRenderText(probe, null, true)?.Value;
        return without is not null && with is not null && with.StartsWith(without, StringComparison.Ordinal) ? with[without.Length..] : "";
    }

    private static string ReadFile(string file)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(file)).TrimStart('\uFEFF');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            throw PursuitException.At(file, $"the chat template can't be read ({e.Message})", "a readable file in UTF-8", null, e);
        }
    }
}
