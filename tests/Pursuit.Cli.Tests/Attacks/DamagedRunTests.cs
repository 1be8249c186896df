namespace Pursuit.Cli.Tests.Attacks;

/// <summary>
/// Every file of a run of every command, damaged in every way: the same command ends in the right bytes or refuses with exit code 2, and so
/// do explain and report; nothing is wrong in silence, and nothing is a fault of Pursuit.
/// </summary>
/// <remarks>
/// Some files of each run, spread over all, are damaged in one of the ways here; <c>PURSUIT_EVERY_DAMAGE=1</c> damages each in all, with
/// several flipped bits (benchmarks/results/digests.md).
/// </remarks>
[Collection(nameof(WritesToConsole))]
public sealed class DamagedRunTests : IDisposable
{
    private static readonly bool Every = Environment.GetEnvironmentVariable("PURSUIT_EVERY_DAMAGE") == "1";
    private readonly DamageWorld _world = new();

    public static TheoryData<string> Runs => [.. DamageWorld.Names];

    public void Dispose() => _world.Dispose();

    [Theory]
    [MemberData(nameof(Runs))]
    public void What_is_damaged_is_made_again_or_refused_and_never_wrong_in_silence(string name)
    {
        var run = _world.Make(name, "whole");
        var other = _world.Make(name, "other");
        var looks = Looks(run).Select(look => (Arguments: look, Right: Look(look))).ToArray();
        foreach (var (_, right) in looks) right.Code.ShouldBe(0, right.Error);

        var kept = _world.PathOf("kept");
        Copy(run.OutputDirectory, kept + ".out");
        Copy(run.Run, kept);
        var files = Directory.EnumerateFiles(kept, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(kept, f)).Where(
            f => Path.GetFileName(f) is not "run.lock").Order(StringComparer.Ordinal).ToArray();
        files.Length.ShouldBeGreaterThan(3);
        var faults = new List<string>();
        var (damaged, refused) = (0, 0);
        foreach (var (kind, file, seed) in Damages(files, name.EndsWith("stopped", StringComparison.Ordinal)))
        {
            Copy(kept + ".out", run.OutputDirectory);
            Copy(kept, run.Run);
            if (!RunDamage.Apply(Path.Combine(run.Run, file), kind, Path.Combine(other.Run, file), seed)) continue;
            damaged++;
            foreach (var (arguments, right) in looks)
            {
                var seen = Look(arguments);
                Judge(arguments[0], seen, seen.Output == right.Output);
            }

            var again = DamageWorld.Run(run.Command);
            Judge("the same command", again, run.Wrong() is { Length: 0 });

            void Judge(string what, (int Code, string Output, string Error) outcome, bool isRight)
            {
                if (outcome.Code == 2) refused++;
                if (outcome.Code == 0 ? !isRight : outcome.Code != 2 || outcome.Error.Contains("   at ", StringComparison.Ordinal))
                    faults.Add($"{file}, {kind} ({seed}), {what}: exit code {outcome.Code}, {(isRight ? "right" : "WRONG")}: "
                        + $"{outcome.Error}");
            }
        }

        TestContext.Current.SendDiagnosticMessage($"{name}: {files.Length} files, {damaged} damages, {refused} refusals, "
            + $"{faults.Count} faults");
        if (Environment.GetEnvironmentVariable("PURSUIT_DAMAGE_COUNTS") is { } counts)
            File.AppendAllText(counts, $"{name}: {files.Length} files, {damaged} damages, {refused} refusals, {faults.Count} faults\n");
        faults.ShouldBeEmpty(string.Join("\n", faults));
    }

    [Fact]
    public void A_run_without_the_recipe_of_its_features_is_refused_by_name_and_the_same_command_writes_it_again()
    {
        var run = _world.Make("select tsds", "whole");
        var recipe = Path.Combine(run.Run, "embedding-recipe.json");
        var before = File.ReadAllBytes(recipe);
        File.Delete(recipe);
        foreach (var look in Looks(run))
        {
            var (code, _, error) = Look(look);
            code.ShouldBe(2, error);
            error.ShouldContain($"{recipe}: no such file");
        }

        DamageWorld.Run(run.Command).Code.ShouldBe(0);
        File.ReadAllBytes(recipe).ShouldBe(before);
        run.Wrong().ShouldBeEmpty();
    }

    private static IEnumerable<(DamageKind Kind, string File, ulong Seed)> Damages(string[] files, bool isStopped)
    {
        const int Bits = 8;
        var sampled = isStopped ? RunDamage.Kinds.Length : 2 * RunDamage.Kinds.Length; // a stopped run does most of its work each time
        var count = Every ? files.Length : Math.Min(files.Length, sampled);
        for (var n = 0; n < count; n++)
        {
            var i = n * files.Length / count;
            foreach (var kind in RunDamage.Kinds.Where((_, k) => Every || (n + k) % RunDamage.Kinds.Length == 0))
                for (var bit = 0; bit < (Every && kind == DamageKind.FlippedBit ? Bits : 1); bit++)
                    yield return (kind, files[i], (ulong)(i * Bits + bit));
        }
    }

    private static IEnumerable<string[]> Looks(DamageCase run)
    {
        if (run.Explains) yield return ["explain", run.Looked, "--id", "q7", "--json"];
        if (run.Explains || run.Reports) yield return ["report", run.Looked, "--json"];
    }

    private static (int Code, string Output, string Error) Look(string[] arguments) => DamageWorld.Run(arguments);

    /// <summary>Makes a directory as another is.</summary>
    private static void Copy(string from, string to)
    {
        if (Directory.Exists(to)) Directory.Delete(to, recursive: true);
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}

/// <summary>Tests that take the process's console for themselves.</summary>
[CollectionDefinition(nameof(WritesToConsole), DisableParallelization = true)]
public sealed class WritesToConsole;
