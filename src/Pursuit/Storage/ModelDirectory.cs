namespace Pursuit.Storage;

/// <summary>
/// Where the parts of a model are: a directory as Hugging Face lays it out, or PEFT's adapters with the model that they belong to.
/// </summary>
internal sealed record ModelDirectory
{
    private const string AdapterConfigName = "adapter_config.json";

    private ModelDirectory(string basePath, string? adapterPath) => (BasePath, AdapterPath) = (basePath, adapterPath);

    /// <summary>The directory with config.json and the weights.</summary>
    public string BasePath { get; }

    /// <summary>The directory with PEFT's adapters that are added to the weights; null where there are none.</summary>
    public string? AdapterPath { get; }

    /// <summary>
    /// The directory with the tokenizer and the chat template: the adapters', where a tokenizer was saved with them, else the
    /// model's.
    /// </summary>
    public string TokenizerPath =>
        AdapterPath is { } adapter
            && (File.Exists(Path.Combine(adapter, "tokenizer.json")) || File.Exists(Path.Combine(adapter, "vocab.json")))
            ? adapter
            : BasePath;

    /// <summary>
    /// Finds a model by what a person names it: a directory, a folder of the hub's cache, or a name (<c>ORG/NAME</c>,
    /// <c>ORG/NAME@REVISION</c>)
    /// that is looked up there.
    /// </summary>
    /// <param name="word">The directory or the name.</param>
    /// <returns>The directory, to be opened by <see cref="Open"/>; a path that names nothing comes back as it is.</returns>
    /// <exception cref="PursuitException">A name that the cache doesn't have, or a folder of the cache without the asked
    /// revision.</exception>
    public static string Resolve(string word)
    {
        ArgumentNullException.ThrowIfNull(word);
        if (Directory.Exists(word)) return HubCache.Follow(word);
        if (File.Exists(word) || !HubCache.IsName(word)) return word;
        return HubCache.Find(word)
            ?? throw PursuitException.At(
                word, $"no such directory, and no model of that name in the cache at {HubCache.Directory}",
                "a model directory, or the name of a model in the cache", HubCache.HowToFetch(word));
    }

    /// <summary>Tells a model from adapters, and finds the adapters' model.</summary>
    /// <param name="directory">The directory.</param>
    /// <exception cref="PursuitException">Adapters whose model isn't named or isn't there.</exception>
    public static ModelDirectory Open(string directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        var adapterConfig = Path.Combine(directory, AdapterConfigName);
        if (!File.Exists(adapterConfig) || HasWeights(directory)) return new ModelDirectory(directory, null);
        var (name, revision) = BaseOf(adapterConfig);
        var found = Find(directory, revision is null ? name : $"{name}@{revision}")
            ?? throw PursuitException.At(
                adapterConfig, $"the model \"{name}\", which is neither a directory nor in the cache at {HubCache.Directory}",
                "the model that these adapters belong to",
                HubCache.IsName(name)
                    ? HubCache.HowToFetch(name)
                    : $"Set base_model_name_or_path in {AdapterConfigName} to the model's directory.");
        if (!HasWeights(found) && File.Exists(Path.Combine(found, AdapterConfigName)))
            throw PursuitException.At(
                adapterConfig, $"adapters of {found}, which holds adapters too", "adapters of a model",
                "Merge the inner adapters into their model first.");
        return new ModelDirectory(found, directory);
    }

    /// <summary>
    /// Names the kind of model that a directory without config.json holds, with what to do; null where it is none that is known.
    /// </summary>
    /// <param name="directory">The directory, or a file.</param>
    public static (string Found, string Advice)? OtherKind(string directory)
    {
        var names = Directory.Exists(directory)
            ? Directory.EnumerateFiles(directory).Select(Path.GetFileName).Order(StringComparer.Ordinal).ToArray()
            : [Path.GetFileName(directory)];
        string? First(string ending) => names.FirstOrDefault(n => n!.EndsWith(ending, StringComparison.OrdinalIgnoreCase));
        if (First(".gguf") is { } gguf)
            return ($"{gguf}, a GGUF file for llama.cpp",
                "Get the same model's safetensors files with their config.json: quantized weights have no gradients.");
        if (names.Contains("params.json"))
            return ("params.json, the layout of the model's own authors",
                "Get the model as Hugging Face lays it out, or convert it with transformers.");
        if (First(".onnx") is { } onnx)
            return ($"{onnx}, an ONNX model", "Get the same model's safetensors files with their config.json.");
        return null;
    }

    private static bool HasWeights(string directory) =>
        File.Exists(Path.Combine(directory, ModelWeights.SingleFileName))
            || File.Exists(Path.Combine(directory, ModelWeights.IndexFileName));

    // A relative path is the adapters' own, as where they were moved together with their model, else the process's.
    private static string? Find(string directory, string word)
    {
        foreach (var path in (string[])[Path.Combine(directory, word), word])
        {
            if (Directory.Exists(path)) return HubCache.Follow(path);
        }

        return HubCache.Find(word);
    }

    private static (string Name, string? Revision) BaseOf(string adapterConfig)
    {
        using var document = JsonFile.Open(adapterConfig, JsonFile.LargestConfiguration, "PEFT's description of adapters");
        if (Text(document.Root["base_model_name_or_path"]) is { Length: > 0 } name) return (name, Text(document.Root["revision"]));
        throw PursuitException.At(
            adapterConfig, "no base_model_name_or_path", "the name or the directory of the model that the adapters belong to",
            "Add it to the file.");
    }

    private static string? Text(JsonField field) => field.IsNull ? null : field.Text();
}
