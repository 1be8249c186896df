using Pursuit.Data;
using Pursuit.Jobs.Export;
using Pursuit.Selection;
using Pursuit.Selection.Methods;
using Pursuit.Selection.Pursuits;

namespace Pursuit.Jobs;

/// <summary>Everything a selection depends on, and where it goes.</summary>
public sealed record SelectJobOptions
{
    /// <summary>What to read as the pool. Required.</summary>
    public required PoolOptions Pool { get; init; }

    /// <summary>Files with examples of what the model should become good at; empty for none.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>True where examples of the target that stand in the pool are left out of it.</summary>
    public bool ExcludesTarget { get; init; }

    /// <summary>
    /// Features of the pool, gradients or embeddings as the method reads, in a form of docs/formats/features.md; null for none.
    /// </summary>
    public string? Features { get; init; }

    /// <summary>Features of the target; null for none.</summary>
    public string? TargetFeatures { get; init; }

    /// <summary>
    /// What stands for the examples in a method that compares vectors; null is the method's own kind. A file's path is only what results
    /// call it: the features themselves are <see cref="Features"/>.
    /// </summary>
    public Representation? On { get; init; }

    /// <summary>True where features that weren't brought along are computed, by <see cref="SelectJob.Features"/>.</summary>
    public bool ComputesFeatures { get; init; }

    /// <summary>Another run whose features are used as they are; null makes them in this run.</summary>
    public string? FeaturesRun { get; init; }

    /// <summary>
    /// The directory of the sentence encoder by whose vectors the method compares, <see cref="On"/> saying so; null for none.
    /// </summary>
    public string? Encoder { get; init; }

    /// <summary>A model directory whose tokenizer and template count tokens; null where nothing needs one.</summary>
    public string? ModelDirectory { get; init; }

    /// <summary>True where token statistics come from data probes trained from scratch, not from <see cref="ModelDirectory"/>.</summary>
    public bool TrainsProbes { get; init; }

    /// <summary>The model whose losses are compared with the probe model's; null for none.</summary>
    public string? ReferenceModel { get; init; }

    /// <summary>Where models compute, by the device's name; null for the processor.</summary>
    public string? Device { get; init; }

    /// <summary>How much may be chosen. Required.</summary>
    public required Budget Budget { get; init; }

    /// <summary>The method's name. Required.</summary>
    public required string Method { get; init; }

    /// <summary>"NAME.option=value" pairs.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>
    /// The file that gets the chosen records: lines, or a table where it ends in .parquet. The facts beside it and the run's ledger are
    /// then tables too. Required.
    /// </summary>
    public required string Out { get; init; }

    /// <summary>
    /// Fields that the chosen records get beside their own: "weight", "rank" and "score", each with "=NAME" for another name than its own.
    /// None by default. A name that a record has already is refused.
    /// </summary>
    public IReadOnlyList<string> With { get; init; } = [];

    /// <summary>
    /// A file that gets the chosen rows' numbers in the input, best first, from 0: a NumPy array where it ends in .npy, a table
    /// where it ends in .parquet, else lines. Null (the default) for none.
    /// </summary>
    public string? Indices { get; init; }

    /// <summary>The run's directory; null puts it beside <see cref="Out"/> with the ending ".run".</summary>
    public string? RunDirectory { get; init; }

    /// <summary>Seed of every random draw. Default 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>Tokens an example is cut to. Default 2048; at least 8.</summary>
    public int MaxLength { get; init; } = 2048;

    /// <summary>Variables for the model's chat template, as "name=value"; none by default.</summary>
    public IReadOnlyList<string> TemplateSettings { get; init; } = [];

    /// <summary>A top-level text field that names each record's source; null takes the file.</summary>
    public string? SourceField { get; init; }

    /// <summary>Least and most per source.</summary>
    public IReadOnlyList<SourceQuota> Quotas { get; init; } = [];

    /// <summary>Trainers to write files for.</summary>
    public IReadOnlyList<TrainerFormat> Formats { get; init; } = [];

