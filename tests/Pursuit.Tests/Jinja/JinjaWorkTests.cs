using Pursuit.Jinja;

namespace Pursuit.Tests.Jinja;

public sealed class JinjaWorkTests
{
    // A unit of work is at most so many bytes made; see JinjaLimits.
    private const double MostBytesPerUnit = 4;
    private const long Overhead = 1 << 20;

    // What looks at no more than a fixed part of a value, whatever its length.
    private static readonly HashSet<string> Constant =
    [
        "count", "d", "default", "first", "last", "length", "safe", "string", "boolean", "callable", "defined",
        "divisibleby", "even", "false", "float", "integer", "iterable", "mapping", "none", "number", "odd", "sameas", "sequence", "true",
        "undefined", "lstrip", "rstrip", "strip", "trim", "copy", "abs", "namespace", "raise_exception", "-", "/", "//", "%", "**", "<",
        "<=", ">", ">=", "v[0]", "v[-1]", "[v, v]", "not v", "-v", "v if s else v",
    ];

    private static readonly string[] Operands =
    [
        "'x' * N", "'ab' * N", "'\\n' * N", "'😀' * N", "'ß' * N", "'1' * N", "' ' * N", "'\"' * N", "'\\x00' * N", "'a.' * N",
        "range(M) | list", "['y' * 100] * M", "[[1, 2.5]] * M", "[{'a': 'x'}] * M", "{'a': 'x' * N}", "keyed", "range(M)", "'x' * N ~ 'y'",
    ];

    private static readonly string[] Arguments =
        [
            "", "('a')", "(s)", "(v)", "(s, s)", "(attribute='a')", "(attribute=s)", "(s, 'equalto', s)", "('upper')", "('equalto', v)",
            "(indent=9)", "(separators=(s, s))", "((s, s))",
        ];

    /// <summary>Every filter, test, method, function and operator, as an expression over v, w (equal to v) and s.</summary>
    private static IEnumerable<(string Name, string Expression)> Constructs()
    {
        foreach (var name in JinjaFilters.Names)
        {
            foreach (var arguments in Arguments) yield return (name, $"v | {name}{arguments}");
        }

        foreach (var name in JinjaTestCall.NamesAlone) yield return (name, $"v is {name}");
        foreach (var name in JinjaTestCall.NamesWithArgument)
        {
            foreach (var argument in (string[])["s", "w", "2"]) yield return (name, $"v is {name}({argument})");
        }

        var (ofText, ofDict, ofList) = JinjaMethods.Names;
        foreach (var name in ofText.Concat(ofDict).Concat(ofList).Distinct())
        {
            foreach (var arguments in Arguments) yield return (name, $"v.{name}{(arguments.Length == 0 ? "()" : arguments)}");
        }

        foreach (var name in JinjaFunctions.Names)
        {
            foreach (var argument in (string[])["v", "{s: v}", "v | length"]) yield return (name, $"{name}({argument})");
        }

        foreach (var name in PythonArithmetic.Operators.Keys.Concat(PythonComparison.Operators.Keys).Append("~"))
        {
            foreach (var argument in (string[])["s", "w", "3"]) yield return (name, $"v {name} {argument}");
        }

        foreach (var access in (string[])["v[0]", "v[-1]", "v[::-1]", "v[1:]", "v[s]", "[v, v]", "{s: v}", "not v", "-v", "v if s else v"])
            yield return (access, access);
    }

