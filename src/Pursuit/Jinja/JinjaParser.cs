namespace Pursuit.Jinja;

/// <summary>Reads a template's statements into a tree that never changes. What lies outside the subset is refused by name.</summary>
internal sealed class JinjaParser
{
    private readonly JinjaTokenStream _stream;
    private readonly JinjaExpressionParser _expressions;
    private readonly HashSet<string> _assigned = new(StringComparer.Ordinal);
    private bool _inLoop;

    private JinjaParser(JinjaTokenStream stream)
    {
        _stream = stream;
        _expressions = new JinjaExpressionParser(stream);
    }

    /// <summary>True once a <c>{% generation %}</c> was read.</summary>
    private bool HasGeneration { get; set; }

    /// <summary>The template's tree, and whether it marks its own trained spans.</summary>
    /// <param name="name">The template's name, for messages.</param>
    /// <param name="template">Its text.</param>
    /// <exception cref="PursuitException">The text is no template of the subset; says the line and the construct.</exception>
    public static (JinjaBlock Body, bool HasGeneration) Parse(string name, string template)
    {
        if (template.Length > JinjaLimits.TemplateLength)
            throw PursuitException.At(name, $"a template of {template.Length:N0} characters", $"at most {JinjaLimits.TemplateLength:N0}");
        var stream = new JinjaTokenStream(name, JinjaLexer.Tokenize(name, template));
        var parser = new JinjaParser(stream);
        var body = parser.ParseBody();
        if (stream.Current.Kind != JinjaTokenKind.End) throw parser.UnknownTag();
        foreach (var (called, line) in parser._expressions.CalledNames)
        {
            if (!JinjaFunctions.IsKnown(called) && !parser._assigned.Contains(called))
                throw JinjaFaults.Unsupported(name, line, $"the function \"{called}\"");
        }

        return (body, parser.HasGeneration);
    }

