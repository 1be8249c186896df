using System.Globalization;
using Pursuit.Engine.Features;
using Pursuit.Runs;
using Pursuit.Storage;

namespace Pursuit.Encoders;

/// <summary>An ONNX file, with the files that hold its weights where it doesn't hold them itself.</summary>
/// <param name="Path">The file.</param>
/// <param name="Name">Its path within the encoder's directory.</param>
/// <param name="Outside">The files with its weights, full paths.</param>
/// <param name="Opset">The version of the operators it asks for; null where it doesn't say.</param>
internal sealed record OnnxFile(string Path, string Name, IReadOnlyList<string> Outside, long? Opset) : IEncoderModel
{
    private const string Ending = ".onnx";
    private const string Usual = "model.onnx";
    private static readonly string[] Folders = ["", "onnx"];

    /// <inheritdoc/>
    public string Runtime => OnnxSession.RuntimeVersion;

    /// <summary>Whether a directory has an ONNX file.</summary>
    public static bool Exists(string directory) => FilesOf(directory).Length > 0;

    /// <summary>Finds and describes an encoder's file.</summary>
    /// <param name="directory">The encoder's directory.</param>
    /// <param name="name">Its name, with or without folder and ending; auto for the usual one, or the only one.</param>
    /// <exception cref="PursuitException">There is none, or none of that name; or it isn't ONNX, or its weights are missing.</exception>
    public static OnnxFile Find(string directory, string name)
    {
        var there = FilesOf(directory);
        string[] wanted = name == EncoderOptions.Auto ? [Usual] : [name, name + Ending];
        var found = Folders.SelectMany(folder => wanted.Select(file => folder.Length == 0 ? file : $"{folder}/{file}"))
            .FirstOrDefault(there.Contains);
        if (found is null && name == EncoderOptions.Auto && there.Length == 1) found = there[0];
        if (there.Length == 0 && SafetensorsModel.Exists(directory))
            throw PursuitException.At(
                directory,
                $"no ONNX file '{name}', but safetensors",
                "the file that encoder.file names",
                $"Omit the option, or name {ModelWeights.SingleFileName}.");
        if (there.Length == 0)
            throw PursuitException.At(
                directory,
                $"no ONNX file and no {ModelWeights.SingleFileName}{Pickle(directory)}",
                $"model.onnx, onnx/model.onnx or {ModelWeights.SingleFileName}",
                "Export the encoder to ONNX, as optimum does, or copy its onnx folder or its safetensors.");
        if (found is null)
            throw PursuitException.At(
                directory,
                name == EncoderOptions.Auto ? $"no {Usual}" : $"no ONNX file '{name}'",
                $"one of: {string.Join(", ", there)}",
                "Name it with encoder.file.");
        return Describe(System.IO.Path.Combine(directory, found), found);
    }

    /// <inheritdoc/>
    public IEncoderSession Open(EncoderDescription encoder) => OnnxSession.Open(encoder, this);

    /// <summary>Everything of the weights: a hash of the file and of those outside.</summary>
    public string Fingerprint() => new Fingerprint("onnx/1")
        .Add("file", FileHash.Of(Path, CancellationToken.None))
        .Add("outside", Outside.Select(file => FileHash.Of(file, CancellationToken.None)))
        .Hash;

    private static string[] FilesOf(string directory) =>
    [
        .. Folders.Select(folder => System.IO.Path.Combine(directory, folder)).Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*" + Ending))
            .Select(path => System.IO.Path.GetRelativePath(directory, path).Replace('\\', '/')).Order(StringComparer.Ordinal),
    ];

    private static string Pickle(string directory) =>
        Directory.EnumerateFiles(directory, "*.bin").Select(System.IO.Path.GetFileName).Min(StringComparer.Ordinal) is { } pickle
            ? $", but {pickle}, which is never read: pickle files run code"
            : "";

    private static OnnxFile Describe(string path, string name)
    {
        var (opset, locations) = OnnxReader.Read(path);
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        if (locations.FirstOrDefault(l => System.IO.Path.IsPathRooted(l) || l.Split('/', '\\').Contains("..")) is { } away)
            throw PursuitException.At(
                path, $"weights in '{away}'", "weights in the file, or in files beside it", "Export the encoder anew.");
        string[] outside = [.. locations.Select(location => System.IO.Path.Combine(folder, location))];
        if (outside.FirstOrDefault(file => !File.Exists(file)) is { } missing)
            throw PursuitException.At(
                path,
                $"weights in {System.IO.Path.GetRelativePath(folder, missing)}, which isn't there",
                "that file beside it",
                string.Create(CultureInfo.InvariantCulture, $"Copy it, as it was saved with {name}."));
        return new OnnxFile(path, name, outside, opset);
    }
}
