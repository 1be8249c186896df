using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

/// <summary>
/// The last layers of a model that a device's memory doesn't hold: their weights lie on the host, and go to the device layer by layer,
/// as <see cref="LayerStream"/> asks for them.
/// </summary>
internal sealed class StreamedLayers : IDisposable
{
    private readonly IDisposable? _lock;

    private StreamedLayers(IDecoderOperations operations, int first, ValueRange place, long largest, ElementType type)
    {
        (First, Place, Largest) = (first, place, largest);
        Values = new HostBuffer(place.Length, type);
        _lock = operations.PageLock(Values);
    }

    /// <summary>The first layer on the host; those below it stay on the device.</summary>
    public int First { get; }

    /// <summary>Where their parameters lie in a flat buffer of all.</summary>
    public ValueRange Place { get; }

    /// <summary>Values of the largest of them.</summary>
    public long Largest { get; }

    /// <summary>The weights.</summary>
    public HostBuffer Values { get; }

    /// <summary>How often they were read.</summary>
    public int Version { get; set; }

    /// <summary>
    /// Decides whether a model's weights fit into a device, and leaves as many of its last layers on the host as don't.
    /// </summary>
    /// <param name="device">The device.</param>
    /// <param name="layout">The model's parameters.</param>
    /// <param name="type">The type of its weights.</param>
    /// <returns>The layers on the host; null where all weights fit.</returns>
    /// <exception cref="PursuitException">Embedding, head and two layers are more than the device has free.</exception>
    public static StreamedLayers? For(Device device, ParameterLayout layout, ElementType type)
    {
        if (device.FreeMemory is not { } free) return null;
        var (room, size) = (free(), type.Bytes());
        var vectors = type == ElementType.Float32 ? 0 : layout.VectorLength * sizeof(float);
        // A fifth at least is for activations; where weights come from the host, half is, since large micro-batches hide their coming.
        if (layout.BufferLength * size + vectors <= room / 5 * 4) return null;
        var largest = layout.LayerPlaces.Max(p => p.Length);
        var always = (layout.BufferLength - layout.LayerPlaces.Sum(p => p.Length) + 2 * largest) * size + vectors;
        if (always > room / 5 * 4)
        {
            throw PursuitException.At(
                $"memory of {device.Name}",
                $"{room:N0} bytes free",
                $"{always / 4 * 5:N0}: the embedding, the head and two layers of the model take {always:N0}",
                "Use a smaller model or another device; other processes' memory on the card counts too.");
        }

        var first = 0;
        for (var taken = always; first < layout.LayerPlaces.Count - 1; first++)
        {
            taken += layout.LayerPlaces[first].Length * size;
            if (taken > room / 2) break;
        }

        var place = new ValueRange(layout.LayerPlaces[first].First, layout.LayerPlaces[^1].End);
        device.Notice?.Invoke(
            $"{layout.LayerPlaces.Count - first} of {layout.LayerPlaces.Count} layers don't fit into the memory of {device.Name}: their "
            + "weights come from the machine's own, layer by layer.");
        return new StreamedLayers(device.Operations, first, place, largest, type);
    }

    /// <summary>Frees the weights.</summary>
    public void Dispose()
    {
        _lock?.Dispose();
        Values.Dispose();
    }
}
