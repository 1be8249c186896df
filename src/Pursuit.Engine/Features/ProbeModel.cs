using Pursuit.Data;
using Pursuit.Engine.Kernels;
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
/// <param name="Device">Where it computes.</param>
internal sealed record ProbeModel(string Path, string Fingerprint, ModelConfig Config, ExampleEncoder Encoder, Device Device)
{
    /// <summary>Opens a model.</summary>
    /// <param name="recipe">Where it is, what its examples are cut to, and on which device it computes.</param>
    /// <exception cref="PursuitException">A file is missing or unfit, or the tokenizer is another model's.</exception>
    public static ProbeModel Open<TOptions>(FeatureRecipe<TOptions> recipe)
        where TOptions : IFeatureOptions
    {
        var path = recipe.Model;
        var config = ModelConfigReader.ReadDirectory(path);
        var encoder = ModelEncoder.Load(path, Math.Min(recipe.MaxLength, config.MaximumPositions), recipe.TemplateSettings);
        return encoder.Tokenizer.VocabularySize <= config.VocabularySize
            ? new ProbeModel(path, ModelFiles.Fingerprint(path), config, encoder, recipe.Device)
            : throw ModelFiles.OtherTokenizer(path, encoder.Tokenizer.VocabularySize, config.VocabularySize);
    }

    /// <summary>Examples as the model reads them; one that the template refuses has no tokens.</summary>
    public EncodedExample[] Encode(IReadOnlyList<Example> examples, int threads, CancellationToken cancellationToken)
    {
        var encoded = new EncodedExample[examples.Count];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken };
        Parallel.For(0, encoded.Length, parallel, i => encoded[i] = Encoder.TryEncode(examples[i], out _) ?? new EncodedExample
        {
            ContentId = examples[i].ContentId,
            Ids = [],
            Trained = [],
            SupervisedTokens = 0,
            Truncation = default,
            IsRefused = true,
        });
        return encoded;
    }

    /// <summary>Everything of the examples and the model that their features depend on.</summary>
    public Fingerprint AddTo(Fingerprint fingerprint, string pool) => Device.AddTo(fingerprint
        .Add("pool", pool)
        .Add("model", Fingerprint)
        .Add("encoder", ModelEncoder.Fingerprint(Encoder).Hash));
}
