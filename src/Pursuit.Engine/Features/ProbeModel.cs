using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Engine.Features;

/// <summary>A probe model with what turns examples into its tokens; its weights are read where they are needed.</summary>
/// <param name="Path">Its directory.</param>
/// <param name="Fingerprint">Hash of its weights and config.</param>
/// <param name="Config">Its config.</param>
/// <param name="Encoder">Its tokenizer and template, with the length examples are cut to.</param>
internal sealed record ProbeModel(string Path, string Fingerprint, ModelConfig Config, ExampleEncoder Encoder)
{
    /// <summary>Opens a model.</summary>
    /// <param name="path">Its directory.</param>
    /// <param name="maxLength">Tokens an example is cut to; the model's longest sequence where that is less.</param>
    /// <param name="templateSettings">"name=value" pairs: variables for the chat template.</param>
    /// <exception cref="PursuitException">A file is missing or unfit, or the tokenizer is another model's.</exception>
    public static ProbeModel Open(string path, int maxLength, IReadOnlyList<string> templateSettings)
    {
        var config = ModelConfigReader.ReadDirectory(path);
        var encoder = ModelEncoder.Load(path, Math.Min(maxLength, config.MaximumPositions), templateSettings);
        return encoder.Tokenizer.VocabularySize <= config.VocabularySize
            ? new ProbeModel(path, ModelFiles.Fingerprint(path), config, encoder)
            : throw PursuitException.At(path, $"a tokenizer with ids up to {encoder.Tokenizer.VocabularySize - 1} for an embedding of {config.VocabularySize} rows", "a tokenizer and a model that belong together", "Use the tokenizer.json that came with the weights.");
    }

    /// <summary>Everything of the examples and the model that their features depend on.</summary>
    public Fingerprint AddTo(Fingerprint fingerprint, string pool) => fingerprint
        .Add("pool", pool)
        .Add("model", Fingerprint)
        .Add("encoder", ModelEncoder.Fingerprint(Encoder).Hash);
}
