using System.Numerics.Tensors;
using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

/// <summary>
/// Which experts the tokens of a micro-batch go to in one layer: each token's k likeliest, the lower number among equals. A slot is a token
/// at one of its experts; slots stand expert by expert, an expert's in the order of the tokens, so that its products are over whole rows
/// and each example's rows are together. Choosing is the host's: it is a few numbers a token.
/// </summary>
internal sealed class MixtureRouting : IDisposable
{
    private readonly IDecoderOperations _operations;
    private readonly int _experts;
    private readonly int _perToken;
    private readonly bool _normalizes;
    private DeviceBuffer? _integers;
    private float[] _probabilities = [];
    private float[] _weights = [];
    private float[] _numbers = [];
    private int[] _chosen = [];
    private int[] _slotOfChoice = [];
    private readonly int[] _firstSlots;
    private int[] _host = [];
    private int _tokens;
    private int _examples;

    /// <summary>The routing of a model's mixtures.</summary>
    public MixtureRouting(IDecoderOperations operations, ModelConfig config)
    {
        _operations = operations;
        (_experts, _perToken, _normalizes) = (config.Experts, config.ExpertsPerToken, config.NormalizesExperts);
        _firstSlots = new int[_experts + 1];
    }

    /// <summary>Bytes on the host: for many experts far from nothing, since every layer keeps its own for the backward pass.</summary>
    public long HostBytes =>
        sizeof(float) * ((long)_probabilities.Length + _weights.Length + _numbers.Length)
            + sizeof(int) * ((long)_chosen.Length + _slotOfChoice.Length + _host.Length);

    /// <summary>Slots of all experts.</summary>
    public int Count => _tokens * _perToken;

    /// <summary>The token's row of every slot, integers.</summary>
    public BufferSlice AllRows => _integers!.Slice(0, Count);

    /// <summary>The slots of an expert.</summary>
    public SlotRange Slots(int expert) => new(_firstSlots[expert], _firstSlots[expert + 1] - _firstSlots[expert]);

    /// <summary>The token's row of each of an expert's slots, integers.</summary>
    public BufferSlice Rows(int expert) => _integers!.Slice(_firstSlots[expert], _firstSlots[expert + 1] - _firstSlots[expert]);

    /// <summary>Each example's rows among an expert's.</summary>
    public Segments Segments(int expert) => new(_integers!.Slice(OffsetsOf(expert), _examples + 1), 0, _examples);

    /// <summary>Chooses by the router's logits [tokens, experts], and writes each slot's weight [slots].</summary>
    public void Route(DeviceBatch batch, BufferSlice logits, BufferSlice weights)
    {
        (_tokens, _examples) = (batch.Tokens, batch.Examples);
        Grow();
        _operations.Read(logits.Part(0, _tokens * _experts), _probabilities.AsSpan(0, _tokens * _experts));
        Array.Clear(_firstSlots);
        for (var token = 0; token < _tokens; token++)
        {
            var row = _probabilities.AsSpan(token * _experts, _experts);
            TensorPrimitives.SoftMax(row, row);
            Choose(row, _chosen.AsSpan(token * _perToken, _perToken));
            foreach (var expert in _chosen.AsSpan(token * _perToken, _perToken))
                _firstSlots[expert + 1]++;
        }

        for (var expert = 0; expert < _experts; expert++)
            _firstSlots[expert + 1] += _firstSlots[expert];
        Place(batch.Host);
        _operations.Write(_host.AsSpan(0, IntegersLength), _integers!.Slice(0, IntegersLength));
        _operations.Write(_weights.AsSpan(0, Count), weights.Part(0, Count));
    }

