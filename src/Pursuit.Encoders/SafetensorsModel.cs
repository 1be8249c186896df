using Pursuit.Engine.Features;
using Pursuit.Engine.Models.TextEncoders;
using Pursuit.Engine.Training;
using Pursuit.Storage;

namespace Pursuit.Encoders;

/// <summary>An encoder in safetensors, which Pursuit computes itself.</summary>
/// <param name="Directory">The encoder's directory.</param>
/// <param name="Name">The file, or the index of several.</param>
/// <param name="Config">What it is made of.</param>
internal sealed record SafetensorsModel(string Directory, string Name, TextEncoderConfig Config) : IEncoderModel
{
    private const string Version = "pursuit/1";
    private static readonly string[] Names = [ModelWeights.SingleFileName, ModelWeights.IndexFileName];

    /// <inheritdoc/>
    public string Runtime => Version;

    /// <summary>Whether a directory has safetensors.</summary>
    public static bool Exists(string directory) => Names.Any(name => File.Exists(Path.Combine(directory, name)));

    /// <summary>Describes the model of a directory that has safetensors.</summary>
    /// <exception cref="PursuitException">Its configuration is missing or malformed, or asks for what isn't computed.</exception>
    public static SafetensorsModel Describe(string directory) => new(
        directory,
        Names.First(name => File.Exists(Path.Combine(directory, name))),
        TextEncoderConfig.ReadDirectory(directory));

    /// <inheritdoc/>
    public string Fingerprint() => ModelFiles.Fingerprint(Directory);

    /// <inheritdoc/>
    public IEncoderSession Open(EncoderDescription encoder)
    {
        if (encoder.Pool == EncoderPool.Auto)
        {
            throw PursuitException.At(
                Directory,
                "a Dense module in modules.json, whose weights are not read",
                "an ONNX file with the output sentence_embedding",
                "Export the encoder with its modules to ONNX, or choose the pooling with encoder.pool.");
        }

        return new SafetensorsSession(encoder, TextEncoder.Load(Directory, Config));
    }

    private sealed class SafetensorsSession(EncoderDescription encoder, TextEncoder model) : IEncoderSession
    {
        /// <inheritdoc/>
        public int Dimension => model.HiddenSize;

        /// <inheritdoc/>
        public void Encode(EncoderTokens tokens, Span<float> vector)
        {
            ArgumentNullException.ThrowIfNull(tokens);
            var states = new float[tokens.Ids.Count * Dimension];
            model.HiddenStates([.. tokens.Ids], states);
            Pooling.Apply(encoder.Pool, states, tokens.PooledFrom, vector);
            encoder.Finish(vector);
        }

        /// <inheritdoc/>
        public void Dispose() => model.Dispose();
    }
}
