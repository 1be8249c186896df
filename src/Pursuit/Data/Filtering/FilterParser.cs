using System.Text.RegularExpressions;

namespace Pursuit.Data.Filtering;

/// <summary>Reads a filter's words as a condition: <c>or</c> binds least, then <c>and</c>, then <c>not</c>, then a comparison.</summary>
internal sealed class FilterParser(List<FilterToken> tokens)
{
    private const int MostDepth = 100;
    private static readonly string[] Comparisons = ["=", "==", "!=", "<>", "<", "<=", ">", ">="];
    private static readonly string[] Reserved = ["and", "or", "not", "in", "is", "null", "matches"];

    private int _at;
    private int _depth;

    private FilterToken Current => tokens[_at];

    /// <summary>Reads all words.</summary>
    /// <exception cref="PursuitException">They are no filter; the message has the column.</exception>
    public ICondition Read()
    {
        var condition = ReadOr();
        return Current.Kind == FilterTokenKind.End ? condition : throw Expected("'and', 'or' or the end");
    }

    private ICondition ReadOr()
    {
        var condition = ReadAnd();
        while (Take("or")) condition = new Disjunction(condition, ReadAnd());
        return condition;
    }

    private ICondition ReadAnd()
    {
        var condition = ReadNot();
        while (Take("and")) condition = new Conjunction(condition, ReadNot());
        return condition;
    }

    private ICondition ReadNot()
    {
        if (++_depth > MostDepth) throw RecordFilter.Fault(Current.Column, $"more than {MostDepth} conditions within each other", "fewer");
        ICondition condition;
        if (Take("not"))
        {
            condition = new Negation(ReadNot());
        }
        else if (TakeSign("("))
        {
            condition = ReadOr();
            RequireSign(")");
        }
        else
        {
            condition = ReadComparison();
        }

        _depth--;
        return condition;
    }

    private ICondition ReadComparison()
    {
        var first = Current;
        var left = ReadOperand();
        if (Current.Kind == FilterTokenKind.Sign && Comparisons.Contains(Current.Text))
        {
            var sign = tokens[_at++].Text;
            if (Current.Is("null")) throw RecordFilter.Fault(Current.Column, $"'{sign} null'", "'is null' or 'is not null'");
            return new Comparison(left, sign, ReadOperand());
        }

        if (Take("is"))
        {
            var isNot = Take("not");
            if (!Take("null")) throw Expected(isNot ? "'null'" : "'null' or 'not null'");
            return Negated(isNot, new Absence(RequireField(left, first, "is null")));
        }

        var negated = Take("not");
        if (Take("in")) return Negated(negated, new Membership(left, ReadList()));
        if (Take("matches")) return Negated(negated, new Match(RequireField(left, first, "matches"), ReadExpression()));
        if (negated) throw Expected("'in' or 'matches'");
        return left as ICondition ?? throw Expected("a comparison, such as > 200");
    }

    private static ICondition Negated(bool isNegated, ICondition condition) => isNegated ? new Negation(condition) : condition;

    private static FieldOperand RequireField(IOperand operand, FilterToken first, string what) =>
        operand as FieldOperand ?? throw RecordFilter.Fault(first.Column, first.Quoted, $"a field before '{what}'");

    private List<FilterValue> ReadList()
    {
        RequireSign("(");
        var values = new List<FilterValue>();
        do values.Add(ReadLiteral() ?? throw Expected("a text in quotation marks, a number, true or false"));
        while (TakeSign(","));
        RequireSign(")");
        return values;
    }

    private Regex ReadExpression()
    {
        var token = Current;
        if (token.Kind != FilterTokenKind.Text) throw Expected("a regular expression in quotation marks");
        _at++;
        try
        {
            // Time in proportion to the text, whatever the expression: no backtracking.
            return new Regex(token.Text, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw RecordFilter.Fault(
                token.Column, $"no regular expression that can be searched without backtracking ({e.Message})",
                "one without lookarounds and backreferences");
        }
    }

    private IOperand ReadOperand()
    {
        if (ReadLiteral() is { } literal) return new LiteralOperand(literal);
        if (Current.Is("length") && tokens[_at + 1].IsSign("("))
        {
            _at += 2;
            var field = ReadField();
            RequireSign(")");
            return new LengthOperand(field);
        }

        return ReadField();
    }

    private FilterValue? ReadLiteral()
    {
        var token = Current;
        FilterValue? value = token.Kind switch
        {
            FilterTokenKind.Text => FilterValue.Of(token.Text),
            FilterTokenKind.Number when FilterValue.OfNumber(token.Text) is { Number: not null } number => number,
            FilterTokenKind.Number => throw Expected("a number"),
            _ => token.Is("true") ? FilterValue.Of(true) : token.Is("false") ? FilterValue.Of(false) : null,
        };
        if (value is not null) _at++;
        return value;
    }

    private FieldOperand ReadField()
    {
        var path = new List<string>();
        do
        {
            var token = Current;
            var isName = token.Kind == FilterTokenKind.QuotedName
                || (token.Kind == FilterTokenKind.Word && (path.Count > 0 || !Reserved.Any(token.Is)))
                || (token.Kind == FilterTokenKind.Number && path.Count > 0 && token.Text.All(char.IsAsciiDigit));
            if (!isName) throw Expected("a field (a name with other characters stands between backticks)");
            path.Add(token.Text);
            _at++;
        }
        while (TakeSign("."));
        return new FieldOperand(path);
    }

    private bool Take(string word)
    {
        if (!Current.Is(word)) return false;
        _at++;
        return true;
    }

    private bool TakeSign(string sign)
    {
        if (!Current.IsSign(sign)) return false;
        _at++;
        return true;
    }

    private void RequireSign(string sign)
    {
        if (!TakeSign(sign)) throw Expected($"'{sign}'");
    }

    private PursuitException Expected(string expected) => RecordFilter.Fault(Current.Column, Current.Quoted, expected);
}
