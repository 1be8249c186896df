namespace Pursuit.Storage;

/// <summary>Reads `model.safetensors.index.json`: {"metadata": ..., "weight_map": {tensor: file}}.</summary>
internal static class SafetensorsIndex
{
    /// <summary>The file of each tensor; every file is a plain name.</summary>
    /// <exception cref="PursuitException">The index can't be read, is malformed, or names a file elsewhere.</exception>
    public static Dictionary<string, string> Read(string path, SafetensorsOptions options)
    {
        using var index = JsonFile.Open(path, options.MaxIndexBytes, "a model's index (SafetensorsOptions.MaxIndexBytes is its bound)");
        var weights = index.Root["weight_map"];
        if (weights.IsNull) throw PursuitException.At(path, "no weight_map", "{\"weight_map\": {tensor: file}}", "Get the model again.");
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (tensor, file) in weights.Properties())
        {
            var name = file.Text();
            if (!IsPlainName(name))
                throw PursuitException.At(
                    path, $"tensor '{tensor}' in file '{name}'", "the plain name of a file beside the index, without a directory",
                    "The file was made to mislead; get the model again.");
            map.Add(tensor, name);
        }

        return map;
    }

    private static bool IsPlainName(string name) =>
        name.Length > 0 && name is not ("." or "..") && name.AsSpan().IndexOfAny("/\\:\0") < 0;
}
