using Pursuit.Data;
using Pursuit.Engine.Features;
using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Jobs;
using Pursuit.Proof;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Methods;

namespace Pursuit.Engine.Proof;

/// <summary>
/// Chooses the method of one selection (docs/auto.md): the candidates' features are made in the selection's own run, each
/// candidate is tried on halves of the target, and the verdict is kept in the run.
/// </summary>
public sealed class AutoJob
{
    private const string TrialName = "auto";

    private readonly SelectJobOptions _selection;
    private readonly AutoOptions _auto;
    private readonly ProveOptions _recipe;
    private readonly IProgress<WorkProgress>? _progress;

    /// <summary>Takes the selection, whose method is "auto".</summary>
    /// <param name="selection">The selection.</param>
    /// <param name="encoders">Reads the selection's encoder; null where it has none.</param>
    /// <param name="device">Where models compute.</param>
    /// <param name="progress">Told how far long work has come.</param>
    /// <exception cref="PursuitException">An option is out of range, a candidate can't take part, or something is missing.</exception>
    public AutoJob(SelectJobOptions selection, IEncoderLoader? encoders, Device device, IProgress<WorkProgress>? progress)
    {
        // An encoder alone says on what a method works; which of several do, each says itself.
        if (selection.On?.Kind == FeatureKind.Encoder && selection.Encoder is not null) selection = selection with { On = null };
        (_selection, _progress, _auto) = (selection, progress, AutoOptions.Of(selection.Settings));
        if (selection.Targets.Count == 0)
            throw PursuitException.At(
                ApiName.Target, $"missing; '{AutoOptions.Name}' judges methods by examples of it", "a target", "Or name a method.");
        if (selection.Features is not null || selection.TargetFeatures is not null || selection.On is not null)
            throw PursuitException.At(
                selection.On is null ? ApiName.Features : ApiName.On,
                $"given with '{AutoOptions.Name}'",
                $"a run of {ApiName.ModelFeatures}, or nothing",
                $"Halves of the target need features made as the pool's were; {AutoOptions.Name}.methods says on what each method works.");
        if (selection.ModelDirectory is not { } model)
            throw PursuitException.At(ApiName.Model, "missing", $"the model that '{AutoOptions.Name}' trains");
        foreach (var candidate in _auto.Candidates(selection.FeaturesRun)) With(candidate, selection).Validate();
        var (gradients, embeddings, encoder) = (new GradientFeatureOptions(), new EmbeddingOptions(), new EncoderOptions());
        MethodOptions.Fill(gradients, GradientFeatureOptions.Name, selection.Settings);
        MethodOptions.Fill(embeddings, EmbeddingOptions.Name, selection.Settings);
        MethodOptions.Fill(encoder, EncoderOptions.Name, selection.Settings);
        _recipe = new ProveOptions
        {
            Pool = selection.Pool,
            Tests = [],
            Model = model,
            Budgets = [selection.Budget],
            Methods = [],
            Settings = selection.Settings,
            FeaturesRun = selection.FeaturesRun,
            FeatureOptions = gradients,
            EmbeddingOptions = embeddings,
            Encoder = selection.Encoder,
            Encoders = encoders,
            EncoderOptions = encoder,
            FirstSeed = selection.Seed,
            MaxLength = Math.Min(selection.MaxLength, ModelConfigReader.ReadDirectory(model).MaximumPositions),
            TemplateSettings = selection.TemplateSettings,
            Workers = new DecoderPoolOptions { MicroBatchTokens = 256, Threads = selection.Pool.Threads },
            Device = device,
        };
        if (_recipe.EncoderFault(_auto.Candidates(selection.FeaturesRun)) is { } fault) throw new PursuitException([fault]);
    }

    /// <summary>Told what a person should know while the job goes on.</summary>
    public Action<string>? OnWarning { get; init; }

    /// <summary>Chooses, in the selection's open run.</summary>
    /// <param name="run">The run; gets the features and <see cref="AutoVerdict.FileName"/>.</param>
    /// <param name="cancellationToken">Stops it; the same call goes on.</param>
    /// <exception cref="PursuitException">Bad input; the message says what to do.</exception>
    public AutoVerdict Choose(RunDirectory run, CancellationToken cancellationToken)
    {
        var recipe = _recipe with { Pool = _recipe.Pool with { Excluded = Excluded(cancellationToken) } };
        using var own = RunDirectory.Open(run.PathOf(TrialName));
        own.OnDamage = run.OnDamage;
        using var inputs = ProofInputs.Read(own, recipe, OnWarning, _progress, cancellationToken);
        if (recipe.FeaturesRun is null)
        {
            var features = new ProofFeatures(run, recipe, inputs.Pool, _selection.MaxLength, _progress) { OwnDirectory = run.FullPath };
            foreach (var candidate in _auto.Candidates(null).Where(c => c.Needs.ReadsFeatures()))
                features.Make(candidate, cancellationToken);
            recipe = recipe with { FeaturesRun = run.FullPath };
        }

        var verdict = new AutoTrial(own, recipe, _auto, _progress)
            .Choose(inputs, _selection.Targets, _selection.Budget, _selection.Seed, cancellationToken);
        SealedJson.Write(run.PathOf(AutoVerdict.FileName), verdict);
        return verdict;
    }

    /// <summary>The selection by the method that was chosen.</summary>
    /// <param name="verdict">The choice.</param>
    public SelectJobOptions Chosen(AutoVerdict verdict) => Applied(verdict, _selection);

    /// <summary>A selection by the method that its run's verdict names.</summary>
    /// <param name="run">A run whose selection chose its method.</param>
    /// <param name="selection">The selection, whose method is "auto".</param>
    /// <exception cref="PursuitException">The verdict is missing or damaged.</exception>
    public static SelectJobOptions Kept(RunDirectory run, SelectJobOptions selection)
    {
        var verdict = SealedJson.Read<AutoVerdict>(
            run.PathOf(AutoVerdict.FileName), $"the choice of '{AutoOptions.Name}'", $"Run {ApiName.SelectJob} again.");
        return Applied(verdict, selection);
    }

    private static SelectJobOptions Applied(AutoVerdict verdict, SelectJobOptions selection) =>
        With(verdict.Chosen, selection) with { Remarks = [.. selection.Remarks, verdict.ToString()] };

    private static SelectJobOptions With(ProofMethod method, SelectJobOptions selection) => selection with
    {
        Method = method.Name,
        On = method.On,
        Encoder = method.On?.Kind == FeatureKind.Encoder ? selection.Encoder : null,
        Settings = [.. selection.Settings, .. method.Settings],
    };

    private HashSet<ContentId>? Excluded(CancellationToken cancellationToken)
    {
        if (!_selection.ExcludesTarget) return null;
        using var target = Pool.Open(_selection.Pool.Beside(_selection.Targets), null, cancellationToken);
        return target.ContentIdList.ToHashSet();
    }
}
