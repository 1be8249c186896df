using System.Globalization;
using System.Text;

namespace Pursuit.Jinja;

/// <summary>Reads what may follow an operand: attributes, subscripts, calls, filters and tests.</summary>
internal sealed class JinjaPostfixParser(JinjaTokenStream stream)
{
    private readonly List<(string Name, int Line)> _calledNames = [];

    /// <summary>Names that are called.</summary>
    public IReadOnlyList<(string Name, int Line)> CalledNames => _calledNames;

    /// <summary>Attributes, subscripts and calls.</summary>
    public JinjaExpression ParsePostfix(JinjaExpressionParser parser, JinjaExpression expression)
    {
        while (true)
        {
            if (stream.Current.IsOperator(".")) expression = ParseDot(expression);
            else if (stream.Current.IsOperator("[")) expression = ParseSubscript(parser, expression);
            else if (stream.Current.IsOperator("(")) expression = ParseCall(parser, expression);
            else return expression;
            stream.Bounded(expression);
        }
    }

    /// <summary>Filters, tests and calls of what they give.</summary>
    public JinjaExpression ParseFilters(JinjaExpressionParser parser, JinjaExpression expression)
    {
        while (true)
        {
            if (stream.Current.IsOperator("|"))
            {
                var line = stream.Take().Line;
                expression = new JinjaFilter(line, expression, ParseFilterCall(parser));
            }
            else if (stream.Current.IsName("is"))
            {
                expression = ParseTest(parser, expression);
            }
            else if (stream.Current.IsOperator("("))
            {
                expression = ParseCall(parser, expression);
            }
            else
            {
                return expression;
            }

            stream.Bounded(expression);
        }
    }

    /// <summary>A filter's name and arguments.</summary>
    public JinjaFilterCall ParseFilterCall(JinjaExpressionParser parser)
    {
        var (name, line) = ParseDottedName("a filter's name");
        var arguments = stream.Current.IsOperator("(") ? ParseArguments(parser) : JinjaArguments.None;
        return JinjaFilterCall.Create(stream.Name, line, name, arguments);
    }

    /// <summary>Arguments in parentheses.</summary>
    public JinjaArguments ParseArguments(JinjaExpressionParser parser)
    {
        stream.ExpectOperator("(");
        var positional = new List<JinjaExpression>();
        var named = new List<(string, JinjaExpression)>();
        for (var first = true; !stream.Current.IsOperator(")"); first = false)
        {
            if (!first)
            {
                stream.ExpectOperator(",");
                if (stream.Current.IsOperator(")")) break;
            }

            if (stream.Current.IsOperator("**"))
                throw stream.Unsupported(stream.Current.Line, "unpacked arguments, \"**\" in a call");
            if (stream.Current.IsOperator("*"))
            {
                var line = stream.Take().Line;
                positional.Add(new JinjaUnpacked(line, parser.Parse()));
            }
            else if (stream.Current.Kind == JinjaTokenKind.Name && stream.Following.IsOperator("="))
            {
                var name = stream.Take().Text;
                stream.Take();
                named.Add((name, parser.Parse()));
            }
            else if (named.Count > 0)
            {
                throw stream.Unexpected("an argument with a name, because one with a name went before");
            }
            else
            {
                positional.Add(parser.Parse());
            }
        }

        stream.Take();
        return new JinjaArguments(positional, named);
    }

    private (string Name, int Line) ParseDottedName(string expected)
    {
        var token = stream.Expect(JinjaTokenKind.Name, expected);
        if (!stream.Current.IsOperator(".")) return (token.Text, token.Line);
        var name = new StringBuilder(token.Text);
        while (stream.SkipOperator(".")) name.Append('.').Append(stream.Expect(JinjaTokenKind.Name, expected).Text);
        return (name.ToString(), token.Line);
    }

    private JinjaExpression ParseDot(JinjaExpression target)
    {
        var line = stream.Take().Line;
        var token = stream.Current;
        if (token.Kind == JinjaTokenKind.Name)
        {
            stream.Take();
            return new JinjaAttribute(line, target, token.Text);
        }

        if (token.Kind != JinjaTokenKind.Integer) throw stream.Unexpected("an attribute's name or a number");
        stream.Take();
        return new JinjaItem(line, target, new JinjaConstant(token.Line, long.Parse(token.Text, CultureInfo.InvariantCulture)));
    }

    private JinjaItem ParseSubscript(JinjaExpressionParser parser, JinjaExpression target)
    {
        var line = stream.Take().Line;
        if (stream.Current.IsOperator("]")) throw stream.Unexpected("an index or a slice");
        var key = ParseKey(parser);
        if (stream.Current.IsOperator(",")) throw stream.Unsupported(stream.Current.Line, "a subscript of several parts");
        stream.ExpectOperator("]");
        return new JinjaItem(line, target, key);
    }

    private JinjaExpression ParseKey(JinjaExpressionParser parser)
    {
        var line = stream.Current.Line;
        var start = stream.Current.IsOperator(":") ? null : parser.Parse();
        if (start is not null && !stream.Current.IsOperator(":")) return start;
        stream.Take();
        var stop = Part();
        var step = stream.SkipOperator(":") ? Part() : null;
        return new JinjaSlice(line, start, stop, step);

        JinjaExpression? Part() =>
            stream.Current.IsOperator(":") || stream.Current.IsOperator("]") || stream.Current.IsOperator(",") ? null : parser.Parse();
    }

    private JinjaCall ParseCall(JinjaExpressionParser parser, JinjaExpression callee)
    {
        var line = stream.Current.Line;
        switch (callee)
        {
            case JinjaName { Name: "loop" }:
                throw stream.Unsupported(line, "a recursive loop, \"loop(...)\"");
            case JinjaName name:
                _calledNames.Add((name.Name, line));
                break;
            case JinjaAttribute attribute when !JinjaMethods.IsKnown(attribute.Name) && attribute.Name != "cycle":
                throw stream.Unsupported(line, $"the method \"{attribute.Name}\"");
        }

        return new JinjaCall(line, callee, ParseArguments(parser));
    }

    private JinjaExpression ParseTest(JinjaExpressionParser parser, JinjaExpression target)
    {
        stream.Take();
        var negated = stream.SkipName("not");
        var (name, line) = ParseDottedName("a test's name");
        var arguments = JinjaArguments.None;
        var next = stream.Current;
        if (next.IsOperator("("))
        {
            arguments = ParseArguments(parser);
        }
        else if (next.Kind is JinjaTokenKind.String or JinjaTokenKind.Integer or JinjaTokenKind.Float || next.IsOperator("[")
            || next.IsOperator("{")
            || (next.Kind == JinjaTokenKind.Name && next.Text is not ("else" or "or" or "and")))
        {
            if (next.IsName("is")) throw JinjaFaults.Syntax(stream.Name, line, "a test of a test", "one \"is\"");
            arguments = new JinjaArguments([ParsePostfix(parser, parser.ParsePrimary())], []);
        }

        JinjaExpression test = new JinjaTest(line, target, JinjaTestCall.Create(stream.Name, line, name, arguments));
        return negated ? new JinjaUnary(line, "not", test) : test;
    }
}
