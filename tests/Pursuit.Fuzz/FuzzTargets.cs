using Pursuit.Fuzz.Targets;

namespace Pursuit.Fuzz;

/// <summary>Every reader of what comes from outside, by the name the command line gives it.</summary>
internal static class FuzzTargets
{
    private static readonly OrderedDictionary<string, Func<FuzzTarget>> Makers = new(StringComparer.Ordinal)
    {
        ["records"] = () => new RecordTarget(),
        ["records-gz"] = () => new CompressedTarget(),
        ["parquet"] = () => new ParquetTarget(),
        ["arrow"] = () => new ArrowTarget(),
        ["records-zst"] = () => new ReferenceTarget("zst"),
        ["records-bz2"] = () => new ReferenceTarget("bz2"),
        ["records-xz"] = () => new ReferenceTarget("xz"),
        ["records-lz4"] = () => new ReferenceTarget("lz4"),
        ["zip"] = () => new ArchiveTarget(isZip: true),
        ["tar"] = () => new ArchiveTarget(isZip: false),
        ["csv"] = () => new SeparatedTarget(),
        ["filters"] = () => new FilterTarget(),
        ["selection"] = () => new SelectionTarget(),
        ["template"] = () => new TemplateTarget(),
        ["tokenizer"] = () => new TokenizerTarget(),
        ["tokenizer-config"] = () => new TokenizerConfigTarget(),
        ["config"] = () => new ModelConfigTarget(),
        ["model"] = () => new ModelTarget(),
        ["adapter-config"] = () => new AdapterConfigTarget(),
        ["adapter"] = () => new AdapterTarget(),
        ["encoder-config"] = () => new EncoderConfigTarget(),
        ["onnx"] = () => new OnnxTarget(),
        ["weight-index"] = () => new WeightIndexTarget(),
        ["safetensors"] = () => new SafetensorsTarget(),
        ["npy"] = () => new NpyTarget(),
        ["feature-store"] = () => new FeatureStoreTarget(),
        ["bergson"] = () => new BergsonTarget(),
        ["run"] = () => new RunTarget(),
        ["yaml"] = () => new YamlTarget(),
        ["words"] = () => new WordsTarget(),
        ["settings"] = () => new SettingsTarget(),
        ["amounts"] = () => new AmountsTarget(),
    };

    /// <summary>All names.</summary>
    public static IReadOnlyCollection<string> Names => Makers.Keys;

    /// <summary>Makes a target; some put files on the disk, which they remove when disposed.</summary>
    public static FuzzTarget Make(string name) => Makers[name]();
}
