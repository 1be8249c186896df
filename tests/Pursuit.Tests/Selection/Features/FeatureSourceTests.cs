using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Pursuit.Selection.Features;
using Pursuit.Selection.Passes;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.Features;

/// <summary>Features made elsewhere. The files are written here byte by byte, as NumPy and bergson write them.</summary>
[Collection(nameof(CountsMappings))]
public sealed class FeatureSourceTests : IDisposable
{
    private const int Rows = 70;
    private const int Dimension = 5;

    private readonly string _directory = Directory.CreateTempSubdirectory("pursuit-features-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("<f2", false)]
    [InlineData("<f4", false)]
    [InlineData("<f8", false)]
    [InlineData("<f2", true)]
    [InlineData("<f4", true)]
    [InlineData("<f8", true)]
    public void A_npy_matrix_reads_as_the_numbers_in_it(string type, bool byColumns)
    {
        var values = Values(1);
        using var features = Open(WriteNpy("g.npy", type, byColumns, [Rows, Dimension], values));
        ShouldHold(features, values);
        features.Etabar.ShouldBe([1.0]);
    }

    [Fact]
    public void A_npy_array_of_three_dimensions_is_checkpoints_of_equal_weight()
    {
        var values = Values(3);
        using var features = Open(WriteNpy("g.npy", "<f4", false, [3, Rows, Dimension], values));
        features.Checkpoints.ShouldBe(3);
        features.Etabar.ShouldAllBe(e => Math.Abs(e - 1.0 / 3) < Tolerances.DoubleReordered);
        ShouldHold(features, values);
    }

    [Theory]
    [InlineData("F32")]
    [InlineData("BF16")]
    [InlineData("F16")]
    [InlineData("F64")]
    public void A_safetensors_matrix_reads_as_the_numbers_in_it(string type)
    {
        var values = Values(1);
        using var features = Open(
            WriteSafetensors(
                "e.safetensors", new() { ["anything"] = (type, [Rows, Dimension], values), ["ids"] = ("F32", [Rows], new float[Rows]) }));
        ShouldHold(features, values);
        features.Checkpoints.ShouldBe(1);
    }

    [Fact]
    public void A_safetensors_file_that_is_no_one_matrix_is_refused_with_what_it_holds()
    {
        var values = Values(1);
        var before = MappedFile.LiveCount;
        void Refuses(Dictionary<string, (string Type, long[] Shape, float[] Values)> tensors, params string[] expected)
        {
            var message = Should.Throw<PursuitException>(() => Open(WriteSafetensors("bad.safetensors", tensors))).Message;
            foreach (var words in expected) message.ShouldContain(words);
        }

        Refuses(new() { ["row"] = ("F32", [Dimension], new float[Dimension]) }, "no matrix among its 1", "'row' [5] F32");
        Refuses(
            new() { ["a"] = ("F32", [Rows, Dimension], values), ["b"] = ("F16", [Rows, Dimension], values) },
            "2 matrices",
            "'a' [70, 5] F32",
            "'b' [70, 5] F16");
        Refuses(new() { ["whole"] = ("I32", [Rows, Dimension], values) }, "[70, 5] I32");
        Refuses(new() { ["empty"] = ("F32", [0, Dimension], []) }, "[0, 5]");
        values[33 * Dimension] = float.PositiveInfinity;
        Refuses(new() { ["a"] = ("BF16", [Rows, Dimension], values) }, "NaN or infinity", "33");
        var path = WriteSafetensors("cut.safetensors", new() { ["a"] = ("F32", [Rows, Dimension], Values(1)) });
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^3]);
        Should.Throw<PursuitException>(() => Open(path)).Message.ShouldContain("cut.safetensors");
        MappedFile.LiveCount.ShouldBe(before);
    }

    [Theory]
    [InlineData("""{"num_grads": 70, "grad_sizes": {"q": 2, "v": 3}, "base_dtype": "float32"}""", "<f4")]
    [InlineData("""{"num_grads": 70, "grad_sizes": {"q": 2, "v": 3}, "base_dtype": "float16", "more": [1]}""", "<f2")]
    [InlineData("""{"num_grads": 70, "grad_sizes": {"q": 5}, "base_dtype": "bfloat16"}""", "bf16")]
    [InlineData(
        """{"num_grads": 70, "dtype": {"names": ["q", "v"], "formats": ["(2,)<f4", "(3,)<f4"], "itemsize": """
            + """20}, "grad_sizes": {"q": 2, "v": 3}}""",
        "<f4")]
    public void A_bergson_index_reads_as_the_numbers_in_it(string info, string type)
    {
        var values = Values(1);
        File.WriteAllText(Path.Combine(_directory, "info.json"), info);
        File.WriteAllBytes(Path.Combine(_directory, "gradients.bin"), Encode(values, type));
        using var features = Open(_directory);
        ShouldHold(features, values);
    }

    [Fact]
    public void A_bergson_index_of_tokens_is_refused()
    {
        File.WriteAllText(Path.Combine(_directory, "info.json"), "{}");
        File.WriteAllText(Path.Combine(_directory, "offsets.npy"), "");
        Should.Throw<PursuitException>(() => Open(_directory)).Message.ShouldContain("per token");
    }

    [Fact]
    public void A_row_per_input_row_is_accepted_where_the_counts_tell()
    {
        // Input rows 3 and 40 to 45 are duplicates or broken: 63 unique examples of 70 rows.
        int[] inputRowOf = [.. Enumerable.Range(0, Rows).Where(r => r != 3 && r is < 40 or > 45)];
        var values = Values(1);
        var path = WriteNpy("g.npy", "<f4", false, [Rows, Dimension], values);
        using var features = FeatureSource.Open(path, new ExpectedRows("the pool", 63, Rows, inputRowOf, "f"), CancellationToken.None);
        ShouldHold(features, [.. inputRowOf.SelectMany(r => values.AsSpan(r * Dimension, Dimension).ToArray())]);

        var unique = WriteNpy("u.npy", "<f4", false, [63, Dimension], values[..(63 * Dimension)]);
        using var direct = FeatureSource.Open(unique, new ExpectedRows("the pool", 63, Rows, inputRowOf, "f"), CancellationToken.None);
        ShouldHold(direct, values[..(63 * Dimension)]);
    }

    [Theory]
    [InlineData("BF16", "none")]
    [InlineData("BF16", "row")]
    [InlineData("F32", "none")]
    [InlineData("F16", "row")]
    public void A_store_of_ours_reads_as_the_gradients_that_were_put_in(string type, string normalization)
    {
        const int StoreRows = 2100; // three shards
        var gradients = Enumerable.Range(0, 2)
            .Select(t => Enumerable.Range(0, StoreRows * Dimension).Select(i => (i * 37 % 101 - 50) / 8f * (t + 1)).ToArray())
            .ToArray();
        foreach (var block in gradients) block.AsSpan(7 * Dimension, Dimension).Clear();
        WriteStore(gradients, type, normalization, new Dictionary<string, string> { ["pool"] = "right" });
        using var features = FeatureSource.Open(
            _directory, new ExpectedRows("the pool", StoreRows, StoreRows, [], "right"), CancellationToken.None);
        features.Etabar.ShouldBe([0.75, 0.25], Tolerances.DoubleReordered);
        var rows = GradientRows.OfPool(features, RowConstruction.Unscaled);
        var plain = GradientRows.OfPool(new MemoryFeatures("plain", Dimension, gradients, [3, 1]), RowConstruction.Unscaled);
        int[] some = [0, 7, 1023, 1024, 2047, 2048, 2099];
        var found = new float[some.Length * rows.Dimension];
        var expected = new float[found.Length];
        rows.Gather(some, found);
        plain.Gather(some, expected);
        // bf16 keeps 8 bits: half a unit in the last place is 2^-9 of a number, once it has been divided by its row's norm.
        for (var k = 0; k < found.Length; k++) ((double)found[k]).ShouldBe(expected[k], Math.Abs(expected[k]) / 250 + 1e-6);
        rows.Norms.ShouldBe(plain.Norms, 1e-3);
        var scores = new double[StoreRows];
        var plainScores = new double[StoreRows];
        var rhs = Gradients.Gaussian(1, rows.Dimension, 1, "rhs")[0];
        rows.Scan(rhs, 1, scores, 2, CancellationToken.None);
        plain.Scan(rhs, 1, plainScores, 1, CancellationToken.None);
        for (var i = 0; i < StoreRows; i++) scores[i].ShouldBe(plainScores[i], plain.Norms[i] / 50 + 1e-6);
    }

    [Fact]
    public void A_store_made_of_other_examples_is_refused()
    {
        WriteStore([Values(1)], "BF16", "none", new Dictionary<string, string> { ["pool"] = "wrong" });
        var before = MappedFile.LiveCount;
        Should.Throw<PursuitException>(() => Open(_directory)).Message.ShouldContain("fingerprint wrong");
        MappedFile.LiveCount.ShouldBe(before);
    }

    [Fact]
    public void Another_number_of_rows_is_refused_with_all_three_numbers()
    {
        var path = WriteNpy("g.npy", "<f4", false, [Rows, Dimension], Values(1));
        var message = Should.Throw<PursuitException>(
            () => FeatureSource.Open(
                path, new ExpectedRows("the pool", 50, 60, [.. Enumerable.Range(0, 50)], "f"), CancellationToken.None)).Message;
        foreach (var number in new[] { "70 rows", "50 (unique", "60 (input" }) message.ShouldContain(number);
    }

    [Fact]
    public void Rows_with_NaN_are_named()
    {
        var values = Values(1);
        values[11 * Dimension + 1] = float.NaN;
        Should.Throw<PursuitException>(
            () => Open(WriteNpy("g.npy", "<f4", false, [Rows, Dimension], values))).Message.ShouldContain("row 11");
    }

    [Theory]
    [InlineData("<i8", "little-endian floats")]
    [InlineData(">f4", "little-endian floats")]
    [InlineData("|O", "pickle")]
    public void Other_kinds_of_numbers_are_refused_with_what_would_do(string type, string expected)
    {
        var path = WriteNpy("g.npy", type, false, [Rows, Dimension], Values(1));
        Should.Throw<PursuitException>(() => Open(path)).Message.ShouldContain(expected);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(11)]
    [InlineData(60)]
    [InlineData(127)]
    [InlineData(500)]
    public void A_file_cut_off_anywhere_is_refused(int bytes)
    {
        var path = WriteNpy("g.npy", "<f4", false, [Rows, Dimension], Values(1));
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..bytes]);
        Should.Throw<PursuitException>(() => Open(path)).Message.ShouldContain("g.npy");
    }

    [Theory]
    [InlineData("none.npy")]
    [InlineData("")]
    public void What_is_no_feature_file_is_refused_with_the_forms_that_are(string name)
    {
        Should.Throw<PursuitException>(() => Open(Path.Combine(_directory, name))).Message.ShouldContain(".npy");
    }

    [Fact]
    public void A_refused_file_is_unmapped()
    {
        var before = MappedFile.LiveCount;
        var path = WriteNpy("g.npy", "<f4", false, [Rows, Dimension], Values(1));
        Should.Throw<PursuitException>(
            () => FeatureSource.Open(path, new ExpectedRows("the pool", 1, 1, [0], "f"), CancellationToken.None));
        MappedFile.LiveCount.ShouldBe(before);
    }

    private void WriteStore(float[][] blocks, string type, string normalization, Dictionary<string, string> fingerprints)
    {
        var rows = blocks[0].Length / Dimension;
        var manifest = FeatureManifest.Create(
            "gradient-trajectory",
            rows,
            [.. blocks.Select((_, t) => new FeatureBlock($"checkpoint-{t}", Dimension, t == 0 ? 3e-4 : 1e-4))])
            with
        { Dtype = type, Normalization = normalization, Fingerprints = fingerprints };
        var writer = new FeatureStoreWriter(_directory, manifest);
        for (var shard = 0; shard < manifest.ShardCount; shard++)
        {
            var (first, count) = (shard * FeatureManifest.ShardRows, manifest.RowsIn(shard));
            var norms = new float[count * blocks.Length];
            var parts = new ReadOnlyMemory<float>[blocks.Length];
            for (var t = 0; t < blocks.Length; t++)
            {
                var part = blocks[t].AsSpan(first * Dimension, count * Dimension).ToArray();
                for (var r = 0; r < count; r++)
                {
                    var row = part.AsSpan(r * Dimension, Dimension);
                    var norm = (float)Math.Sqrt(row.ToArray().Sum(x => (double)x * x));
                    norms[r * blocks.Length + t] = norm;
                    if (normalization == "row" && norm > 0)
                        foreach (ref var x in row) x /= norm;
                }

                parts[t] = part;
            }

            writer.WriteShard(shard, parts, norms);
        }

        writer.Complete();
    }

    private static IDenseFeatures Open(string path) =>
        FeatureSource.Open(path, new ExpectedRows("the pool", Rows, Rows, [.. Enumerable.Range(0, Rows)], "f"), CancellationToken.None);

    /// <summary>Small multiples of 1/8: the same in every type, bf16 included.</summary>
    private static float[] Values(int blocks) => [.. Enumerable.Range(0, blocks * Rows * Dimension).Select(i => (i * 37 % 101 - 50) / 8f)];

    private static void ShouldHold(IDenseFeatures features, float[] values)
    {
        (features.Checkpoints * features.Rows * features.Dimension).ShouldBe(values.Length);
        var scratch = new float[features.Rows * features.Dimension];
        var row = new float[features.Dimension];
        for (var block = 0; block < features.Checkpoints; block++)
        {
            for (var first = 0; first < features.Rows; first += FeatureRows.TileRows(features))
            {
                var rows = Math.Min(FeatureRows.TileRows(features), features.Rows - first);
                var tile = features.Read(block, first, rows, scratch);
                for (var r = 0; r < rows; r++)
                {
                    FeatureRows.CopyRow(tile, r, row);
                    var expected = values.AsSpan((block * features.Rows + first + r) * Dimension, Dimension).ToArray();
                    row.ShouldBe(expected);
                    features.Norms(block)[first + r].ShouldBe(
                        (float)Math.Sqrt(expected.Sum(x => (double)x * x)),
                        (float)Tolerances.FloatReordered);
                }
            }
        }
    }

    private string WriteNpy(string name, string type, bool byColumns, int[] shape, float[] values)
    {
        var header = $"{{'descr': '{type}', 'fortran_order': {(byColumns ? "True" : "False")}, 'shape': "
            + $"({string.Join(", ", shape.Select(s => s.ToString(CultureInfo.InvariantCulture)))}), }}";
        header = header.PadRight(128 - 10 - 1) + "\n";
        if (byColumns)
            values = [.. Enumerable.Range(0, shape[1])
                .SelectMany(k => Enumerable.Range(0, shape[0]).Select(i => values[i * shape[1] + k]))];
        var path = Path.Combine(_directory, name);
        File.WriteAllBytes(
            path,
            [
                0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, (byte)(header.Length >> 8), .. Encoding.ASCII.GetBytes(header),
                .. Encode(values, type),
            ]);
        return path;
    }

    private string WriteSafetensors(string name, Dictionary<string, (string Type, long[] Shape, float[] Values)> tensors)
    {
        var (header, data) = (new List<string>(), new List<byte>());
        foreach (var (tensor, (type, shape, values)) in tensors)
        {
            var bytes = Encode(values, type switch { "BF16" => "bf16", "F16" => "<f2", "F64" => "<f8", _ => "<f4" });
            header.Add(
                $$"""{{'"'}}{{tensor}}":{"dtype":"{{type}}","shape":[{{string.Join(',', shape)}}],"data_offsets":[{{data.Count}},"""
                    + $$"""{{data.Count + bytes.Length}}]}""");
            data.AddRange(bytes);
        }

        var text = Encoding.ASCII.GetBytes("{" + string.Join(',', header) + "}");
        var path = Path.Combine(_directory, name);
        File.WriteAllBytes(path, [.. BitConverter.GetBytes((ulong)text.Length), .. text, .. data]);
        return path;
    }

    private static byte[] Encode(float[] values, string type) => type switch
    {
        "<f2" => MemoryMarshal.AsBytes<Half>(Array.ConvertAll(values, v => (Half)v)).ToArray(),
        "<f8" => MemoryMarshal.AsBytes<double>(Array.ConvertAll(values, v => (double)v)).ToArray(),
        "bf16" => MemoryMarshal.AsBytes<ushort>(
            Array.ConvertAll(values, v => (ushort)(BitConverter.SingleToUInt32Bits(v) >> 16))).ToArray(),
        _ => MemoryMarshal.AsBytes<float>(values).ToArray(),
    };
}

/// <summary>Tests that count the process's mappings stand alone, or another test's files would be counted too.</summary>
[CollectionDefinition(nameof(CountsMappings), DisableParallelization = true)]
public sealed class CountsMappings;