    private static (JinjaContext Context, long Allocated, PursuitException? Fault) Run(string template, int keys = 0)
    {
        JinjaTemplate parsed;
        try
        {
            parsed = JinjaTemplate.Parse("test", template, DateTimeOffset.UnixEpoch);
        }
        catch (PursuitException e)
        {
            return (JinjaTemplate.Parse("test", "", DateTimeOffset.UnixEpoch).Start([]), 0, e);
        }

        var context = parsed.Start([new("keyed", Keyed(keys))]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        PursuitException? fault = null;
        try
        {
            parsed.Run(context);
        }
        catch (PursuitException e)
        {
            fault = e;
        }

        return (context, GC.GetAllocatedBytesForCurrentThread() - before, fault);
    }

    private static JinjaDict Keyed(int count)
    {
        var dict = new JinjaDict();
        for (var i = 0; i < count; i++) dict.Set(JinjaText.Of($"{i * 7919 % count}"), "value");
        return dict;
    }

    private static string Template(string operand, string expression, int size)
    {
        var value = operand.Replace("N", $"{size}", StringComparison.Ordinal).Replace("M", $"{size / 10}", StringComparison.Ordinal);
        return $"{{% set v = {value} %}}{{% set w = {value} %}}{{% set s = 'x' * {size / 2} ~ 'y' %}}{{% set r = {expression} %}}";
    }

    [Fact]
    public void Whatever_a_construct_makes_is_charged_before_memory_runs_out()
    {
        foreach (var (_, expression) in Constructs())
        {
            foreach (var operand in Operands)
            {
                var (context, allocated, fault) = Run(Template(operand, expression, 8_000), 800);
                ((double)allocated)
                    .ShouldBeLessThan((MostBytesPerUnit * context.Work) + Overhead, $"{operand}: {expression} ({fault?.Message})");
            }
        }
    }

    [Fact]
    public void A_construct_costs_twice_as_much_for_an_operand_twice_as_long_or_is_known_to_look_at_a_part_of_it()
    {
        var alone = new Dictionary<(string, int), long>();
        foreach (var construct in Constructs().GroupBy(construct => construct.Name).Where(group => !Constant.Contains(group.Key)))
        {
            // Each construct has an operand that it reads whole: of that one it must be charged for every character or element.
            var best = 0.0;
            foreach (var (_, expression) in construct)
            {
                foreach (var operand in Operands.TakeWhile(_ => best < 0.5))
                {
                    var (one, two) = (Cost(operand, expression, 2_000), Cost(operand, expression, 4_000));
                    if (one is not null && two is not null) best = Math.Max(best, (two.Value - one.Value) / 2_000.0);
                }
            }

            best.ShouldBeGreaterThanOrEqualTo(0.5, construct.Key);
        }

        // What the construct adds to the work of making its operands; null where it is refused.
        long? Cost(string operand, string expression, int size)
        {
            var (whole, _, fault) = Run(Template(operand, expression, size), size / 10);
            if (fault is not null) return null;
            if (!alone.TryGetValue((operand, size), out var operands))
                alone.Add((operand, size), operands = Run(Template(operand, "1", size), size / 10).Context.Work);
            return whole.Work - operands;
        }
    }

    [Theory]
    [InlineData("{% set a = ('x'*1000)*50000 %}{% set b = ('x'*1000)*50000 %}{{ ([a]*1000000).count(b) }}")]
    [InlineData("{% set a = 'x'*100000 %}{% set b = 'x'*99999 ~ 'x' %}{{ ([a]*10000).count(b) }}")]
    [InlineData("{% set a = 'x'*100000 %}{% for i in range(100000) %}{{ a in a ~ 'y' }}{% endfor %}")]
    [InlineData("{% set a = 'x'*100000 %}{{ range(100000)|list|tojson(separators=(a, a)) }}")]
    [InlineData("{% set a = '1'*100000 %}{% for i in range(100000) %}{{ a|int }}{% endfor %}")]
    [InlineData("{% set a = '1'*100000 %}{% for i in range(100000) %}{{ a|float }}{% endfor %}")]
    [InlineData("{{ ('x'*1000)*130000 }}")]
    [InlineData("{% set a = 'x'*100000 %}{{ range(100000)|selectattr(a)|list|length }}")]
    [InlineData("{% set a = 'x'*100000 %}{% for i in range(100000) %}{% set r = {}[a] %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s='x') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}")]
    [InlineData("{% for i in range(100000) %}{% for j in range(100000) if false %}{% endfor %}{% endfor %}")]
    [InlineData("{% macro m() %}{% endmacro %}{% for i in range(100000) %}{% for j in range(100) %}{{ m() }}{% endfor %}{% endfor %}")]
    [InlineData("{% set a = 'Aa'*50000 %}{% for i in range(100000) %}{{ a is upper }}{{ a.startswith(a) }}{% endfor %}")]
    [InlineData("{% for i in range(100000) %}{{ [1.5]*1000 }}{% endfor %}")]
    [InlineData("{{ (['a']*100000) | map('replace', 'a', 'b'*10000) | list }}")]
    public void A_template_that_does_too_much_is_stopped_at_its_limit(string template)
    {
        var (context, allocated, fault) = Run(template);
        fault!.InnerException.ShouldBeOfType<JinjaLimitException>(template);
        fault.Message.Length.ShouldBeLessThan(500);
        ((double)allocated).ShouldBeLessThan((MostBytesPerUnit * Math.Min(context.Work, 2 * JinjaLimits.Work)) + Overhead);
    }

    [Fact]
    public void A_message_quotes_a_line_of_a_templates_words_at_most()
    {
        foreach (var template in (string[])
        [
            "{{ raise_exception('x' * 100000) }}", "{{ {}['x' * 100000].y }}", "{{ " + new string('1', 100_000) + " }}",
            "{{ 1 | select('" + new string('a', 100_000) + "') }}", "{{ 1 | " + string.Join('.', Enumerable.Repeat("a", 50_000)) + " }}",
            "{{ " + new string('a', 100_000) + " }}", "{{ raise_exception('one\ntwo') }}", "{{ [][0]['x' * 100000] }}",
        ])
        {
            var message = Run(template).Fault!.Message;
            message.Length.ShouldBeLessThan(600);
            message.ShouldNotContain('\n');
        }
    }

    [Fact]
    public void Parsing_allocates_in_proportion_to_the_template()
    {
        foreach (var repeated in (Func<int, string>[])
        [
            count => "{{ " + string.Concat(Enumerable.Repeat("'a' ", count)) + "}}",
            count => "{{ 1 | " + string.Join('.', Enumerable.Repeat("a", count)) + " }}",
            count => "{{ [" + string.Concat(Enumerable.Repeat("1,", count)) + "] }}",
            count => string.Concat(Enumerable.Repeat("{{ 1 }}", count)),
            count => "{% if x %}" + string.Concat(Enumerable.Repeat("{% elif x %}", count)) + "{% endif %}",
        ])
        {
            Run(repeated(10));
            var (one, two) = (Parsing(repeated(5_000)), Parsing(repeated(10_000)));
            ((double)two).ShouldBeLessThan((2.5 * one) + Overhead, repeated(2));
        }

        static long Parsing(string template)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                JinjaTemplate.Parse("test", template, DateTimeOffset.UnixEpoch);
            }
            catch (PursuitException)
            {
                // A name that long is no filter; it was read all the same.
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Fact]
    public void A_long_record_may_cost_more_than_a_short_one()
    {
        var template = JinjaTemplate.Parse(
            "test", "{% for i in range(5) %}{{ text | upper | length }}{% endfor %}{{ text }}", DateTimeOffset.UnixEpoch);
        var text = new string('a', 4 << 20);
        var context = template.Start([new("text", JinjaText.Of(text))]);
        template.Run(context);
        context.Work.ShouldBeGreaterThan(JinjaLimits.Work);

        // The same from a record of no length is past the limit.
        Run($"{{% set text = 'a' * {text.Length} %}}{{% for i in range(20) %}}{{{{ text | upper | length }}}}{{% endfor %}}")
            .Fault!.InnerException.ShouldBeOfType<JinjaLimitException>();
    }
}
