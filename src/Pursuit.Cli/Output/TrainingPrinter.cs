using Pursuit.Engine.Training;

namespace Pursuit.Cli.Output;

/// <summary>Prints what a training came to, for people.</summary>
internal static class TrainingPrinter
{
    public static void Print(TrainingResult result, long parameters, string model)
    {
        Terminal.Line(
            $"Trained   {parameters:N0} parameters, {result.Steps:N0} steps, {result.Tokens:N0} tokens; last loss {result.Loss:F3}");
        if (result.StepsNow > 0)
        {
            var part = result.StepsNow < result.Steps ? $" for the last {result.StepsNow:N0} steps" : "";
            var rate = result.TokensNow / result.Time.TotalSeconds;
            Terminal.Line($"Took      {ProgressPrinter.Duration(result.Time)}{part}, {rate:N0} tokens/s");
        }

        if (result.HeldOut is { } heldOut)
        {
            Terminal.Line($"Held out  {Loss(heldOut.All)}");
            if (heldOut.Groups.Count > 0)
            {
                Terminal.Table(
                    Terminal.ForPeople,
                    ["held out", "documents", "tokens", "loss per token", "per byte"],
                    heldOut.Groups.Select(Cells));
            }
        }

        Terminal.Line($"Model     {model}");
    }

    private static string[] Cells(HeldOutLoss group) =>
    [
        group.Name!, $"{group.Documents:N0}", $"{group.Tokens:N0}", $"{group.LossPerToken:F3}",
        group.LossPerByte is { } loss ? $"{loss:F3}" : "",
    ];

    private static string Loss(HeldOutLoss loss) =>
        $"loss {loss.LossPerToken:F3} per token{(loss.LossPerByte is { } bytes ? $", {bytes:F3} per byte" : "")} over "
            + $"{loss.Tokens:N0} tokens of {loss.Documents:N0} documents";
}
