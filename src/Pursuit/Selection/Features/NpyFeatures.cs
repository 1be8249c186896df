using Pursuit.Storage;

namespace Pursuit.Selection.Features;

/// <summary>Features in a NumPy array: [rows, dimension], or [checkpoints, rows, dimension] with equal weights.</summary>
internal static class NpyFeatures
{
    /// <summary>Opens the file.</summary>
    /// <exception cref="PursuitException">It isn't such an array, or a row holds NaN or infinity.</exception>
    public static FileFeatures Open(string path, CancellationToken cancellationToken)
    {
        var file = NpyFile.Open(path);
        try
        {
            var shape = file.Shape;
            if (shape.Count is not (2 or 3) || shape.Any(n => n is < 1 or > int.MaxValue))
                throw PursuitException.At(
                    path,
                    $"an array of shape ({string.Join(", ", shape)})",
                    "[rows, dimension], or [checkpoints, rows, dimension], none of them 0");
            var (checkpoints, rows, dimension) = (shape.Count == 3 ? (int)shape[0] : 1, (int)shape[^2], (int)shape[^1]);
            return new FileFeatures(file.Path, (checkpoints, rows, dimension), file.Type.Bits() / 8, Read, file, cancellationToken);

            FeatureTile Read(int checkpoint, int firstRow, int count, Span<float> scratch)
            {
                var tile = scratch[..(count * dimension)];
                if (shape.Count == 2) file.ReadRows(firstRow, count, tile);
                else file.ReadElements(((long)checkpoint * rows + firstRow) * dimension, tile);
                return new FeatureTile(tile);
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
