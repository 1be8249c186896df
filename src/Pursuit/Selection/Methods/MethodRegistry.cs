using Pursuit.Selection.AskLlm;
using Pursuit.Selection.Bilevel;
using Pursuit.Selection.Bm25;
using Pursuit.Selection.Density;
using Pursuit.Selection.Dsdm;
using Pursuit.Selection.Dsir;
using Pursuit.Selection.Grand;
using Pursuit.Selection.Gtp;
using Pursuit.Selection.Information;
using Pursuit.Selection.KCenter;
using Pursuit.Selection.KCenterWeighted;
using Pursuit.Selection.Length;
using Pursuit.Selection.LengthMatched;
using Pursuit.Selection.Less;
using Pursuit.Selection.Neighbours;
using Pursuit.Selection.Omp;
using Pursuit.Selection.Pursuits;
using Pursuit.Selection.Random;
using Pursuit.Selection.Rds;
using Pursuit.Selection.S2l;
using Pursuit.Selection.SemDedup;
using Pursuit.Selection.Tagcos;
using Pursuit.Selection.TokenScores;
using Pursuit.Selection.TracIn;
using Pursuit.Selection.Tsds;
using Pursuit.Selection.Uot;
using Pursuit.Selection.Vog;
using Pursuit.Selection.Zip;

namespace Pursuit.Selection.Methods;

