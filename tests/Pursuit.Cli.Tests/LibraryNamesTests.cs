using System.Reflection;

namespace Pursuit.Cli.Tests;

/// <summary>The library's faults name its own options; the command line gives them the names a person types.</summary>
public sealed class LibraryNamesTests
{
    public static TheoryData<string> Names =>
        [.. typeof(ApiName).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(f => ApiName.Plain((string)f.GetRawConstantValue()!))];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_name_is_an_option_or_a_command(string name)
    {
        var commands = CommandLine.Root().Subcommands;
        var known = commands.SelectMany(c => c.Options).Select(o => o.Name).Concat(commands.Select(c => $"'pursuit {c.Name}'"));
        known.ShouldContain(LibraryNames.OnTheCommandLine(name));
    }

    [Fact]
    public void A_fault_reads_in_both_words()
    {
        var fault = PursuitException.At(ApiName.MaxLength, "4 tokens", "at least 8", $"Look at them with {ApiName.DatasetAudit}.");
        fault.Message.ShouldBe("MaxLength: 4 tokens; expected at least 8. Look at them with DatasetAudit.");
        fault.Describe(LibraryNames.OnTheCommandLine)
            .ShouldBe("--max-length: 4 tokens; expected at least 8. Look at them with 'pursuit inspect'.");
        fault.Faults.ShouldHaveSingleItem().Kind.ShouldBe(FaultKind.Option);
        fault.Faults[0].Subject.ShouldBe("MaxLength");
    }
}
