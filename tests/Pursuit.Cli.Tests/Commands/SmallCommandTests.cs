using System.Text.Json;
using Pursuit.Cli.Commands;
using Pursuit.Cuda;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Commands;

public sealed class SmallCommandTests
{
    [Fact]
    public void Help_is_asked_for_by_name_and_ends_well()
    {
        var run = Cli.Run("--help");
        run.ExitCode.ShouldBe(0);
        run.Output.ShouldContain("Usage: pursuit <COMMAND>");
        run.Output.ShouldContain("select");
    }

    [Theory]
    [InlineData("slect", "Did you mean 'select'?")]
    [InlineData("--hepl", "--help")]
    public void A_mistyped_word_gets_the_nearest_one_and_exit_code_2(string word, string expected)
    {
        var run = Cli.Run(word);
        run.ExitCode.ShouldBe(2);
        run.Error.ShouldContain(expected);
    }

    [Fact]
    public void Doctor_says_what_the_machine_has()
    {
        var run = Cli.Run("doctor", "--json");
        run.ExitCode.ShouldBe(0);
        var names = run.Json.EnumerateArray().Select(f => f.GetProperty("name").GetString()!).ToArray();
        names[..8].ShouldBe(["pursuit", "runtime", "cores", "vectors", "memory", "disk here", "unicode", "MPI"]);
        names[8].ShouldStartWith("GPU"); // one, or a row for each
        run.Json.EnumerateArray().Single(f => f.GetProperty("name").GetString() == "cores").GetProperty("value").GetString().ShouldBe(
            Environment.ProcessorCount.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public void What_a_record_holds_cannot_move_the_cursor_of_whoever_inspects_it()
    {
        using var directory = new TemporaryDirectory();
        directory.Write("odd.jsonl", JsonSerializer.Serialize(new
        {
            id = "a\u001b[2Jb",
            prompt = "red \u001b[31m, back \r, bell "
            + "\u0007, C1 \u009b2J, turned \u202e round",
            completion = "title \u001b]0;x\u0007\nnext line"
        }) + "\n");
        var run = Cli.RunIn(directory.FullPath, "inspect", "odd.jsonl");
        run.ExitCode.ShouldBe(0, run.Error);
        run.Output.Where(c => char.IsControl(c) && c is not ('\n' or '\t') || c == '\u202e').ShouldBeEmpty();
        foreach (var part in new[] { "a\u241b[2Jb", "red \u241b[31m", "back \u240d", "[U+009B]2J", "[U+202E]", "\nnext line" })
            run.Output.ShouldContain(part);
    }

    [Fact]
    public void Methods_lists_each_with_what_it_needs_and_one_with_its_options()
    {
        var all = Cli.Run("methods", "--json").Json.EnumerateArray().ToArray();
        all.Select(m => m.GetProperty("name").GetString()).ShouldContain("random");
        var length = Cli.Run("methods", "length", "--json").Json.EnumerateArray().Single();
        length.GetProperty("options").EnumerateArray().Select(o => o.GetProperty("name").GetString()).ShouldBe(["keep", "of"]);
        Cli.Run("methods", "lenght").ExitCode.ShouldBe(2);
    }

    [Fact]
    public void Models_lists_every_family()
    {
        var all = Cli.Run("models", "--json").Json.EnumerateArray().Select(m => m.GetProperty("model_type").GetString()).ToArray();
        all.ShouldContain("llama");
        all.ShouldContain("gpt_neox");
        var text = Cli.Run("models").Output;
        foreach (var name in all) text.ShouldContain(name!);
    }

    [Theory]
    [InlineData("generate", "--prompt", "a")]
    [InlineData("features", "--pool", "pool.jsonl")]
    [InlineData("score", "--pool", "pool.jsonl")]
    public void A_device_this_machine_has_not_is_refused_by_its_name(string command, string option, string value)
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory.PathOf("pool.jsonl"), """{"text": "one two three"}""" + "\n");
        var outcome = Cli.RunIn(directory.FullPath, command, option, value, "--device", "abacus");
        outcome.ExitCode.ShouldBe(2);
        outcome.Error.ShouldContain("--device: 'abacus'");
        outcome.Error.ShouldContain("cpu");
    }

    [Fact]
    public void A_card_this_machine_has_not_is_refused_with_what_was_looked_for_and_auto_takes_what_there_is()
    {
        using var directory = new TemporaryDirectory();
        var refused = Cli.RunIn(directory.FullPath, "generate", "--prompt", "a", "--max-tokens", "1", "--device", "cuda:999");
        refused.ExitCode.ShouldBe(2);
        refused.Error.ShouldContain("cuda:999: ");
        refused.Error.ShouldContain("expected a");
        var any = Cli.RunIn(directory.FullPath, "generate", "--prompt", "a", "--max-tokens", "1", "--device", "auto");
        any.ExitCode.ShouldBe(0, any.Error);
    }

    [Fact]
    public void Doctor_says_of_every_card_whether_it_is_used_or_why_not()
    {
        var report = new CudaReport(null, [new("Old", 8L << 30, 75, "12.4"), new("New", 141L << 30, 90, "12.4")]);
        DoctorCommand.Of(report, 0).Advice.ShouldBe("Not used: compute capability 7.5; 8.0 or later is needed (Ampere and later).");
        DoctorCommand.Of(report, 1).Advice.ShouldBe("Used with --device cuda:1 (a preview).");
        DoctorCommand.Of(report, 1).Value.ShouldBe("New, 141.0 GiB, compute capability 9.0, driver for CUDA 12.4");
        DoctorCommand.Of(report with { LibraryFault = "none" }, 1).Advice.ShouldBe("Not used: cuBLAS was not found.");
    }
}
