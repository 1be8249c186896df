using System.Globalization;
using System.Text;

namespace Pursuit.Jinja;

/// <summary>
/// Reads expressions, with jinja2's order of operators: if-else, or, and, not, comparisons, <c>+ -</c>, <c>~</c>, <c>* / // %</c>,
/// <c>**</c>, signs, filters and tests.
/// </summary>
internal sealed class JinjaExpressionParser(JinjaTokenStream stream)
{
    private readonly JinjaPostfixParser _postfix = new(stream);

    /// <summary>Names that are called; each must be a function of the environment or be assigned in the template.</summary>
    public IReadOnlyList<(string Name, int Line)> CalledNames => _postfix.CalledNames;

    /// <summary>An expression.</summary>
    /// <param name="withConditional">False where an <c>if</c> belongs to what follows.</param>
    public JinjaExpression Parse(bool withConditional = true)
    {
        stream.Enter();
        var expression = withConditional ? ParseConditional() : ParseOr();
        stream.Leave();
        return expression;
    }

    /// <summary>An expression, or several with commas: a tuple.</summary>
    public JinjaExpression ParseTuple(bool withConditional = true, bool inParentheses = false, string? endName = null) =>
        ParseTuple(() => Parse(withConditional), inParentheses, endName);

    /// <summary>A target of an assignment.</summary>
    public JinjaTarget ParseTarget(string? endName = null)
    {
        stream.Enter();
        var target = ToTarget(ParseTuple(ParsePrimary, inParentheses: false, endName));
        stream.Leave();
        return target;
    }

    /// <summary>Arguments in parentheses.</summary>
    public JinjaArguments ParseArguments() => _postfix.ParseArguments(this);

    /// <summary>A filter's name and arguments, after its <c>|</c>.</summary>
    public JinjaFilterCall ParseFilterCall() => _postfix.ParseFilterCall(this);

    private JinjaTarget ToTarget(JinjaExpression expression) => expression switch
    {
        JinjaName name => JinjaTarget.Variable(name.Name),
        JinjaSequenceLiteral { Kind: JinjaListKind.Tuple } tuple => JinjaTarget.Unpacking([.. tuple.Items.Select(ToTarget)]),
        _ => throw JinjaFaults.Syntax(
            stream.Name, expression.Line, "an assignment to something that is no name",
            "a name, names with commas, or namespace.attribute"),
    };

    private JinjaExpression ParseTuple(Func<JinjaExpression> parse, bool inParentheses, string? endName)
    {
        var line = stream.Current.Line;
        var items = new List<JinjaExpression>();
        var isTuple = false;
        while (true)
        {
            if (items.Count > 0) stream.ExpectOperator(",");
            if (stream.Current.Kind is JinjaTokenKind.VariableEnd or JinjaTokenKind.BlockEnd || stream.Current.IsOperator(")")
                || (endName is not null && stream.Current.IsName(endName))) break;
            items.Add(parse());
            if (!stream.Current.IsOperator(",")) break;
            isTuple = true;
        }

        if (!isTuple && items.Count == 1) return items[0];
        if (!isTuple && !inParentheses) throw stream.Unexpected("an expression");
        return stream.Bounded(new JinjaSequenceLiteral(line, items, JinjaListKind.Tuple));
    }

    private JinjaExpression ParseConditional()
    {
        var expression = ParseOr();
        while (stream.Current.IsName("if"))
        {
            var line = stream.Take().Line;
            var test = ParseOr();
            var otherwise = stream.SkipName("else") ? Parse() : null;
            expression = stream.Bounded(new JinjaConditional(line, test, expression, otherwise));
        }

        return expression;
    }

    private JinjaExpression ParseOr()
    {
        var left = ParseAnd();
        while (stream.Current.IsName("or"))
            left = stream.Bounded(new JinjaLogical(stream.Take().Line, isAnd: false, left, ParseAnd()));
        return left;
    }

    private JinjaExpression ParseAnd()
    {
        var left = ParseNot();
        while (stream.Current.IsName("and"))
            left = stream.Bounded(new JinjaLogical(stream.Take().Line, isAnd: true, left, ParseNot()));
        return left;
    }

    private JinjaExpression ParseNot()
    {
        if (!stream.Current.IsName("not")) return ParseComparison();
        stream.Enter();
        var line = stream.Take().Line;
        var result = stream.Bounded(new JinjaUnary(line, "not", ParseNot()));
        stream.Leave();
        return result;
    }

    private JinjaExpression ParseComparison()
    {
        var line = stream.Current.Line;
        var first = ParseSum();
        List<(string, JinjaExpression)>? rest = null;
        while (true)
        {
            var token = stream.Current;
            string symbol;
            if (token.Kind == JinjaTokenKind.Operator && PythonComparison.Operators.ContainsKey(token.Text)) symbol = stream.Take().Text;
            else if (stream.SkipName("in")) symbol = "in";
            else if (token.IsName("not") && stream.Following.IsName("in"))
            {
                stream.Take();
                stream.Take();
                symbol = "not in";
            }
            else break;
            (rest ??= []).Add((symbol, ParseSum()));
        }

        return rest is null ? first : stream.Bounded(new JinjaComparison(line, first, rest));
    }

