using System.Text.Json;
using Pursuit.Data;
using Pursuit.Engine.Models;
using Pursuit.Jobs;
using Pursuit.Proof;
using Pursuit.Runs;
using Pursuit.Storage;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Engine.Proof;

/// <summary>Everything a proof reads: the pool and the tests, encoded, and what of the tests stands elsewhere.</summary>
internal sealed class ProofInputs : IDisposable
{
    /// <summary>Tokens an example is cut to where nothing says otherwise and the model can.</summary>
    public const int UsualMaxLength = 2048;
    private const string OverlapStage = "overlap";
    private const string OverlapFile = "overlap.json";

    private readonly ExampleEncoder _encoder;
    private readonly ModelConfig _config;

    private ProofInputs(
        ProofRegime regime,
        Pool pool,
        ProofMaterial material,
        IReadOnlyList<ProofTest> tests,
        IReadOnlyList<Overlap> overlaps,
        IReadOnlyList<string> notes,
        ExampleEncoder encoder,
        ModelConfig config)
    {
        (Regime, Pool, Material, Tests, Overlaps, Notes) = (regime, pool, material, tests, overlaps, notes);
        (_encoder, _config) = (encoder, config);
    }

    /// <summary>How models are trained.</summary>
    public ProofRegime Regime { get; }

    /// <summary>The pool.</summary>
    public Pool Pool { get; }

    /// <summary>The pool as trainings read it.</summary>
    public ProofMaterial Material { get; }

    /// <summary>The tests.</summary>
    public IReadOnlyList<ProofTest> Tests { get; }

    /// <summary>What losses count in; of answers and texts together, that of answers.</summary>
    public string LossUnit => Tests.Select(t => t.LossUnit).Distinct().ToArray() is [var unit] ? unit : ProofRecipe.PerAnswerToken;

    /// <summary>What of the tests stands in the pool and in the target.</summary>
    public IReadOnlyList<Overlap> Overlaps { get; }

    /// <summary>What a person should know of the files, such as those of a directory that weren't read.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Tokens an example is cut to.</summary>
    public int MaxLength => _encoder.MaxLength;

    /// <summary>Reads everything.</summary>
    /// <exception cref="PursuitException">
    /// A file is missing, empty or bad, or, with strict, a test stands in the pool or the target.
    /// </exception>
    public static ProofInputs Read(
        RunDirectory run,
        ProveOptions options,
        Action<string>? onWarning,
        IProgress<WorkProgress>? progress,
        CancellationToken cancellationToken)
    {
        var config = ModelConfigReader.ReadDirectory(options.Model);
        if (options.MaxLength > config.MaximumPositions)
            throw PursuitException.At(
                ApiName.MaxLength, $"{options.MaxLength} tokens", $"at most {config.MaximumPositions}, the longest sequence of the model");
        var encoder = ModelEncoder.Load(
            options.Model, options.MaxLength ?? Math.Min(UsualMaxLength, config.MaximumPositions), options.TemplateSettings);
        if (encoder.Tokenizer.VocabularySize > config.VocabularySize)
            throw PursuitException.At(
                options.Model,
                $"a tokenizer with ids up to {encoder.Tokenizer.VocabularySize - 1} for an embedding of {config.VocabularySize} rows",
                "a tokenizer and a model that belong together");

        var regime = ProofRegime.Create(options);

        // The small files first: what is wrong with them is told before minutes are spent on the pool.
        var names = TargetNames.FromTests(options.Tests);
        var testPools = new List<Pool>();
        var targetPools = new List<Pool>();
        try
        {
            foreach (var path in options.Tests) testPools.Add(Open(path, "reading the tests"));
            foreach (var path in options.Targets) targetPools.Add(Open(path, "reading the targets"));
            ProofTest[] tests = [.. testPools.Select((p, i) => regime.Encode(names[i], p, encoder, config, cancellationToken))];
            var pool = Pool.Open(options.Pool, PoolReport.To(progress, "reading the pool"), cancellationToken);
            try
            {
                var overlaps = FindOverlaps(run, pool, testPools, targetPools, names, progress, cancellationToken);
                foreach (var overlap in overlaps.Where(o => o.Any)) onWarning?.Invoke(overlap.ToString());
                if (options.Strict && overlaps.FirstOrDefault(o => o.Any) is { } found)
                    throw PursuitException.At(
                        ApiName.Strict,
                        found.ToString(),
                        "tests that stand nowhere else",
                        $"Take those examples out of the {found.With}, or leave {ApiName.Strict} away to be warned only; the pairs are in "
                            + $"{run.PathOf(Path.Combine("stages", OverlapStage, OverlapFile))}.");
                return new ProofInputs(
                    regime,
                    pool,
                    regime.Encode(pool, encoder, progress, cancellationToken),
                    tests,
                    overlaps,
                    [.. testPools.Concat(targetPools).Append(pool).SelectMany(p => p.Notes)],
                    encoder,
                    config);
            }
            catch
            {
                pool.Dispose();
                throw;
            }
        }
        finally
        {
            foreach (var small in testPools.Concat(targetPools)) small.Dispose();
        }

        Pool Open(string path, string work) =>
            Pool.Open(options.Pool.Beside([path]), PoolReport.To(progress, work), cancellationToken);
    }

    /// <summary>The same pool with other tests, open as long as this is.</summary>
    /// <param name="tests">Their names and files.</param>
    /// <param name="reading">How files are read.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="PursuitException">A test is empty or bad.</exception>
    public ProofInputs On(
        IReadOnlyList<(string Name, string Path)> tests, PoolOptions reading, CancellationToken cancellationToken) =>
        new(
            Regime,
            Pool,
            Material,
            [
                .. tests.Select(test =>
                {
                    using var examples = Pool.Open(reading.Beside([test.Path]), null, cancellationToken);
                    return Regime.Encode(test.Name, examples, _encoder, _config, cancellationToken);
                }),
            ],
            [],
            [],
            _encoder,
            _config);

    /// <summary>Closes the pool.</summary>
    public void Dispose() => Pool.Dispose();

    private static List<Overlap> FindOverlaps(
        RunDirectory run,
        Pool pool,
        List<Pool> tests,
        List<Pool> targets,
        IReadOnlyList<string> names,
        IProgress<WorkProgress>? progress,
        CancellationToken cancellationToken)
    {
        if (tests.Count == 0) return [];
        var stage = run.OpenStage(
            OverlapStage,
            new Fingerprint("overlap/1").Add("pool", pool.Fingerprint).Add(
                "tests", tests.Select((t, i) => $"{names[i]} {t.Fingerprint}")).Add("targets", targets.Select(t => t.Fingerprint)));
        if (!stage.IsComplete)
        {
            (string Name, IReadOnlyList<Example> Examples)[] read =
            [
                .. tests.Select((t, i) => (names[i], (IReadOnlyList<Example>)[.. t.Read(cancellationToken)])),
            ];
            var found = new OverlapIndex(read).Compare(
                pool.Read(cancellationToken),
                "pool",
                n => progress?.Report(new WorkProgress("looking for the tests in the pool", n, pool.Count, "examples"))).ToList();
            for (var i = 0; i < targets.Count; i++)
                found.AddRange(new OverlapIndex([read[i]]).Compare(targets[i].Read(cancellationToken), "target"));
            AtomicFile.Write(stage.PathOf(OverlapFile), s => JsonSerializer.Serialize(s, found, RunJson.Indented));
            stage.Complete();
        }

        return stage.ReadJson<List<Overlap>>(OverlapFile);
    }
}
