using System.Collections.Frozen;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Pursuit.Numerics;

namespace Pursuit.Storage;

/// <summary>
/// A safetensors file, mapped read-only. Opening reads and checks the header alone: names don't repeat, each tensor's
/// bytes are what its shape and type say, tensors cover the data without overlap or hole, and nothing lies outside the file.
/// Values are not checked; NaN and infinity may be among them. Reading is safe from several threads.
/// </summary>
internal sealed class SafetensorsFile : IDisposable
{
    private readonly MappedFile _file;

    private SafetensorsFile(MappedFile file, List<TensorInfo> tensors, Dictionary<string, string> metadata)
    {
        _file = file;
        Tensors = tensors.ToFrozenDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        Metadata = metadata;
        InFileOrder = tensors;
    }

    /// <summary>The file's full path.</summary>
    public string Path => _file.Path;

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, TensorInfo> Tensors { get; }

    /// <summary>The tensors in the order of their data.</summary>
    public IReadOnlyList<TensorInfo> InFileOrder { get; }

    /// <summary>The header's free text; empty when there is none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Maps a file and checks its header.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">Limits; null means the defaults.</param>
    /// <exception cref="PursuitException">The file can't be read or its header is wrong.</exception>
    public static SafetensorsFile Open(string path, SafetensorsOptions? options = null)
    {
        options ??= new SafetensorsOptions();
        options.Validate();
        var file = MappedFile.Open(path);
        try
        {
            var (tensors, metadata) = SafetensorsHeader.Read(file, options);
            return new SafetensorsFile(file, tensors, metadata);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>A tensor's entry.</summary>
    /// <exception cref="PursuitException">The file has no such tensor.</exception>
    public TensorInfo Info(string name) =>
        Tensors.TryGetValue(name, out var info)
            ? info
            : throw PursuitException.At(
                Path, $"no tensor '{name}' among its {Tensors.Count}", "that tensor", TensorNames.Suggest(name, Tensors.Keys));

    /// <summary>Reads a whole tensor as floats.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="destination">Exactly its elements, row-major.</param>
    /// <exception cref="PursuitException">No such tensor, a type that isn't F16, BF16, F32 or F64, or another length.</exception>
    public void ReadSingle(string name, Span<float> destination)
    {
        var info = Info(name);
        if (info.ElementCount != destination.Length)
            throw PursuitException.At(
                $"{Path}, tensor '{name}'", $"{info.ElementCount} elements {info.Describe()} for a destination of {destination.Length}",
                "the same number");
        ReadSingle(name, 0, destination);
    }

    /// <summary>Reads part of a tensor as floats; for tensors of more than 2^31 elements, read in parts.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="firstElement">Where to start, in elements of the row-major order.</param>
    /// <param name="destination">As many elements as it holds are read.</param>
    /// <exception cref="PursuitException">No such tensor, a type that isn't F16, BF16, F32 or F64, or a range outside the
    /// tensor.</exception>
    public void ReadSingle(string name, long firstElement, Span<float> destination)
    {
        var info = Info(name);
        if (!info.Type.ConvertsToSingle())
            throw PursuitException.At(
                $"{Path}, tensor '{name}'", $"type {info.Type.FormatName()}", "F16, BF16, F32 or F64",
                "Quantized and integer tensors aren't read as floats.");
        if (firstElement < 0 || firstElement > info.ElementCount - destination.Length)
            throw PursuitException.At(
                $"{Path}, tensor '{name}'", $"elements {firstElement} to {firstElement + destination.Length} were asked for",
                $"a range within its {info.ElementCount} elements");

        const int AtOnce = 1 << 27; // so that the bytes of doubles still count in an int
        var size = info.Type.Bits() / 8;
        while (!destination.IsEmpty)
        {
            var part = destination[..Math.Min(destination.Length, AtOnce)];
            Convert(info.Type, _file.Bytes(info.Offset + firstElement * size, part.Length * size), part);
            firstElement += part.Length;
            destination = destination[part.Length..];
        }
    }

    /// <summary>The bytes of a tensor as in the file, without a copy.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="byteOffset">Where to start, in bytes of the tensor.</param>
    /// <param name="count">How many bytes.</param>
    /// <returns>A span that is valid until this object is disposed; it may not be aligned.</returns>
    /// <exception cref="PursuitException">No such tensor, or a range outside it.</exception>
    public ReadOnlySpan<byte> ReadRaw(string name, long byteOffset, int count)
    {
        var info = Info(name);
        if (byteOffset < 0 || count < 0 || byteOffset > info.ByteLength - count)
            throw PursuitException.At(
                $"{Path}, tensor '{name}'", $"bytes {byteOffset} to {byteOffset + count} were asked for",
                $"a range within its {info.ByteLength} bytes");
        return _file.Bytes(info.Offset + byteOffset, count);
    }

    /// <summary>SHA-256 of the data after the header, in lower-case hexadecimal: reads it all once.</summary>
    public string DataDigest()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        const int AtOnce = 1 << 24;
        foreach (var tensor in InFileOrder)
        {
            for (var offset = 0L; offset < tensor.ByteLength; offset += AtOnce)
                hash.AppendData(ReadRaw(tensor.Name, offset, (int)Math.Min(AtOnce, tensor.ByteLength - offset)));
        }

        return System.Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Says that the file will be read from beginning to end; a hint (<see cref="MappedFile.ReadSequentially"/>).</summary>
    public void ReadSequentially() => _file.ReadSequentially();

    /// <summary>Begins to fetch bytes of a tensor, without waiting for them; a hint.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="byteOffset">Where to start, in bytes of the tensor.</param>
    /// <param name="count">How many bytes.</param>
    public void Prefetch(string name, long byteOffset, long count) => _file.Prefetch(Info(name).Offset + byteOffset, count);

    /// <summary>Takes part of a tensor that was read out of the process's memory; a hint (<see cref="MappedFile.GiveBack"/>).</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="firstElement">Where to start, in elements.</param>
    /// <param name="count">How many elements.</param>
    public void GiveBack(string name, long firstElement, long count)
    {
        var (info, size) = (Info(name), Info(name).Type.Bits() / 8);
        _file.GiveBack(info.Offset + firstElement * size, count * size);
    }

    /// <summary>Unmaps the file; spans from <see cref="ReadRaw"/> must not be used any more.</summary>
    public void Dispose() => _file.Dispose();

    private static void Convert(TensorType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        switch (type)
        {
            case TensorType.BFloat16:
                FloatConversion.BFloat16ToSingle(MemoryMarshal.Cast<byte, ushort>(source), destination);
                break;
            case TensorType.Float16:
                FloatConversion.HalfToSingle(MemoryMarshal.Cast<byte, Half>(source), destination);
                break;
            case TensorType.Float64:
                FloatConversion.DoubleToSingle(MemoryMarshal.Cast<byte, double>(source), destination);
                break;
            default:
                MemoryMarshal.Cast<byte, float>(source).CopyTo(destination);
                break;
        }
    }
}