    private JinjaExpression ParseSum() => ParseChain(ParseConcat, "+", "-");

    private JinjaExpression ParseConcat()
    {
        var line = stream.Current.Line;
        var first = ParseProduct();
        if (!stream.Current.IsOperator("~")) return first;
        var parts = new List<JinjaExpression> { first };
        while (stream.SkipOperator("~")) parts.Add(ParseProduct());
        return stream.Bounded(new JinjaConcat(line, parts));
    }

    private JinjaExpression ParseProduct() => ParseChain(ParsePower, "*", "/", "//", "%");

    private JinjaExpression ParsePower() => ParseChain(() => ParseUnary(withFilters: true), "**");

    private JinjaExpression ParseChain(Func<JinjaExpression> parse, params string[] symbols)
    {
        var left = parse();
        while (stream.Current.Kind == JinjaTokenKind.Operator && symbols.Contains(stream.Current.Text))
        {
            var symbol = stream.Take();
            left = stream.Bounded(new JinjaBinary(symbol.Line, symbol.Text, left, parse()));
        }

        return left;
    }

    private JinjaExpression ParseUnary(bool withFilters)
    {
        JinjaExpression expression;
        if (stream.Current.IsOperator("-") || stream.Current.IsOperator("+"))
        {
            stream.Enter();
            var sign = stream.Take();
            expression = stream.Bounded(new JinjaUnary(sign.Line, sign.Text, ParseUnary(withFilters: false)));
            stream.Leave();
        }
        else
        {
            expression = ParsePrimary();
        }

        expression = _postfix.ParsePostfix(this, expression);
        return withFilters ? _postfix.ParseFilters(this, expression) : expression;
    }

    /// <summary>A name, a literal or an expression in parentheses.</summary>
    public JinjaExpression ParsePrimary()
    {
        var token = stream.Current;
        switch (token.Kind)
        {
            case JinjaTokenKind.Name:
                stream.Take();
                return token.Text switch
                {
                    "true" or "True" => new JinjaConstant(token.Line, true),
                    "false" or "False" => new JinjaConstant(token.Line, false),
                    "none" or "None" => new JinjaConstant(token.Line, null),
                    "self" or "caller" or "super" or "varargs" or "kwargs" =>
                        throw stream.Unsupported(token.Line, $"the special variable \"{token.Text}\""),
                    _ => new JinjaName(token.Line, token.Text),
                };
            case JinjaTokenKind.String:
                return new JinjaConstant(token.Line, JinjaText.Of(ParseStrings()));
            case JinjaTokenKind.Integer:
                return new JinjaConstant(token.Line, long.Parse(stream.Take().Text, CultureInfo.InvariantCulture));
            case JinjaTokenKind.Float:
                return new JinjaConstant(token.Line, double.Parse(stream.Take().Text, CultureInfo.InvariantCulture));
            case JinjaTokenKind.Operator when token.Text == "(":
                stream.Take();
                stream.Enter();
                var inner = ParseTuple(inParentheses: true);
                stream.Leave();
                stream.ExpectOperator(")");
                return inner;
            case JinjaTokenKind.Operator when token.Text == "[":
                return ParseList();
            case JinjaTokenKind.Operator when token.Text == "{":
                return ParseDict();
            default:
                throw stream.Unexpected("an expression");
        }
    }

    // Literals side by side are one.
    private string ParseStrings()
    {
        var first = stream.Take().Text;
        if (stream.Current.Kind != JinjaTokenKind.String) return first;
        var text = new StringBuilder(first);
        while (stream.Current.Kind == JinjaTokenKind.String) text.Append(stream.Take().Text);
        return text.ToString();
    }

    private JinjaSequenceLiteral ParseList()
    {
        var line = stream.Take().Line;
        var items = new List<JinjaExpression>();
        while (!stream.Current.IsOperator("]"))
        {
            if (items.Count > 0) stream.ExpectOperator(",");
            if (stream.Current.IsOperator("]")) break;
            items.Add(Parse());
        }

        stream.Take();
        return stream.Bounded(new JinjaSequenceLiteral(line, items, JinjaListKind.List));
    }

    private JinjaDictLiteral ParseDict()
    {
        var line = stream.Take().Line;
        var entries = new List<(JinjaExpression, JinjaExpression)>();
        while (!stream.Current.IsOperator("}"))
        {
            if (entries.Count > 0) stream.ExpectOperator(",");
            if (stream.Current.IsOperator("}")) break;
            var key = Parse();
            stream.ExpectOperator(":");
            entries.Add((key, Parse()));
        }

        stream.Take();
        return stream.Bounded(new JinjaDictLiteral(line, entries));
    }
}
