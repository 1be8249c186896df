using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Tests.Storage;

public sealed class ModelWeightsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_sharded_model_reads_like_a_single_file()
    {
        WriteShards("""{"metadata":{"total_size":16},"weight_map":"""
            + """{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"}}""");
        using var sharded = ModelWeights.Open(_directory.FullPath);
        SafetensorsWriter.Write(_directory.PathOf("model.safetensors"), [Tensor("a", 1), Tensor("b", 2)]);
        using var single = ModelWeights.Open(_directory.FullPath);
        using var byFile = ModelWeights.Open(_directory.PathOf("model.safetensors"));
        sharded.Files.Count.ShouldBe(2);
        foreach (var model in new[] { sharded, single, byFile })
        {
            model.Tensors.Keys.Order().ShouldBe(["a", "b"]);
            float[] a = new float[2], b = new float[1];
            model.ReadSingle("a", a);
            model.ReadSingle("b", 1, b);
            a.ShouldBe([1f, 1f]);
            b.ShouldBe([2f]);
            model.Info("a").Describe().ShouldBe("[2] F32");
            model.ReadRaw("a", 0, 8).Length.ShouldBe(8);
            Should.Throw<PursuitException>(() => model.ReadSingle("c", a)).Message.ShouldContain("no tensor 'c' among its 2");
        }
    }

    [Theory]
    [InlineData("../model.safetensors")]
    [InlineData("/etc/passwd")]
    [InlineData("..")]
    [InlineData("sub/model.safetensors")]
    [InlineData("..\\\\model.safetensors")]
    [InlineData("C:model.safetensors")]
    [InlineData("")]
    public void An_index_cannot_name_a_file_elsewhere(string name)
    {
        WriteShards("{\"weight_map\":{\"a\":\"" + name + "\"}}");
        Should.Throw<PursuitException>(() => ModelWeights.Open(_directory.FullPath)).Message.ShouldContain("tensor 'a' in file");
    }

    [Theory]
    [InlineData(
        """{"weight_map":{"a":"model-00001-of-00002.safetensors","a":"model-00002-of-00002.safetensors"}}""", "Duplicate property 'a'")]
    [InlineData("""{"weight_map":{},"weight_map":{}}""", "Duplicate property 'weight_map'")]
    [InlineData("""{"metadata":{}}""", "no weight_map")]
    [InlineData("""{"weight_map":[]}""", "weight_map: found an array; expected an object")]
    [InlineData(
        """{"weight_map":{"b":"model-00001-of-00002.safetensors"}}""", "tensor 'b' is said to be in 'model-00001-of-00002.safetensors'")]
    [InlineData("""{"weight_map":{"b":"model-00009-of-00002.safetensors"}}""", "model-00009-of-00002.safetensors")]
    [InlineData("", "JSON that can't be read")]
    public void A_wrong_index_is_refused(string index, string expected)
    {
        WriteShards(index);
        Should.Throw<PursuitException>(() => ModelWeights.Open(_directory.FullPath)).Message.ShouldContain(expected);
    }

    [Fact]
    public void A_link_as_in_the_Hugging_Face_cache_is_followed()
    {
        Directory.CreateDirectory(_directory.PathOf("blobs"));
        Directory.CreateDirectory(_directory.PathOf("snapshot"));
        SafetensorsWriter.Write(_directory.PathOf("blobs/1234"), [Tensor("a", 3)]);
        File.CreateSymbolicLink(_directory.PathOf("snapshot/model.safetensors"), "../blobs/1234");
        using var model = ModelWeights.Open(_directory.PathOf("snapshot"));
        var a = new float[2];
        model.ReadSingle("a", a);
        a.ShouldBe([3f, 3f]);
    }

    [Fact]
    public void A_pickle_is_named_and_refused()
    {
        _directory.Write("pytorch_model.bin", "x");
        Should.Throw<PursuitException>(() => ModelWeights.Open(_directory.FullPath)).Message.ShouldContain("pytorch_model.bin");
        Should.Throw<PursuitException>(() => ModelWeights.Open(_directory.PathOf("nowhere"))).Message.ShouldContain("no such directory");
    }

    private static TensorToWrite Tensor(string name, float value) => TensorToWrite.FromSingle(name, [2], new[] { value, value });

    private void WriteShards(string index)
    {
        SafetensorsWriter.Write(_directory.PathOf("model-00001-of-00002.safetensors"), [Tensor("a", 1)]);
        SafetensorsWriter.Write(_directory.PathOf("model-00002-of-00002.safetensors"), [Tensor("b", 2)]);
        _directory.Write("model.safetensors.index.json", index);
    }
}
