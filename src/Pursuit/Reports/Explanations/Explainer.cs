using Pursuit.Data;
using Pursuit.Jobs;
using Pursuit.Selection;
using Pursuit.Selection.Methods;
using static System.FormattableString;

namespace Pursuit.Reports.Explanations;

/// <summary>
/// Says why an input row was or wasn't chosen. A pursuit's gains are those the run kept (<c>gains.safetensors</c>); similarities are
/// recomputed from the features, and the order of methods that order the pool by running them again.
/// </summary>
internal sealed class Explainer
{
    private const int MostCopies = 20;

    private readonly SelectedRun _run;
    private readonly Dictionary<int, int> _ranks;
    private readonly CancellationToken _cancellationToken;

    private Explainer(SelectedRun run, CancellationToken cancellationToken)
    {
        _run = run;
        _ranks = run.Selection.Rows.Index().ToDictionary(r => r.Item.Position, r => r.Index + 1);
        _cancellationToken = cancellationToken;
    }

    /// <summary>Explains a row.</summary>
    /// <param name="run">A finished selection.</param>
    /// <param name="reference">"file:line", a content id or at least six of its first digits, or the user's id.</param>
    /// <param name="cancellationToken">Stops between parts.</param>
    /// <exception cref="PursuitException">No row goes by that name, or several do.</exception>
    public static Explanation Explain(SelectedRun run, string reference, CancellationToken cancellationToken)
    {
        var explainer = new Explainer(run, cancellationToken);
        var row = run.Pool.Ledger[RowFinder.Find(run.Pool, reference, cancellationToken)];
        return row.Fate switch
        {
            RowFate.Pool => explainer.OfExample(row.Position) with { Row = explainer.Place(row) },
            RowFate.DuplicateOf or RowFate.NearDuplicateOf => explainer.OfDuplicate(row),
            RowFate.Filtered => new Explanation
            {
                Row = explainer.Place(row),
                Fate = "filtered",
                Why = [$"It was left out: it doesn't fulfill {run.Options.Pool.Where}."],
            },
            _ => new Explanation
            {
                Row = explainer.Place(row),
                Fate = "quarantined",
                Reason = row.Reason,
                Why = [row.Reason == PoolOptions.ExcludedReason
                    ? $"It was excluded: {row.Reason}."
                    : $"It could not be read as a record: {row.Reason}."],
            },
        };
    }

    private Explanation OfDuplicate(LedgerRow row)
    {
        var original = _run.Pool.Ledger[row.DuplicateOf];
        var first = OfExample(original.Position);
        return first with
        {
            Row = Place(row),
            Fate = row.Fate == RowFate.DuplicateOf ? "duplicate of" : "near duplicate of",
            DuplicateOf = Place(original),
            Reason = row.Reason,
            Why =
            [
                $"It has {Likeness(row)} as {Name(original)}, {RecordPlace.Of(original.File, original.Line, original.RowGroup)}; "
                    + "only that one was a candidate, and the rest of this explanation is about it.",
                .. first.Why,
            ],
        };
    }

    private static string Likeness(LedgerRow row) => row.Similarity is { } similarity
        ? Invariant($"nearly the same words (Jaccard similarity {similarity:0.0000})")
        : "the same content";

    private Explanation OfExample(int position)
    {
        var row = _run.Pool.Ledger[_run.Pool.InputRow(position)];
        var rank = _ranks.TryGetValue(position, out var r) ? r : (int?)null;
        var isEmpty = FeaturelessRows.Find(_run.Problem.FeaturesRead(MethodRegistry.Find(_run.Options.Method).Needs))?[position] == true;
        var explanation = new Explanation
        {
            Row = Place(row),
            ContentId = _run.Pool.ContentIds[position].ToString(),
            Fate = rank is not null ? "selected" : isEmpty ? "no features" : "not selected",
            Why = [],
            Copies = [.. _run.Pool.Ledger.Rows().Where(x => x.DuplicateOf == row.Row).Take(MostCopies).Select(Place)],
            Source = _run.Sources.Names[_run.Sources.Groups[position]],
            Text = ReportTexts.Short(_run.Pool.Read([position], _cancellationToken).First()),
            Rank = rank,
        };
        if (rank is { } chosen)
        {
            var ranked = _run.Selection.Rows[chosen - 1];
            explanation = explanation with
            {
                Weight = ranked.Weight,
                Score = ranked.Score,
                Repeats = Repeats.FromWeights(_run.Selection.Rows, _run.Options.Repeats)[chosen - 1],
            };
        }

        if (isEmpty) return explanation with { Why = ["Its features are a zero row, which methods that read features never select."] };
        explanation = WithFeatures(explanation, position);
        explanation = _run.Gains is null ? WithOrder(explanation, position) : explanation;
        return explanation with { Why = ExplanationText.Why(explanation, _run) };
    }

