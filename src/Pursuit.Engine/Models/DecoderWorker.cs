using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

/// <summary>
/// Runs micro-batches through a decoder, one at a time, in its own arena. It belongs to one thread at a time; several
/// workers may share a decoder. Once its arena fits, a run allocates nothing.
/// </summary>
internal sealed partial class DecoderWorker : IDisposable
{
    private readonly Decoder _decoder;
    private readonly IDecoderOperations _operations;
    private readonly ModelConfig _config;
    private readonly DeviceBatch _batch;
    private Activations? _activations;
    private readonly RotaryTable _angles;
    private readonly RotaryTable? _localAngles;
    private readonly LayerStream? _stream;
    private float[] _statistics = [];

    /// <summary>Creates a worker; its arena is made at the first run and grows with the largest micro-batch.</summary>
    public DecoderWorker(Decoder decoder)
    {
        _decoder = decoder;
        _operations = decoder.Operations.CreateWorker();
        _config = decoder.Config;
        _batch = new DeviceBatch(_operations);
        _stream = decoder.Streamed is { } streamed ? new LayerStream(decoder, streamed, _operations) : null;
        _routings = new MixtureRouting?[_config.Experts > 0 ? _config.Layers : 0];
        _angles = new RotaryTable(_operations, _config.RopeScaling, _config.RopeTheta, _config.Rotated);
        if (_config.LocalRopeTheta is { } local)
            _localAngles = new RotaryTable(_operations, RopeScaling.None, local, _config.Rotated);
    }

    /// <summary>Bytes of its arrays on the host, which grow with the largest micro-batch.</summary>
    public long HostBytes => sizeof(float) * (long)_statistics.Length + _routings.Sum(r => r?.HostBytes ?? 0);

    /// <summary>
    /// Computes every example's loss, and carries the gradient of the objective
    /// (sum over labels of LabelWeights times the label's loss) to a consumer.
    /// </summary>
    /// <param name="batch">The micro-batch.</param>
    /// <param name="consumer">Who gets the gradients.</param>
    /// <param name="losses">The mean loss over each example's labels in nats; 0 where there is none [examples].</param>
    /// <exception cref="PursuitException">A token id is outside the vocabulary, or an example longer than learned positions.</exception>
    public void ForwardBackward(MicroBatch batch, IGradientConsumer consumer, Span<double> losses)
    {
        Prepare(batch, forBackward: true);
        _dropping = _decoder.Adapters is { DropoutStream: not null, Options.Dropout: > 0 };
        ForwardLayers(_config.Layers);
        consumer.Begin(_batch);
        RunHead(consumer, losses);
        BackwardLayers(consumer);
        consumer.End(_batch);
    }

    /// <summary>Computes every example's loss.</summary>
    /// <param name="batch">The micro-batch.</param>
    /// <param name="losses">The mean loss over each example's labels in nats; 0 where there is none [examples].</param>
    /// <exception cref="PursuitException">A token id is outside the vocabulary, or an example longer than learned positions.</exception>
    public void Losses(MicroBatch batch, Span<double> losses)
    {
        Prepare(batch, forBackward: false);
        _dropping = false;
        ForwardLayers(_config.Layers);
        RunHead(null, losses);
    }

    /// <summary>Computes the hidden states of every token at one layer; layers above it aren't run, and no logits.</summary>
    /// <param name="batch">The micro-batch.</param>
    /// <param name="layer">0: the token embeddings; l: the residual stream behind layer l; the last layer's behind the final norm.</param>
    /// <param name="states">[tokens, hidden]; overwritten.</param>
    /// <exception cref="PursuitException">A token id is outside the vocabulary, or an example longer than learned positions.</exception>
    public void HiddenStates(MicroBatch batch, int layer, Span<float> states)
    {
        Prepare(batch, forBackward: false);
        _dropping = false;
        ForwardLayers(layer);
        var (a, hidden) = (_activations!, _config.HiddenSize);
        var output = a.Input(layer);
        if (layer == _config.Layers)
        {
            NormHidden(batch.Tokens, output, _decoder.Layout.FinalNorm, a.LabelNormed, a.LabelInverse);
            output = a.LabelNormed;
        }

        _operations.Read(output.Part(0, batch.Tokens * hidden), states);
    }

    /// <summary>Computes the logits of every token; for looking and for tests, since they exist all at once.</summary>
    /// <param name="batch">The micro-batch.</param>
    /// <param name="logits">[tokens, vocabulary].</param>
    /// <exception cref="PursuitException">A token id is outside the vocabulary, or an example longer than learned positions.</exception>
    public void Logits(MicroBatch batch, Span<float> logits)
    {
        Prepare(batch, forBackward: false);
        _dropping = false;
        ForwardLayers(_config.Layers);
        var (a, vocabulary) = (_activations!, _config.VocabularySize);
        NormHidden(batch.Tokens, a.Input(_config.Layers), _decoder.Layout.FinalNorm, a.LabelNormed, a.LabelInverse);
        for (var row = 0; row < batch.Tokens; row += a.LabelBlock)
        {
            var rows = Math.Min(a.LabelBlock, batch.Tokens - row);
            for (var first = 0; first < vocabulary; first += a.VocabularyBlock)
            {
                var columns = Math.Min(a.VocabularyBlock, vocabulary - first);
                HeadBlock(a, row, rows, first, columns);
                for (var i = 0; i < rows; i++)
                    _operations.Read(a.Logits.Part(i * columns, columns), logits.Slice((row + i) * vocabulary + first, columns));
            }
        }
    }

