using Pursuit.Engine.Models;
using Pursuit.Runs;

namespace Pursuit.Engine.Training;

/// <summary>
/// Documents packed for training from scratch: in every epoch the documents stand in another random order, one after
/// another with end tokens between, and are cut into windows of equal length, which are taken in random order. An epoch's
/// last few tokens that fill no window are left out of it.
/// </summary>
internal sealed class PackedWindows : ITrainingData
{
    private readonly TokenizedDocuments _documents;
    private readonly int _context;
    private readonly int _windowsPerStep;
    private readonly ulong _seed;
    private Epoch? _epoch;

    /// <summary>Packs documents.</summary>
    /// <param name="documents">The corpus.</param>
    /// <param name="context">Tokens of a window, at least 2.</param>
    /// <param name="windowsPerStep">Windows of a batch, at least 1.</param>
    /// <param name="seed">The run's seed.</param>
    /// <exception cref="PursuitException">The corpus has fewer tokens than a window.</exception>
    public PackedWindows(TokenizedDocuments documents, int context, int windowsPerStep, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(context, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(windowsPerStep, 1);
        if (documents.TokenCount < context)
            throw PursuitException.At(
                "the corpus",
                $"{documents.TokenCount:N0} tokens in {documents.Count:N0} documents",
                $"at least one window of {context:N0} tokens",
                $"Give more text or a shorter {ApiName.Context}.");
        (_documents, _context, _windowsPerStep, _seed) = (documents, context, windowsPerStep, seed);
        WindowsPerEpoch = documents.TokenCount / context;
        Fingerprint = new Fingerprint("packed-windows/1").Add(
            "documents", documents.Fingerprint).Add("context", context).Add("windows", windowsPerStep).Add("seed", seed).Hash;
    }

    /// <summary>Windows of one epoch.</summary>
    public int WindowsPerEpoch { get; }

    /// <summary>Tokens of a step's batch.</summary>
    public long TokensPerStep => (long)_windowsPerStep * _context;

    /// <inheritdoc/>
    public LossReduction Reduction => LossReduction.TokenMean;

    /// <inheritdoc/>
    public string Fingerprint { get; }

    /// <inheritdoc/>
    public Batch BatchAt(long step)
    {
        var tokens = new int[_windowsPerStep * _context];
        var offsets = new int[_windowsPerStep + 1];
        for (var i = 0; i < _windowsPerStep; i++)
        {
            var (epoch, start) = Locate(step, i);
            Copy(epoch, start, tokens.AsSpan(i * _context, _context));
            offsets[i + 1] = (i + 1) * _context;
        }

        var supervised = new bool[tokens.Length];
        Array.Fill(supervised, true);
        return new Batch(tokens, supervised, offsets);
    }

    /// <inheritdoc/>
    public string Describe(long step, int example)
    {
        var (epoch, start) = Locate(step, example);
        var first = epoch.DocumentAt(start);
        var last = epoch.DocumentAt(start + _context - 1);
        var from = _documents.Names[epoch.Order[first]];
        return first == last ? from : $"{from} to {_documents.Names[epoch.Order[last]]} ({last - first + 1} documents of one window)";
    }

    private (Epoch Epoch, int Start) Locate(long step, int example)
    {
        var window = step * _windowsPerStep + example;
        var epoch = OpenEpoch(window / WindowsPerEpoch);
        return (epoch, epoch.Windows[(int)(window % WindowsPerEpoch)] * _context);
    }

    private Epoch OpenEpoch(long number)
    {
        if (_epoch is { } open && open.Number == number)
            return open;
        var order = Enumerable.Range(0, _documents.Count).ToArray();
        new SeededRandom(_seed, "pretrain/documents", (ulong)number).Shuffle<int>(order);
        var starts = new int[order.Length];
        for (var i = 1; i < order.Length; i++)
            starts[i] = starts[i - 1] + _documents.Tokens(order[i - 1]).Length;
        var windows = Enumerable.Range(0, WindowsPerEpoch).ToArray();
        new SeededRandom(_seed, "pretrain/windows", (ulong)number).Shuffle<int>(windows);
        return _epoch = new Epoch(number, order, starts, windows);
    }

    private void Copy(Epoch epoch, int start, Span<int> destination)
    {
        for (var document = epoch.DocumentAt(start); !destination.IsEmpty; document++)
        {
            var tokens = _documents.Tokens(epoch.Order[document])[(start - epoch.Starts[document])..];
            tokens = tokens[..Math.Min(tokens.Length, destination.Length)];
            tokens.CopyTo(destination);
            destination = destination[tokens.Length..];
            start += tokens.Length;
        }
    }

    /// <summary>One epoch's orders.</summary>
    /// <param name="Number">From 0.</param>
    /// <param name="Order">The document at each place.</param>
    /// <param name="Starts">Its first token within the epoch.</param>
    /// <param name="Windows">The window taken at each place.</param>
    private sealed record Epoch(long Number, int[] Order, int[] Starts, int[] Windows)
    {
        public int DocumentAt(int token)
        {
            var found = Array.BinarySearch(Starts, token);
            return found >= 0 ? found : ~found - 1;
        }
    }
}
