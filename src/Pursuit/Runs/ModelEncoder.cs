using Pursuit.Tokenization;

namespace Pursuit.Runs;

/// <summary>Loads what turns a model's examples into tokens, and says what the tokens depend on.</summary>
public static class ModelEncoder
{
    /// <summary>Loads tokenizer, special tokens and chat template of a model directory.</summary>
    /// <param name="modelDirectory">A directory as Hugging Face lays it out.</param>
    /// <param name="maxLength">Tokens an example is cut to.</param>
    /// <param name="templateSettings">"name=value" pairs: variables for the chat template; null for none.</param>
    /// <exception cref="PursuitException">A file is missing or asks for something unsupported; the message names it.</exception>
    public static ExampleEncoder Load(string modelDirectory, int maxLength, IReadOnlyList<string>? templateSettings = null)
    {
        if (!Directory.Exists(modelDirectory))
            throw PursuitException.At("--model", $"no directory '{modelDirectory}'", "a model directory with tokenizer.json and config.json");
        var config = TokenizerConfig.Load(modelDirectory);
        var template = ChatTemplate.Load(modelDirectory, config, templateSettings);
        return new ExampleEncoder(Tokenizer.Load(modelDirectory), template, config, maxLength);
    }

    /// <summary>Everything an example's tokens depend on besides the example.</summary>
    public static Fingerprint Fingerprint(ExampleEncoder encoder) => new Fingerprint("encoder/2")
        .Add("tokenizer", encoder.Tokenizer.Fingerprint)
        .Add("template", encoder.Template.Fingerprint)
        .Add("special-tokens", encoder.SpecialTokens)
        .Add("max-length", encoder.MaxLength);
}
