using System.ComponentModel;
using System.Globalization;
using Pursuit.Runs;
using Pursuit.Selection.Methods;

namespace Pursuit.Engine.Features;

/// <summary>How the hidden states of a text's tokens become one vector of a sentence encoder.</summary>
public enum EncoderPool
{
    /// <summary>As the encoder's own files say.</summary>
    Auto,

    /// <summary>Their mean.</summary>
    Mean,

    /// <summary>The first one's.</summary>
    Cls,

    /// <summary>The last one's.</summary>
    Last,

    /// <summary>The largest of each number.</summary>
    Max,

    /// <summary>Their mean with weights 1, 2, ..., n.</summary>
    Weighted,

    /// <summary>Their sum divided by the square root of their number.</summary>
    SqrtMean,
}

/// <summary>Which of an example's text an encoder reads.</summary>
public enum EncoderText
{
    /// <summary>All turns' contents, line after line; of a text, the text.</summary>
    All,

    /// <summary>What isn't an assistant's; of a text, the text.</summary>
    Prompt,

    /// <summary>What is an assistant's; of a text, the text.</summary>
    Answer,
}

/// <summary>
/// How a sentence encoder's vectors are made (docs/encoders.md). Set on the command line as <c>--set encoder.option=value</c>.
/// </summary>
public sealed record EncoderOptions : IFeatureOptions
{
    internal const string Auto = "auto";

    /// <inheritdoc/>
    public static string Name => MethodOptions.EncoderOwner;

    /// <inheritdoc/>
    public static string RecipeName => "encoder-recipe.json";

    /// <summary>
    /// The model's file in the encoder's directory or its folder <c>onnx</c>. Default auto: <c>model.onnx</c>, or
    /// <c>model.safetensors</c> where there is no ONNX file.
    /// </summary>
    [Description(
        "the model's file in the directory or its folder onnx, such as model_quantized; auto is model.onnx, or model.safetensors where "
        + "there is no ONNX file")]
    public string File { get; init; } = Auto;

    /// <summary>How hidden states become one vector. Default: as the encoder's files say.</summary>
    [Description(
        "how the tokens' hidden states become one vector: auto (as the encoder's files say), mean, cls (the first token's), last, max, "
        + "weighted (mean with weights 1, 2, ..., n) or sqrt-mean")]
    public EncoderPool Pool { get; init; } = EncoderPool.Auto;

    /// <summary>Which of an example's text is read. Default: all.</summary>
    [Description("which of a conversation is read: all, prompt (what isn't the assistant's) or answer (what is)")]
    public EncoderText Text { get; init; } = EncoderText.All;

    /// <summary>How long a vector is. Default: unit.</summary>
    [Description("how long a vector is: unit (1) or raw (as the encoder gives it)")]
    public EmbeddingNorm Norm { get; init; } = EmbeddingNorm.Unit;

    /// <summary>What goes before the pool's texts. Default auto: the encoder's default prompt, or nothing.</summary>
    [Description(
        "what goes before the pool's texts: the name of one of the encoder's prompts, a text such as 'passage: ', none, or auto (the "
        + "encoder's default prompt, or nothing)")]
    public string PoolPrefix { get; init; } = Auto;

    /// <summary>What goes before the target's texts. Default auto: the encoder's default prompt, or nothing.</summary>
    [Description("what goes before the target's texts, as of pool-prefix, such as query or 'query: '")]
    public string TargetPrefix { get; init; } = Auto;

    /// <summary>What its numbers are stored in. Default: f32.</summary>
    [Description("what the numbers are stored in: f32 or bf16 (half the bytes)")]
    public EmbeddingPrecision Precision { get; init; } = EmbeddingPrecision.F32;

    /// <inheritdoc/>
    public void Validate()
    {
        var faults = new List<string>();
        void Check(bool good, string option, object found, string expected)
        {
            if (!good) faults.Add($"{Name}.{option}: {Convert.ToString(found, CultureInfo.InvariantCulture)}; expected {expected}");
        }

        Check(File.Length > 0, "file", "''", "a file's name or auto");
        Check(Enum.IsDefined(Pool), "pool", Pool, "auto, mean, cls, last, max, weighted or sqrt-mean");
        Check(Enum.IsDefined(Text), "text", Text, "all, prompt or answer");
        Check(Enum.IsDefined(Norm), "norm", Norm, "unit or raw");
        Check(Enum.IsDefined(Precision), "precision", Precision, "f32 or bf16");
        if (faults.Count > 0) throw new PursuitException(FaultKind.Option, string.Join(". ", faults) + ".");
    }

    /// <summary>What goes before the texts of one side.</summary>
    /// <param name="facts">The encoder.</param>
    /// <param name="ofPool">Whether they are the pool's, not the target's.</param>
    /// <exception cref="PursuitException">A word that is no prompt of the encoder.</exception>
    internal string PrefixFor(EncoderFacts facts, bool ofPool)
    {
        var (option, given) = ofPool ? ("pool-prefix", PoolPrefix) : ("target-prefix", TargetPrefix);
        if (given == Auto) return facts.DefaultPrompt is { } usual ? facts.Prompts.GetValueOrDefault(usual, "") : "";
        if (given is "none" or "") return "";
        if (facts.Prompts.TryGetValue(given, out var prompt)) return prompt;
        // A single word that is glued to the text is hardly meant.
        if (!given.All(char.IsLetterOrDigit)) return given;
        throw PursuitException.At(
            $"{Name}.{option}",
            $"'{given}', which is no prompt of {facts.Name}",
            facts.Prompts.Count > 0 ? $"one of: {string.Join(", ", facts.Prompts.Keys.Order(StringComparer.Ordinal))}" : "none, or a text",
            "Give a text with its colon or space, such as 'query: '.");
    }

    /// <summary>Everything of the options that vectors depend on.</summary>
    internal Fingerprint AddTo(Fingerprint fingerprint) => fingerprint
        .Add("text", Text.ToString())
        .Add("norm", Norm.ToString())
        .Add("precision", Precision.ToString());
}
