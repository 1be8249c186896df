using System.Globalization;
using Pursuit.Engine.Features;

namespace Pursuit.Cli.Output;

/// <summary>Prints what features and selection will cost, for people.</summary>
internal static class PlanPrinter
{
    public static void Print(CostPlan plan)
    {
        var culture = CultureInfo.InvariantCulture;
        var what = plan.Kind == CostPlan.Embedding
            ? string.Create(culture, $"embeddings of {plan.Dimension:N0} numbers")
            : plan.Kind == CostPlan.Encoder
            ? string.Create(culture, $"an encoder's vectors of {plan.Dimension:N0} numbers")
            : string.Create(culture, $"{plan.Kind} gradients at {plan.Checkpoints} checkpoints, {plan.Dimension:N0} numbers each");
        Terminal.Line(string.Create(culture, $"Plan      {plan.Examples:N0} examples of {plan.TokensPerExample:N0} tokens; {what}"));
        if (plan.WarmupTokens > 0)
            Terminal.Line(string.Create(culture, $"          warm-up   {plan.WarmupTokens / 1e6:N2} M tokens at "
                + $"{plan.WarmupRate:N0}/s: {Time(plan.WarmupSeconds)}"));
        Terminal.Line(string.Create(culture, $"          features  {plan.FeatureTokens / 1e6:N2} M tokens at {plan.FeatureRate:N0}/s: "
            + $"{Time(plan.FeatureSeconds)}"));
        if (plan.Passes > 0)
            Terminal.Line(string.Create(culture, $"          pursuit   about {plan.Passes} passes over "
                + $"{Terminal.Bytes(plan.StoreBytes)} at {plan.PassRate / 1e9:N1} GB/s: {Time(plan.PassSeconds)}"));
        if (plan.RetrainTokens > 0)
            Terminal.Line(string.Create(culture, $"          retrained {plan.RetrainTokens / 1e6:N2} M tokens on the choice, gradients of "
                + $"{plan.RetrainedTokens / 1e6:N2} M there: {Time(plan.RetrainSeconds)}"));
        Terminal.Line(string.Create(culture, $"          in all {Time(plan.Seconds)}, {Terminal.Bytes(plan.DiskBytes)} of disk, "
            + $"{Terminal.Bytes(plan.MemoryBytes)} of memory"));
    }

    private static string Time(double seconds) => ProgressPrinter.Duration(TimeSpan.FromSeconds(seconds));
}
