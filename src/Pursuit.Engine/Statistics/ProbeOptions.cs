using System.ComponentModel;
using Pursuit.Engine.Training;

namespace Pursuit.Engine.Statistics;

/// <summary>
/// How token statistics are made, and the data probes that make them where no model is given: the options of "--set probe.OPTION=VALUE".
/// </summary>
public sealed record ProbeOptions
{
    /// <summary>Tokens of a scoring window. Default 0: the model's longest sequence.</summary>
    [Description("tokens of a scoring window; 0 is the model's longest sequence")]
    public int Window { get; init; }

    /// <summary>Share of a window that overlaps with the one before. Default 0.25; 0 to below 1.</summary>
    [Description(
        "share of a window that overlaps with the one before: what every token of a long text has before it at least, 0 to below 1")]
    public double Overlap { get; init; } = 0.25;

    /// <summary>Tokens of a micro-batch. Default 2,048; at least 1. Changes no result.</summary>
    [Description("tokens that go through a model at once; changes no result")]
    public int MicroBatch { get; init; } = 2048;

    /// <summary>Token ids of the probes' tokenizer. Default 4,096; 300 to 200,000.</summary>
    [Description("token ids of the tokenizer that is trained for the probes, 300 to 200000")]
    public int Vocabulary { get; init; } = 4096;

    /// <summary>Width of a probe. Default 128.</summary>
    [Description("width of a probe; a multiple of its heads")]
    public int Width { get; init; } = 128;

    /// <summary>Layers of a probe. Default 4.</summary>
    [Description("layers of a probe")]
    public int Layers { get; init; } = 4;

    /// <summary>Heads of a probe. Default 4.</summary>
    [Description("heads of a probe")]
    public int Heads { get; init; } = 4;

    /// <summary>A probe's longest sequence. Default 256.</summary>
    [Description("a probe's longest sequence in tokens")]
    public int Context { get; init; } = 256;

    /// <summary>Tokens each probe trains on. Default 2,000,000; at least 1.</summary>
    [Description("tokens each probe trains on; a smaller half is passed over more than once")]
    public int Tokens { get; init; } = 2_000_000;

    /// <summary>Share of the pool's groups that both probes score and none sees, to align them. Default 0.05; above 0, below 0.5.</summary>
    [Description("share of the pool that both probes score and none trains on, by which their scores are aligned, above 0 and below 0.5")]
    public double CommonSlice { get; init; } = 0.05;

    /// <summary>A probe's shape.</summary>
    internal DecoderShape Shape => new() { Width = Width, Layers = Layers, Heads = Heads, Context = Context };

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="PursuitException">Options are out of range; every fault is named.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        if (Window is not 0 and < 2) faults.Add($"probe.window: {Window}; expected 0 or at least 2");
        if (!(Overlap is >= 0 and < 1)) faults.Add(FormattableString.Invariant($"probe.overlap: {Overlap}; expected 0 to below 1"));
        if (MicroBatch < 1) faults.Add($"probe.micro-batch: {MicroBatch}; expected at least 1");
        if (Vocabulary is < 300 or > 200_000) faults.Add($"probe.vocabulary: {Vocabulary}; expected 300 to 200000");
        if (Width < 1 || Heads < 1 || Width % Heads != 0)
            faults.Add($"probe.width: {Width}; expected a multiple of probe.heads, which is {Heads}");
        if (Layers < 1) faults.Add($"probe.layers: {Layers}; expected at least 1");
        if (Context < 8) faults.Add($"probe.context: {Context}; expected at least 8");
        if (Tokens < 1) faults.Add($"probe.tokens: {Tokens}; expected at least 1");
        if (!(CommonSlice is > 0 and < 0.5))
            faults.Add(FormattableString.Invariant($"probe.common-slice: {CommonSlice}; expected above 0 and below 0.5"));
        if (faults.Count > 0) throw new PursuitException(FaultKind.Option, string.Join(". ", faults) + ".");
    }
}
