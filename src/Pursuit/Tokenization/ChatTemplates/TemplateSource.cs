using System.Text.RegularExpressions;
using Pursuit.Data;
using Pursuit.Jinja;

namespace Pursuit.Tokenization.ChatTemplates;

/// <summary>What a template's text mentions, which decides under which names a turn's parts are given to it.</summary>
internal sealed class TemplateSource
{
    private static readonly string[] ReasoningNames = ["reasoning_content", "thinking", "reasoning"];

    private readonly HashSet<string> _words;

    /// <summary>Reads a template's text.</summary>
    public TemplateSource(string text)
    {
        _words = [.. Regex.Matches(text, @"[A-Za-z_][A-Za-z0-9_]*", RegexOptions.NonBacktracking).Select(match => match.Value)];
        ReasoningKeys = [.. ReasoningNames.Where(_words.Contains).Select(name => JinjaText.Of(name))];
    }

    /// <summary>The names under which templates read an assistant's thoughts, of those this one mentions.</summary>
    public IReadOnlyList<JinjaText> ReasoningKeys { get; }

    /// <summary>Whether a name is in the text.</summary>
    public bool Mentions(string name) => _words.Contains(name);

    /// <summary>
    /// The role a turn is given: <c>developer</c> as the record has it, another spelling (<c>observation</c>) where the
    /// template knows it, else the usual name.
    /// </summary>
    public string RoleOf(Turn turn) =>
        turn.WrittenRole is { } written && (turn.Role == Turn.System || Mentions(written)) ? written : turn.Role;
}
