using Pursuit.Selection.Neighbours;

namespace Pursuit.Selection.Less;

/// <summary>
/// LESS's scores, but target examples take turns: in each round every one, in the target's order, takes its best row that is still free,
/// as comparisons of the field do it (arXiv 2602.14696). With groups instead, none is drowned by one whose gradients are easier to match,
/// and one group alone is <see cref="LessSelector"/>.
/// </summary>
internal sealed class LessRoundRobinSelector : ISelector
{
    /// <summary>The method's name.</summary>
    public const string Name = "less-round-robin";

    private readonly LessRoundRobinOptions _options;

    /// <summary>Creates the method with checked options.</summary>
    public LessRoundRobinSelector(LessRoundRobinOptions options)
    {
        options.Validate(Name);
        _options = options;
    }

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context) =>
        _options.Turns == LessTurns.Groups ? ByGroup(problem, context) : ByExample(problem, context);

    private SelectionResult ByExample(SelectionProblem problem, SelectionContext context)
    {
        var scores = new ExampleScores(problem, Name, _options.Rows, _options.Centre, context);
        var (selection, takenBy) = TurnTaking.Fill(Name, problem, problem.Gradients.Pool!, scores.Targets, scores.Best);
        return selection with { Details = scores.Details(selection, position => takenBy[position]) };
    }

    private SelectionResult ByGroup(SelectionProblem problem, SelectionContext context)
    {
        var tasks = TaskScores.Compute(problem, Name, _options.Rows, _options.Centre, context);
        var (ranked, takenBy) = TakeTurns(problem, tasks);
        var selection = BudgetFiller.Fill(Name, problem, ranked, problem.Gradients.Pool);
        var chosenFor = new int[tasks.Tasks];
        foreach (var row in selection.Rows) chosenFor[takenBy[row.Position]]++;
        return selection with { Details = new LessDetails { Tasks = tasks.Names, ChosenFor = chosenFor, BytesRead = tasks.BytesRead } };
    }

    /// <summary>All rows in the order they are taken, and the task that took each.</summary>
    private static (RankedRow[] Ranked, int[] TakenBy) TakeTurns(SelectionProblem problem, TaskScores tasks)
    {
        var rows = problem.ContentIds.Count;
        var orders = new RankedRow[tasks.Tasks][];
        for (var t = 0; t < tasks.Tasks; t++)
        {
            var scores = new double[rows];
            for (var i = 0; i < rows; i++) scores[i] = tasks.Scores[i * tasks.Tasks + t];
            orders[t] = RowOrder.ByScore(scores, problem.ContentIds);
        }

        var ranked = new RankedRow[rows];
        var takenBy = new int[rows];
        Array.Fill(takenBy, -1);
        var next = new int[tasks.Tasks];
        for (var rank = 0; rank < rows; rank++)
        {
            var task = rank % tasks.Tasks;
            while (takenBy[orders[task][next[task]].Position] >= 0) next[task]++;
            ranked[rank] = orders[task][next[task]];
            takenBy[ranked[rank].Position] = task;
        }

        return (ranked, takenBy);
    }
}
