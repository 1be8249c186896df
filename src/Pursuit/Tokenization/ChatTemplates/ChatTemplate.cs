using System.Security.Cryptography;
using System.Text;
using Pursuit.Data;
using Pursuit.Storage;

namespace Pursuit.Tokenization.ChatTemplates;

/// <summary>Where a chat template came from.</summary>
public enum ChatTemplateSource
{
    /// <summary>The model directory's <c>chat_template.jinja</c>.</summary>
    File,

    /// <summary>The model directory's <c>tokenizer_config.json</c>.</summary>
    Configuration,

    /// <summary>The model has none: <see cref="ChatTemplate.Plain"/>. The audit reports it.</summary>
    BuiltIn,
}

/// <summary>
/// Prints conversations the way a model was taught to read them, and knows which of the characters are the assistant's.
/// The templates are written in Jinja; the subset, the rule of the loss mask and the built-in template are described in
/// docs/formats/chat-templates.md.
/// </summary>
/// <remarks>Immutable and safe to share between threads.</remarks>
internal sealed class ChatTemplate
{
    /// <summary>The template's own file in a model directory; it goes before the one in <c>tokenizer_config.json</c>.</summary>
    public const string FileName = "chat_template.jinja";

    /// <summary>
    /// The built-in template: <c>User: ...</c>, <c>Assistant: ...</c> with the end-of-text token, a line each. For models
    /// that have none.
    /// </summary>
    public const string Plain =
        """
        {{- bos_token }}
        {%- for message in messages %}
            {{- message.role | capitalize + ': ' + (message.content or '') }}
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

    private readonly CompiledTemplate _default;
    private readonly CompiledTemplate? _toolUse;

    private ChatTemplate(CompiledTemplate chosen, CompiledTemplate? toolUse, ChatTemplateSource source, TemplateVariables variables)
    {
        _default = chosen;
        _toolUse = toolUse;
        Source = source;
        Fingerprint = FingerprintOf(chosen, toolUse, variables);
    }

    /// <summary>The template for conversations without tools, as it was found.</summary>
    public string Text => _default.Text;

    /// <summary>Where it was found.</summary>
    public ChatTemplateSource Source { get; }

    /// <summary>
    /// SHA-256 of the template's text in UTF-8, with the <c>tool_use</c> template and the variables that were set where there
    /// are any; 64 lower-case hexadecimal digits.
    /// </summary>
    public string Fingerprint { get; }

    /// <summary>
    /// What the template prints to make the assistant speak, such as <c>&lt;|im_start|&gt;assistant\n</c>; empty where it prints
    /// nothing.
    /// </summary>
    public string GenerationPrompt => _default.GenerationPrompt;

    /// <summary>The generation prompts of all its templates.</summary>
    internal IEnumerable<string> GenerationPrompts => _toolUse is null ? [GenerationPrompt] : [GenerationPrompt, _toolUse.GenerationPrompt];

    /// <summary>True where the template marks the trained spans itself with <c>{% generation %}</c>.</summary>
    public bool MarksAnswers => _default.MarksAnswers;

    /// <summary>
    /// Loads the chat templates of a model: its <c>chat_template.jinja</c> and <c>additional_chat_templates</c>, else its
    /// configuration's, else <see cref="Plain"/>.
    /// </summary>
    /// <param name="modelDirectory">The model's directory.</param>
    /// <param name="config">Its <c>tokenizer_config.json</c>.</param>
    /// <param name="settings">"name=value" pairs: variables for the template, such as <c>enable_thinking=false</c>; null for none.</param>
    /// <exception cref="PursuitException">
    /// A template can't be read, is no template, or asks what isn't supported, with the line; or a variable is none that it reads.
    /// </exception>
    public static ChatTemplate Load(string modelDirectory, TokenizerConfig config, IReadOnlyList<string>? settings = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        modelDirectory = ModelDirectory.Open(modelDirectory).TokenizerPath;
        var variables = TemplateVariables.Parse(settings ?? []);
        var (templates, source) = ChatTemplateFiles.Find(modelDirectory, config);
        if (templates.Count == 0)
        {
            templates[ChatTemplateFiles.Default] = new ChatTemplateFiles.Found(Plain, "the built-in chat template");
            source = ChatTemplateSource.BuiltIn;
        }

        if (!templates.TryGetValue(ChatTemplateFiles.Default, out var found))
        {
            throw PursuitException.At(
                modelDirectory,
                $"chat templates named {string.Join(", ", templates.Keys.Order(StringComparer.Ordinal).Select(name => $"\"{name}\""))}",
                $"one named \"{ChatTemplateFiles.Default}\"",
                $"Put the one to use into that directory as {FileName}.");
        }

        var chosen = Compile(found);
        var toolUse = templates.TryGetValue(ChatTemplateFiles.ToolUse, out var tools) ? Compile(tools, withTools: true) : null;
        variables.EnsureRead(toolUse is null ? [chosen.Source] : [chosen.Source, toolUse.Source], found.Where);
        return new ChatTemplate(chosen, toolUse, source, variables);

        CompiledTemplate Compile(ChatTemplateFiles.Found template, bool withTools = false) =>
            new(template.Where, template.Text, config, variables, DefaultNow, withTools);
    }

    /// <summary>Takes a template's text.</summary>
    /// <param name="text">The template.</param>
    /// <param name="config">The special tokens it may print.</param>
    /// <param name="now">What <c>strftime_now</c> returns; without it 26 July 2024, so that runs are reproducible.</param>
    /// <param name="toolUse">The template for conversations with tools, or null where one serves all.</param>
    /// <exception cref="PursuitException">The text is no template or asks what isn't supported; says the line.</exception>
    public static ChatTemplate Parse(string text, TokenizerConfig config, DateTimeOffset? now = null, string? toolUse = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(config);
        return new ChatTemplate(
            Compile("the chat template", text),
            toolUse is null ? null : Compile("the chat template \"tool_use\"", toolUse, withTools: true),
            text == Plain ? ChatTemplateSource.BuiltIn : ChatTemplateSource.File,
            TemplateVariables.None);

        CompiledTemplate Compile(string name, string source, bool withTools = false) =>
            new(name, source, config, TemplateVariables.None, now ?? DefaultNow, withTools);
    }

    /// <summary>Prints a conversation.</summary>
    /// <param name="example">A conversation; a text has no template.</param>
    /// <param name="addGenerationPrompt">Whether the prompt for the assistant's next answer follows.</param>
    /// <exception cref="PursuitException">The template refuses the conversation, or the record's tools are no JSON; says why.</exception>
    public RenderedConversation Render(Example example, bool addGenerationPrompt = false)
    {
        ArgumentNullException.ThrowIfNull(example);
        if (example.IsText) throw new ArgumentException("A text is not rendered; it is encoded as is.", nameof(example));
        return Render(new Conversation(example.Turns, example.ToolsJson, example.DocumentsJson), addGenerationPrompt);
    }

    /// <summary>Prints turns.</summary>
    /// <param name="turns">The conversation.</param>
    /// <param name="toolsJson">The tools it may use, as a JSON array, or null.</param>
    /// <param name="addGenerationPrompt">Whether the prompt for the assistant's next answer follows.</param>
    /// <exception cref="PursuitException">The template refuses the conversation, or the tools are no JSON; says why.</exception>
    public RenderedConversation Render(IReadOnlyList<Turn> turns, string? toolsJson = null, bool addGenerationPrompt = false)
    {
        ArgumentNullException.ThrowIfNull(turns);
        return Render(new Conversation(turns, toolsJson), addGenerationPrompt);
    }

    private RenderedConversation Render(Conversation conversation, bool addGenerationPrompt) =>
        (_toolUse is not null && HasTools(conversation.ToolsJson) ? _toolUse : _default).Render(conversation, addGenerationPrompt);

    private static bool HasTools(string? json) => json is not null && !json.AsSpan().Trim("[] \t\r\n").IsEmpty;

    private static string FingerprintOf(CompiledTemplate chosen, CompiledTemplate? toolUse, TemplateVariables variables)
    {
        var text = new StringBuilder(chosen.Text);
        if (toolUse is not null) text.Append('\0').Append(ChatTemplateFiles.ToolUse).Append('\0').Append(toolUse.Text);
        foreach (var (name, json) in variables.Values) text.Append('\0').Append(name).Append('=').Append(json);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
