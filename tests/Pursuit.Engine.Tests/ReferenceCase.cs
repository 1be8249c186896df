using System.Text.Json;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Engine.Tests;

/// <summary>The tiny models that tests/fixtures/engine/make_reference.py made, with PyTorch's float64 answers.</summary>
internal sealed class ReferenceCase : IDisposable
{
    private readonly SafetensorsFile _expected;

    public ReferenceCase(string variant)
    {
        Directory = RepositoryFiles.Fixture("engine", variant);
        _expected = SafetensorsFile.Open(Path.Combine(Directory, "expected.safetensors"));
    }

    public static TheoryData<string> Variants { get; } =
        new(
            "llama", "llama-tied-grouped", "llama3-rope", "llama-linear-rope", "llama-biases", "mistral-window", "qwen2",
            "qwen2-window", "qwen3");

    /// <summary>Six ragged examples: one token, none supervised, answers at the end, scattered, all.</summary>
    public static IReadOnlyList<(int[] Tokens, bool[]? Supervised)> Examples { get; } = ReadExamples();

    public string Directory { get; }

    public float[] Expected(string name)
    {
        var values = new float[_expected.Info(name).ElementCount];
        _expected.ReadSingle(name, values);
        return values;
    }

    public void Dispose() => _expected.Dispose();

    private static (int[] Tokens, bool[]? Supervised)[] ReadExamples()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(RepositoryFiles.Fixture("engine", "batch.json")));
        return [.. document.RootElement.EnumerateArray().Select(e => (
            e.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt32()).ToArray(),
            (bool[]?)e.GetProperty("supervised").EnumerateArray().Select(t => t.GetBoolean()).ToArray()))];
    }
}
