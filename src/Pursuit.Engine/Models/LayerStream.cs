using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

/// <summary>
/// A worker's room on the device for two layers whose weights lie on the host: while it computes with one, the next comes into the other.
/// </summary>
internal sealed class LayerStream : IDisposable
{
    private readonly StreamedLayers _layers;
    private readonly IReadOnlyList<ValueRange> _places;
    private readonly IDecoderOperations _operations;
    private readonly DeviceBuffer[] _rooms = new DeviceBuffer[2];
    private readonly int[] _held = [-1, -1];
    private int _current = -1;
    private int _version = -1;

    /// <summary>Allocates the room.</summary>
    public LayerStream(Decoder decoder, StreamedLayers layers, IDecoderOperations operations)
    {
        (_layers, _places, _operations) = (layers, decoder.Layout.LayerPlaces, operations);
        for (var i = 0; i < _rooms.Length; i++) _rooms[i] = operations.Allocate(layers.Largest, layers.Values.Type);
    }

    /// <summary>Waits for a layer's weights, and sends for those of the layer after it.</summary>
    /// <param name="layer">The layer that is computed next.</param>
    /// <param name="following">The one after it; none of the model's where there is none.</param>
    public void Enter(int layer, int following)
    {
        if (!IsStreamed(layer) && !IsStreamed(following)) return;
        if (IsStreamed(layer)) Begin(layer);
        _operations.EndUploads();
        _current = layer;
        if (IsStreamed(following)) Begin(following);
    }

    /// <summary>Some of the current layer's values.</summary>
    /// <param name="first">The first, counted in a flat buffer of all parameters.</param>
    /// <param name="length">Number of values.</param>
    public BufferSlice Slice(long first, int length)
    {
        var place = _places[_current];
        if (first < place.First || first + length > place.End)
            throw new InvalidOperationException($"values from {first} on were taken for layer {_current}'s, [{place.First}, {place.End})");
        return _rooms[_current % 2].Slice(first - place.First, length);
    }

    /// <summary>Forgets what is there if the weights on the host were read anew.</summary>
    public void Refresh()
    {
        if (_version == _layers.Version) return;
        _operations.EndUploads();
        _held.AsSpan().Fill(-1);
        _version = _layers.Version;
    }

    /// <summary>Frees the room.</summary>
    public void Dispose()
    {
        _operations.EndUploads();
        foreach (var room in _rooms) room?.Dispose();
    }

    private bool IsStreamed(int layer) => layer >= _layers.First && layer < _places.Count;

    private void Begin(int layer)
    {
        ref var held = ref _held[layer % 2];
        if (held == layer) return;
        _operations.Finish(); // the layer that was there may still be computed with
        held = -1;
        _operations.BeginUpload(_layers.Values, _places[layer].First - _layers.Place.First, _places[layer].Length, _rooms[layer % 2]);
        held = layer;
    }
}
