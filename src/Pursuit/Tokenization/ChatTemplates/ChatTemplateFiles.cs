using System.Text;
using Pursuit.Jinja;
using Pursuit.Storage;

namespace Pursuit.Tokenization.ChatTemplates;

/// <summary>Finds a model's chat templates as transformers does.</summary>
internal static class ChatTemplateFiles
{
    /// <summary>The name of the template for conversations without tools.</summary>
    public const string Default = "default";

    /// <summary>The name of the template for conversations with tools, where there is one.</summary>
    public const string ToolUse = "tool_use";

    /// <summary>The folder of further named templates in a model directory.</summary>
    public const string AdditionalFolder = "additional_chat_templates";

    private const string Ending = ".jinja";

    /// <summary>A longest template's UTF-8, with a byte-order mark.</summary>
    private const int MostBytes = 3 + (3 * JinjaLimits.TemplateLength);

    /// <summary>A template and what messages call it.</summary>
    public readonly record struct Found(string Text, string Where);

    /// <summary>The templates by name: the model directory's files, else its configuration's.</summary>
    /// <returns>The templates, and where they came from; none where the model has none.</returns>
    /// <exception cref="PursuitException">A file can't be read.</exception>
    public static (Dictionary<string, Found> Templates, ChatTemplateSource Source) Find(string modelDirectory, TokenizerConfig config)
    {
        var templates = new Dictionary<string, Found>(StringComparer.Ordinal);
        var own = Path.Combine(modelDirectory, ChatTemplate.FileName);
        if (File.Exists(own)) templates[Default] = new Found(Read(own), own);
        var folder = Path.Combine(modelDirectory, AdditionalFolder);
        if (Directory.Exists(folder))
        {
            foreach (var file in Directory.GetFiles(folder, "*" + Ending).Order(StringComparer.Ordinal))
                templates[Path.GetFileName(file)[..^Ending.Length]] = new Found(Read(file), file);
        }

        if (templates.Count > 0) return (templates, ChatTemplateSource.File);
        var where = Path.Combine(modelDirectory, TokenizerConfig.FileName) + ", chat_template";
        foreach (var (name, text) in config.ChatTemplates)
            templates[name] = new Found(text, name == Default ? where : $"{where} \"{name}\"");
        if (config.ChatTemplate is { } only) templates[Default] = new Found(only, where);
        return (templates, ChatTemplateSource.Configuration);
    }

    private static string Read(string file)
    {
        var bytes = BoundedFile.Read(file, MostBytes, "a chat template");
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException e)
        {
            throw PursuitException.At(file, $"the chat template can't be read ({e.Message})", "a file in UTF-8", null, e);
        }
    }
}
