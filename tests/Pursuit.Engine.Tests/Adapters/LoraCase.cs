using Pursuit.Engine.Adapters;
using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Storage;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Engine.Tests.Adapters;

/// <summary>The adapters that tests/fixtures/engine/make_lora_reference.py made on a tiny model, loaded and attached.</summary>
internal sealed class LoraCase : IDisposable
{
    private readonly SafetensorsFile _expected;

    public LoraCase(string name, IDecoderOperations? operations = null, string? adapters = null, WeightUse use = WeightUse.Read)
    {
        Directory = RepositoryFiles.Fixture("engine", Path.Combine("lora", name));
        _expected = SafetensorsFile.Open(Path.Combine(Directory, "expected.safetensors"));
        var model = RepositoryFiles.Fixture("engine", AdapterConfig.ReadDirectory(Directory).BaseModel!);
        Decoder = Decoder.Load(model, operations is null ? null : OperationRegistry.On(operations), use);
        Adapters = LoraAdapters.Load(Decoder, adapters ?? Directory);
        Decoder.Adapters = Adapters;
    }

    public static TheoryData<string> Names { get; } = new(
        "grouped-attention", "biases-all", "qwen2-rslora", "qwen3-some", "window-upper-layer");

    public string Directory { get; }

    public Decoder Decoder { get; }

    public LoraAdapters Adapters { get; }

    public static MicroBatch Whole => Batch.Pack(ReferenceCase.Examples).Whole(LossReduction.ExampleSum);

    public float[] Expected(string name)
    {
        var values = new float[_expected.Info(name).ElementCount];
        _expected.ReadSingle(name, values);
        return values;
    }

    /// <summary>All gradients by tensor name.</summary>
    public Dictionary<string, float[]> Gradients(
        int threads = 1, int microBatchTokens = 40, Batch? batch = null, LossReduction reduction = LossReduction.ExampleSum)
    {
        using var pool = new DecoderPool(Decoder, new DecoderPoolOptions { Threads = threads, MicroBatchTokens = microBatchTokens });
        using var gradients = new AdapterGradients(Decoder);
        pool.Gradients(batch ?? Batch.Pack(ReferenceCase.Examples), reduction, gradients, TestContext.Current.CancellationToken);
        return gradients.Parameters.ToDictionary(p => p.Name, gradients.Read);
    }

    public float[] Logits()
    {
        using var worker = new DecoderWorker(Decoder);
        var logits = new float[Whole.Tokens * Decoder.Config.VocabularySize];
        worker.Logits(Whole, logits);
        return logits;
    }

    public void Dispose()
    {
        _expected.Dispose();
        Adapters.Dispose();
        Decoder.Dispose();
    }
}
