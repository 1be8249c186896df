using Pursuit.Encoders;
using Pursuit.Fuzz.Mutation;
using Pursuit.TestKit;

namespace Pursuit.Fuzz.Targets;

/// <summary>What is read of an ONNX file beside ONNX Runtime: operators' version, and where weights are.</summary>
internal sealed class OnnxTarget : FuzzTarget
{
    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        new TinyEncoder().Model(new TinyEncoder.Shape()), new TinyEncoder().Model(new TinyEncoder.Shape { Outside = "weights.bin" }),
    ];

    public override Mutator Mutator { get; } = new ByteMutator(["location", "weights.bin"]);

    public override void Read(byte[] input)
    {
        using var stream = new MemoryStream(input, writable: false);
        _ = OnnxReader.Read("model.onnx", stream);
    }
}
