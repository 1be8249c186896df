using Pursuit.Engine.Models;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Engine.Tests;

/// <summary>The tiny models that tests/fixtures/engine/families/make_families.py made, with PyTorch's float64 answers.</summary>
internal sealed class FamilyCase : IDisposable
{
    /// <summary>The example whose logits the file has.</summary>
    public const int LogitsOf = 4;

    private readonly SafetensorsFile _expected;

    public FamilyCase(string variant)
    {
        Directory = RepositoryFiles.Fixture("engine", Path.Combine("families", variant));
        _expected = SafetensorsFile.Open(Path.Combine(Directory, "expected.safetensors"));
    }

    public static TheoryData<string> Variants { get; } = new(
        "gpt2", "gpt2-untied", "pythia", "neox-sequential", "gemma", "gemma2", "gemma3", "gemma3-v5", "granite", "smollm3",
        "smollm3-window", "phi3", "phi3-longrope", "olmo2", "olmo3", "llama-yarn", "llama-dynamic", "starcoder2", "mixtral",
        "qwen3-moe", "olmoe", "falcon", "falcon-new", "falcon-one-norm");

    public string Directory { get; }

    /// <summary>An expected tensor, in the file's order.</summary>
    public float[] Expected(string name)
    {
        var values = new float[_expected.Info(name).ElementCount];
        _expected.ReadSingle(name, values);
        return values;
    }

    /// <summary>The expected gradient of a parameter, in the memory's order.</summary>
    public float[] Gradient(Parameter parameter)
    {
        var file = Expected("grad." + parameter.Name);
        if (parameter.Order is not { } order) return file;
        var memory = new float[file.Length];
        order.Read<float>(parameter.Shape, file, memory);
        return memory;
    }

    public void Dispose() => _expected.Dispose();
}
