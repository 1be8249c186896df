using Pursuit.Numerics;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Tests.Storage;

public sealed class FeatureStoreTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_store_made_by_the_documented_Python_reads_as_its_formula_says()
    {
        using var store = FeatureStore.Open(Fixtures.PathOf("feature-store/python"));
        store.Manifest.Rows.ShouldBe(1030);
        store.Manifest.ShardCount.ShouldBe(2);
        store.Manifest.Blocks.ShouldBe([new FeatureBlock("checkpoint-0", 6), new FeatureBlock("checkpoint-1", 5)]);
        for (var t = 0; t < 2; t++)
        {
            var dim = store.Manifest.Blocks[t].Dim;
            var rows = new float[10 * dim];
            store.ReadRows(t, 1019, 10, rows); // across the shards' border
            for (var i = 0; i < rows.Length; i++)
                rows[i].ShouldBe((((7 * (1019 + i / dim) + 3 * (i % dim) + t) % 32) - 16) / 4f);
            store.BFloat16Rows(1, t).Length.ShouldBe(6 * dim);
            FloatConversion.ToSingle(store.BFloat16Rows(1, t)[0]).ShouldBe((((7 * 1024 + t) % 32) - 16) / 4f);
        }

        store.Norms(1).Length.ShouldBe(12);
        var first = new float[6];
        store.ReadRows(0, 0, 1, first);
        store.Norms(0)[0].ShouldBe(MathF.Sqrt(DotProduct.SquaredNorm(first)), Tolerances.FloatReordered * 10);
    }

    [Theory]
    [InlineData("BF16")]
    [InlineData("F16")]
    [InlineData("F32")]
    public void What_is_written_comes_back_and_its_bytes_do_not_depend_on_the_order_of_shards(string dtype)
    {
        var manifest = Manifest(2500) with { Dtype = dtype };
        WriteAll(_directory.PathOf("up"), manifest, [0, 1, 2]);
        WriteAll(_directory.PathOf("down"), manifest, [2, 0, 1]);
        foreach (var name in new[] { "features.json", "shard-00000.safetensors", "shard-00001.safetensors", "shard-00002.safetensors" })
            File.ReadAllBytes(_directory.PathOf($"up/{name}")).ShouldBe(File.ReadAllBytes(_directory.PathOf($"down/{name}")));

        using var store = FeatureStore.Open(_directory.PathOf("up"));
        store.Manifest.ShouldBe(manifest with { Blocks = store.Manifest.Blocks, Fingerprints = store.Manifest.Fingerprints });
        store.Manifest.Blocks.ShouldBe(manifest.Blocks);
        store.Manifest.Fingerprints.ShouldBe(manifest.Fingerprints);
        var all = new float[2500 * 7];
        store.ReadRows(1, 0, 2500, all);
        for (var shard = 0; shard < 3; shard++)
        {
            var (blocks, norms) = Data(manifest, shard);
            all.AsSpan(shard * 1024 * 7, blocks[1].Length).SequenceEqual(blocks[1].Span).ShouldBeTrue();
            store.Norms(shard).SequenceEqual(norms.Span).ShouldBeTrue();
            if (dtype != "BF16")
                Should.Throw<PursuitException>(() => store.BFloat16Rows(0, 0).Length).Message.ShouldContain($"dtype {dtype}");
        }

        var message = (Action action) => Should.Throw<PursuitException>(action).Message;
        message(() => store.ReadRows(0, 2499, 2, new float[6])).ShouldContain("rows 2499 to 2501");
        message(() => store.ReadRows(2, 0, 1, new float[3])).ShouldContain("block 2");
        message(() => store.Norms(3)).ShouldContain("shard 3");
    }

    [Fact]
    public void A_killed_job_goes_on_from_its_shards()
    {
        var manifest = Manifest(1500);
        var path = _directory.PathOf("store");
        var writer = new FeatureStoreWriter(path, manifest);
        var (blocks, norms) = Data(manifest, 0);
        writer.WriteShard(0, blocks, norms);
        Should.Throw<PursuitException>(() => FeatureStore.Open(path)).Message.ShouldContain("unfinished");
        Should.Throw<PursuitException>(writer.Complete).Message.ShouldContain("shard 1 of 2 is missing");

        var again = new FeatureStoreWriter(path, manifest);
        again.HasShard(0).ShouldBeTrue();
        again.HasShard(1).ShouldBeFalse();
        new FeatureStoreWriter(path, manifest with { Id = "another" }).HasShard(0).ShouldBeFalse();
        (blocks, norms) = Data(manifest, 1);
        again.WriteShard(1, blocks, norms);
        again.Complete();
        FeatureStore.Open(path).Dispose();
        Should.Throw<PursuitException>(() => new FeatureStoreWriter(path, manifest with { Id = "another" })).Message
            .ShouldContain("finished store of 1500 rows with id 'test'");
    }

    [Theory]
    [InlineData("\"rows\": 2199023254528", "shard 0 of 2147483647 is missing")]
    [InlineData("\"rows\": 9223372036854775807", "rows is 9223372036854775807")]
    [InlineData("\"rows\": 1e999", "a number beyond double precision")]
    [InlineData("\"rows\": 5, \"rows\": 5", "Duplicate property")]
    public void A_manifest_of_rows_that_are_not_there_is_refused_before_anything_is_taken(string rows, string expected)
    {
        var path = Directory.CreateDirectory(_directory.PathOf("store")).FullName;
        File.WriteAllText(
            Path.Combine(path, FeatureManifest.FileName),
            $$"""{"format": "pursuit-features", "version": 1, "kind": "embedding", {{rows}}, "blocks": [{"name": "a", "dim": 6}]}""");
        var before = GC.GetTotalAllocatedBytes();
        Should.Throw<PursuitException>(() => FeatureStore.Open(path)).Message.ShouldContain(expected);
        (GC.GetTotalAllocatedBytes() - before).ShouldBeLessThan(100_000_000);
    }

    [Fact]
    public void A_block_that_is_null_is_refused()
    {
        var path = _directory.PathOf("features.json");
        File.WriteAllText(path, """{"format": "pursuit-features", "version": 1, "kind": "embedding", "rows": 5, "blocks": [null]}""");
        Should.Throw<PursuitException>(() => FeatureManifest.Read(path)).Message.ShouldContain("null as an item of a list");
        Should.Throw<PursuitException>(() => FeatureManifest.Create("embedding", 5, [null!]).Validate("a manifest")).Message
            .ShouldContain("blocks[0] is null");
    }

    [Fact]
    public void A_shard_that_is_missing_cut_damaged_or_foreign_is_named()
    {
        var path = _directory.PathOf("store");
        WriteAll(path, Manifest(2048), [0, 1]);
        var shard = Path.Combine(path, "shard-00001.safetensors");
        var whole = File.ReadAllBytes(shard);
        var message = () => Should.Throw<PursuitException>(() => FeatureStore.Open(path).Dispose()).Message;

        File.Delete(shard);
        message().ShouldContain("shard-00001.safetensors: shard 1 of 2 is missing");
        File.WriteAllBytes(shard, whole[..^1]);
        message().ShouldContain("shard-00001.safetensors: a file of");
        var flipped = (byte[])whole.Clone();
        flipped[^1] ^= 1;
        File.WriteAllBytes(shard, flipped);
        message().ShouldContain("shard-00001.safetensors: data with SHA-256");
        FeatureStore.Open(path, verifyChecksums: false).Dispose();
        File.Copy(Path.Combine(path, "shard-00000.safetensors"), shard, overwrite: true);
        message().ShouldContain("'first_row' is '0'; expected '1024'");
        WriteAll(_directory.PathOf("other"), Manifest(2048) with { Id = "other" }, [0, 1]);
        File.Copy(_directory.PathOf("other/shard-00001.safetensors"), shard, overwrite: true);
        message().ShouldContain("'store_id' is 'other'; expected 'test'");
        File.WriteAllBytes(shard, whole);
        FeatureStore.Open(path).Dispose();

        var manifest = Path.Combine(path, "features.json");
        var text = File.ReadAllText(manifest);
        foreach (var (old, replacement, expected) in new[]
        {
            ("\"rows\": 2048", "\"rows\": 2047", "[1024, 2] F32; expected [1023, 2] F32"),
            ("\"dim\": 7", "\"dim\": 8", "expected [1024, 8] BF16"),
            ("\"version\": 1", "\"version\": 2", "version is 2; expected 1"),
            ("\"dtype\": \"BF16\"", "\"dtype\": \"I16\"", "dtype is 'I16'"),
            ("\"kind\"", "\"sort\"", "sort"),
            ("\"rows\": 2048", "\"rows\": 2048, \"rows\": 2048", "rows"),
            ("\"rows\": 2048", "\"rows\": -1", "rows is -1"),
            ("\"mean_learning_rate\": 0.001", "\"mean_learning_rate\": -1", "blocks[0].mean_learning_rate is -1"),
            ("\"kind\": \"gradient-trajectory\"", "\"kind\": null", "kind"),
            ("}", "", "line"),
        })
        {
            text.ShouldContain(old);
            File.WriteAllText(manifest, text.Replace(old, replacement, StringComparison.Ordinal));
            message().ShouldContain(expected);
        }
    }

    private static FeatureManifest Manifest(int rows) =>
        FeatureManifest.Create("gradient-trajectory", rows, [new("checkpoint-0", 3, 0.001), new("checkpoint-1", 7, 0.002)]) with
        {
            Normalization = "row",
            Preconditioning = "adam",
            ProjectionSeed = ulong.MaxValue,
            Fingerprints = new Dictionary<string, string> { ["model"] = "m", ["pool"] = "p" },
            Id = "test",
        };

    private static void WriteAll(string path, FeatureManifest manifest, int[] order)
    {
        var writer = new FeatureStoreWriter(path, manifest);
        foreach (var shard in order)
        {
            var (blocks, norms) = Data(manifest, shard);
            writer.WriteShard(shard, blocks, norms);
        }

        writer.Complete();
    }

    /// <summary>Numbers that bf16 and fp16 hold exactly.</summary>
    private static (ReadOnlyMemory<float>[] Blocks, ReadOnlyMemory<float> Norms) Data(FeatureManifest manifest, int shard)
    {
        var random = new SeededRandom(1, "test/store", (ulong)shard);
        float[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextInt(201) - 100f)];
        var rows = manifest.RowsIn(shard);
        return ([.. manifest.Blocks.Select(block => (ReadOnlyMemory<float>)Draw(rows * block.Dim))], Draw(rows * manifest.Blocks.Count));
    }
}