    /// <summary>Sentences that the result tells beside the method's own.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>Copies per chosen record on average, shared out by weight. Default 1: one each.</summary>
    public int Repeats { get; init; } = 1;

    /// <summary>The .selection.jsonl or .selection.parquet of an earlier selection whose lengths are imitated; null for none.</summary>
    public string? Match { get; init; }

    /// <summary>
    /// Bytes of its own memory that the process may use, for methods that plan theirs (gtp, omp); files mapped into memory don't count.
    /// Default null: no bound. At least 1; what is too little for the work is refused before it begins. No result depends on it.
    /// </summary>
    public long? Memory { get; init; }

    /// <summary>The run directory's path.</summary>
    public string RunPath => RunDirectory ?? SelectionWriter.Beside(Out, ".run");

    /// <summary>Checks what can be checked before any file is read.</summary>
    /// <exception cref="PursuitException">Names every fault.</exception>
    public void Validate()
    {
        Pool.Validate();
        var method = MethodRegistry.Find(Method);
        _ = MethodOptions.Create(method, Settings);

        var faults = new List<Fault>();
        if (string.IsNullOrWhiteSpace(Out) || Directory.Exists(Out))
            faults.Add(Fault.OfOption(ApiName.Out, $"'{Out}' is not a file's path"));
        else if (RecordsFile.Refusal(Out) is { } refusal)
            faults.Add(refusal);
        if (Indices is not null && IndicesFile.Refusal(Indices) is { } unfit) faults.Add(unfit);
        _ = AddedField.Parse(With, faults);
        if (MaxLength < 8) faults.Add(Fault.OfOption(ApiName.MaxLength, $"{MaxLength}", "at least 8"));
        if (Memory < 1) faults.Add(Fault.OfOption(ApiName.Memory, $"{Memory} bytes", "at least 1"));
        if (Memory is not null && !method.OptionsType.IsSubclassOf(typeof(PursuitOptions)))
            faults.Add(Fault.OfOption(ApiName.Memory, $"given with '{Method}'", "gtp or omp, which plan their memory"));
        if (ExcludesTarget && Targets.Count == 0)
            faults.Add(Fault.OfOption(ApiName.ExcludeTarget, $"given without {ApiName.Target}", "the examples to leave out"));
        if (ExcludesTarget && (Features ?? FeaturesRun) is { } made)
            faults.Add(Fault.OfOption(
                ApiName.ExcludeTarget, $"given with {ApiName.Features}",
                $"features computed here: those of {made} have rows for the whole pool"));
        if (Repeats is < 1 or > 1000) faults.Add(Fault.OfOption(ApiName.Repeats, $"{Repeats}", "1 to 1000"));
        if (NeedsTokens && ModelDirectory is null)
            faults.Add(Fault.OfOption(
                ApiName.Model,
                "missing; "
                    + $"{(method.Needs.HasFlag(FeatureNeeds.TokenCounts) ? $"'{Method}'" : $"a budget in {Budget.UnitName(Budget.Unit)}")} "
                    + "needs the tokenizer of a model directory"));
        if (method.Needs.HasFlag(FeatureNeeds.ReferenceLengths) && Targets.Count == 0 && Match is null)
            faults.Add(Fault.OfOption(
                ApiName.Target,
                $"missing; '{Method}' imitates the lengths of a target's examples, or with {ApiName.Match} those of an earlier selection"));
        TextFeatures.AddFaults(this, method, faults);
        StatisticsFeatures.AddFaults(this, method, faults);
        if (On is not null && method.FaultOf(On) is { } misfit) faults.Add(misfit);
        AddFeatureFaults(method, faults);
        if (faults.Count > 0) throw new PursuitException(faults);
    }

