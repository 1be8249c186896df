using System.Text;

namespace Pursuit.Selection.Zip;

/// <summary>
/// ZIP (Yin et al., "Entropy Law: The Story Behind Data Compression and LLM Performance", arXiv 2407.06645): chooses, round by
/// round, the examples that keep the compression ratio R = bytes / zlib bytes of all that is chosen lowest.
/// </summary>
internal sealed class ZipSelector : IScorer
{
    /// <summary>The method's name.</summary>
    public const string Name = "zip";

    private readonly ZipOptions _options;

    /// <summary>Creates the method with checked options.</summary>
    public ZipSelector(ZipOptions options)
    {
        options.Validate();
        _options = options;
    }

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        using var measure = new TailMeasure(_options.Compressor, context.Threads, context.CancellationToken);
        var texts = Texts(problem, context.CancellationToken);
        var rounds = Start(problem, texts, measure, context.Progress);
        if (rounds.Left.Count == 0)
            throw PursuitException.At(ApiName.Pool, $"none of the {texts.Length:N0} examples has a text", "examples with words");

        var budget = problem.ResolvedBudget;
        var ranked = new List<RankedRow>();
        long spent = 0;
        var count = 0;
        for (; spent < budget && rounds.Left.Count > 0; count++)
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            rounds.Run(() => spent < budget, (position, ratio) =>
            {
                ranked.Add(new RankedRow(position, -ratio));
                spent += problem.Budget.Cost(position, problem.TokenCounts);
            });
            context.Progress?.Report(new WorkProgress("choosing by compression", spent, budget, Budget.UnitName(problem.Budget.Unit)));
        }

        var (bytes, compressed) = (rounds.Chosen.Bytes, rounds.Chosen.Compressed);
        ranked.AddRange(Others(problem, texts, rounds, ranked));
        var empty = texts.Count(t => t.Length == 0);
        var selection = BudgetFiller.Fill(Name, problem, ranked);
        return selection with
        {
            Remarks =
            [
                .. selection.Remarks,
                .. empty == 0 ? Array.Empty<string>() : [$"{empty:N0} examples without a text have no ratio and were passed over."],
            ],
            Details = new ZipDetails
            {
                Compressor = _options.Compressor == ZipCompressor.Libz ? "libz" : "managed",
                Rounds = count,
                Bytes = bytes,
                Compressed = compressed,
            },
        };
    }

    /// <summary>Each example's own compression ratio: what the first round starts from. NaN without a text.</summary>
    public double[] Scores(SelectionProblem problem, SelectionContext context)
    {
        using var measure = new TailMeasure(_options.Compressor, context.Threads, context.CancellationToken);
        var texts = Texts(problem, context.CancellationToken);
        var ratios = Start(problem, texts, measure, context.Progress).Ratios;
        var scores = new double[texts.Length];
        for (var i = 0; i < scores.Length; i++) scores[i] = texts[i].Length == 0 ? double.NaN : ratios[i];
        return scores;
    }

    private ZipRounds Start(SelectionProblem problem, byte[][] texts, TailMeasure measure, IProgress<WorkProgress>? progress) =>
        new(problem, _options, texts, measure, progress is null ? null : done =>
        {
            if (done % 256 == 0) progress.Report(new WorkProgress("compressing each example", done, texts.Length, "examples"));
        });

    private static byte[][] Texts(SelectionProblem problem, CancellationToken cancellationToken) =>
        [.. problem.RequirePoolTexts(Name).Read(cancellationToken).Select(Encoding.UTF8.GetBytes)];

    /// <summary>What the rounds didn't choose, by its last ratio: for sources whose quota reaches that far.</summary>
    private static RankedRow[] Others(SelectionProblem problem, byte[][] texts, ZipRounds rounds, List<RankedRow> ranked)
    {
        var chosen = ranked.Select(r => r.Position).ToHashSet();
        var scores = new double[texts.Length];
        for (var i = 0; i < scores.Length; i++) scores[i] = -rounds.Ratios[i];
        return [.. RowOrder.ByScore(scores, problem.ContentIds).Where(r => texts[r.Position].Length > 0 && !chosen.Contains(r.Position))];
    }
}
