using System.Buffers.Binary;
using System.Text;
using Pursuit.Fuzz.Mutation;
using Pursuit.Selection.Features;
using Pursuit.Storage;

namespace Pursuit.Fuzz.Targets;

/// <summary>safetensors files: header, layout, and every tensor read.</summary>
internal sealed class SafetensorsTarget : FileTarget
{
    public SafetensorsTarget()
    {
        SafetensorsWriter.Write(
            FilePath,
            [
                TensorToWrite.FromSingle("a", [2, 3], new float[] { 1, 2, 3, 4, 5, 6 }),
                TensorToWrite.FromSingle("b", [2], new float[] { 7, 8 }),
            ],
            new Dictionary<string, string> { ["format"] = "pt" });
        Seeds = [File.ReadAllBytes(FilePath)];
    }

    public override IReadOnlyList<byte[]> Seeds { get; }

    public override Mutator Mutator { get; } = new EitherMutator(
        new HeaderMutator(), 7,
        new ByteMutator(["\"dtype\":", "\"F32\"", "\"BF16\"", "\"F4\"", "\"shape\":", "\"data_offsets\":", "\"__metadata__\":"]));

    protected override string FileName => "a.safetensors";

    protected override void ReadFile()
    {
        using var file = SafetensorsFile.Open(FilePath);
        foreach (var tensor in file.InFileOrder.Where(t => t.Type.ConvertsToSingle()))
            file.ReadSingle(tensor.Name, new float[tensor.ElementCount]);
    }

    /// <summary>Changes the header's JSON, and its length so that it stays readable in most cases.</summary>
    private sealed class HeaderMutator : Mutator
    {
        private readonly JsonMutator _json = new(
        [
            "\"F32\"", "\"BF16\"", "\"I8\"", "\"F4\"", "\"shape\"", "\"dtype\"", "\"data_offsets\"", "\"__metadata__\"", "24", "32",
            "[0,24]", "[24,32]",
        ]);

        protected override byte[] Change(SeededRandom random, byte[] input, byte[] other)
        {
            if (input.Length < 8 || BinaryPrimitives.ReadUInt64LittleEndian(input) is var length && length > (ulong)(input.Length - 8))
                return input;
            var header = _json.Mutate(random, input[8..(8 + (int)length)], other.Length > 8 ? other[8..] : other);
            var changed = new byte[8 + header.Length + input.Length - 8 - (int)length];
            BinaryPrimitives.WriteUInt64LittleEndian(changed, (ulong)header.Length);
            header.CopyTo(changed, 8);
            input.AsSpan(8 + (int)length).CopyTo(changed.AsSpan(8 + header.Length));
            return changed;
        }
    }
}

/// <summary>Features in a file of their own: .npy in every type and order.</summary>
internal sealed class NpyTarget : FileTarget
{
    private static readonly string[] Headers =
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }", "{'descr': '<f2', 'fortran_order': True, 'shape': (3, 4), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3, 1), }",
    ];

    public override IReadOnlyList<byte[]> Seeds { get; } = [.. Headers.Select(Whole)];

    public override Mutator Mutator { get; } = new ByteMutator(
    [
        "'descr':", "'<f4'", "'<f2'", "'|O'", "'fortran_order':", "True", "False", "'shape':", "(3, 4)", "(4611686018427387904, 4)",
        "(2147483647, 2147483647)", "(0,)", "(", ")", "9223372036854775807", ",",
    ]);

    protected override string FileName => "a.npy";

    protected override void ReadFile() => FeatureReading.ReadAll(FilePath);

    private static byte[] Whole(string header)
    {
        var text = Encoding.ASCII.GetBytes(header + "\n");
        byte[] bytes = [0x93, .. "NUMPY"u8, 1, 0, (byte)text.Length, 0, .. text, .. new byte[96]];
        for (var i = bytes.Length - 96; i < bytes.Length; i += 2) bytes[i] = 1;
        return bytes[..^(header.Contains("f2", StringComparison.Ordinal) ? 72 : 48)];
    }
}

