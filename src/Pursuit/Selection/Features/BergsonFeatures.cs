using System.Runtime.InteropServices;
using Pursuit.Numerics;
using Pursuit.Storage;

namespace Pursuit.Selection.Features;

/// <summary>
/// Features in a gradient index written by bergson (EleutherAI, github.com/EleutherAI/bergson): <c>info.json</c> beside
/// <c>gradients.bin</c>, where each row holds all modules' projected gradients one after the other. One checkpoint.
/// </summary>
internal static class BergsonFeatures
{
    /// <summary>The description's file name.</summary>
    public const string InfoName = "info.json";

    private const string GradientsName = "gradients.bin";

    /// <summary>Opens the index.</summary>
    /// <exception cref="PursuitException">
    /// The description is missing, damaged or of an index of tokens, or a row holds NaN or infinity.
    /// </exception>
    public static FileFeatures Open(string directory, CancellationToken cancellationToken)
    {
        if (File.Exists(Path.Combine(directory, "offsets.npy")))
            throw PursuitException.At(
                directory,
                "offsets.npy, so a gradient per token",
                "a gradient per example",
                "Build the index without per-token attribution.");
        var (type, rows, dimension) = Describe(Path.Combine(directory, InfoName));
        var file = MappedFile.Open(Path.Combine(directory, GradientsName));
        try
        {
            var size = type.Bits() / 8;
            var described = (Int128)rows * dimension * size;
            if (file.Length != described)
                throw PursuitException.At(
                    file.Path,
                    $"{file.Length:N0} bytes",
                    $"{described:N0} for the {rows:N0} x {dimension:N0} numbers of {size} bytes that {InfoName} describes",
                    "The file is cut off or another index's: build it again.");
            return new FileFeatures(
                file.Path,
                (1, rows, dimension),
                size,
                (_, first, count, scratch) => Read(
                    file.Bytes((long)first * dimension * size, count * dimension * size), type, count * dimension, scratch),
                file,
                cancellationToken);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static FeatureTile Read(ReadOnlySpan<byte> bytes, TensorType type, int numbers, Span<float> scratch)
    {
        switch (type)
        {
            case TensorType.Float32:
                return new FeatureTile(MemoryMarshal.Cast<byte, float>(bytes));
            case TensorType.BFloat16:
                return new FeatureTile(MemoryMarshal.Cast<byte, ushort>(bytes));
            case TensorType.Float16:
                FloatConversion.HalfToSingle(MemoryMarshal.Cast<byte, Half>(bytes), scratch);
                break;
            default:
                FloatConversion.DoubleToSingle(MemoryMarshal.Cast<byte, double>(bytes), scratch);
                break;
        }

        return new FeatureTile(scratch[..numbers]);
    }

    private static (TensorType Type, int Rows, int Dimension) Describe(string path)
    {
        using var info = JsonFile.Open(path, JsonFile.LargestConfiguration, "bergson's num_grads, grad_sizes and base_dtype");
        var root = info.Root;
        var rows = root["num_grads"].Whole(1, int.MaxValue);
        var dimension = root["grad_sizes"].Properties().Aggregate(0L, (sum, module) => sum + module.Value.Whole(0, int.MaxValue));
        // Older indexes give the type only within NumPy's structured type: "(1024,)<f4" for each module.
        var name = root["base_dtype"].IsNull
            ? root["dtype"]["formats"].Items().Select(format => format.Text().Split(')')[^1]).FirstOrDefault()
            : root["base_dtype"].Text();

        var element = name switch
        {
            "<f4" or "float32" => TensorType.Float32,
            "<f2" or "float16" => TensorType.Float16,
            "<f8" or "float64" => TensorType.Float64,
            "bfloat16" => TensorType.BFloat16,
            _ => throw PursuitException.At(
                path, $"numbers of type '{name}'", "float16, bfloat16, float32 or float64", "Build the index in one of these."),
        };
        if (dimension is not (> 0 and <= int.MaxValue))
            throw PursuitException.At(path, $"grad_sizes that add up to {dimension}", $"from 1 to {int.MaxValue}");
        return (element, (int)rows, (int)dimension);
    }
}
