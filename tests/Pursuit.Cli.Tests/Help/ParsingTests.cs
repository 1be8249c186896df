using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Help;

/// <summary>A word is what it says: no character in it makes Pursuit read a file for more words.</summary>
public sealed class ParsingTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<string> Commands => [.. CommandLine.Root().Subcommands.Select(c => c.Name)];

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Commands))]
    public void A_word_with_an_at_sign_is_that_word_in_every_option_of_every_command(string name)
    {
        var word = "@" + _directory.Write("more", "--out\nvictim.jsonl\n");
        var root = CommandLine.Root();
        var command = root.Subcommands.Single(c => c.Name == name);
        foreach (var option in command.Options.Where(o => o.ValueType == typeof(string) || o.ValueType == typeof(string[])))
        {
            string[][] spellings = option.ValueType == typeof(string[])
                ? [[option.Name, word], [option.Name + "=" + word], [option.Name, "a", word]]
                : [[option.Name, word], [option.Name + "=" + word]];
            foreach (var words in spellings)
            {
                CommandLine.Parse(root, [name, .. words]).GetResult(option)!.Tokens.Select(t => t.Value).ShouldContain(
                    word, string.Join(' ', words));
            }
        }
    }

    [Fact]
    public void A_file_whose_name_is_an_option_in_an_at_file_overwrites_nothing()
    {
        const string Record = "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}, {\"role\": \"assistant\", \"content\": \"b\"}]}\n";
        _directory.Write("d1.jsonl", Record);
        _directory.Write("@a.jsonl", Record);
        _directory.Write("a.jsonl", "d1.jsonl\n--out\nvictim.jsonl\n--pool\n");
        var victim = _directory.Write("victim.jsonl", "precious");
        var outcome = Cli.RunIn(
            _directory.FullPath, "select", "--budget", "1", "--method", "random", "--no-report", "--run", "r", "--out", "o.jsonl", "--pool",
            "d1.jsonl", "@a.jsonl");
        outcome.ExitCode.ShouldBe(0, outcome.Error);
        File.ReadAllText(victim).ShouldBe("precious");
    }

    [Fact]
    public void A_YAML_value_with_an_at_sign_is_that_value()
    {
        var yaml = _directory.Write("run.yaml", "pool: \"@/etc/hostname\"\nbudget: \"1\"\nmethod: random\n");
        var outcome = Cli.RunIn(_directory.FullPath, "select", "--config", yaml);
        outcome.ExitCode.ShouldBe(CommandLine.BadInput);
        outcome.Error.ShouldContain("@/etc/hostname");
    }
}