/// <summary>Every method, by name. Adding a method is a folder beside this file and one entry here (CONTRIBUTING.md).</summary>
public static class MethodRegistry
{
    /// <summary>The methods in the order of their listing: baselines last.</summary>
    public static IReadOnlyList<MethodDescriptor> Methods { get; } =
    [
        MethodDescriptor.For<GtpOptions>(
            GtpSelector.Name,
            "examples whose gradients, with weights, add up to the target's along a training trajectory",
            FeatureNeeds.PoolGradients | FeatureNeeds.OptionalTargetGradients,
            options => new GtpSelector(options)) with { TakesAnyVectors = true, Serve = TwoRounds.Serve },
        MethodDescriptor.For<OmpOptions>(
            OmpSelector.Name,
            "as gtp, one example per pass: exact and slow, the yardstick",
            FeatureNeeds.PoolGradients | FeatureNeeds.OptionalTargetGradients,
            options => new OmpSelector(options)) with { TakesAnyVectors = true },
        MethodDescriptor.For<LessOptions>(
            LessSelector.Name,
            "examples whose gradients point most like some target group's (LESS)",
            FeatureNeeds.PoolGradients | FeatureNeeds.TargetGradients,
            options => new LessSelector(options)) with { TakesAnyVectors = true },
        MethodDescriptor.For<LessRoundRobinOptions>(
            LessRoundRobinSelector.Name,
            "LESS's scores, target examples taking turns",
            FeatureNeeds.PoolGradients | FeatureNeeds.TargetGradients,
            options => new LessRoundRobinSelector(options)) with { TakesAnyVectors = true },
        MethodDescriptor.For<LessOptions>(
            DoublyGreedySelector.Name,
            "examples whose gradient is nearest to some target example's",
            FeatureNeeds.PoolGradients | FeatureNeeds.TargetGradients,
            options => new DoublyGreedySelector(options)) with { TakesAnyVectors = true },
        MethodDescriptor.For<UotOptions>(
            UotSelector.Name,
            "examples that take most of the target's mass, by unbalanced optimal transport",
            FeatureNeeds.PoolGradients | FeatureNeeds.TargetGradients,
            options => new UotSelector(options)) with { TakesAnyVectors = true },
        MethodDescriptor.For<DsdmOptions>(
            DsdmSelector.Name,
            "examples that a linear model of the target's loss says lower it most, what others say counted once (DsDm)",
            FeatureNeeds.PoolGradients | FeatureNeeds.TargetGradients,
            options => new DsdmSelector(options)) with { TakesAnyVectors = true, Serve = DsdmRequests.Serve },
        MethodDescriptor.For<BilevelOptions>(
            BilevelSelector.Name,
            "of a few thousand examples those that together fit a proxy best, by drawing sets of them (probabilistic coresets)",
            FeatureNeeds.PoolGradients | FeatureNeeds.OptionalTargetGradients,
            options => new BilevelSelector(options)) with { TakesAnyVectors = true },
        MethodDescriptor.For<TracInOptions>(
            TracInSelector.Name,
            "examples whose unscaled gradients would lower the target's loss most",
            FeatureNeeds.PoolGradients | FeatureNeeds.TargetGradients,
            options => new TracInSelector(options)),
        MethodDescriptor.For<NoOptions>(
            TracInSelfSelector.Name,
            "examples that influence their own loss most: hard, rare or mislabelled ones",
            FeatureNeeds.PoolGradients,
            _ => new TracInSelfSelector()),
        MethodDescriptor.For<GrandOptions>(
            GrandSelector.Name,
            "examples with the largest gradients",
            FeatureNeeds.PoolGradients,
            options => new GrandSelector(options)),
        MethodDescriptor.For<S2lOptions>(
            S2lSelector.Name,
            "equally many of every kind of loss curve (S2L)",
            FeatureNeeds.PoolGradients,
            options => new S2lSelector(options)),
        MethodDescriptor.For<TagcosOptions>(
            TagcosSelector.Name,
            "of every cluster of gradients, examples that together give its mean (TAGCOS)",
            FeatureNeeds.PoolGradients,
            options => new TagcosSelector(options)) with { TakesAnyVectors = true },
        MethodDescriptor.For<DsirOptions>(
            DsirSelector.Name,
            "examples whose words and pairs of words are distributed as the target's (DSIR)",
            FeatureNeeds.PoolTexts | FeatureNeeds.TargetTexts,
            options => new DsirSelector(options)),
        MethodDescriptor.For<Bm25Options>(
            Bm25Selector.Name,
            "examples that share the target's words, rare ones above all (BM25)",
            FeatureNeeds.PoolTexts | FeatureNeeds.TargetTexts,
            options => new Bm25Selector(options)),
        MethodDescriptor.For<ZipOptions>(
            ZipSelector.Name,
            "examples that together compress worst: little said twice (Entropy Law)",
            FeatureNeeds.PoolTexts,
            options => new ZipSelector(options)),
        MethodDescriptor.For<TsdsOptions>(
            TsdsSelector.Name,
            "examples near the target and spread out, by optimal transport; near-copies share one example's mass (TSDS)",
            FeatureNeeds.PoolEmbeddings | FeatureNeeds.TargetEmbeddings,
            options => new TsdsSelector(options)) with { TakesAnyVectors = true, Serve = NeighbourRequests.Serve },
        MethodDescriptor.For<TsdsUniformOptions>(
            TsdsSelector.UniformName,
            "as tsds, every example alike, copies or not",
            FeatureNeeds.PoolEmbeddings | FeatureNeeds.TargetEmbeddings,
            TsdsSelector.Uniform) with { TakesAnyVectors = true, Serve = NeighbourRequests.Serve },
        MethodDescriptor.For<RdsOptions>(
            RdsSelector.Name,
            "examples whose embeddings are most like some target example's (RDS+)",
            FeatureNeeds.PoolEmbeddings | FeatureNeeds.TargetEmbeddings,
            options => new RdsSelector(options)) with { TakesAnyVectors = true, Serve = RdsRequests.Serve },
        MethodDescriptor.For<RdsOptions>(
            RdsRoundRobinSelector.Name,
            "as rds, target examples taking turns",
            FeatureNeeds.PoolEmbeddings | FeatureNeeds.TargetEmbeddings,
            options => new RdsRoundRobinSelector(options)) with { TakesAnyVectors = true, Serve = RdsRequests.Serve },
        MethodDescriptor.For<KCenterOptions>(
            KCenterSelector.Name,
            "examples that leave none of the pool far from a chosen one",
            FeatureNeeds.PoolEmbeddings,
            options => new KCenterSelector(options)) with { TakesAnyVectors = true, Serve = KCenterRequests.Serve },
        MethodDescriptor.For<DensityOptions>(
            DensitySelector.Name,
            "a random choice that gives crowded places no more than sparse ones",
            FeatureNeeds.PoolEmbeddings,
            options => new DensitySelector(options)) with { TakesAnyVectors = true },
        MethodDescriptor.For<SemDedupOptions>(
            SemDedupSelector.Name,
            "examples that are least nearly copies of others (SemDeDup)",
            FeatureNeeds.PoolEmbeddings,
            options => new SemDedupSelector(options)) with { TakesAnyVectors = true },
        MethodDescriptor.For<D4Options>(
            D4Selector.Name,
            "without near copies, the examples least typical of their cluster (D4)",
            FeatureNeeds.PoolEmbeddings,
            options => new D4Selector(options)) with { TakesAnyVectors = true },
        MethodDescriptor.For<KCenterWeightedOptions>(
            KCenterWeightedSelector.Name,
            "as kcenter, examples the probe model is unsure of where there is a choice",
            FeatureNeeds.PoolEmbeddings | FeatureNeeds.TokenStatistics,
            options => new KCenterWeightedSelector(options)) with { TakesAnyVectors = true, Serve = KCenterRequests.Serve },
        MethodDescriptor.For<InformationOptions>(
            InformationSelector.Name,
            "examples a probe can't predict and whose words are rare",
            FeatureNeeds.TokenStatistics,
            options => new InformationSelector(options)),
        MethodDescriptor.For<PerplexityOptions>(
            PerplexitySelector.Name,
            "examples of middling perplexity",
            FeatureNeeds.TokenStatistics,
            options => new PerplexitySelector(options)),
        MethodDescriptor.For<EntropyOptions>(
            EntropySelector.Name,
            "examples the probe model is unsure of, by entropy",
            FeatureNeeds.TokenStatistics,
            options => new EntropySelector(options)),
        MethodDescriptor.For<ExcessOptions>(
            ExcessSelector.Name,
            "examples no more surprising than the probe expected: garbled text goes",
            FeatureNeeds.TokenStatistics,
            options => new ExcessSelector(options)),
        MethodDescriptor.For<MarginOptions>(
            MarginSelector.Name,
            "examples the probe model is unsure of, by margin",
            FeatureNeeds.TokenStatistics,
            options => new MarginSelector(options)),
        MethodDescriptor.For<El2nOptions>(
            El2nSelector.Name,
            "examples predicted worst, by the error's norm (EL2N)",
            FeatureNeeds.TokenStatistics,
            options => new El2nSelector(options)) with { NeedsOf = options => ((El2nOptions)options).Needs },
        MethodDescriptor.For<ForgettingOptions>(
            ForgettingSelector.Name,
            "examples that a training learns and forgets again",
            FeatureNeeds.TrajectoryStatistics,
            options => new ForgettingSelector(options)),
        MethodDescriptor.For<IfdOptions>(
            IfdSelector.Name,
            "answers the question helps least with (IFD)",
            FeatureNeeds.TokenStatistics | FeatureNeeds.AnswerStatistics,
            options => new IfdSelector(options)),
        MethodDescriptor.For<PviOptions>(
            PviSelector.Name,
            "answers the question tells most of (PVI)",
            FeatureNeeds.TokenStatistics | FeatureNeeds.AnswerStatistics,
            options => new PviSelector(options)),
        MethodDescriptor.For<LossDiscrepancyOptions>(
            LossDiscrepancySelector.Name,
            "examples whose loss differs most between two models",
            FeatureNeeds.TokenStatistics | FeatureNeeds.ReferenceStatistics,
            options => new LossDiscrepancySelector(options)),
        MethodDescriptor.For<VogOptions>(
            VogSelector.Name,
            "examples whose input gradients vary most over a training (VoG)",
            FeatureNeeds.GradientVariances,
            options => new VogSelector(options)),
        MethodDescriptor.For<AskLlmOptions>(
            AskLlmSelector.Name,
            "examples that a judge model calls informative (Ask-LLM)",
            FeatureNeeds.JudgeAnswers,
            options => new AskLlmSelector(options)),
        MethodDescriptor.For<NoOptions>(
            RandomSelector.Name,
            "a uniformly random choice; the baseline to beat",
            FeatureNeeds.None,
            _ => new RandomSelector()),
        MethodDescriptor.For<LengthOptions>(
            LengthSelector.Name,
            "the longest (or shortest) answers",
            FeatureNeeds.TokenCounts,
            options => new LengthSelector(options)),
        MethodDescriptor.For<LengthMatchedOptions>(
            LengthMatchedSelector.Name,
            "random, with answer lengths distributed as the target's or an earlier selection's",
            FeatureNeeds.TokenCounts | FeatureNeeds.ReferenceLengths,
            options => new LengthMatchedSelector(options)),
    ];

