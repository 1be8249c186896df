using System.Collections.Frozen;

namespace Pursuit.Storage;

/// <summary>
/// The tensors of a model directory as Hugging Face lays it out: one `model.safetensors`, or several files that
/// `model.safetensors.index.json` names. All headers are checked when it is opened.
/// </summary>
/// <remarks>
/// An index may only name files in the model's own directory: a name with a separator, a drive or `..` is
/// refused, so an index can't make Pursuit read elsewhere. A symbolic link in the directory is followed wherever it
/// points, because anyone who can place a link there could place the file itself, and Hugging Face's own cache consists of links.
/// </remarks>
internal sealed class ModelWeights : IDisposable
{
    /// <summary>The one-file layout.</summary>
    public const string SingleFileName = "model.safetensors";

    /// <summary>The index of the several-file layout.</summary>
    public const string IndexFileName = "model.safetensors.index.json";

    private readonly FrozenDictionary<string, SafetensorsFile> _fileOf;

    private ModelWeights(string path, IReadOnlyList<SafetensorsFile> files, Dictionary<string, SafetensorsFile> fileOf)
    {
        Path = path;
        Files = files;
        _fileOf = fileOf.ToFrozenDictionary(StringComparer.Ordinal);
        Tensors = fileOf.ToFrozenDictionary(pair => pair.Key, pair => pair.Value.Tensors[pair.Key], StringComparer.Ordinal);
    }

    /// <summary>The directory, or the one file.</summary>
    public string Path { get; }

    /// <summary>The files, in ordinal order of their names.</summary>
    public IReadOnlyList<SafetensorsFile> Files { get; }

    /// <summary>All tensors by name.</summary>
    public IReadOnlyDictionary<string, TensorInfo> Tensors { get; }

    /// <summary>Opens the weights of a model directory, or one safetensors file.</summary>
    /// <param name="modelDirectory">A directory that holds `model.safetensors` or its index; or a .safetensors file.</param>
    /// <param name="options">Limits; null means the defaults.</param>
    /// <exception cref="PursuitException">No weights there, an index that is wrong, or a faulty file.</exception>
    public static ModelWeights Open(string modelDirectory, SafetensorsOptions? options = null)
    {
        options ??= new SafetensorsOptions();
        options.Validate();
        var path = System.IO.Path.GetFullPath(modelDirectory);
        if (File.Exists(path))
            return OpenFiles(path, [SafetensorsFile.Open(path, options)], null);
        var single = System.IO.Path.Combine(path, SingleFileName);
        if (File.Exists(single))
            return OpenFiles(path, [SafetensorsFile.Open(single, options)], null);
        var index = System.IO.Path.Combine(path, IndexFileName);
        if (!File.Exists(index))
            throw NoWeights(path);

        var map = SafetensorsIndex.Read(index, options);
        var files = new List<SafetensorsFile>();
        try
        {
            foreach (var name in map.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
                files.Add(SafetensorsFile.Open(System.IO.Path.Combine(path, name), options));
            return OpenFiles(path, files, map);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    /// <summary>A tensor's entry.</summary>
    /// <exception cref="PursuitException">The model has no such tensor.</exception>
    public TensorInfo Info(string name) => FileOf(name).Tensors[name];

    /// <inheritdoc cref="SafetensorsFile.ReadSingle(string, Span{float})"/>
    public void ReadSingle(string name, Span<float> destination) => FileOf(name).ReadSingle(name, destination);

    /// <inheritdoc cref="SafetensorsFile.ReadSingle(string, long, Span{float})"/>
    public void ReadSingle(string name, long firstElement, Span<float> destination) =>
        FileOf(name).ReadSingle(name, firstElement, destination);

    /// <inheritdoc cref="SafetensorsFile.ReadRaw"/>
    public ReadOnlySpan<byte> ReadRaw(string name, long byteOffset, int count) => FileOf(name).ReadRaw(name, byteOffset, count);

    /// <inheritdoc cref="SafetensorsFile.GiveBack"/>
    public void GiveBack(string name, long firstElement, long count) => FileOf(name).GiveBack(name, firstElement, count);

    /// <summary>Unmaps the files.</summary>
    public void Dispose()
    {
        foreach (var file in Files)
            file.Dispose();
    }

    private static ModelWeights OpenFiles(string path, List<SafetensorsFile> files, Dictionary<string, string>? map)
    {
        if (map is null)
            return new ModelWeights(path, files, files[0].Tensors.Keys.ToDictionary(name => name, _ => files[0], StringComparer.Ordinal));
        var byName = files.ToDictionary(file => System.IO.Path.GetFileName(file.Path), StringComparer.Ordinal);
        var fileOf = new Dictionary<string, SafetensorsFile>(StringComparer.Ordinal);
        foreach (var (tensor, fileName) in map)
        {
            if (!byName[fileName].Tensors.ContainsKey(tensor))
                throw PursuitException.At(
                    System.IO.Path.Combine(path, IndexFileName),
                    $"tensor '{tensor}' is said to be in '{fileName}', which has no such tensor among its {byName[fileName].Tensors.Count}",
                    "an index that matches its files", "Get the model again.");
            fileOf.Add(tensor, byName[fileName]);
        }

        return new ModelWeights(path, files, fileOf);
    }

    private static PursuitException NoWeights(string path)
    {
        if (!Directory.Exists(path))
            return PursuitException.At(path, "no such directory", "a model directory", "Check the path.");
        var pickles = Directory.EnumerateFiles(path).Select(System.IO.Path.GetFileName)
            .Where(name => name!.EndsWith(".bin", StringComparison.OrdinalIgnoreCase)
                || name.EndsWith(".pt", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".pth", StringComparison.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal).FirstOrDefault();
        return PursuitException.At(
            path, $"neither {SingleFileName} nor {IndexFileName}{(pickles is null ? "" : $", but {pickles}")}", "one of the two",
            pickles is null
                ? "Check that this is the model's directory."
                : "Pickle files run code when they are read, so Pursuit never reads one; get or make the model's safetensors files.");
    }

    private SafetensorsFile FileOf(string name) =>
        _fileOf.TryGetValue(name, out var file)
            ? file
            : throw PursuitException.At(
                Path, $"no tensor '{name}' among its {_fileOf.Count}", "that tensor", TensorNames.Suggest(name, _fileOf.Keys));
}
