using System.Text;
using Pursuit.Cli;
using Pursuit.Data.Deduplication;
using Pursuit.Engine.Features;
using Pursuit.Engine.Statistics;
using Pursuit.Fuzz.Mutation;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Methods;

namespace Pursuit.Fuzz.Targets;

/// <summary>Options files: expanded and parsed as a command does.</summary>
internal sealed class YamlTarget : FileTarget
{
    private static readonly string[] Words =
    [
        "[", "]", "{", "}", ": ", "- ", "? ", "&a ", "*a", "!!binary ", "|\n", ">\n", "\"", "'", "# ", "---\n", "...\n", "%YAML 1.2\n",
        "\\0", "\\uD800", "\\x", "\t", "\n", "@x", "--out", "pool:", "set:", "command:", "<<:", "~", "null", "\u0085", "\u2028", "\uFEFF",
    ];

    public override IReadOnlyList<byte[]> Seeds { get; } = SeedsOf("yaml");

    public override Mutator Mutator { get; } = new EitherMutator(new ByteMutator(Words), 7, new LineMutator());

    protected override string FileName => "a.yaml";

    protected override void ReadFile()
    {
        try
        {
            MachinesFile.Read(FilePath);
            return;
        }
        catch (PursuitException)
        {
            // The other reader sees the file all the same.
        }

        var root = CommandLine.Root();
        CommandLine.Parse(root, OptionsFile.Expand(["select", "--config", FilePath], root));
    }
}

/// <summary>Command lines, a word a line: parsed, never run.</summary>
internal sealed class WordsTarget : FuzzTarget
{
    private static readonly string[] Words =
    [
        "--", "=", "@a", "--pool", "--budget=", "--threads", "-h", "--help", "\n", "select\n", "train\n", "\"", "-", "[suggest]",
        "[diagram]\n", "\u202E", "18446744073709551616", "1e999", "NaN", "true",
    ];

    public override IReadOnlyList<byte[]> Seeds { get; } = [.. SeedsOf("words").Where(s => s[0] is (byte)'s' or (byte)'t')];

    public override Mutator Mutator { get; } = new EitherMutator(new ByteMutator(Words), 6, new LineMutator());

    public override void Read(byte[] input)
    {
        var parsed = CommandLine.Parse(CommandLine.Root(), Encoding.UTF8.GetString(input).Split('\n'));
        _ = parsed.Errors.Select(e => MessageText.Shortened(e.Message)).ToList();
        foreach (var option in parsed.CommandResult.Command.Options) _ = parsed.GetResult(option)?.Tokens.Count;
    }
}

/// <summary>Every <c>--set</c> of every method, and of features, embeddings and probes; a setting a line.</summary>
internal sealed class SettingsTarget : FuzzTarget
{
    private static readonly string[] Values =
    [
        "0", "-1", "1", "2", "0.5", "1e999", "-0", "NaN", "", "true", "on", "off", "2147483648", "18446744073709551616",
        "9223372036854775807", "1e-320", "shortest", "=", ".", "\u0661",
    ];

    private static readonly string[] Names =
    [
        .. MethodRegistry.Methods.SelectMany(m => MethodOptions.List(m).Select(o => $"{m.Name}.{o.Name}")),
        .. MethodOptions.List(typeof(GradientFeatureOptions)).Select(o => $"{GradientFeatureOptions.Name}.{o.Name}"),
        .. MethodOptions.List(typeof(EmbeddingOptions)).Select(o => $"{EmbeddingOptions.Name}.{o.Name}"),
        .. MethodOptions.List(typeof(ProbeOptions)).Select(o => $"{MethodOptions.ProbeOwner}.{o.Name}"),
        .. MethodOptions.List(typeof(NearDuplicateOptions)).Select(o => $"{MethodOptions.DedupOwner}.{o.Name}"),
    ];

    public override IReadOnlyList<byte[]> Seeds { get; } =
        [.. SeedsOf("words").Where(s => s[0] == 'g'), .. Names.Select(n => Encoding.UTF8.GetBytes(n + "=1"))];

    public override Mutator Mutator { get; } = new EitherMutator(
        new ByteMutator([.. Values, .. Names.Select(n => n + "="), "\n"]), 7, new LineMutator());

    public override void Read(byte[] input)
    {
        string[] settings = [.. Encoding.UTF8.GetString(input).Split('\n', StringSplitOptions.RemoveEmptyEntries)];
        var refused = new List<PursuitException>();
        foreach (var method in MethodRegistry.Methods) Try(refused, () => MethodOptions.Create(method, settings));
        Try(refused, () => Fill(new GradientFeatureOptions(), GradientFeatureOptions.Name, settings).Validate());
        Try(refused, () => Fill(new EmbeddingOptions(), EmbeddingOptions.Name, settings).Validate());
        Try(refused, () => Fill(new ProbeOptions(), MethodOptions.ProbeOwner, settings).Validate());
        Try(refused, () => Fill(new NearDuplicateOptions(), MethodOptions.DedupOwner, settings).Validate());
        if (refused.Count > 0) throw refused[0];
    }

    private static T Fill<T>(T options, string owner, string[] settings)
        where T : notnull
    {
        MethodOptions.Fill(options, owner, settings);
        return options;
    }

    private static void Try(List<PursuitException> refused, Action action)
    {
        try
        {
            action();
        }
        catch (PursuitException e)
        {
            refused.Add(e); // the next reader sees the input all the same
        }
    }
}

/// <summary>Amounts that people write: budgets, bytes, shares of a task array; one a line.</summary>
internal sealed class AmountsTarget : FuzzTarget
{
    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. SeedsOf("words").Where(s => s[0] == '5'),
        .. "500 2k 1% 200k-tokens 50k-supervised-tokens 2GiB 1.5GB 3/8 0/1".Split(' ').Select(Encoding.UTF8.GetBytes),
    ];

    public override Mutator Mutator { get; } = new ByteMutator(
    [
        "%", "k", "M", "g", "-tokens", "-supervised-tokens", "GiB", "TiB", "B", ".", "-", "/", "e", "9", "99999999999999999999999999999",
        "0", "0.", "\u0661", " ", "\n", "NaN", "Infinity", "1e999",
    ]);

    public override void Read(byte[] input)
    {
        PursuitException? refused = null;
        foreach (var line in Encoding.UTF8.GetString(input).Split('\n'))
        {
            var accepted = false;
            foreach (var read in (Action[])[() => Budget.Parse(line), () => ByteSize.Parse("--memory", line), () => TaskShare.Parse(line)])
            {
                try
                {
                    read();
                    accepted = true;
                }
                catch (PursuitException e)
                {
                    if (!accepted) refused = e; // the others see the line all the same
                }
            }

            if (accepted) return;
        }

        if (refused is not null) throw refused;
    }
}
