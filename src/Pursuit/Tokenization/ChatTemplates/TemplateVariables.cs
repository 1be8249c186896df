using System.Text.Json;

namespace Pursuit.Tokenization.ChatTemplates;

/// <summary>Variables that a person sets for a chat template, such as <c>enable_thinking=false</c>.</summary>
internal sealed class TemplateVariables
{
    /// <summary>No variables.</summary>
    public static readonly TemplateVariables None = new([]);

    private TemplateVariables(IReadOnlyList<(string Name, string Json)> values) => Values = values;

    /// <summary>Names with their values as JSON, by name.</summary>
    public IReadOnlyList<(string Name, string Json)> Values { get; }

    /// <summary>Reads "name=value" pairs. A value is JSON, or Python's True, False and None; anything else is a text.</summary>
    /// <exception cref="PursuitException">A pair has no name or no value, occurs twice, or sets what the record sets.</exception>
    public static TemplateVariables Parse(IReadOnlyList<string> settings)
    {
        var values = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var setting in settings)
        {
            var at = setting.IndexOf('=', StringComparison.Ordinal);
            var name = at < 0 ? setting : setting[..at].Trim();
            if (at < 1 || !IsName(name))
            {
                throw Fault(
                    setting,
                    "name=value with a name of letters, digits and underscores",
                    $"Write, say, {ApiName.TemplateSet} enable_thinking=false.");
            }

            if (ConversationVariables.Names.Contains(name))
                throw Fault(setting, "a variable that neither the record nor tokenizer_config.json sets", $"Leave {name} to them.");
            if (!values.TryAdd(name, Json(setting[(at + 1)..])))
                throw Fault(setting, $"one value for {name}", "Give each variable once.");
        }

        return values.Count == 0 ? None : new TemplateVariables([.. values.Select(pair => (pair.Key, pair.Value))]);
    }

    /// <summary>Refuses a variable that no template reads.</summary>
    /// <exception cref="PursuitException">Names the variable.</exception>
    public void EnsureRead(IReadOnlyList<TemplateSource> sources, string where)
    {
        foreach (var (name, _) in Values)
        {
            if (!sources.Any(source => source.Mentions(name)))
            {
                throw Fault(
                    name,
                    $"a variable that the template reads ({where})",
                    "Check its spelling; a variable that nothing reads changes nothing.");
            }
        }
    }

    private static PursuitException Fault(string found, string expected, string advice) =>
        PursuitException.At(ApiName.TemplateSet, $"'{found}'", expected, advice);

    private static bool IsName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    private static string Json(string value)
    {
        switch (value)
        {
            case "True": return "true";
            case "False": return "false";
            case "None": return "null";
        }

        try
        {
#pragma warning disable RS0030 // of the command line; what is no JSON is a text
            using var document = JsonDocument.Parse(value);
#pragma warning restore RS0030
            return document.RootElement.GetRawText();
        }
        catch (JsonException)
        {
            return JsonSerializer.Serialize(value); // not JSON: the text unchanged
        }
    }
}
