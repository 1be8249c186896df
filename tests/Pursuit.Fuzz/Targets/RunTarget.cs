using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pursuit.Cli;
using Pursuit.Fuzz.Mutation;
using Pursuit.Runs;
using Pursuit.Storage;

namespace Pursuit.Fuzz.Targets;

/// <summary>
/// A finished run with one of its files changed, read by <c>explain</c> and <c>report</c>. An input is a file's name in the run, a line
/// end, and the file's bytes. Behind a name that starts with <see cref="Resealed"/> the records' sums are made to fit, as whoever
/// hands a run over can make them.
/// </summary>
internal sealed class RunTarget : FuzzTarget
{
    private const char Resealed = '=';
    private const int Examples = 6;
    private const int Dimensions = 4;
    private readonly string _folder = Directory.CreateDirectory(
        Path.Combine(
            Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(),
            $"pursuit-fuzz-run-{Environment.ProcessId}-{Guid.NewGuid():N}")).FullName;
    private readonly Dictionary<string, byte[]> _files;

    public RunTarget()
    {
        var (pool, features) = (Path.Combine(_folder, "pool.jsonl"), Path.Combine(_folder, "features.npy"));
        File.WriteAllLines(
            pool,
            Enumerable.Range(0, Examples).Select(i => $$"""{"id":"{{i}}","text":"some words of number {{i}} {{new string('x', i)}}"}"""));
        NpyFile.Write(features, [Examples, Dimensions], [.. Enumerable.Range(0, Examples * Dimensions).Select(i => MathF.Cos(i * i))]);
        Invoke(
            "select", "--pool", pool, "--target", pool, "--features", features, "--target-features", features, "--budget", "3",
            "--method", "gtp", "--run", RunPath, "--out", Path.Combine(_folder, "out.jsonl"));
        _files = Directory.EnumerateFiles(RunPath, "*", SearchOption.AllDirectories)
            .Where(f => Path.GetExtension(f) is ".json" or ".yaml" or ".safetensors" && new FileInfo(f).Length < 1 << 16)
            .ToDictionary(f => Path.GetRelativePath(RunPath, f), File.ReadAllBytes);
        Seeds = [.. _files.OrderBy(f => f.Key, StringComparer.Ordinal).SelectMany(
            f => new[] { f.Key, Resealed + f.Key }.Select(name => (byte[])[.. Encoding.UTF8.GetBytes(name + "\n"), .. f.Value]))];
    }

    public override IReadOnlyList<byte[]> Seeds { get; }

    public override Mutator Mutator { get; } =
        new ContentMutator(new EitherMutator(new JsonMutator([]), 7, new ByteMutator(["null", "\"\"", "[", "]", "-1", "1e999", "\n"])));

    private string RunPath => Path.Combine(_folder, "run");

    public override void Read(byte[] input)
    {
        var end = Array.IndexOf(input, (byte)'\n');
        var name = end < 0 ? "" : Encoding.UTF8.GetString(input, 0, end);
        var isResealed = name is [Resealed, ..];
        if (isResealed) name = name[1..];
        if (!_files.ContainsKey(name)) name = _files.Keys.Order(StringComparer.Ordinal).First();
        try
        {
            foreach (var (command, more) in new[] { ("explain", new[] { "--id", "1" }), ("report", []) })
            {
                File.WriteAllBytes(Path.Combine(RunPath, name), input[(end + 1)..]);
                if (isResealed) Reseal(name);
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

    /// <summary>Makes the sum at a changed file's own end fit, or its stage's record.</summary>
    private void Reseal(string name)
    {
        var path = Path.Combine(RunPath, name);
        var record = Path.Combine(Path.GetDirectoryName(path)!, "stage.json");
        if (path == record || !File.Exists(record))
        {
            // What isn't an object with a sum stays as it is.
            if (Path.GetExtension(path) == ".json" && _files[name].AsSpan().IndexOf("\"sha256\": \""u8) >= 0
                && TryParse(File.ReadAllBytes(path)) is { } sealedObject)
                Seal(path, sealedObject);
            return;
        }

        var state = TryParse(File.ReadAllBytes(record))!;
        var seal = FileSeal.Of(path);
        state["files"]!.AsObject()[Path.GetFileName(path)] = new JsonObject { ["length"] = seal.Length, ["sha256"] = seal.Sha256 };
        Seal(record, state);
    }

    private static JsonObject? TryParse(byte[] bytes)
    {
        try
        {
            return JsonNode.Parse(bytes) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void Seal(string path, JsonObject value)
    {
        try
        {
            value.Remove("sha256");
            if (value.Count > 0) SealedJson.Write(path, value);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or JsonException)
        {
            // A name twice, or half a character: nobody can seal that either.
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
            if (!input.Contains((byte)'\n')) return input;
            var (end, otherEnd) = (Array.IndexOf(input, (byte)'\n'), Array.IndexOf(other, (byte)'\n'));
            return [.. input.AsSpan(0, end + 1), .. inner.Mutate(random, input[(end + 1)..], other[(otherEnd + 1)..])];
        }
    }
}
