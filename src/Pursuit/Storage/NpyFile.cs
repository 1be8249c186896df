using System.Runtime.InteropServices;
using Pursuit.Numerics;

namespace Pursuit.Storage;

/// <summary>
/// A NumPy array file (.npy, versions 1 to 3), mapped read-only: fp16, fp32 or fp64, little-endian, in C order, or in
/// Fortran order with up to two dimensions. Object arrays are refused, because reading one runs its pickle.
/// Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
/// </summary>
internal sealed class NpyFile : IDisposable
{
    private readonly MappedFile _file;
    private readonly long _dataStart;

    private NpyFile(MappedFile file, NpyHeader header, long dataStart)
    {
        _file = file;
        _dataStart = dataStart;
        Type = header.Type;
        Shape = header.Shape;
        FortranOrder = header.FortranOrder;
        RowCount = Shape.Count == 0 ? 1 : Shape[0];
        RowLength = Shape.Skip(1).Aggregate(1L, (product, size) => product * size);
    }

    /// <summary>The file's full path.</summary>
    public string Path => _file.Path;

    /// <summary>Float16, Float32 or Float64.</summary>
    public TensorType Type { get; }

    /// <summary>Dimensions, outermost first; empty for a scalar.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>True when the first index runs fastest in the file.</summary>
    public bool FortranOrder { get; }

    /// <summary>The first dimension; 1 for a scalar.</summary>
    public long RowCount { get; }

    /// <summary>Numbers per row: the product of the other dimensions.</summary>
    public long RowLength { get; }

    /// <summary>Maps a file and checks its header and length.</summary>
    /// <exception cref="PursuitException">The file can't be read, isn't an .npy file, or holds what isn't supported.</exception>
    public static NpyFile Open(string path)
    {
        var file = MappedFile.Open(path);
        try
        {
            var (header, dataStart) = NpyHeader.Read(file);
            var bytes = SafetensorsHeader.ByteLength(header.Type, header.Shape);
            if (bytes != file.Length - dataStart)
            {
                throw PursuitException.At(
                    file.Path, $"{file.Length - dataStart} bytes of data for an array {header.Describe()}",
                    $"{(bytes is null ? "a shape that can be counted in 63 bits" : $"{bytes} bytes")}",
                    bytes > file.Length - dataStart ? "The file may be incomplete." : "One array per file is read.");
            }

            if (header.FortranOrder && header.Shape.Count > 2)
                throw PursuitException.At(
                    file.Path, $"an array {header.Describe()} in Fortran order", "at most 2 dimensions in Fortran order, or C order",
                    "Save numpy.ascontiguousarray(array).");
            return new NpyFile(file, header, dataStart);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads rows as floats, row-major whatever the order in the file.</summary>
    /// <param name="firstRow">The first row.</param>
    /// <param name="count">Rows.</param>
    /// <param name="destination">[count, RowLength].</param>
    /// <exception cref="PursuitException">The rows aren't all there, or the destination has another length.</exception>
    public void ReadRows(long firstRow, int count, Span<float> destination)
    {
        if (firstRow < 0 || count < 0 || firstRow > RowCount - count || destination.Length != (Int128)count * RowLength)
            throw PursuitException.At(
                Path, $"rows {firstRow} to {firstRow + count} were asked for with room for {destination.Length} numbers",
                $"a range within its {RowCount} rows of {RowLength} numbers and room for just those");
        if (destination.IsEmpty)
            return;
        if (!FortranOrder || Shape.Count < 2)
        {
            ReadElements(firstRow * RowLength, destination);
            return;
        }

        // Columns are what stands together; a strip of rows is read column by column.
        var column = new float[Math.Min(count, 1 << 16)];
        for (var done = 0; done < count; done += column.Length)
        {
            var part = column.AsSpan(0, Math.Min(column.Length, count - done));
            for (var j = 0; j < RowLength; j++)
            {
                ReadElements(j * RowCount + firstRow + done, part);
                for (var i = 0; i < part.Length; i++)
                    destination[(int)((done + i) * RowLength + j)] = part[i];
            }
        }
    }

    /// <summary>Unmaps the file.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>Writes an fp32 array in C order (version 1.0), under its final name when whole.</summary>
    /// <param name="path">The file.</param>
    /// <param name="shape">Dimensions, outermost first.</param>
    /// <param name="data">As many numbers as the shape says, row-major.</param>
    /// <exception cref="PursuitException">The numbers don't match the shape, or the file can't be written.</exception>
    public static void Write(string path, IReadOnlyList<long> shape, ReadOnlySpan<float> data)
    {
        if (shape.Any(size => size < 0) || SafetensorsHeader.ByteLength(TensorType.Float32, shape) != data.Length * 4L)
            throw PursuitException.At(path, $"shape ({string.Join(", ", shape)}) and {data.Length} numbers", "as many as the shape says");
        using var file = new AtomicFile(path);
        try
        {
            file.Stream.Write(NpyHeader.Format(shape));
            file.Stream.Write(MemoryMarshal.AsBytes(data));
        }
        catch (IOException e)
        {
            throw PursuitException.At(
                file.FinalPath, $"writing failed ({e.Message})", "free space",
                "Nothing was left under that name; free some space and run again.", e);
        }

        file.Commit();
    }

    /// <summary>Reads numbers as in the file, one after the other.</summary>
    internal void ReadElements(long first, Span<float> destination)
    {
        const int AtOnce = 1 << 27; // so that the bytes of doubles still count in an int
        var size = Type.Bits() / 8;
        while (!destination.IsEmpty)
        {
            var part = destination[..Math.Min(AtOnce, destination.Length)];
            var bytes = _file.Bytes(_dataStart + first * size, part.Length * size);
            switch (Type)
            {
                case TensorType.Float16:
                    FloatConversion.HalfToSingle(MemoryMarshal.Cast<byte, Half>(bytes), part);
                    break;
                case TensorType.Float64:
                    FloatConversion.DoubleToSingle(MemoryMarshal.Cast<byte, double>(bytes), part);
                    break;
                default:
                    MemoryMarshal.Cast<byte, float>(bytes).CopyTo(part);
                    break;
            }

            first += part.Length;
            destination = destination[part.Length..];
        }
    }
}