    /// <summary>Frees the arena.</summary>
    public void Dispose()
    {
        _batch.Dispose();
        _headRows?.Dispose();
        _activations?.Dispose();
        _angles.Dispose();
        _localAngles?.Dispose();
        foreach (var routing in _routings)
            routing?.Dispose();
        _turned?.Dispose();
        _stream?.Dispose();
        _operations.Dispose();
    }

    /// <summary>Frees the arena; the next run makes one.</summary>
    public void Release()
    {
        _activations?.Dispose();
        _activations = null;
    }

    /// <summary>
    /// Makes room for micro-batches of up to a size where the device's memory has it, so that running them asks for no more.
    /// </summary>
    /// <param name="tokens">Tokens of the largest.</param>
    /// <param name="longest">Tokens of the longest example.</param>
    /// <param name="forBackward">Whether there is a backward pass.</param>
    /// <param name="recomputes">Whether that computes every layer's values again instead of keeping them.</param>
    /// <returns>Whether there was room; otherwise nothing is held.</returns>
    public bool TryReserve(int tokens, int longest, bool forBackward, bool recomputes)
    {
        if (Fits(tokens, longest, forBackward, recomputes)) return true;
        Release();
        if (Activations.BytesFor(_decoder, new(tokens, longest, forBackward) { Recomputes = recomputes }) > _decoder.Device.Room)
            return false;
        try
        {
            _activations = new Activations(_decoder, new(tokens, longest, forBackward) { Recomputes = recomputes });
            return true;
        }
        catch (PursuitException e) when (DeviceMemoryException.IsCauseOf(e))
        {
            return false;
        }
    }

    private void Prepare(MicroBatch batch, bool forBackward)
    {
        CheckBatch(batch);
        _batch.Upload(batch);
        PrepareAngles(batch);
        _stream?.Refresh();
        if (Fits(batch.Tokens, batch.Longest, forBackward, recomputes: false)) return;
        var room = new ActivationSizes(batch.Tokens, batch.Longest, forBackward);
        if (_activations is { } old)
        {
            room = new(Math.Max(room.Tokens, old.Tokens), Math.Max(room.Longest, old.Longest), forBackward || old.ForBackward)
            {
                Recomputes = old.Recomputes,
            };
            old.Dispose();
            _activations = null;
        }

        _activations = new Activations(_decoder, room);
    }

    /// <summary>Whether there is room already; that of values computed again serves where they might be kept.</summary>
    private bool Fits(int tokens, int longest, bool forBackward, bool recomputes) =>
        _activations is { } old && old.Tokens >= tokens && old.Longest >= longest && (old.ForBackward || !forBackward)
            && (old.Recomputes || !recomputes) && old.Adapters == _decoder.Adapters && old.CacheRows == 0;

    private void CheckBatch(MicroBatch batch)
    {
        if (_decoder.Layout.Positions is not null && batch.Longest > _config.MaximumPositions)
        {
            throw PursuitException.At(
                "batch",
                $"an example of {batch.Longest} tokens",
                $"at most {_config.MaximumPositions}, the positions that the model learned",
                $"Give a smaller {ApiName.MaxLength}.");
        }

        foreach (var id in batch.TokenIds)
        {
            if ((uint)id >= (uint)_config.VocabularySize)
            {
                throw PursuitException.At(
                    "batch",
                    $"token id {id}",
                    $"ids from 0 to {_config.VocabularySize - 1}, the model's vocabulary",
                    "Use the tokenizer that belongs to the model.");
            }
        }
    }

    private void PrepareAngles(MicroBatch batch)
    {
        if (_decoder.Layout.Positions is not null)
            return;
        _angles.Prepare(batch);
        _localAngles?.Prepare(batch);
    }

    private BufferSlice Weight(Parameter parameter) =>
        _decoder.Vectors(parameter, parameter.Length) ?? Values(parameter.Offset, parameter.Length);

    /// <summary>All weights of a group as one matrix [Outputs, Inputs].</summary>
    private BufferSlice Weights(LinearGroup group) => Values(group.Parts[0].Weight.Offset, checked(group.Outputs * group.Inputs));

    /// <summary>All biases of a group with biases, as one vector [Outputs].</summary>
    private BufferSlice Biases(LinearGroup group)
    {
        var first = group.Parts[0].Bias!;
        return _decoder.Vectors(first, group.Outputs) ?? Values(first.Offset, group.Outputs);
    }

    /// <summary>Values on the device; those of a streamed layer only while it is the current one.</summary>
    private BufferSlice Values(long first, int length) =>
        _stream is not null && first >= _decoder.Streamed!.Place.First && first < _decoder.Streamed.Place.End
            ? _stream.Slice(first, length)
            : _decoder.Values(first, length);

    private NormCall Norm(NormParameters norm) =>
        new(_config.Norm, Weight(norm.Weight), norm.Bias is { } bias ? Weight(bias) : null);

    /// <summary>The norm of dense rows of the residual stream's width.</summary>
    private void NormHidden(int rows, BufferSlice x, NormParameters norm, BufferSlice y, BufferSlice inverse) =>
        _operations.Norm(new(rows, 1, _config.HiddenSize), Norm(norm), Hidden(x), Hidden(y), inverse);

    private MatrixSlice Hidden(BufferSlice values) => new(values, _config.HiddenSize);

    /// <summary>Room on the host for what is read, which grows with the largest.</summary>
    private Span<float> Statistics(int count)
    {
        if (_statistics.Length < count)
            _statistics = new float[count];
        return _statistics.AsSpan(0, count);
    }
}