    // Statements up to a tag among the ends, whose name is left as the current token; up to the template's end without ends.
    private JinjaBlock ParseBody(params string[] ends)
    {
        _stream.Enter();
        var statements = new List<JinjaStatement>();
        while (_stream.Current.Kind != JinjaTokenKind.End)
        {
            var token = _stream.Take();
            switch (token.Kind)
            {
                case JinjaTokenKind.Data:
                    statements.Add(new JinjaData(token.Line, token.Text));
                    break;
                case JinjaTokenKind.VariableBegin:
                    statements.Add(new JinjaPrint(token.Line, _expressions.ParseTuple()));
                    _stream.Expect(JinjaTokenKind.VariableEnd, "\"}}\"");
                    break;
                default:
                    if (_stream.Current.Kind == JinjaTokenKind.Name && ends.Contains(_stream.Current.Text))
                    {
                        _stream.Leave();
                        return new JinjaBlock(statements);
                    }

                    statements.Add(ParseStatement(token.Line));
                    _stream.Expect(JinjaTokenKind.BlockEnd, "\"%}\"");
                    break;
            }
        }

        if (ends.Length > 0) throw _stream.Unexpected($"\"{{% {string.Join(" %}\" or \"{% ", ends)} %}}\"");
        _stream.Leave();
        return new JinjaBlock(statements);
    }

    // The rest of an opening tag, the statements under it, and the closing tag's name; its "%}" is the caller's.
    private JinjaBlock ParseUnder(params string[] ends)
    {
        _stream.SkipOperator(":");
        _stream.Expect(JinjaTokenKind.BlockEnd, "\"%}\"");
        return ParseBody(ends);
    }

    private JinjaStatement ParseStatement(int line)
    {
        var token = _stream.Current;
        switch (token.Kind == JinjaTokenKind.Name ? token.Text : "")
        {
            case "if": return ParseIf(line);
            case "for": return ParseFor(line);
            case "set": return ParseSet(line);
            case "macro": return ParseMacro(line);
            case "with": return ParseWith(line);
            case "filter": return ParseFilter(line);
            case "generation": return ParseGeneration(line);
            case "break" or "continue":
                _stream.Take();
                if (!_inLoop) throw JinjaFaults.Syntax(_stream.Name, line, $"\"{token.Text}\" outside a loop", "it inside \"{% for %}\"");
                return new JinjaJump(line, token.Text == "break" ? JinjaFlow.Break : JinjaFlow.Continue);
            case "": throw _stream.Unexpected("a tag's name");
            default: throw UnknownTag();
        }
    }

    private PursuitException UnknownTag() =>
        _stream.Current.Text.StartsWith("end", StringComparison.Ordinal) || _stream.Current.Text is "else" or "elif"
            ? JinjaFaults.Syntax(
                _stream.Name, _stream.Current.Line, $"\"{{% {_stream.Current.Text} %}}\"", "the end of another block, or no end here")
            : _stream.Unsupported(_stream.Current.Line, $"the tag \"{_stream.Current.Text}\"");

    private JinjaIf ParseIf(int line)
    {
        var branches = new List<(JinjaExpression, JinjaBlock)>();
        JinjaBlock? otherwise = null;
        do
        {
            _stream.Take();
            var test = _expressions.ParseTuple(withConditional: false);
            branches.Add((test, ParseUnder("elif", "else", "endif")));
        }
        while (_stream.Current.IsName("elif"));

        if (_stream.SkipName("else")) otherwise = ParseUnder("endif");
        _stream.Take();
        return new JinjaIf(line, branches, otherwise);
    }

    private JinjaFor ParseFor(int line)
    {
        _stream.Take();
        var target = Assigned(_expressions.ParseTarget(endName: "in"));
        _stream.ExpectName("in");
        var items = _expressions.ParseTuple(withConditional: false, endName: "recursive");
        var test = _stream.SkipName("if") ? _expressions.Parse() : null;
        if (_stream.Current.IsName("recursive")) throw _stream.Unsupported(_stream.Current.Line, "a recursive loop");
        var outer = _inLoop;
        _inLoop = true;
        var body = ParseUnder("else", "endfor");
        _inLoop = outer;
        var otherwise = _stream.SkipName("else") ? ParseUnder("endfor") : null;
        _stream.Take();
        return new JinjaFor(line, target, items, test, body, otherwise);
    }

    private JinjaStatement ParseSet(int line)
    {
        _stream.Take();
        JinjaTarget target;
        if (_stream.Current.Kind == JinjaTokenKind.Name && _stream.Following.IsOperator("."))
        {
            var name = _stream.Take().Text;
            _stream.Take();
            target = JinjaTarget.NamespaceAttribute(name, _stream.Expect(JinjaTokenKind.Name, "a namespace's attribute").Text);
        }
        else
        {
            target = Assigned(_expressions.ParseTarget());
        }

        if (_stream.SkipOperator("=")) return new JinjaSet(line, target, _expressions.ParseTuple());
        var filters = new List<JinjaFilterCall>();
        while (_stream.SkipOperator("|")) filters.Add(_expressions.ParseFilterCall());
        return new JinjaCapture(line, target, filters, ParseCaptured("endset"));
    }

    private JinjaCapture ParseFilter(int line)
    {
        _stream.Take();
        var filters = new List<JinjaFilterCall> { _expressions.ParseFilterCall() };
        while (_stream.SkipOperator("|")) filters.Add(_expressions.ParseFilterCall());
        return new JinjaCapture(line, null, filters, ParseCaptured("endfilter"));
    }

    private JinjaMacroDefinition ParseMacro(int line)
    {
        _stream.Take();
        var name = _stream.Expect(JinjaTokenKind.Name, "a macro's name").Text;
        _assigned.Add(name);
        _stream.ExpectOperator("(");
        var parameters = new List<(string, JinjaExpression?)>();
        while (!_stream.Current.IsOperator(")"))
        {
            if (parameters.Count > 0) _stream.ExpectOperator(",");
            var parameter = _stream.Expect(JinjaTokenKind.Name, "a parameter's name").Text;
            _assigned.Add(parameter);
            var fallback = _stream.SkipOperator("=") ? _expressions.Parse() : null;
            if (fallback is null && parameters.Count > 0 && parameters[^1].Item2 is not null)
                throw JinjaFaults.Syntax(
                    _stream.Name, line, $"the parameter \"{parameter}\" without a default after one with", "a default");
            parameters.Add((parameter, fallback));
        }

        _stream.Take();
        return new JinjaMacroDefinition(line, name, parameters, ParseCaptured("endmacro"));
    }

    private JinjaWith ParseWith(int line)
    {
        _stream.Take();
        var assignments = new List<(JinjaTarget, JinjaExpression)>();
        while (_stream.Current.Kind != JinjaTokenKind.BlockEnd && !_stream.Current.IsOperator(":"))
        {
            if (assignments.Count > 0) _stream.ExpectOperator(",");
            var target = JinjaTarget.Variable(_stream.Expect(JinjaTokenKind.Name, "a name").Text);
            Assigned(target);
            _stream.ExpectOperator("=");
            assignments.Add((target, _expressions.Parse()));
        }

        var body = ParseUnder("endwith");
        _stream.Take();
        return new JinjaWith(line, assignments, body);
    }

    private JinjaGeneration ParseGeneration(int line)
    {
        _stream.Take();
        HasGeneration = true;
        return new JinjaGeneration(line, ParseCaptured("endgeneration"));
    }

    // A body of its own, which no break or continue leaves.
    private JinjaBlock ParseCaptured(string end)
    {
        var outer = _inLoop;
        _inLoop = false;
        var body = ParseUnder(end);
        _inLoop = outer;
        _stream.Take();
        return body;
    }

    private JinjaTarget Assigned(JinjaTarget target)
    {
        _assigned.UnionWith(target.Names);
        return target;
    }
}
