namespace Pursuit.Jinja;

/// <summary>What a piece of a template is.</summary>
internal enum JinjaTokenKind
{
    /// <summary>Characters printed unchanged.</summary>
    Data,

    /// <summary><c>{%</c></summary>
    BlockBegin,

    /// <summary><c>%}</c></summary>
    BlockEnd,

    /// <summary><c>{{</c></summary>
    VariableBegin,

    /// <summary><c>}}</c></summary>
    VariableEnd,

    /// <summary>An identifier or keyword.</summary>
    Name,

    /// <summary>A string literal, decoded.</summary>
    String,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A number with a fraction or an exponent.</summary>
    Float,

    /// <summary>An operator or bracket.</summary>
    Operator,

    /// <summary>The end of the template.</summary>
    End,
}

/// <summary>A piece of a template.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its characters; a string's are decoded.</param>
/// <param name="Line">The 1-based line it begins on.</param>
internal readonly record struct JinjaToken(JinjaTokenKind Kind, string Text, int Line)
{
    /// <summary>True for this name.</summary>
    public bool IsName(string name) => Kind == JinjaTokenKind.Name && Text == name;

    /// <summary>True for this operator.</summary>
    public bool IsOperator(string symbol) => Kind == JinjaTokenKind.Operator && Text == symbol;

    /// <summary>How a message calls it.</summary>
    public string Describe() => Kind switch
    {
        JinjaTokenKind.Data => "text",
        JinjaTokenKind.BlockBegin => "\"{%\"",
        JinjaTokenKind.BlockEnd => "\"%}\"",
        JinjaTokenKind.VariableBegin => "\"{{\"",
        JinjaTokenKind.VariableEnd => "\"}}\"",
        JinjaTokenKind.End => "the end of the template",
        JinjaTokenKind.String => "a string",
        _ => $"\"{(Text.Length > 40 ? Text[..40] : Text)}\"",
    };
}
