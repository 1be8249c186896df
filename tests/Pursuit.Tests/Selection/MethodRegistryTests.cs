using Pursuit.Selection;
using Pursuit.Selection.Gtp;
using Pursuit.Selection.Less;
using Pursuit.Selection.Methods;

namespace Pursuit.Tests.Selection;

public sealed class MethodRegistryTests
{
    [Fact]
    public void Every_method_can_be_made_with_its_defaults_and_lists_its_options()
    {
        foreach (var method in MethodRegistry.Methods)
        {
            MethodOptions.Create(method, []).ShouldNotBeNull();
            MethodOptions.List(method).ShouldAllBe(o => o.Description.Length > 0);
            method.Summary.ShouldNotBeEmpty();
        }

        MethodRegistry.Methods.Select(m => m.Name).ShouldBeUnique();
    }

    [Fact]
    public void Every_default_can_be_given_back_as_a_setting()
    {
        foreach (var method in MethodRegistry.Methods)
        {
            var settings = MethodOptions.List(method).Where(o => o.Default.Length > 0)
                .Select(o => $"{method.Name}.{o.Name}={o.Default}")
                .ToArray();
            MethodOptions.Create(method, settings).ShouldNotBeNull();
        }
    }

    [Fact]
    public void An_unknown_method_gets_the_nearest_name()
    {
        Should.Throw<PursuitException>(() => MethodRegistry.Find("lenght")).Message.ShouldContain("Did you mean 'length'?");
    }

    [Fact]
    public void A_method_is_made_by_name_with_its_own_options_and_no_other_s()
    {
        MethodRegistry.Create("gtp").ShouldBeOfType<GtpSelector>();
        MethodRegistry.Create("less", new LessOptions()).ShouldBeOfType<LessSelector>();
        var fault = Should.Throw<PursuitException>(() => MethodRegistry.Create("gtp", new LessOptions()));
        fault.Message.ShouldContain("LessOptions");
        fault.Message.ShouldContain("GtpOptions");
    }

    [Theory]
    [InlineData("length.kep=longest", "Did you mean 'keep'?")]
    [InlineData("length.keep=biggest", "longest, shortest")]
    [InlineData("lenght.keep=longest", "Did you mean 'length'?")]
    [InlineData("keep=longest", "METHOD.OPTION=VALUE")]
    [InlineData("length-matched-random.bins=0", "1 to 1000")]
    [InlineData("length-matched-random.bins=many", "a whole number")]
    public void A_bad_setting_is_refused_with_what_would_do(string setting, string expected)
    {
        var method = MethodRegistry.Find(
            setting.StartsWith("length-matched", StringComparison.Ordinal) ? "length-matched-random" : "length");
        Should.Throw<PursuitException>(() => MethodOptions.Create(method, [setting])).Message.ShouldContain(expected);
    }

    [Fact]
    public void Settings_of_other_methods_are_passed_over()
    {
        MethodOptions.Create(MethodRegistry.Find("random"), ["length.keep=shortest"]).ShouldNotBeNull();
    }
}
