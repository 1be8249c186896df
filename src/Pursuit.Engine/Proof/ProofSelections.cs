using System.Text.Json;
using Pursuit.Data;
using Pursuit.Data.Export;
using Pursuit.Proof;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Storage;

namespace Pursuit.Engine.Proof;

/// <summary>Makes a proof's selections, each in a directory of its own that <c>pursuit select</c> could have written.</summary>
internal sealed class ProofSelections(RunDirectory run, ProveOptions options, Pool pool, int maxLength, IProgress<WorkProgress>? progress)
{
    private const string CostName = "cost.json";

    private readonly Lazy<Dictionary<ContentId, int>> _positions = new(() => Enumerable.Range(0, pool.Count).ToDictionary(i => pool.ContentIds[i]));

    /// <summary>Chooses.</summary>
    /// <param name="method">How.</param>
    /// <param name="budget">How much.</param>
    /// <param name="seed">Seed of the draws.</param>
    /// <param name="target">The target's number, or null for a method that reads none.</param>
    /// <param name="targetName">Its name, for the directory.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public ProofSelection Select(ProofMethod method, Budget budget, ulong seed, int? target, string? targetName, CancellationToken cancellationToken)
    {
        var directory = Path.Combine(run.PathOf("selections"), FileName($"{method.Label} {budget}{(targetName is null ? "" : " " + targetName)} seed {seed}"));
        Directory.CreateDirectory(directory);
        var job = new SelectJob(
            new SelectJobOptions
            {
                Pool = options.Pool,
                Targets = target is { } t ? [options.Targets[t]] : [],
                Features = options.Features,
                TargetFeatures = target is { } f && options.TargetFeatures.Count > 0 ? options.TargetFeatures[f] : null,
                ModelDirectory = options.Model,
                Budget = budget,
                Method = method.Name,
                Settings = [.. options.Settings, .. method.Settings],
                Out = Path.Combine(directory, "selected.jsonl"),
                Seed = seed,
                MaxLength = maxLength,
            },
            progress);
        SelectSummary summary;
        using (var own = RunDirectory.Open(Path.Combine(directory, "selected.run")))
            summary = job.Run(own, cancellationToken);

        var costPath = Path.Combine(directory, CostName);
        if (!summary.Reused || !File.Exists(costPath))
            AtomicFile.Write(costPath, s => JsonSerializer.Serialize(s, CostOf(method, summary, target), RunJson.Compact));
        var cost = JsonSerializer.Deserialize<SelectionCost>(File.ReadAllBytes(costPath), RunJson.Compact)!;
        return new ProofSelection(Rows(summary.Files["facts"]), cost, summary.Remarks);
    }

    private SelectionCost CostOf(ProofMethod method, SelectSummary summary, int? target)
    {
        var bytes = pool.Sources.Sum(s => s.Bytes);
        if (method.Needs.HasFlag(FeatureNeeds.PoolGradients))
        {
            bytes += summary.Details?.Values.TryGetProperty("bytes_read", out var read) == true ? read.GetInt64() : SizeOf(options.Features!);
            if (target is { } t && options.TargetFeatures.Count > 0) bytes += SizeOf(options.TargetFeatures[t]);
        }

        return new SelectionCost(summary.Seconds, 0, bytes);
    }

    private List<RankedRow> Rows(string facts) =>
        [.. File.ReadLines(facts).Select(line => JsonSerializer.Deserialize<SelectedRecord>(line, RunJson.Compact)!).Select(r => new RankedRow(_positions.Value[ContentId.Parse(r.ContentId)], r.Score, r.Weight))];

    private static long SizeOf(string path) =>
        Directory.Exists(path) ? new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length) : new FileInfo(path).Length;

    /// <summary>Letters, digits and a few signs; the rest of a label becomes underscores.</summary>
    private static string FileName(string text) => string.Concat(text.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '%' or '=' ? c : '_'));
}

/// <summary>What was chosen, and what choosing took.</summary>
/// <param name="Rows">The chosen rows with their weights.</param>
/// <param name="Cost">What it took.</param>
/// <param name="Remarks">What the method wants known.</param>
internal sealed record ProofSelection(IReadOnlyList<RankedRow> Rows, SelectionCost Cost, IReadOnlyList<string> Remarks);