    private Explanation WithFeatures(Explanation explanation, int position)
    {
        var pursued = _run.Selection.Rows.Where(r => r.Score > 0).Select(r => r.Position).ToHashSet();
        var history = _run.Gains is null ? null : new PassHistory(_run.Gains, position, pursued);
        if (history is not null) explanation = explanation with { Passes = history.Passes() };
        if (FeatureReasons.Of(_run, _cancellationToken) is not { } reasons) return explanation;

        ExampleLink[] Near(Func<int, bool> passes) => reasons.Near([position], passes, null, _cancellationToken)[0];
        explanation = explanation with
        {
            Serves = Linked(_run.Target, reasons.Serves([position], _cancellationToken)[0], "target row"),
            NearChosen = Linked(_run.Pool, Near(_ranks.ContainsKey), "row"),
            NearNotChosen = Linked(_run.Pool, Near(p => !_ranks.ContainsKey(p)), "row"),
        };
        if (explanation.Rank is not null || history?.Fall() is not { } fall) return explanation;
        var added = history.Added(fall).ToHashSet();
        var pass = _run.Gains!.Passes[fall];
        return explanation with
        {
            Displaced = new Displacement(
                pass.Pass, pass.Gains[position], history.After(fall)!.Value, Linked(_run.Pool, Near(added.Contains), "row")),
        };
    }

    /// <summary>
    /// Orders the whole pool by running the method again with all of it as the budget: told only where that order begins with the
    /// choice, so that it is the order the choice was made by.
    /// </summary>
    private Explanation WithOrder(Explanation explanation, int position)
    {
        var gone = _run.Problem.Statistics.IsEmpty && MethodRegistry.Find(_run.Options.Method).Needs.ReadsStatistics();
        if (_run.Problem.Quotas.Count > 0 || gone) return explanation;
        var method = MethodOptions.Create(MethodRegistry.Find(_run.Options.Method), _run.Options.Settings);
        var context = new SelectionContext { Threads = _run.Options.Pool.Threads, CancellationToken = _cancellationToken };
        var order = method.Select(_run.Problem with { Budget = new Budget(1, IsShare: true, BudgetUnit.Rows) }, context).Rows;
        if (!order.Take(_run.Selection.Rows.Count).Select(r => r.Position).SequenceEqual(_run.Selection.Rows.Select(r => r.Position)))
            return explanation;
        var place = order.Index().Where(r => r.Item.Position == position).Select(r => (int?)r.Index).FirstOrDefault();
        return place is { } at
            ? explanation with { Place = at + 1, PlaceOf = order.Count, Score = order[at].Score }
            : explanation;
    }

    private LinkedExample[] Linked(Pool? pool, ExampleLink[] links, string what)
    {
        if (pool is null)
            return Array.ConvertAll(links, l => new LinkedExample(null, null, 0, Invariant($"{what} {l.To + 1}"), l.Value, null));
        var examples = pool.Read([.. links.Select(l => l.To)], _cancellationToken).ToArray();
        return
        [
            .. links.Zip(examples, (link, example) => new LinkedExample(
                example.Id,
                pool.Sources[example.Locator.Source].Path,
                example.Locator.Line,
                ReportTexts.Short(example),
                link.Value,
                ReferenceEquals(pool, _run.Pool) && _ranks.TryGetValue(link.To, out var rank) ? rank : null)),
        ];
    }

    private RowPlace Place(LedgerRow row) =>
        new(row.Fate == RowFate.Pool ? _run.Pool.UserId(row.Position) : null, row.File, row.Line, row.Row) { RowGroup = row.RowGroup };

    private string Name(LedgerRow row) => _run.Pool.UserId(row.Position) is { } id ? $"'{id}'" : Invariant($"row {row.Row:N0}");
}