    /// <summary>From the gradients of the slots' weights [slots] to that of the router's logits [tokens, experts].</summary>
    public void RouterGradient(BufferSlice weightGradients, BufferSlice logitGradients)
    {
        _operations.Read(weightGradients, _numbers.AsSpan(0, Count));
        Span<double> own = stackalloc double[_perToken];
        for (var token = 0; token < _tokens; token++)
        {
            var probabilities = _probabilities.AsSpan(token * _experts, _experts);
            var slots = _slotOfChoice.AsSpan(token * _perToken, _perToken);
            var chosen = _chosen.AsSpan(token * _perToken, _perToken);
            // Weights are p / sum of the chosen p, or p itself.
            var (sum, mean) = (1.0, 0.0);
            if (_normalizes)
            {
                sum = 0;
                for (var i = 0; i < _perToken; i++)
                {
                    sum += probabilities[chosen[i]];
                    mean += (double)_numbers[slots[i]] * _weights[slots[i]];
                }
            }

            // Through the softmax, in place of the probabilities, which nobody reads again: p (d - sum of p d), d = 0 where not chosen.
            var expected = 0.0;
            for (var i = 0; i < _perToken; i++)
                expected += own[i] = (_numbers[slots[i]] - mean) / sum * probabilities[chosen[i]];
            for (var expert = 0; expert < _experts; expert++)
                probabilities[expert] = (float)(probabilities[expert] * -expected);
            for (var i = 0; i < _perToken; i++)
                probabilities[chosen[i]] = (float)(probabilities[chosen[i]] + own[i]);
        }

        _operations.Write(_probabilities.AsSpan(0, _tokens * _experts), logitGradients.Part(0, _tokens * _experts));
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose() => _integers?.Dispose();

    private int IntegersLength => Count + _experts * (_examples + 1);

    private int OffsetsOf(int expert) => Count + expert * (_examples + 1);

    private static void Choose(ReadOnlySpan<float> probabilities, Span<int> chosen)
    {
        for (var i = 0; i < chosen.Length; i++)
        {
            var best = -1;
            for (var expert = 0; expert < probabilities.Length; expert++)
            {
                if (!chosen[..i].Contains(expert) && (best < 0 || probabilities[expert] > probabilities[best]))
                    best = expert;
            }

            chosen[i] = best;
        }
    }

    /// <summary>Puts the tokens into slots, and counts each example's rows among every expert's.</summary>
    private void Place(MicroBatch batch)
    {
        Array.Clear(_host, 0, IntegersLength);
        var next = _firstSlots.AsSpan(0, _experts).ToArray();
        for (var example = 0; example < _examples; example++)
        {
            for (var token = batch.Offsets[example]; token < batch.Offsets[example + 1]; token++)
            {
                var chosen = _chosen.AsSpan(token * _perToken, _perToken);
                var sum = 1f;
                if (_normalizes)
                {
                    sum = 0;
                    foreach (var expert in chosen)
                        sum += _probabilities[token * _experts + expert];
                }

                for (var i = 0; i < _perToken; i++)
                {
                    var slot = next[chosen[i]]++;
                    _host[slot] = token;
                    _weights[slot] = _probabilities[token * _experts + chosen[i]] / sum;
                    _slotOfChoice[token * _perToken + i] = slot;
                }
            }

            for (var expert = 0; expert < _experts; expert++)
                _host[OffsetsOf(expert) + example + 1] = next[expert] - _firstSlots[expert];
        }
    }

    private void Grow()
    {
        if (_probabilities.Length < _tokens * _experts)
            _probabilities = new float[_tokens * _experts];
        if (_chosen.Length < Count)
            (_chosen, _slotOfChoice, _weights, _numbers) = (new int[Count], new int[Count], new float[Count], new float[Count]);
        if (_host.Length < IntegersLength)
            _host = new int[IntegersLength];
        if (_integers is not null && _integers.Length >= IntegersLength)
            return;
        _integers?.Dispose();
        _integers = _operations.Allocate(IntegersLength, ElementType.Int32);
    }
}

/// <summary>Consecutive slots.</summary>
/// <param name="First">The first.</param>
/// <param name="Count">How many.</param>
internal readonly record struct SlotRange(int First, int Count);
