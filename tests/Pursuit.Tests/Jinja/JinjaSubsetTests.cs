using Pursuit.Data;
using Pursuit.Jinja;
using Pursuit.TestKit;
using Pursuit.Tokenization;
using Pursuit.Tokenization.ChatTemplates;

namespace Pursuit.Tests.Jinja;

public sealed class JinjaSubsetTests
{
    private static readonly TokenizerConfig Config = new() { EosToken = "</s>" };

    private static string Render(string template) =>
        ChatTemplate.Parse(template, Config).Render([new Turn(Turn.User, "Hi 😀 there")]).Text;

    private static string Refusal(string template) => Should.Throw<PursuitException>(() => Render(template)).Message;

    [Theory]
    [InlineData("{% include 'x' %}", "the tag \"include\"")]
    [InlineData("{% do x %}", "the tag \"do\"")]
    [InlineData("{% call m() %}{% endcall %}", "the tag \"call\"")]
    [InlineData("{% block b %}{% endblock %}", "the tag \"block\"")]
    [InlineData("{{ x | tojson(color=1) }}", "the filter \"tojson\" with the argument \"color\"")]
    [InlineData("{{ x is escaped }}", "the test \"escaped\"")]
    [InlineData("{{ x | select('odder') }}", "the test \"odder\"")]
    [InlineData("{{ lipsum() }}", "the function \"lipsum\"")]
    [InlineData("{{ x.shout(1) }}", "the method \"shout\"")]
    [InlineData("{{ f(**x) }}", "unpacked arguments, \"**\" in a call")]
    [InlineData("{{ x | replace(*y) }}", "unpacked arguments, \"*\"")]
    [InlineData("{% for x in y recursive %}{% endfor %}", "a recursive loop")]
    [InlineData("{% for x in y %}{{ loop(x) }}{% endfor %}", "a recursive loop")]
    [InlineData("{{ self.x }}", "the special variable \"self\"")]
    [InlineData("{{ 99999999999999999999 }}", "the whole number 99999999999999999999, past 64 bits")]
    [InlineData("{{ '\\N{DASH}' }}", "a character written by its name")]
    public void What_is_not_supported_is_refused_by_name_and_line_before_anything_is_rendered(string template, string construct)
    {
        var message =
            Should.Throw<PursuitException>(() => ChatTemplate.Parse("\n\n{% if false %}" + template + "{% endif %}", Config)).Message;
        message.ShouldContain(construct);
        message.ShouldContain("line 3:");
    }

    [Theory]
    [InlineData("{% if x %}")]
    [InlineData("{% endif %}")]
    [InlineData("{{ x")]
    [InlineData("{{ }}")]
    [InlineData("{% for x y %}{% endfor %}")]
    [InlineData("{% set 1 = 2 %}")]
    [InlineData("{{ 'x }}")]
    [InlineData("{{ (1 }}")]
    [InlineData("{# x")]
    [InlineData("{% raw %}")]
    [InlineData("{% break %}")]
    [InlineData("{% for x in y %}{% macro m() %}{% break %}{% endmacro %}{% endfor %}")]
    [InlineData("{{ x is defined is none }}")]
    [InlineData("{{ ? }}")]
    public void A_text_that_is_no_template_is_refused_with_its_line(string template) =>
        Should.Throw<PursuitException>(() => ChatTemplate.Parse("a\n" + template, Config)).Message.ShouldContain("line 2:");

    [Theory]
    [InlineData("{% for x in range(100000) %}{% for y in range(100000) %}{% endfor %}{% endfor %}")]
    [InlineData("{% set ns = namespace(x='ab') %}{% for i in range(90) %}{% set ns.x = ns.x + ns.x %}{% endfor %}")]
    [InlineData("{% set ns = namespace(x=[1]) %}{% for i in range(90) %}{% set ns.x = ns.x + ns.x %}{% endfor %}")]
    [InlineData("{% set ns = namespace(x=[1]) %}{% for i in range(99999) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}")]
    [InlineData("{% set ns = namespace(x=[1]) %}{% for i in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x == "
        + "ns.x }}{{ ns.x | tojson }}")]
    [InlineData("{% macro m(x) %}{{ m(x) }}{{ m(x) }}{% endmacro %}{{ m(1) }}")]
    [InlineData("{{ 'x' * 9999999999 }}")]
    [InlineData("{{ ('a' * 9999999) in ('a' * 9999999 ~ 'b') }}")]
    [InlineData("{{ ('a' * 4999999 ~ 'b') in ('a' * 9999999) }}")]
    [InlineData("{{ [[]] * 9999999999 }}")]
    [InlineData("{{ range(99999999) }}")]
    [InlineData("{{ 9223372036854775807 + 1 }}")]
    [InlineData("{{ 2 ** 64 }}")]
    [InlineData("{{ 1 // 0 }}{{ 1 % 0 }}")]
    [InlineData("{{ undefined.attribute }}")]
    [InlineData("{{ messages.append(1) }}")]
    public void A_hostile_template_ends_in_a_message(string template) => Refusal(template).ShouldNotBeEmpty();

