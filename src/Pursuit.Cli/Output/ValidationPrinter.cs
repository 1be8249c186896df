using Pursuit.Proof;

namespace Pursuit.Cli.Output;

/// <summary>Prints what a validation came to, for people.</summary>
internal static class ValidationPrinter
{
    public static void Print(ValidationReport report, string file)
    {
        Terminal.Line();
        foreach (var target in report.Targets) Terminal.Line($"Target    {target.Name}: {target.Examples:N0} examples");
        Terminal.Line($"Trained   on {report.Subsets:N0} random subsets of {report.SubsetExamples:N0} of {report.Examples:N0} examples "
            + $"(the pool has {report.PoolExamples:N0}); then without {report.Removed:N0} at a time; 95% intervals");
        Table(report, "all targets", m => (m.DatamodelScore, m.LossDifference));
        if (report.Targets.Count > 1)
        {
            foreach (var (target, t) in report.Targets.Select((target, t) => (target, t)))
                Table(report, target.Name, m => (m.Targets[t].DatamodelScore, m.Targets[t].LossDifference));
        }

        Terminal.Line();
        Terminal.Line("Score     rank correlation of a subset's summed scores with how low the loss is after training on it");
        Terminal.Line($"Removal   {report.Recipe.LossUnit} by which losing the method's first examples hurts more than losing random "
            + "ones");
        foreach (var remark in report.Remarks) Terminal.Line($"Note      {remark}");
        Terminal.Line($"Result    {Terminal.Short(file)}");
        Terminal.Line($"Took      {ProgressPrinter.Duration(TimeSpan.FromSeconds(report.Seconds))}");
    }

    private static void Table(
        ValidationReport report, string caption, Func<MethodValidation, (Interval Score, Interval Difference)> figures)
    {
        var rows = new List<string[]> { (string[])[caption, "score", "removal", "scoring"] };
        foreach (var method in report.Methods)
        {
            var (score, difference) = figures(method);
            rows.Add(
                [method.Method, Figure(score), Figure(difference), ProgressPrinter.Duration(TimeSpan.FromSeconds(method.Seconds))]);
        }

        Terminal.Line();
        ProofPrinter.WriteAligned(rows, left: [0]);
    }

    private static string Figure(Interval interval) => $"{interval.Estimate:0.000}{ProofPrinter.Bounds(interval.Low, interval.High)}";
}
