using System.CommandLine;
using System.Text;
using Pursuit.Cli;
using Pursuit.Fuzz.Mutation;
using Pursuit.Runs;

namespace Pursuit.Fuzz.Targets;

/// <summary>
/// A finished run with one of its files changed, read by <c>explain</c> and <c>report</c>. An input is a file's name in the run, a line
/// end, and the file's bytes.
/// </summary>
internal sealed class RunTarget : FuzzTarget
{
    private readonly string _folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), $"pursuit-fuzz-run-{Environment.ProcessId}-{Guid.NewGuid():N}")).FullName;
    private readonly Dictionary<string, byte[]> _files;

    public RunTarget()
    {
        var pool = Path.Combine(_folder, "pool.jsonl");
        File.WriteAllLines(pool, Enumerable.Range(0, 6).Select(i => $$"""{"id":"{{i}}","text":"some words of number {{i}} {{new string('x', i)}}"}"""));
        Invoke("select", "--pool", pool, "--budget", "3", "--method", "length", "--run", RunPath, "--out", Path.Combine(_folder, "out.jsonl"));
        _files = Directory.EnumerateFiles(RunPath, "*", SearchOption.AllDirectories)
            .Where(f => Path.GetExtension(f) is ".json" or ".yaml" && new FileInfo(f).Length < 1 << 16)
            .ToDictionary(f => Path.GetRelativePath(RunPath, f), File.ReadAllBytes);
        Seeds = [.. _files.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => (byte[])[.. Encoding.UTF8.GetBytes(f.Key + "\n"), .. f.Value])];
    }

    public override IReadOnlyList<byte[]> Seeds { get; }

    public override Mutator Mutator { get; } = new ContentMutator(new EitherMutator(new JsonMutator([]), 7, new ByteMutator(["null", "\"\"", "[", "]", "-1", "1e999", "\n"])));

    private string RunPath => Path.Combine(_folder, "run");

    public override void Read(byte[] input)
    {
        var end = Array.IndexOf(input, (byte)'\n');
        var name = end < 0 ? "" : Encoding.UTF8.GetString(input, 0, end);
        if (!_files.ContainsKey(name)) name = _files.Keys.Order(StringComparer.Ordinal).First();
        var path = Path.Combine(RunPath, name);
        try
        {
            foreach (var (command, more) in new[] { ("explain", new[] { "--id", "1" }), ("report", []) })
            {
                File.WriteAllBytes(path, input[(end + 1)..]);
                Invoke([command, RunPath, .. more]);
            }
        }
        finally
        {
            foreach (var (file, bytes) in _files)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(RunPath, file))!);
                File.WriteAllBytes(Path.Combine(RunPath, file), bytes);
            }
        }
    }

    public override void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        base.Dispose();
    }

    /// <summary>Runs a command in this process; what it prints goes nowhere, what it throws comes here.</summary>
    private static void Invoke(params string[] words)
    {
        var (output, error) = (Console.Out, Console.Error);
        try
        {
            Console.SetOut(TextWriter.Null);
            Console.SetError(TextWriter.Null);
            CommandLine.Parse(CommandLine.Root(), words).Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
        }
    }

    /// <summary>Changes what stands behind the first line.</summary>
    private sealed class ContentMutator(Mutator inner) : Mutator
    {
        protected override byte[] Change(SeededRandom random, byte[] input, byte[] other)
        {
            var (end, otherEnd) = (Array.IndexOf(input, (byte)'\n'), Array.IndexOf(other, (byte)'\n'));
            return [.. input.AsSpan(0, end + 1), .. inner.Mutate(random, input[(end + 1)..], other[(otherEnd + 1)..])];
        }
    }
}