    /// <summary>What the job reads and writes.</summary>
    /// <exception cref="PursuitException">A path of records doesn't exist, or something is a pipe or a device.</exception>
    internal JobFiles Files()
    {
        var files = new JobFiles()
            .ReadsRecords(ApiName.Pool, Pool.Paths)
            .ReadsRecords(ApiName.Target, Targets)
            .Reads(On?.Path is null ? ApiName.Features : ApiName.On, Features ?? FeaturesRun)
            .Reads(ApiName.TargetFeatures, TargetFeatures)
            .Reads(ApiName.Match, Match)
            .ReadsModel(ApiName.Model, ModelDirectory)
            .Reads(ApiName.Encoder, Encoder)
            .ReadsModel(ApiName.ReferenceModel, ReferenceModel)
            .Writes(ApiName.Out, Out)
            .Writes(ApiName.Out, SelectionWriter.FactsPath(Out))
            .WritesRun(RunDirectory is null ? ApiName.Out : ApiName.Run, RunPath);
        if (Indices is not null) files.Writes(ApiName.Indices, Indices);
        foreach (var beside in Formats.Select(f => TrainerFiles.Beside(Out, f)))
            files.Writes(ApiName.Out, beside.DataPath).Writes(ApiName.Out, beside.ConfigurationPath);
        return files;
    }

    private void AddFeatureFaults(MethodDescriptor method, List<Fault> faults)
    {
        if (!method.Needs.ReadsFeatures()) return;
        var kind = KindFor(method);
        var (what, targets) = kind switch
        {
            FeatureKind.Embedding => ("embeddings", "embeddings"),
            FeatureKind.Encoder => ("an encoder's vectors", "vectors"),
            _ => ("gradient features", "gradients"),
        };
        if (kind != FeatureKind.Encoder && Encoder is not null)
            faults.Add(Fault.OfOption(
                ApiName.Encoder, $"given, and '{Method}' is to read {what}", $"{ApiName.On} encoder, or no {ApiName.Encoder}"));
        if (Features is null && !ComputesFeatures)
            faults.Add(Fault.OfOption(
                ApiName.Features, $"missing; '{Method}' reads {what} of the pool (docs/formats/features.md says how to make them)"));
        var lost = ((string Option, string? Path)[])[(ApiName.Features, Features), (ApiName.TargetFeatures, TargetFeatures)];
        lost = [.. lost.Where(given => given.Path is not null && !File.Exists(given.Path) && !Directory.Exists(given.Path))];
        faults.AddRange(lost.Select(given => new Fault(
            FaultKind.Storage, given.Option, $"no file or directory '{given.Path}'", $"features, or the run of {ApiName.ModelFeatures}")));
        if (lost.Length > 0) return; // what else may be missing depends on them
        if (Features is null && TargetFeatures is not null)
            faults.Add(Fault.OfOption(
                ApiName.TargetFeatures,
                $"given without {ApiName.Features}; a target's features are of use beside the pool's, made in the same way"));
        if (method.Needs.ReadsTargetFeatures() && Features is not null && TargetFeatures is null && Targets.Count > 0)
            faults.Add(Fault.OfOption(
                ApiName.TargetFeatures,
                $"missing beside {ApiName.Features}; the target's {targets} must be made as the pool's were (docs/formats/features.md)"));
        if (method.Needs.NeedsTargetFeatures() && TargetFeatures is null && Targets.Count == 0)
        {
            faults.Add(Features is null
                ? Fault.OfOption(ApiName.Target, $"missing; '{Method}' compares with a target's examples")
                : Fault.OfOption(ApiName.TargetFeatures, $"missing; '{Method}' reads {what} of the target"));
        }
    }

    /// <summary>The kind of features that the job computes for a method.</summary>
    internal FeatureKind KindFor(MethodDescriptor method) => On?.Kind ?? method.Needs.OwnKind();

    /// <summary>The fields of <see cref="With"/>, which were found to be valid.</summary>
    internal IReadOnlyList<AddedField> AddedFields => AddedField.Parse(With, []);

    /// <summary>True where the method or the budget counts tokens.</summary>
    internal bool NeedsTokens =>
        Budget.Unit != BudgetUnit.Rows || MethodRegistry.Find(Method).Needs.HasFlag(FeatureNeeds.TokenCounts);
}
