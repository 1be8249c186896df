using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pursuit.Storage;

/// <summary>One matrix of a feature store: the features of all rows at one checkpoint.</summary>
/// <param name="Name">Such as "checkpoint-1".</param>
/// <param name="Dim">Numbers per row, 1 or more.</param>
/// <param name="MeanLearningRate">The checkpoint's mean learning rate (etabar), finite and 0 or more; 1 where there is none.</param>
public sealed record FeatureBlock(string Name, int Dim, double MeanLearningRate = 1);

/// <summary>
/// What `features.json` says of a feature store, format version 1; specified in docs/formats/feature-store.md.
/// </summary>
public sealed record FeatureManifest
{
    /// <summary>The manifest's name in the store's directory; it is written last, so its presence means the store is whole.</summary>
    public const string FileName = "features.json";

    /// <summary>Rows of every shard but the last, fixed by the format.</summary>
    public const int ShardRows = 1024;

    private const string FormatName = "pursuit-features";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
        NewLine = "\n",
    };

    /// <summary>Always "pursuit-features".</summary>
    public required string Format { get; init; }

    /// <summary>The format's version, 1.</summary>
    public required int Version { get; init; }

    /// <summary>What the features are, such as "gradient-trajectory" or "embedding".</summary>
    public required string Kind { get; init; }

    /// <summary>Rows: one for each pool example, in the pool's canonical order.</summary>
    public required long Rows { get; init; }

    /// <summary>The matrices, in the order of their tensors "block.0", "block.1", ...</summary>
    public required IReadOnlyList<FeatureBlock> Blocks { get; init; }

    /// <summary>Element type of the matrices: "BF16" (default), "F16", "F32", or "I8" with a scale per row.</summary>
    public string Dtype { get; init; } = "BF16";

    /// <summary>How rows were scaled, such as "none" or "row".</summary>
    [JsonPropertyName("normalisation")]
    public string Normalization { get; init; } = "none";

    /// <summary>How gradients were preconditioned, such as "none" or "adam".</summary>
    public string Preconditioning { get; init; } = "none";

    /// <summary>The seed of the random projection; null when there was none.</summary>
    public ulong? ProjectionSeed { get; init; }

    /// <summary>Fingerprints of what the features were made from: "pool", "model", "tokenizer", "template".</summary>
    public IReadOnlyDictionary<string, string> Fingerprints { get; init; } = new Dictionary<string, string>();

    /// <summary>When given, every shard carries it as "store_id", so that a shard of another store is noticed.</summary>
    public string? Id { get; init; }

    /// <summary>The element type as a <see cref="TensorType"/>.</summary>
    [JsonIgnore]
    public TensorType ElementType =>
        TensorTypes.TryParse(Dtype, out var type) ? type : throw new InvalidOperationException($"dtype '{Dtype}' wasn't validated");

    /// <summary>Shards: ceil(Rows / 1024).</summary>
    [JsonIgnore]
    public int ShardCount => (int)((Rows + ShardRows - 1) / ShardRows);

    /// <summary>A manifest of version 1.</summary>
    public static FeatureManifest Create(string kind, long rows, IReadOnlyList<FeatureBlock> blocks) =>
        new() { Format = FormatName, Version = 1, Kind = kind, Rows = rows, Blocks = blocks };

    /// <summary>Rows of a shard: 1,024, fewer in the last.</summary>
    public int RowsIn(int shard) => (int)Math.Min(ShardRows, Rows - (long)shard * ShardRows);

    /// <summary>Reads and checks a manifest.</summary>
    /// <exception cref="PursuitException">The file can't be read or says what can't be.</exception>
    public static FeatureManifest Read(string path)
    {
        var manifest = JsonFile.Read<FeatureManifest>(
            path, Json, "a feature store's manifest of version 1 (docs/formats/feature-store.md)",
            "A store without one is unfinished: run the job that makes it again.");
        manifest.Validate(path);
        return manifest;
    }

    /// <summary>Writes the manifest under its final name.</summary>
    /// <exception cref="PursuitException">It is invalid or can't be written.</exception>
    public void Write(string path)
    {
        Validate(path);
        AtomicFile.Write(path, stream =>
        {
            JsonSerializer.Serialize(stream, this, Json);
            stream.WriteByte((byte)'\n');
        });
    }

    /// <summary>Checks every field.</summary>
    /// <param name="where">The file, for the message.</param>
    /// <exception cref="PursuitException">Lists all faults.</exception>
    public void Validate(string where)
    {
        var faults = new List<string>();
        if (Format != FormatName)
            faults.Add($"format is '{Format}'; expected '{FormatName}'");
        if (Version != 1)
            faults.Add($"version is {Version}; expected 1");
        if (Rows is < 0 or > int.MaxValue * (long)ShardRows)
            faults.Add($"rows is {Rows}; expected 0 to {int.MaxValue * (long)ShardRows}");
        if (Blocks.Count == 0)
            faults.Add("blocks is empty; expected 1 or more");
        for (var i = 0; i < Blocks.Count; i++)
        {
            if (Blocks[i] is null) // the serializer lets a list's items be null
            {
                faults.Add($"blocks[{i}] is null; expected {{\"name\": ..., \"dim\": ...}}");
                continue;
            }

            if (Blocks[i].Dim is < 1 or > int.MaxValue / (4 * ShardRows))
                faults.Add($"blocks[{i}].dim is {Blocks[i].Dim}; expected 1 to {int.MaxValue / (4 * ShardRows)}");
            if (!double.IsFinite(Blocks[i].MeanLearningRate) || Blocks[i].MeanLearningRate < 0)
                faults.Add(FormattableString.Invariant($"blocks[{i}].mean_learning_rate is {Blocks[i].MeanLearningRate}; ")
                    + "expected a finite number, 0 or more");
        }

        if (Dtype is not ("BF16" or "F16" or "F32" or "I8"))
            faults.Add($"dtype is '{Dtype}'; expected BF16, F16, F32 or I8");
        if (faults.Count > 0)
            throw new PursuitException($"{where}: {string.Join("; ", faults)}.");
    }
}
