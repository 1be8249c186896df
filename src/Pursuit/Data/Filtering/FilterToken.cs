namespace Pursuit.Data.Filtering;

/// <summary>What a word of a filter is.</summary>
internal enum FilterTokenKind
{
    /// <summary>A field's name or a word of the language.</summary>
    Word,

    /// <summary>A field's name between backticks.</summary>
    QuotedName,

    Text,
    Number,

    /// <summary>A comparison, a bracket, a comma or a dot.</summary>
    Sign,

    End,
}

/// <summary>A word of a filter.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">What it says, without quotation marks.</param>
/// <param name="Column">Where it begins, from 1.</param>
internal readonly record struct FilterToken(FilterTokenKind Kind, string Text, int Column)
{
    /// <summary>Whether it is a word of the language, in any case.</summary>
    public bool Is(string word) => Kind == FilterTokenKind.Word && string.Equals(Text, word, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether it is a sign.</summary>
    public bool IsSign(string sign) => Kind == FilterTokenKind.Sign && Text == sign;

    /// <summary>It for messages.</summary>
    public string Quoted => Kind == FilterTokenKind.End ? "the end" : $"'{Json.JsonTape.Quote(Text)}'";
}
