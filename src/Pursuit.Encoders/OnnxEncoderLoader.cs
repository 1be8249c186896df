using Pursuit.Engine.Features;

namespace Pursuit.Encoders;

/// <summary>
/// Reads sentence encoders from directories as Hugging Face and sentence-transformers lay them out: with an ONNX file, or with safetensors
/// of a family that Pursuit computes itself.
/// </summary>
public sealed class OnnxEncoderLoader : IEncoderLoader
{
    /// <inheritdoc/>
    /// <remarks>Reads everything but the weights (docs/encoders.md lists the files); hashes them all.</remarks>
    public ISentenceEncoder Load(string directory, EncoderOptions options, int maxLength)
    {
        ArgumentNullException.ThrowIfNull(directory);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return new SentenceEncoder(EncoderDirectory.Read(directory, options, maxLength));
    }
}
