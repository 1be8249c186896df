using Pursuit.Runs;
using Pursuit.Storage;
using Pursuit.Tokenization;
using Pursuit.Tokenization.ChatTemplates;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Jobs;

/// <summary>Loads what turns a model's examples into tokens, and says what the tokens depend on.</summary>
internal static class ModelEncoder
{
    /// <summary>Loads tokenizer, special tokens and chat template of a model directory.</summary>
    /// <param name="modelDirectory">A directory as Hugging Face lays it out.</param>
    /// <param name="maxLength">Tokens an example is cut to.</param>
    /// <param name="templateSettings">"name=value" pairs: variables for the chat template; null for none.</param>
    /// <exception cref="PursuitException">A file is missing or asks for something unsupported; the message names it.</exception>
    public static ExampleEncoder Load(string modelDirectory, int maxLength, IReadOnlyList<string>? templateSettings = null)
    {
        if (!Directory.Exists(modelDirectory))
            throw PursuitException.At(
                ApiName.Model, $"no directory '{modelDirectory}'", "a model directory with tokenizer.json and config.json");
        var config = TokenizerConfig.Load(modelDirectory);
        var template = ChatTemplate.Load(modelDirectory, config, templateSettings);
        return new ExampleEncoder(Tokenizer.Load(modelDirectory), template, config, maxLength);
    }

    /// <summary>Loads them for examples that the model itself is to read: cut to its longest sequence where that is less.</summary>
    /// <param name="modelDirectory">A directory as Hugging Face lays it out; without a config.json no limit is known.</param>
    /// <param name="maxLength">Tokens an example is cut to at most.</param>
    /// <param name="templateSettings">"name=value" pairs: variables for the chat template; null for none.</param>
    /// <exception cref="PursuitException">A file is missing or asks for something unsupported; the message names it.</exception>
    public static ExampleEncoder LoadWithin(string modelDirectory, int maxLength, IReadOnlyList<string>? templateSettings = null) =>
        Load(modelDirectory, Math.Min(maxLength, LongestSequence(modelDirectory) ?? maxLength), templateSettings);

    /// <summary>
    /// What config.json says of the longest sequence, whatever the model's family; of a model with several parts, the text's.
    /// </summary>
    private static int? LongestSequence(string modelDirectory)
    {
        var path = Path.Combine(ModelDirectory.Open(modelDirectory).BasePath, "config.json");
        if (!File.Exists(path)) return null;
        using var config = JsonFile.Open(path, JsonFile.LargestConfiguration, "a model's configuration");
        if (Positions(config.Root) is { } own) return own;
        var text = config.Root["text_config"];
        return text.IsNull ? null : Positions(text);
    }

    private static int? Positions(JsonField config) =>
        config["max_position_embeddings"].TryWhole(out var positions) && positions is >= 2 and <= int.MaxValue ? (int)positions : null;

    /// <summary>Everything an example's tokens depend on besides the example.</summary>
    public static Fingerprint Fingerprint(ExampleEncoder encoder) => new Fingerprint("encoder/2")
        .Add("tokenizer", encoder.Tokenizer.Fingerprint)
        .Add("template", encoder.Template.Fingerprint)
        .Add("special-tokens", encoder.SpecialTokens)
        .Add("max-length", encoder.MaxLength);
}
