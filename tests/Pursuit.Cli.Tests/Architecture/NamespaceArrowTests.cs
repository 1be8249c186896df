using System.Reflection;
using Pursuit.TestKit.Architecture;

namespace Pursuit.Cli.Tests.Architecture;

/// <summary>Holds the arrows inside the assemblies: each namespace uses those below it, and none is a part of a circle.</summary>
public sealed class NamespaceArrowTests
{
    /// <summary>The library's floors from the ground up.</summary>
    private static readonly string[] Library =
    [
        "Pursuit", "Pursuit.Numerics", "Pursuit.Distribution", "Pursuit.Storage", "Pursuit.Data", "Pursuit.Jinja", "Pursuit.Tokenization",
        "Pursuit.Selection", "Pursuit.Runs", "Pursuit.Proof", "Pursuit.Jobs", "Pursuit.Reports",
    ];

    /// <summary>The engine's; a decoder holds its adapters, which are made of its parts.</summary>
    private static readonly string[] Engine =
    [
        "Pursuit.Engine.Kernels", "Pursuit.Engine.Models", "Pursuit.Engine.Training", "Pursuit.Engine.Features",
        "Pursuit.Engine.Statistics", "Pursuit.Engine.Planning", "Pursuit.Engine.Proof",
    ];

    private static readonly Dictionary<string, string> EngineTogether = new() { ["Pursuit.Engine.Adapters"] = "Pursuit.Engine.Models" };

    [Fact]
    public void The_library_s_namespaces_use_those_below_them_alone() =>
        new NamespaceArrows(ArrowsOf("Pursuit"), 2).Upward(Library).ShouldBeEmpty();

    [Fact]
    public void The_engine_s_namespaces_use_those_below_them_alone() =>
        new NamespaceArrows(ArrowsOf("Pursuit.Engine"), 3, EngineTogether).Upward(Engine).ShouldBeEmpty();

    [Fact]
    public void The_program_s_output_knows_no_command() =>
        new NamespaceArrows(ArrowsOf("Pursuit.Cli"), 3).Between("Pursuit.Cli.Output", "Pursuit.Cli.Commands").ShouldBeEmpty();

    [Fact]
    public void No_circle_ties_the_parts_of_selection()
    {
        var inside = ArrowsOf("Pursuit").Where(a => InSelection(a.From) && InSelection(a.To)).ToArray();
        inside.Length.ShouldBeGreaterThan(500);
        new NamespaceArrows(inside, 9).Circles().ShouldBeEmpty();
    }

    [Fact]
    public void One_arrow_turned_is_found()
    {
        var arrows = ArrowsOf("Pursuit");
        var turned = arrows.First(a => Arrow.NamespaceOf(a.From) == "Pursuit.Jobs" && Arrow.NamespaceOf(a.To) == "Pursuit.Runs");
        turned = new(turned.To, turned.From);
        var rooms = new NamespaceArrows(arrows.Append(turned), 2);
        rooms.Upward(Library).ShouldBe([turned]);
        rooms.Circles().ShouldHaveSingleItem().ShouldBe(["Pursuit.Jobs", "Pursuit.Runs"], ignoreOrder: true);
    }

    [Fact]
    public void A_namespace_without_a_floor_is_refused() =>
        Should.Throw<ArgumentException>(() => new NamespaceArrows(ArrowsOf("Pursuit"), 2).Upward(Library[1..])).Message
            .ShouldContain("Pursuit");

    private static IReadOnlySet<Arrow> ArrowsOf(string assembly) => AssemblyReader.ArrowsOf(Assembly.Load(assembly).Location);

    private static bool InSelection(string type) => type.StartsWith("Pursuit.Selection.", StringComparison.Ordinal);
}
