using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Pursuit.Engine.Models;
using Pursuit.Runs;

namespace Pursuit.Engine.Training;

/// <summary>One example to fine-tune on.</summary>
/// <param name="Tokens">Its token ids.</param>
/// <param name="Supervised">Which tokens the loss is taken on [tokens].</param>
/// <param name="Weight">Factor on its loss, 0 or more.</param>
/// <param name="Repeats">How often it is seen in an epoch, at least 1.</param>
/// <param name="Name">Where it comes from, for messages.</param>
internal sealed record TrainingExample(int[] Tokens, bool[] Supervised, float Weight, int Repeats, string Name);

/// <summary>
/// Examples in batches of a number of examples or of tokens, in another random order in every epoch. An epoch's last batch
/// takes what is left.
/// </summary>
internal sealed class ExampleBatches : ITrainingData
{
    private readonly IReadOnlyList<TrainingExample> _examples;
    private readonly int[] _slots;
    private readonly int? _batchExamples;
    private readonly int? _batchTokens;
    private readonly ulong _seed;
    private readonly List<long> _epochEnds = [];
    private (long Number, int[] Order, List<int> Starts)? _epoch;

    /// <summary>Makes batches.</summary>
    /// <param name="examples">The examples.</param>
    /// <param name="batchExamples">Examples of a batch, at least 1; or null.</param>
    /// <param name="batchTokens">Most tokens of a batch (a longer example stands alone); or null. Exactly one of the two is given.</param>
    /// <param name="epochs">Epochs, at least 1.</param>
    /// <param name="reduction">How the examples' losses make the objective.</param>
    /// <param name="seed">The run's seed.</param>
    /// <exception cref="PursuitException">No example has a token to learn.</exception>
    public ExampleBatches(
        IReadOnlyList<TrainingExample> examples, int? batchExamples, int? batchTokens, int epochs, LossReduction reduction, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(epochs, 1);
        if (batchExamples is null == batchTokens is null || (batchExamples ?? batchTokens) < 1)
            throw PursuitException.At("the batch", $"{batchExamples} examples and {batchTokens} tokens", "one of the two, at least 1");
        (_examples, _batchExamples, _batchTokens, _seed, Reduction) = (examples, batchExamples, batchTokens, seed, reduction);
        _slots = [.. Enumerable.Range(0, examples.Count).SelectMany(i => Enumerable.Repeat(i, examples[i].Repeats))];
        if (_slots.Length == 0)
            throw PursuitException.At("the training data", "no example", "at least one with an answer", "Give another file.");
        for (long end = 0, epoch = 0; epoch < epochs; epoch++)
            _epochEnds.Add(end += OpenEpoch(epoch).Starts.Count);
        Fingerprint = FingerprintOf();
    }

    /// <summary>Steps done at the end of each epoch.</summary>
    public IReadOnlyList<long> EpochEnds => _epochEnds;

    /// <inheritdoc/>
    public LossReduction Reduction { get; }

    /// <inheritdoc/>
    public string Fingerprint { get; }

    /// <inheritdoc/>
    public Batch BatchAt(long step)
    {
        var members = Members(step);
        return Batch.Pack(
            [.. members.Select(i => (_examples[i].Tokens, (bool[]?)_examples[i].Supervised))],
            [.. members.Select(i => _examples[i].Weight)]);
    }

    /// <inheritdoc/>
    public string Describe(long step, int example) => _examples[Members(step)[example]].Name;

    private int[] Members(long step)
    {
        var number = _epochEnds.FindIndex(end => step < end);
        ArgumentOutOfRangeException.ThrowIfNegative(number, nameof(step));
        var epoch = OpenEpoch(number);
        var batch = (int)(step - (number == 0 ? 0 : _epochEnds[number - 1]));
        var end = batch + 1 < epoch.Starts.Count ? epoch.Starts[batch + 1] : epoch.Order.Length;
        return epoch.Order[epoch.Starts[batch]..end];
    }

    private (long Number, int[] Order, List<int> Starts) OpenEpoch(long number)
    {
        if (_epoch is { } open && open.Number == number)
            return open;
        var order = (int[])_slots.Clone();
        new SeededRandom(_seed, "train/order", (ulong)number).Shuffle<int>(order);
        var starts = new List<int>();
        var tokens = 0L;
        for (var i = 0; i < order.Length; i++)
        {
            var length = _examples[order[i]].Tokens.Length;
            if (starts.Count == 0 || (_batchExamples is { } most ? i - starts[^1] == most : tokens + length > _batchTokens))
            {
                starts.Add(i);
                tokens = 0;
            }

            tokens += length;
        }

        _epoch = (number, order, starts);
        return _epoch.Value;
    }

    private string FingerprintOf()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var example in _examples)
        {
            hash.AppendData(BitConverter.GetBytes(example.Tokens.Length));
            hash.AppendData(MemoryMarshal.AsBytes<int>(example.Tokens));
            hash.AppendData(MemoryMarshal.AsBytes<bool>(example.Supervised));
            hash.AppendData(BitConverter.GetBytes(example.Weight));
            hash.AppendData(BitConverter.GetBytes(example.Repeats));
        }

        return new Fingerprint("examples/1").Add("examples", Convert.ToHexStringLower(hash.GetHashAndReset()))
            .Add(
                "batch examples",
                _batchExamples?.ToString(
                    CultureInfo.InvariantCulture)).Add("batch tokens", _batchTokens?.ToString(CultureInfo.InvariantCulture))
            .Add("epochs", _epochEnds.Count).Add("reduction", Reduction.ToString()).Add("seed", _seed).Hash;
    }
}
