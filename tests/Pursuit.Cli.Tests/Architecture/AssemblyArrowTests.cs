using System.Reflection;

namespace Pursuit.Cli.Tests.Architecture;

/// <summary>
/// Holds the arrows of the design: Cli sees all, Encoders and Cuda see Engine and Pursuit, Engine, Formats and Mpi see Pursuit alone,
/// Pursuit sees none.
/// </summary>
public sealed class AssemblyArrowTests
{
    [Theory]
    [InlineData("Pursuit", new string[0])]
    [InlineData("Pursuit.Engine", new[] { "Pursuit" })]
    [InlineData("Pursuit.Formats", new[] { "Pursuit" })]
    [InlineData("Pursuit.Mpi", new[] { "Pursuit" })]
    [InlineData("Pursuit.Encoders", new[] { "Pursuit", "Pursuit.Engine" })]
    [InlineData("Pursuit.Cuda", new[] { "Pursuit", "Pursuit.Engine" })]
    [InlineData("Pursuit.Cli", new[] { "Pursuit", "Pursuit.Engine", "Pursuit.Encoders", "Pursuit.Formats", "Pursuit.Mpi", "Pursuit.Cuda" })]
    public void A_project_references_only_what_its_arrows_allow(string assembly, string[] allowed)
    {
        ProjectReferences(assembly).ShouldBeSubsetOf(allowed);
    }

    [Fact]
    public void The_library_needs_no_package_beyond_the_framework_and_tensors()
    {
        var foreign = Assembly.Load("Pursuit").GetReferencedAssemblies()
            .Select(a => a.Name!)
            .Where(n => !n.StartsWith("System.", StringComparison.Ordinal) && n is not "Microsoft.Win32.Primitives");
        foreign.ShouldBeEmpty();
    }

    private static IEnumerable<string> ProjectReferences(string assembly) =>
        Assembly.Load(assembly).GetReferencedAssemblies()
            .Select(a => a.Name!)
            .Where(n => n.StartsWith("Pursuit", StringComparison.Ordinal));
}
