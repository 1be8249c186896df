using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Tokenization;

namespace Pursuit.Engine.Statistics;

/// <summary>A model that scores tokens, and how: its directory, its encoder, its windows.</summary>
internal sealed record ScoringModel
{
    /// <summary>Its directory.</summary>
    public required string Directory { get; init; }

    /// <summary>Its config and weights.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Turns examples into its tokens.</summary>
    public required ScoringEncoder Encoder { get; init; }

    /// <summary>Token ids.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>What the tokenizer writes for what it can't spell; null where there is no such token.</summary>
    public required int? UnknownToken { get; init; }

    /// <summary>Most tokens of a window.</summary>
    public required int Window { get; init; }

    /// <summary>Tokens from one window to the next.</summary>
    public required int Stride { get; init; }

    /// <summary>Tokens of a micro-batch.</summary>
    public required int MicroBatch { get; init; }

    /// <summary>Where it computes.</summary>
    public required Device Device { get; init; }

    /// <summary>Opens a model directory.</summary>
    /// <param name="directory">As Hugging Face lays it out.</param>
    /// <param name="recipe">The windows, the length examples are cut to, and the device.</param>
    /// <param name="asText">True prints conversations as plain text, without a template.</param>
    /// <exception cref="PursuitException">A file is missing, or the tokenizer isn't the model's.</exception>
    public static ScoringModel Open(string directory, StatisticsRecipe recipe, bool asText)
    {
        var options = recipe.Options;
        var encoder = ModelEncoder.Load(directory, recipe.MaxLength, asText ? [] : recipe.TemplateSettings);
        var config = ModelConfigReader.ReadDirectory(directory);
        if (encoder.Tokenizer.VocabularySize > config.VocabularySize)
            throw ModelFiles.OtherTokenizer(directory, encoder.Tokenizer.VocabularySize, config.VocabularySize);
        var special = TokenizerConfig.Load(directory);
        var window = options.Window == 0 ? config.MaximumPositions : Math.Min(options.Window, config.MaximumPositions);
        return new ScoringModel
        {
            Directory = Path.GetFullPath(directory),
            Fingerprint = ModelFiles.Fingerprint(directory),
            Encoder = new ScoringEncoder(encoder, special, asText),
            Vocabulary = config.VocabularySize,
            UnknownToken = special.UnkToken is { } unknown ? encoder.Tokenizer.TokenToId(unknown) : null,
            Window = window,
            Stride = Math.Clamp((int)Math.Round(window * (1 - options.Overlap)), 1, window - 1),
            MicroBatch = options.MicroBatch,
            Device = recipe.Device,
        };
    }

    /// <summary>Adds everything statistics depend on besides the examples.</summary>
    public Fingerprint AddTo(Fingerprint fingerprint) => Device.AddTo(fingerprint
        .Add("model", Fingerprint)
        .Add("encoder", Encoder.Fingerprint)
        .Add("window", Window)
        .Add("stride", Stride));
}
