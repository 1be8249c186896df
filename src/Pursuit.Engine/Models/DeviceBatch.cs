using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

/// <summary>
/// The micro-batch that a worker runs, with its integers and weights on the device: uploaded once, at the start, into memory that grows
/// with the largest. Slices are valid until the worker's next micro-batch.
/// </summary>
internal sealed class DeviceBatch : IDisposable
{
    private DeviceBuffer? _integers;
    private DeviceBuffer? _weights;
    private IntegerPlaces _places;

    internal DeviceBatch(IDecoderOperations operations) => Operations = operations;

    /// <summary>The operations of the worker that runs it: what its consumers ask of the device, they ask through these.</summary>
    public IDecoderOperations Operations { get; }

    /// <summary>The micro-batch on the host.</summary>
    public MicroBatch Host { get; private set; } = null!;

    /// <inheritdoc cref="MicroBatch.Index"/>
    public int Index => Host.Index;

    /// <inheritdoc cref="MicroBatch.FirstExample"/>
    public int FirstExample => Host.FirstExample;

    /// <inheritdoc cref="MicroBatch.Examples"/>
    public int Examples => Host.Examples;

    /// <inheritdoc cref="MicroBatch.Tokens"/>
    public int Tokens => Host.Tokens;

    /// <inheritdoc cref="MicroBatch.Labels"/>
    public int Labels => Host.Labels;

    /// <inheritdoc cref="MicroBatch.TokenIds"/>
    public BufferSlice TokenIds => Integers(IntegerPlaces.TokenIds, Tokens);

    /// <inheritdoc cref="MicroBatch.Positions"/>
    public BufferSlice Positions => Integers(_places.Positions, Tokens);

    /// <inheritdoc cref="MicroBatch.Offsets"/>
    public BufferSlice Offsets => Integers(_places.Offsets, Examples + 1);

    /// <inheritdoc cref="MicroBatch.Sequences"/>
    public BufferSlice Sequences => Integers(_places.Sequences, Examples * IntegerPlaces.IntegersOfSequence);

    /// <inheritdoc cref="MicroBatch.LabelRows"/>
    public BufferSlice LabelRows => Integers(_places.LabelRows, Labels);

    /// <summary>All examples as segments of rows.</summary>
    public Segments Segments => new(Offsets, 0, Examples);

    /// <summary>The token ids that some labels' rows should predict.</summary>
    public BufferSlice Targets(int first, int count) => Integers(_places.Targets + first, count);

    /// <summary>The objective's factors on some labels' losses.</summary>
    public BufferSlice LabelWeights(int first, int count) => _weights!.Slice(first, count);

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        _integers?.Dispose();
        _weights?.Dispose();
    }

    /// <summary>Takes a micro-batch to the device.</summary>
    internal void Upload(MicroBatch batch)
    {
        (Host, _places) = (batch, batch.Places);
        Grow(ref _integers, batch.Integers.Length, ElementType.Int32);
        Operations.Write(batch.Integers, _integers!.Slice(0, batch.Integers.Length));
        Grow(ref _weights, batch.LabelWeights.Length, ElementType.Float32);
        Operations.Write(batch.LabelWeights, _weights!.Slice(0, batch.LabelWeights.Length));
    }

    private BufferSlice Integers(int first, int count) => _integers!.Slice(first, count);

    private void Grow(ref DeviceBuffer? buffer, int length, ElementType type)
    {
        if (buffer is not null && buffer.Length >= length) return;
        buffer?.Dispose();
        buffer = null;
        buffer = Operations.Allocate(length, type);
    }
}

/// <summary>Where the integers of a micro-batch lie in one array, each part from a multiple of 16 on.</summary>
internal readonly record struct IntegerPlaces
{
    /// <summary>Integers of a <see cref="SequenceRows"/>.</summary>
    public const int IntegersOfSequence = 4;

    public IntegerPlaces(int tokens, int examples, int labels)
    {
        Positions = Pad(tokens);
        Offsets = Positions + Pad(tokens);
        Sequences = Offsets + Pad(examples + 1);
        LabelRows = Sequences + Pad(examples * IntegersOfSequence);
        Targets = LabelRows + Pad(labels);
        Length = Targets + Pad(labels);
    }

    /// <summary>The first ones.</summary>
    public const int TokenIds = 0;

    public int Positions { get; }

    public int Offsets { get; }

    public int Sequences { get; }

    public int LabelRows { get; }

    public int Targets { get; }

    public int Length { get; }

    private static int Pad(int count) => (count + 15) / 16 * 16;
}
