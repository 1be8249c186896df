using System.Text.Json;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Methods;
using Pursuit.Selection.Pursuits;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.Pursuits;

/// <summary>Little memory costs reading and changes no bit; too little is refused beforehand, with the numbers.</summary>
public sealed class PursuitMemoryTests
{
    [Theory]
    [InlineData("gtp")]
    [InlineData("gtp", "gtp.schedule=paper", "gtp.fill=peel", "gtp.batch=0", "gtp.noise-floor=off")]
    [InlineData("gtp", "gtp.centre=true", "gtp.batch=0", "gtp.noise-floor=off", "gtp.swap-share=1")]
    [InlineData("omp")]
    public void Rows_that_are_read_again_give_the_bits_of_rows_that_are_kept(
        string method, params string[] settings)
    {
        var problem = Gradients.Realistic(1500, 24, "400"); // more than a block of rows
        settings = [.. settings, $"{method}.screen=never"]; // which is planned for as well
        var plenty = new PursuitMemory(null);
        var kept = Choose(problem, method, settings, plenty);
        (plenty.KeepsRows, plenty.BytesReread).ShouldBe((true, 0));
        Choose(problem, method, settings).ShouldBe(kept, "a plan changes nothing");

        var little = new PursuitMemory(plenty.Planned - 1);
        Choose(problem, method, settings, little).ShouldBe(kept);
        little.KeepsRows.ShouldBeFalse();
        little.BytesReread.ShouldBeGreaterThan(0);
        little.Planned.ShouldBeLessThan(plenty.Planned);

        var none = Should.Throw<PursuitException>(() => Choose(problem, method, settings, new PursuitMemory(little.Planned - 1)));
        none.Message.ShouldContain($"Memory: {little.Planned - 1 >> 20:N0} MiB for {method}; expected at least");
        none.Message.ShouldContain("the Gram matrix of up to");
        none.Message.ShouldContain("lower the budget");
    }

    [Fact]
    public void Of_several_processes_rows_are_kept_in_what_is_left()
    {
        var plan = new PursuitMemory(null);
        Size.PlanIn(plan, "gtp");
        plan.Cache.ShouldBe(1L << 30);
        var exact = new PursuitMemory(plan.Planned + 1000);
        Size.PlanIn(exact, "gtp");
        (exact.KeepsRows, exact.Cache).ShouldBe((true, 1000));
    }

    [Theory]
    [InlineData("2GiB", 2L << 30)]
    [InlineData("1.5 GB", 1_500_000_000)]
    [InlineData("800mib", 800L << 20)]
    [InlineData("4096", 4096)]
    public void Amounts_are_read_as_people_write_them(string text, long bytes) => ByteSize.Parse("--memory", text).ShouldBe(bytes);

    [Theory]
    [InlineData("")]
    [InlineData("lots")]
    [InlineData("-1GiB")]
    [InlineData("0")]
    [InlineData("99999999999TiB")]
    [InlineData("99999999999999999999992GiB")]
    [InlineData("79228162514264337593543950335TiB")]
    public void What_is_no_amount_is_refused(string text) =>
        Should.Throw<PursuitException>(() => ByteSize.Parse("--memory", text)).Message.ShouldBe(
            $"--memory: '{text}'; expected a number with a unit: 800MiB, 2GiB, 1.5GB.");

    [Fact]
    public void What_no_array_can_hold_is_no_screen()
    {
        Size.Screen().ShouldBeGreaterThan(1000 * 96);
        (Size with { Dimension = 2_000_000 }).Screen().ShouldBe(0, "a shard's bytes");
        (Size with { Dimension = 200_000, Groups = 1000 }).Screen().ShouldBe(0, "residuals of all passes");
    }

    private static PursuitSize Size =>
        new() { Rows = 1000, Checkpoints = 2, Dimension = 96, Chosen = 500, Groups = 3, Threads = 2, Passes = 25 };

    private static string Choose(SelectionProblem problem, string method, string[] settings, PursuitMemory? memory = null)
    {
        var chosen = MethodOptions.Create(MethodRegistry.Find(method), settings).Select(
            problem, new SelectionContext { Threads = 3, Memory = memory });
        return JsonSerializer.Serialize(chosen, RunJson.Compact) + JsonSerializer.Serialize(
            chosen.Details, chosen.Details!.GetType(), RunJson.Compact);
    }
}
