using System.Reflection;
using System.Text.RegularExpressions;
using Pursuit.TestKit.Architecture;

namespace Pursuit.Cli.Tests.Architecture;

/// <summary>Libraries speak of their own options and jobs: no text of theirs names an option or a command of the command line.</summary>
public sealed partial class LibraryWordTests
{
    /// <summary>Options of other programs that a library's advice may name.</summary>
    private static readonly string[] Foreign =
    [
        " --revision ", "mpirun --bind-to none", "srun --mpi=pmix", "'mpirun --bind-to none'", " --config\": the file",
    ];

    [Theory]
    [InlineData("Pursuit")]
    [InlineData("Pursuit.Engine")]
    [InlineData("Pursuit.Formats")]
    [InlineData("Pursuit.Encoders")]
    [InlineData("Pursuit.Mpi")]
    [InlineData("Pursuit.Cuda")]
    public void No_text_of_a_library_names_an_option_or_a_command(string assembly)
    {
        var texts = AssemblyReader.TextsOf(Assembly.Load(assembly).Location);
        texts.Count.ShouldBeGreaterThan(10);
        texts.Where(t => !Foreign.Any(f => t.Text.Contains(f, StringComparison.Ordinal)) && Named().IsMatch(t.Text)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Give --model.", true)]
    [InlineData("Look at them with 'pursuit inspect'.", true)]
    [InlineData("The pursuit takes rows - and more - by gain.", false)]
    public void A_name_is_found(string text, bool named) => Named().IsMatch(text).ShouldBe(named);

    [GeneratedRegex("(^|[^-\\w])--[a-z]|'pursuit [a-z]")]
    private static partial Regex Named();
}
