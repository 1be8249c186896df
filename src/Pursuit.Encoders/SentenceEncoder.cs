using System.Globalization;
using Pursuit.Engine.Features;
using Pursuit.Runs;

namespace Pursuit.Encoders;

/// <summary>A sentence encoder of a directory.</summary>
internal sealed class SentenceEncoder : ISentenceEncoder
{
    private readonly EncoderDescription _encoder;
    private readonly int[] _before;
    private readonly int[] _after;

    public SentenceEncoder(EncoderDescription encoder)
    {
        _encoder = encoder;
        (_before, _after) = encoder.Tokenizer.Frame;
        var pooling = encoder.Pool == EncoderPool.SqrtMean ? "sqrt-mean"
            : encoder.Pool == EncoderPool.Auto ? "model" : encoder.Pool.ToString().ToLowerInvariant();
        Facts = new EncoderFacts(
            encoder.Name,
            pooling,
            encoder.MaxLength,
            encoder.Prompts,
            encoder.DefaultPrompt,
            new Dictionary<string, string>
            {
                ["encoder"] = encoder.Model.Fingerprint(),
                ["tokenizer"] = encoder.Tokenizer.Fingerprint,
                ["pooling"] = new Fingerprint("pooling/1")
                    .Add("pool", pooling)
                    .Add("normalizes", encoder.Normalizes.ToString())
                    .Add("prompt", encoder.PoolsPrompt.ToString())
                    .Add("lower-case", encoder.LowersCase.ToString())
                    .Hash,
                ["max-length"] = encoder.MaxLength.ToString(CultureInfo.InvariantCulture),
                ["runtime"] = encoder.Model.Runtime,
            });
    }

    /// <inheritdoc/>
    public EncoderFacts Facts { get; }

    /// <inheritdoc/>
    public EncoderTokens Tokenize(string text, string prefix)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(prefix);
        var own = _encoder.Tokenizer.Encode(Cased(prefix + text), addSpecialTokens: false);
        var room = Math.Max(0, _encoder.MaxLength - _before.Length - _after.Length);
        var pooledFrom = prefix.Length == 0 || _encoder.PoolsPrompt ? 0
            : _before.Length + _encoder.Tokenizer.Encode(Cased(prefix), addSpecialTokens: false).Length;
        return new EncoderTokens([.. _before, .. own.AsSpan(0, Math.Min(room, own.Length)), .. _after], pooledFrom, own.Length > room);
    }

    /// <inheritdoc/>
    public IEncoderSession Start() => _encoder.Model.Open(_encoder);

    private string Cased(string text) => _encoder.LowersCase ? text.ToLowerInvariant() : text;
}