    [Fact]
    public void Nesting_is_bounded_however_it_is_written()
    {
        foreach (var (open, close) in new[]
        {
            ("{{ " + new string('(', 5000), new string(')', 5000) + " }}"),
            ("{{ " + string.Concat(Enumerable.Repeat("not ", 5000)) + "x", " }}"),
            ("{{ " + new string('-', 5000) + "x", " }}"),
            ("{{ x" + string.Concat(Enumerable.Repeat("+1", 5000)), " }}"),
            ("{{ x" + string.Concat(Enumerable.Repeat("|trim", 5000)), " }}"),
            ("{{ x" + string.Concat(Enumerable.Repeat(".a", 5000)), " }}"),
            ("{{ x" + string.Concat(Enumerable.Repeat("[0", 5000)), new string(']', 5000) + " }}"),
            ("{{ x" + string.Concat(Enumerable.Repeat(" if x else y", 5000)), " }}"),
            (string.Concat(Enumerable.Repeat("{% if x %}", 5000)), string.Concat(Enumerable.Repeat("{% endif %}", 5000))),
        })
            Refusal(open + close).ShouldContain("nesting", Case.Insensitive, customMessage: open[..20]);
    }

    [Theory]
    [InlineData("{{ messages[0].content | length }}", "10")]
    [InlineData("{{ messages[0].content[::-1] }}", "ereht 😀 iH")]
    [InlineData("{{ messages[0].content[3] }}", "😀")]
    [InlineData("{{ messages[0].content.find('t') }}", "5")]
    [InlineData("{{ messages[0].content | list | length }}", "10")]
    public void Strings_are_counted_in_code_points_as_python_counts(string template, string expected) =>
        Render(template).ShouldBe(expected);

    [Theory]
    [InlineData("{% macro m(a, b='-') %}{{ a ~ b }}{% endmacro %}{{ m(*['x', 'y']) }}{{ m('z', *[]) }}", "xyz-")]
    [InlineData("{% set d = {512: 'a', 0: 'b', '0': 'c'} %}{{ d[0] }}{{ d['0'] }}{{ d.get(512) }}{{ 0 in d }}{{ 1 in d }}", "bcaTrueFalse")]
    [InlineData("{% for k, v in {16: 'a', 2: 'b'} | dictsort %}{{ k + 1 }}{{ v }}{% endfor %}", "3b17a")]
    [InlineData("{{ '<a>'|safe + '<b>' }}{{ '\"' + ('&'|safe) }}{{ '<a>'|safe ~ '<b>' }}", "<a>&lt;b&gt;&#34;&<a><b>")]
    [InlineData("{% set d = {2: 'a'} %}{{ d }}{{ d | tojson }}{{ d.keys() | list }}{{ d == {2: 'a'} }}", "{2: 'a'}{\"2\": \"a\"}[2]True")]
    public void Unpacked_arguments_numbers_as_keys_and_safe_texts_are_pythons(string template, string expected) =>
        Render(template).ShouldBe(expected);

    [Theory]
    [InlineData("{{ 'x' | escape }}", "the filter \"escape\"")]
    [InlineData("{{ ['x'] | map('wordwrap') | list }}", "the filter \"wordwrap\"")]
    [InlineData("{{ [].append(1) }}", "the method \"append\"")]
    [InlineData("{{ 'x'.format(1) }}", "the method \"format\"")]
    public void A_filter_or_method_outside_the_subset_is_refused_where_it_is_reached(string template, string expected)
    {
        Refusal(template).ShouldContain(expected);
        Render("{% if false %}" + template + "{% endif %}seen").ShouldBe("seen");
    }

    [Fact]
    public void What_strftime_now_tells_does_not_change_from_day_to_day() =>
        Render("{{ strftime_now('%d %b %Y') }}").ShouldBe("26 Jul 2024");

    [Fact]
    public void A_refused_conversation_says_what_the_template_said() =>
        Refusal("\n{{ raise_exception('No ' ~ messages[0].role) }}")
            .ShouldContain("line 2: the template refuses this conversation: No user");

    [Fact]
    public void The_page_lists_every_filter_and_what_it_lists_is_supported()
    {
        var page = File.ReadAllLines(Path.Combine(RepositoryFiles.Root, "docs", "formats", "chat-templates.md"));
        Listed("| filters |").Except(["ensure_ascii", "indent", "separators", "sort_keys"]).Append("indent").Order(StringComparer.Ordinal)
            .ShouldBe(JinjaFilters.Names);
        foreach (var test in Listed("| tests |"))
            ChatTemplate.Parse("{{ messages | select('" + test + "'" + (TakesArgument(test) ? ", 1" : "") + ") }}", Config);
        foreach (var method in Listed("| methods of strings |").Concat(Listed("| methods of dicts, lists |")))
            JinjaMethods.Names.OfText.Concat(JinjaMethods.Names.OfDict).Concat(JinjaMethods.Names.OfList).ShouldContain(method);
        foreach (var function in Listed("| functions |").Where(name => !name.StartsWith('%')))
            JinjaFunctions.IsKnown(function).ShouldBeTrue(function);

        IEnumerable<string> Listed(string row) =>
            page.Single(line => line.StartsWith(row, StringComparison.Ordinal)).Split('`').Where((_, i) => i % 2 == 1);

        static bool TakesArgument(string test) => test is "divisibleby" or "eq" or "equalto" or "ge" or "greaterthan" or "gt" or "in"
            or "le" or "lessthan" or "lt" or "ne" or "sameas";
    }
}
