namespace Pursuit.Engine.Proof;

/// <summary>Labels as file names.</summary>
internal static class FileNames
{
    /// <summary>Letters, digits and a few signs; the rest of a label becomes underscores.</summary>
    public static string Spell(string label) =>
        string.Concat(label.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '%' or '=' ? c : '_'));
}
