using System.Globalization;
using Pursuit.Jobs;

namespace Pursuit.Cli.Output;

/// <summary>Prints how features were made, for people.</summary>
internal static class FeaturePrinter
{
    public static void Print(FeatureReport report)
    {
        if (report is GradientReport gradients) Print(gradients);
        else if (report is EmbeddingReport embeddings) Print(embeddings);
    }

    private static void Print(EmbeddingReport report)
    {
        var what = report.Encoder is { } encoder
            ? string.Create(CultureInfo.InvariantCulture, $"vectors of {encoder}, {report.Dimension:N0} numbers: {report.Pool} pooling of "
                + $"{(report.PooledTokens == "all" ? "the whole text" : "the " + report.PooledTokens)}")
            : string.Create(CultureInfo.InvariantCulture, $"embeddings of {report.Dimension:N0} numbers: {report.Pool} pooling of "
                + $"{report.PooledTokens} tokens behind layer {report.Layer} of {report.Layers}");
        Terminal.Line(string.Create(
            CultureInfo.InvariantCulture, $"Features  {what}, {report.Norm} norm; {report.Bytes / 1e6:0.0} MB"));
        Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"          {report.Tokens:N0} tokens through the model in "
            + $"{ProgressPrinter.Duration(TimeSpan.FromSeconds(report.Seconds))} ({report.Tokens / Math.Max(report.Seconds, 1e-3):N0}/s)"));
        Cut(report.Cut, report.MaxLength);
        if (report.WithoutTokens > 0)
            Terminal.Line($"          {report.WithoutTokens:N0} examples have no "
                + $"{(report.Encoder is null ? "token to pool" : "text")}: zero rows");
    }

    private static void Cut(int examples, int length)
    {
        if (examples > 0) Terminal.Line($"          {examples:N0} examples cut to {length:N0} tokens");
    }

    private static void Print(GradientReport report)
    {
        Terminal.Line($"Features  {report.Kind} gradients, preconditioning {report.Preconditioning}: {report.Checkpoints.Count} "
            + $"checkpoints x {report.Dimension:N0} numbers, {report.Bytes / 1e9:0.00} GB");
        Terminal.Line($"          {report.Tokens:N0} tokens through the model in "
            + $"{ProgressPrinter.Duration(TimeSpan.FromSeconds(report.Seconds))}{Rate(report)}");
        if (report is { Cut: { } cut, MaxLength: { } length }) Cut(cut, length);
        foreach (var c in report.Checkpoints)
            Terminal.Line($"          {c.Name}: {Loss(c)}{Cosine(c)}mean learning rate "
                + $"{c.MeanLearningRate.ToString("0.0e+0", CultureInfo.InvariantCulture)}");
    }

    private static string Rate(GradientReport report) => report.LearningRate is { } rate
        ? string.Create(CultureInfo.InvariantCulture, $"; warm-up on {report.WarmupRows.Count:N0} examples at {rate:0.0e+0}")
        : "";

    private static string Loss(CheckpointReport c) =>
        c.MeanLoss is { } loss ? string.Create(CultureInfo.InvariantCulture, $"loss {loss:0.000}, ") : "";

    private static string Cosine(CheckpointReport c) =>
        c.CosineToPrevious is { } cosine ? string.Create(CultureInfo.InvariantCulture, $"cosine to the one before {cosine:0.000}, ") : "";
}
