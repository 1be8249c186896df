namespace Pursuit.Jinja;

/// <summary>The tokens of a template with a reading position.</summary>
internal sealed class JinjaTokenStream(string name, IReadOnlyList<JinjaToken> tokens)
{
    private int _position;
    private int _nesting;

    /// <summary>The template's name, for messages.</summary>
    public string Name { get; } = name;

    /// <summary>The token at the position.</summary>
    public JinjaToken Current => tokens[_position];

    /// <summary>The one after it.</summary>
    public JinjaToken Following => tokens[Math.Min(_position + 1, tokens.Count - 1)];

    /// <summary>The current token; the position moves on.</summary>
    public JinjaToken Take()
    {
        var token = tokens[_position];
        if (_position < tokens.Count - 1) _position++;
        return token;
    }

    /// <summary>Moves on over this operator, if it is there.</summary>
    public bool SkipOperator(string symbol)
    {
        if (!Current.IsOperator(symbol)) return false;
        Take();
        return true;
    }

    /// <summary>Moves on over this name, if it is there.</summary>
    public bool SkipName(string text)
    {
        if (!Current.IsName(text)) return false;
        Take();
        return true;
    }

    /// <summary>Moves on over this operator.</summary>
    public JinjaToken ExpectOperator(string symbol) => Current.IsOperator(symbol) ? Take() : throw Unexpected($"\"{symbol}\"");

    /// <summary>Moves on over this name.</summary>
    public JinjaToken ExpectName(string text) => Current.IsName(text) ? Take() : throw Unexpected($"\"{text}\"");

    /// <summary>Moves on over a token of this kind.</summary>
    public JinjaToken Expect(JinjaTokenKind kind, string expected) => Current.Kind == kind ? Take() : throw Unexpected(expected);

    /// <summary>Something other than the expected token is there.</summary>
    public PursuitException Unexpected(string expected) => JinjaFaults.Syntax(Name, Current.Line, Current.Describe(), expected);

    /// <summary>A construct outside the subset is there.</summary>
    public PursuitException Unsupported(int line, string construct) => JinjaFaults.Unsupported(Name, line, construct);

    /// <summary>Goes one level down; <see cref="Leave"/> comes back.</summary>
    public void Enter()
    {
        if (++_nesting > JinjaLimits.Nesting) throw Unsupported(Current.Line, $"more than {JinjaLimits.Nesting} levels of nesting");
    }

    /// <summary>Comes back from one level down.</summary>
    public void Leave() => _nesting--;

    /// <summary>The expression, if its tree is not too deep.</summary>
    public T Bounded<T>(T expression)
        where T : JinjaExpression =>
        expression.Depth <= JinjaLimits.TreeDepth ? expression
            : throw Unsupported(expression.Line, $"an expression of more than {JinjaLimits.TreeDepth} levels of nesting");
}
