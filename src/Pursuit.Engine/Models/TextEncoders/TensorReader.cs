using Pursuit.Engine.Kernels;
using Pursuit.Storage;

namespace Pursuit.Engine.Models.TextEncoders;

/// <summary>
/// Reads an encoder's tensors into one buffer, one after another. Without a buffer it only measures, and notes what doesn't fit.
/// </summary>
internal sealed class TensorReader
{
    private const int Alignment = 16;

    /// <summary>What old files call a layer norm's weight and bias, as TensorFlow did.</summary>
    private static readonly (string New, string Old)[] OldEndings =
        [(".LayerNorm.weight", ".LayerNorm.gamma"), (".LayerNorm.bias", ".LayerNorm.beta")];

    /// <summary>Buffers that old files carry: positions and types, which are counted here.</summary>
    private static readonly string[] KnownBuffers = ["embeddings.position_ids", "embeddings.token_type_ids"];

    private readonly ModelWeights _files;
    private readonly TextEncoderFamily _family;
    private readonly DeviceBuffer? _memory;
    private readonly string _body;
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private readonly List<string> _faults = [];

    /// <summary>Begins.</summary>
    /// <param name="files">The encoder's files.</param>
    /// <param name="family">Its family.</param>
    /// <param name="memory">Gets the values; null: nothing is read.</param>
    public TensorReader(ModelWeights files, TextEncoderFamily family, DeviceBuffer? memory)
    {
        (_files, _family, _memory) = (files, family, memory);
        _body = files.Tensors.Keys.Any(name => name.StartsWith(family.Body, StringComparison.Ordinal)) ? family.Body : "";
    }

    /// <summary>Values of all that was taken, with what alignment adds.</summary>
    public long Length { get; private set; }

    /// <summary>The next tensors, one after another without a gap: each of one shape.</summary>
    public BufferSlice Take(IReadOnlyList<string> names, params int[] shape)
    {
        var size = shape.Aggregate(1, (product, s) => checked(product * s));
        var (start, length) = (Length, checked(size * names.Count));
        Length += (length + Alignment - 1L) / Alignment * Alignment;
        for (var i = 0; i < names.Count; i++)
        {
            var name = NameInFile(names[i]);
            if (_memory is not null)
            {
                _files.ReadSingle(name, _memory.Slice(start + (long)i * size, size).AsSpan());
                _files.GiveBack(name, 0, size);
                continue;
            }

            _taken.Add(name);
            var wanted = $"[{string.Join(", ", shape)}]";
            if (!_files.Tensors.TryGetValue(name, out var info))
                _faults.Add($"{name} {wanted} is missing");
            else if (!info.Shape.SequenceEqual(shape.Select(s => (long)s)))
                _faults.Add($"{name} is {info.Describe()}, the config says {wanted}");
            else if (!info.Type.ConvertsToSingle())
                _faults.Add($"{name} is {info.Describe()}, bf16, fp16, fp32 or fp64 is needed");
        }

        return _memory?.Slice(start, length) ?? default;
    }

    /// <summary>Complains of all tensors that are missing, left over or of another shape than the config says.</summary>
    /// <exception cref="PursuitException">There are such.</exception>
    public void ThrowIfUnfit()
    {
        // What isn't of the embeddings or the layers is a head's, which vectors don't need.
        string[] parts = [_body + "embeddings.", _body + _family.Layers];
        var left = _files.Tensors.Keys
            .Where(name => parts.Any(part => name.StartsWith(part, StringComparison.Ordinal)) && !_taken.Contains(name)
                && !KnownBuffers.Contains(name[_body.Length..]))
            .Order(StringComparer.Ordinal)
            .Select(name => $"{name} {_files.Tensors[name].Describe()} belongs to nothing in the config");
        string[] faults = [.. _faults, .. left];
        if (faults.Length == 0) return;
        const int Shown = 8;
        var count = MessageText.Counted(faults.Length, "tensor doesn't", "tensors don't");
        throw new PursuitException(
            $"{_files.Path}: {count} fit config.json ({_family.ModelType}, {_taken.Count} tensors): "
                + $"{string.Join("; ", faults.Take(Shown))}{(faults.Length > Shown ? "; ..." : "")}. Use the config.json that came with "
                + "the weights.");
    }

    private string NameInFile(string name)
    {
        name = _body + name;
        if (_files.Tensors.ContainsKey(name)) return name;
        foreach (var (recent, old) in OldEndings)
        {
            if (name.EndsWith(recent, StringComparison.Ordinal) && name[..^recent.Length] + old is var other
                && _files.Tensors.ContainsKey(other))
                return other;
        }

        return name;
    }
}
