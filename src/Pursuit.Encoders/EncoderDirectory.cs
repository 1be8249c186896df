using Pursuit.Engine.Features;
using Pursuit.Storage;
using Pursuit.Tokenization;

namespace Pursuit.Encoders;

/// <summary>Reads the files of an encoder's directory.</summary>
internal static class EncoderDirectory
{
    private const string ConfigName = "config.json";
    private const string ModulesName = "modules.json";
    private const string PoolingName = "1_Pooling";
    private const string LengthName = "sentence_bert_config.json";
    private const string PromptsName = "config_sentence_transformers.json";
    private const int FewestTokens = 8;
    private const int UsualPadding = 1;
    private const double LargestLength = 1e6; // what transformers writes for "no limit" is far above

    // Their positions begin behind the padding token's id.
    private static readonly string[] OffsetPositions = ["roberta", "xlm-roberta", "camembert", "mpnet", "longformer"];

    /// <summary>Reads them.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="options">How vectors are made.</param>
    /// <param name="maxLength">Tokens a text is cut to at most.</param>
    /// <exception cref="PursuitException">A file is missing or unfit, or asks for what isn't supported.</exception>
    public static EncoderDescription Read(string directory, EncoderOptions options, int maxLength)
    {
        if (!Directory.Exists(directory))
        {
            var isFile = File.Exists(directory);
            throw PursuitException.At(
                ApiName.Encoder,
                isFile ? $"'{directory}', which is a file" : $"no directory '{directory}'",
                "a directory with model.onnx or model.safetensors, config.json and a tokenizer",
                isFile ? "Give the directory that it lies in; encoder.file names one of several ONNX files." : null);
        }

        var model = ModelOf(directory, options.File);
        using var config = Open(directory, ConfigName) ?? throw NoConfig(directory);
        var tokenizer = Tokenizer.Load(directory);
        RequireOwn(tokenizer, config.Root, directory);
        var modules = Modules(directory);
        var pooling = Pooling.Read(directory, modules.Pooling);
        using var prompts = Open(directory, PromptsName);
        using var length = Open(directory, LengthName);
        return new EncoderDescription
        {
            Name = $"{Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)))}/{model.Name}",
            Model = model,
            Tokenizer = tokenizer,
            Pool = options.Pool != EncoderPool.Auto ? options.Pool : modules.InFile ? EncoderPool.Auto : pooling.Pool,
            Normalizes = modules.Normalizes,
            PoolsPrompt = pooling.PoolsPrompt,
            LowersCase = length?.Root["do_lower_case"].Boolean(false) ?? false,
            MaxLength = LengthOf(directory, config.Root, length?.Root, maxLength),
            Prompts = Prompts(prompts?.Root),
            DefaultPrompt = prompts?.Root["default_prompt_name"] is { IsNull: false } usual ? usual.Text() : null,
        };
    }

    /// <summary>An ONNX file goes before safetensors where neither is asked for: it may have modules that safetensors lack.</summary>
    private static IEncoderModel ModelOf(string directory, string file)
    {
        var asked = file is ModelWeights.SingleFileName or ModelWeights.IndexFileName;
        var exists = SafetensorsModel.Exists(directory);
        if (asked && !exists)
        {
            throw PursuitException.At(
                directory, $"no {file}", "the file that encoder.file names", "Omit the option where there is an ONNX file.");
        }

        if (!asked && !(file == EncoderOptions.Auto && exists && !OnnxFile.Exists(directory)))
            return OnnxFile.Find(directory, file);
        return File.Exists(Path.Combine(directory, ConfigName)) ? SafetensorsModel.Describe(directory) : throw NoConfig(directory);
    }

    private static PursuitException NoConfig(string directory) => PursuitException.At(
        directory, $"no {ConfigName}", "the model's configuration, which tells its vocabulary and longest text");

    private static JsonFile? Open(string directory, string name)
    {
        var path = Path.Combine(directory, name);
        return File.Exists(path) ? JsonFile.Open(path, JsonFile.LargestConfiguration, "a part of an encoder, as JSON") : null;
    }

    private static void RequireOwn(Tokenizer tokenizer, JsonField config, string directory)
    {
        if (!config["vocab_size"].TryWhole(out var rows) || tokenizer.VocabularySize <= rows) return;
        throw PursuitException.At(
            directory,
            $"a tokenizer with ids up to {tokenizer.VocabularySize - 1:N0} for a vocabulary of {rows:N0} tokens",
            "a tokenizer and a model that belong together");
    }

    /// <summary>What sentence-transformers' list of modules asks: where pooling is described, what else is done.</summary>
    private static (string? Pooling, bool Normalizes, bool InFile) Modules(string directory)
    {
        using var file = Open(directory, ModulesName);
        if (file is null) return (Directory.Exists(Path.Combine(directory, PoolingName)) ? PoolingName : null, false, false);
        string? pooling = null;
        var (normalizes, inFile) = (false, false);
        foreach (var module in file.Root.Items())
        {
            var type = module["type"].Text();
            switch (type[(type.LastIndexOf('.') + 1)..])
            {
                case "Transformer":
                    break;
                case "Pooling":
                    pooling = module["path"].Text(PoolingName);
                    if (Path.IsPathRooted(pooling) || pooling.Split('/', '\\').Contains(".."))
                        throw module["path"].Fault("a folder in the encoder's directory");
                    break;
                case "Normalize":
                    normalizes = true;
                    break;
                case "Dense":
                    inFile = true; // its weights are in no file that is read here; an ONNX file may have it
                    break;
                default:
                    throw PursuitException.At(module.Where, $"the module '{type}'", "Transformer, Pooling, Normalize, or Dense in the "
                        + "ONNX file");
            }
        }

        return (pooling, normalizes, inFile);
    }

    private static int LengthOf(string directory, JsonField config, JsonField? own, int asked)
    {
        var longest = (double)asked;
        using var tokenizer = Open(directory, TokenizerConfig.FileName);
        var offset = OffsetPositions.Contains(config["model_type"].Text(""))
            ? (config["pad_token_id"].TryWhole(out var padding) ? padding : UsualPadding) + 1
            : 0;
        Limit(config["max_position_embeddings"], offset);
        if (own is { } lengths && !lengths["max_seq_length"].IsNull) Limit(lengths["max_seq_length"], 0);
        else if (tokenizer is not null) Limit(tokenizer.Root["model_max_length"], 0);
        return longest >= FewestTokens
            ? (int)longest
            : throw PursuitException.At(directory, $"texts of at most {longest:0} tokens", $"at least {FewestTokens}");

        void Limit(JsonField field, long less)
        {
            if (field.IsNull) return;
            if (!field.TryNumber(out var value)) throw field.Fault("a number of tokens");
            if (value < LargestLength) longest = Math.Min(longest, value - less);
        }
    }

    private static Dictionary<string, string> Prompts(JsonField? root)
    {
        if (root?["prompts"] is not { IsNull: false } prompts) return [];
        return prompts.Properties().ToDictionary(prompt => prompt.Name, prompt => prompt.Value.Text(), StringComparer.Ordinal);
    }
}
