using Pursuit.Storage;

namespace Pursuit.Tokenization.Reading;

/// <summary>How parts of a tokenizer.json that Pursuit has not are refused.</summary>
internal static class TokenizerRefusals
{
    /// <summary>A refusal by name.</summary>
    /// <param name="field">The part.</param>
    /// <param name="kind">Such as "normalizer".</param>
    /// <param name="name">Its name in the file.</param>
    /// <param name="supported">What there is instead.</param>
    public static PursuitException Unsupported(this JsonField field, string kind, string name, string supported) =>
        PursuitException.At(
            field.Where, $"{kind} '{name}' is not supported", $"one of: {supported}",
            "Pursuit refuses what it would otherwise get wrong; see docs/formats/tokenizer.md.");
}
