namespace Pursuit.Storage;

/// <summary>Reads `model.safetensors.index.json`: {"metadata": ..., "weight_map": {tensor: file}}.</summary>
internal static class SafetensorsIndex
{
    /// <summary>The file of each tensor; every file is a plain name.</summary>
    /// <exception cref="PursuitException">The index can't be read, is malformed, or names a file elsewhere.</exception>
    public static Dictionary<string, string> Read(string path, SafetensorsOptions options)
    {
        using var file = MappedFile.Open(path);
        if (file.Length > options.MaxIndexBytes)
            throw PursuitException.At(path, $"an index of {file.Length} bytes", $"at most {options.MaxIndexBytes} bytes (SafetensorsOptions.MaxIndexBytes)", "If it is really an index, raise the limit.");
        var reader = new StrictJson(path, file.Bytes(0, (int)file.Length));
        Dictionary<string, string>? map = null;
        reader.BeginObject("the index");
        while (reader.NextName(out var field))
        {
            if (field != "weight_map")
            {
                reader.Skip($"'{field}'");
                continue;
            }

            if (map is not null)
                throw reader.Fault("weight_map for the second time", "one weight_map");
            map = new Dictionary<string, string>(StringComparer.Ordinal);
            reader.BeginObject("weight_map");
            while (reader.NextName(out var tensor))
            {
                var name = reader.String($"the file of tensor '{tensor}'");
                if (!IsPlainName(name))
                    throw reader.Fault($"tensor '{tensor}' in file '{name}'", "the plain name of a file beside the index, without a directory");
                if (!map.TryAdd(tensor, name))
                    throw reader.Fault($"tensor '{tensor}' for the second time", "each tensor once");
            }
        }

        reader.End();
        return map ?? throw PursuitException.At(path, "no weight_map", "{\"weight_map\": {tensor: file}}", "Get the model again.");
    }

    private static bool IsPlainName(string name) =>
        name.Length > 0 && name is not ("." or "..") && name.AsSpan().IndexOfAny("/\\:\0") < 0;
}
