namespace Pursuit.Tokenization.Patterns;

/// <summary>A parsed regular expression.</summary>
internal abstract record RegexNode
{
    /// <summary>One code point of a set.</summary>
    public sealed record Set(CodePointSet Points) : RegexNode;

    /// <summary>One after another.</summary>
    public sealed record Sequence(IReadOnlyList<RegexNode> Items) : RegexNode;

    /// <summary>The first that matches.</summary>
    public sealed record Choice(IReadOnlyList<RegexNode> Options) : RegexNode;

    /// <summary>Between Minimum and Maximum times (null: without end).</summary>
    public sealed record Repeat(RegexNode Item, int Minimum, int? Maximum, bool Lazy, bool Possessive) : RegexNode;

    /// <summary>What follows here, without taking it.</summary>
    public sealed record LookAhead(RegexNode Item, bool Negative) : RegexNode;

    /// <summary>The one code point before here.</summary>
    public sealed record LookBehind(CodePointSet Points, bool Negative) : RegexNode;

    /// <summary>Matched once, never retried.</summary>
    public sealed record Atomic(RegexNode Item) : RegexNode;

    /// <summary>A place in the text.</summary>
    public sealed record Anchor(AnchorKind Kind) : RegexNode;

    /// <summary>Whether the expression can match without taking a character.</summary>
    public bool CanBeEmpty() => this switch
    {
        Set => false,
        Sequence sequence => sequence.Items.All(item => item.CanBeEmpty()),
        Choice choice => choice.Options.Any(option => option.CanBeEmpty()),
        Repeat repeat => repeat.Minimum == 0 || repeat.Item.CanBeEmpty(),
        Atomic atomic => atomic.Item.CanBeEmpty(),
        _ => true,
    };
}

/// <summary>The places an anchor can ask for.</summary>
internal enum AnchorKind
{
    LineStart,
    LineEnd,
    TextStart,
    TextEnd,
    TextEndOrLastLineEnd,
    WordBoundary,
    NoWordBoundary,
}