    /// <summary>The records that methods report in, each with the name under which a run keeps it.</summary>
    internal static IReadOnlyList<(Type Type, string Name)> Details { get; } =
    [
        (typeof(PursuitDetails), "pursuit"),
        (typeof(LessDetails), "less"),
        (typeof(S2lDetails), "s2l"),
        (typeof(ZipDetails), "zip"),
        (typeof(TsdsDetails), "tsds"),
        (typeof(KCenterDetails), "kcenter"),
        (typeof(TokenScoreDetails), "token-score"),
        (typeof(UotDetails), "uot"),
        (typeof(TagcosDetails), "tagcos"),
        (typeof(DensityDetails), "density"),
        (typeof(SemDedupDetails), "semdedup"),
        (typeof(DsdmDetails), "dsdm"),
        (typeof(KCenterWeightedDetails), "kcenter-weighted"),
        (typeof(BilevelDetails), "bilevel"),
    ];

    /// <summary>A method, ready with its options.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="options">Its options record (<see cref="MethodDescriptor.OptionsType"/>); null takes the defaults.</param>
    /// <exception cref="PursuitException">There is no such method, the options are another's, or they contradict themselves.</exception>
    public static ISelector Create(string name, object? options = null)
    {
        var method = Find(name);
        options ??= Activator.CreateInstance(method.OptionsType)!;
        return method.OptionsType.IsInstanceOfType(options)
            ? method.Create(options)
            : throw PursuitException.At(ApiName.Method, $"{options.GetType().Name} for '{name}'", method.OptionsType.Name);
    }

    /// <summary>The method of a name.</summary>
    /// <exception cref="PursuitException">There is none; the message has the nearest name.</exception>
    public static MethodDescriptor Find(string name) =>
        Methods.FirstOrDefault(m => m.Name == name)
        ?? throw PursuitException.At(
            ApiName.Method,
            $"no method is named '{name}'",
            $"one of: {string.Join(", ", Methods.Select(m => m.Name))}",
            Suggestion.For(name, Methods.Select(m => m.Name)));
}
