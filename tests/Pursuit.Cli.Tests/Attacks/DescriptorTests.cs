using System.Diagnostics;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Attacks;

/// <summary>A process that may open few files at once does any number of them, or says what would let it.</summary>
public sealed class DescriptorTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public DescriptorTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such bound.");

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("random")]
    [InlineData("dsir")]
    public void More_files_than_a_process_may_open_are_read_chosen_from_and_reported(string method)
    {
        var outcome = Select(256, 400, method);
        outcome.ExitCode.ShouldBe(0, outcome.Error);
        File.ReadLines(_directory.PathOf("out.jsonl")).Count().ShouldBe(200);
        File.Exists(_directory.PathOf("out.run/report.html")).ShouldBeTrue();
    }

    [Theory]
    [InlineData(64)]
    [InlineData(100)]
    [InlineData(255)]
    public void With_too_few_for_the_program_itself_it_does_not_begin_and_says_how_many_are_enough(int descriptors)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the bound can be told on Linux alone");
        var outcome = Select(descriptors, 40, "random");
        outcome.ExitCode.ShouldBe(2, outcome.Error);
        outcome.Error.ShouldBe($"pursuit: this process may open {descriptors} files at once; expected at least 256, which are enough "
            + "for any number of input files. Run 'ulimit -n 256' first.\n");
        Directory.Exists(_directory.PathOf("out.run")).ShouldBeFalse();
    }

    private Cli.Outcome Select(int descriptors, int files, string method)
    {
        for (var i = 0; i < files; i++) _directory.Write($"pool/{i:0000}.jsonl", $"{{\"text\": \"number {i} of {files}\"}}\n");
        _directory.Write("target.jsonl", "{\"text\": \"number 7 of all\"}\n");
        var start = new ProcessStartInfo("sh")
        {
            WorkingDirectory = _directory.FullPath,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var word in (string[])[
            "-c", $"ulimit -n {descriptors}; exec \"$@\"", "sh", "dotnet", Path.Combine(AppContext.BaseDirectory, "Pursuit.Cli.dll"),
            "select", "--pool", "pool", "--target", "target.jsonl", "--method", method, "--budget", "50%", "--out", "out.jsonl",
        ])
            start.ArgumentList.Add(word);
        return Cli.Finish(Process.Start(start)!);
    }
}
