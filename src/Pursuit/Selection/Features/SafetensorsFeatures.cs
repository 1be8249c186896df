using System.Runtime.InteropServices;
using Pursuit.Storage;

namespace Pursuit.Selection.Features;

/// <summary>Features in a safetensors file: its one matrix [rows, dimension], whatever it is called.</summary>
internal static class SafetensorsFeatures
{
    /// <summary>Opens the file.</summary>
    /// <exception cref="PursuitException">It isn't whole, has no such matrix or several, or a row holds NaN or infinity.</exception>
    public static FileFeatures Open(string path, CancellationToken cancellationToken)
    {
        var file = SafetensorsFile.Open(path);
        try
        {
            var matrix = MatrixOf(file);
            var (rows, dimension, size) = ((int)matrix.Shape[0], (int)matrix.Shape[1], matrix.Type.Bits() / 8);
            return new FileFeatures(file.Path, (1, rows, dimension), size, Read, file, cancellationToken);

            FeatureTile Read(int checkpoint, int firstRow, int count, Span<float> scratch)
            {
                var (first, numbers) = ((long)firstRow * dimension, count * dimension);
                // What scans read as it stands is read in place.
                if (matrix.Type is TensorType.Float32 or TensorType.BFloat16)
                {
                    var bytes = file.ReadRaw(matrix.Name, first * size, numbers * size);
                    return matrix.Type == TensorType.Float32
                        ? new FeatureTile(MemoryMarshal.Cast<byte, float>(bytes))
                        : new FeatureTile(MemoryMarshal.Cast<byte, ushort>(bytes));
                }

                file.ReadSingle(matrix.Name, first, scratch[..numbers]);
                return new FeatureTile(scratch[..numbers]);
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static TensorInfo MatrixOf(SafetensorsFile file)
    {
        const string Expected = "one matrix [rows, dimension] of F32, BF16, F16 or F64, neither of them 0";
        var matrices = file.InFileOrder.Where(t => t.Shape.Count == 2).ToArray();
        if (matrices.Length != 1)
            throw PursuitException.At(
                file.Path,
                matrices.Length == 0
                    ? $"no matrix among its {file.Tensors.Count} tensors ({Names(file.InFileOrder)})"
                    : $"{matrices.Length} matrices ({Names(matrices)})",
                Expected,
                "Save the features alone in a file of their own.");
        var matrix = matrices[0];
        return matrix.Type.ConvertsToSingle() && matrix.Shape.All(n => n is > 0 and <= int.MaxValue)
            ? matrix
            : throw PursuitException.At($"{file.Path}, tensor '{matrix.Name}'", matrix.Describe(), Expected);
    }

    private static string Names(IEnumerable<TensorInfo> tensors)
    {
        var named = tensors.Select(t => $"'{t.Name}' {t.Describe()}").ToArray();
        return named.Length == 0 ? "none" : string.Join(", ", named.Take(4)) + (named.Length > 4 ? ", ..." : "");
    }
}