/// <summary>A feature store's manifest beside a sound shard, and the rows.</summary>
internal sealed class FeatureStoreTarget : FileTarget
{
    public FeatureStoreTarget()
    {
        var manifest = FeatureManifest.Create("embedding", 3, [new FeatureBlock("a", 4)]) with { Dtype = "F32", Id = "x" };
        var writer = new FeatureStoreWriter(Folder, manifest);
        writer.WriteShard(0, [new float[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 }], new float[] { 1, 2, 3 });
        writer.Complete();
        Seeds =
        [
            File.ReadAllBytes(FilePath),
            .. new[] { File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "seeds", "configs", "features.json")) },
        ];
    }

    public override IReadOnlyList<byte[]> Seeds { get; }

    public override Mutator Mutator { get; } = new EitherMutator(
        new JsonMutator(
            ["3", "4", "1024", "1025", "2199023254528", "\"F32\"", "\"I8\"", "\"BF16\"", "\"rows\"", "\"blocks\"", "\"dim\"", "\"id\""]),
        9, new ByteMutator([]));

    protected override string FileName => FeatureManifest.FileName;

    protected override void ReadFile() => FeatureReading.ReadAll(Folder);
}

/// <summary>A gradient index of bergson: its description beside sound numbers.</summary>
internal sealed class BergsonTarget : FileTarget
{
    public BergsonTarget() => File.WriteAllBytes(Path.Combine(Folder, "gradients.bin"), new byte[48]);

    public override IReadOnlyList<byte[]> Seeds { get; } =
        [File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "seeds", "configs", "info.json"))];

    public override Mutator Mutator { get; } = new EitherMutator(
        new JsonMutator(
        [
            "3", "4", "\"float16\"", "\"<f4\"", "\"num_grads\"", "\"grad_sizes\"", "\"base_dtype\"", "\"formats\"",
            "2147483647", "6", "12", "1",
        ]),
        9, new ByteMutator([]));

    protected override string FileName => "info.json";

    protected override void ReadFile() => FeatureReading.ReadAll(Folder);
}

/// <summary>A sharded model's index beside its files.</summary>
internal sealed class WeightIndexTarget : FileTarget
{
    public WeightIndexTarget()
    {
        SafetensorsWriter.Write(
            Path.Combine(Folder, "model-00001-of-00002.safetensors"), [TensorToWrite.FromSingle("a", [2], new float[] { 1, 2 })], null);
        SafetensorsWriter.Write(
            Path.Combine(Folder, "model-00002-of-00002.safetensors"), [TensorToWrite.FromSingle("b", [2], new float[] { 1, 2 })], null);
    }

    public override IReadOnlyList<byte[]> Seeds { get; } =
        [File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "seeds", "configs", "model.safetensors.index.json"))];

    public override Mutator Mutator { get; } = new EitherMutator(
        new JsonMutator(
        [
            "\"weight_map\"", "\"a\"", "\"b\"", "\"model-00001-of-00002.safetensors\"", "\"..\"",
            "\"/etc/passwd\"", "\"a\\u0000b\"", "\"\"",
        ]),
        9, new ByteMutator([]));

    protected override string FileName => ModelWeights.IndexFileName;

    protected override void ReadFile() => ModelWeights.Open(Folder).Dispose();
}

/// <summary>Reads features as a selection does.</summary>
internal static class FeatureReading
{
    private const int MostNumbers = 1 << 20;

    /// <summary>Opens features and reads their first rows of each block.</summary>
    public static void ReadAll(string path)
    {
        using var features = FeatureSource.Open(path, (ExpectedRows?)null, CancellationToken.None);
        var rows = (int)Math.Min(features.Rows, Math.Max(1, MostNumbers / features.Dimension));
        var scratch = new float[(long)rows * features.Dimension];
        for (var block = 0; block < features.Checkpoints; block++)
        {
            features.Read(block, 0, rows, scratch);
            _ = features.Norms(block).Length;
        }
    }
}
