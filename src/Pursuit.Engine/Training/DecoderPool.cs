using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;

namespace Pursuit.Engine.Training;

/// <summary>How a batch is spread over workers.</summary>
public sealed record DecoderPoolOptions
{
    /// <summary>Worker threads, at least 1; default all processors. Changes no result.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Tokens of a micro-batch, at least 1; default 1024. Decides how sums are grouped, so it changes last bits.</summary>
    public int MicroBatchTokens { get; init; } = 1024;

    /// <summary>Reports every fault in one message.</summary>
    /// <exception cref="PursuitException">A value is out of range.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        if (Threads < 1)
            faults.Add($"threads is {Threads}, at least 1 is needed");
        if (MicroBatchTokens < 1)
            faults.Add($"micro-batch tokens is {MicroBatchTokens}, at least 1 is needed");
        if (faults.Count > 0)
            throw new PursuitException(FaultKind.Option, string.Join("; ", faults) + ".");
    }
}

/// <summary>The losses of a batch.</summary>
/// <param name="Examples">Each example's mean loss over its labels in nats; 0 where it has none.</param>
/// <param name="Labels">Each example's number of labels.</param>
internal sealed record BatchLosses(IReadOnlyList<double> Examples, IReadOnlyList<int> Labels)
{
    /// <summary>The mean over all labels; NaN without any.</summary>
    public double TokenMean => Examples.Zip(Labels, (loss, count) => loss * count).Sum() / Labels.Sum(count => (long)count);
}

/// <summary>What the micro-batches of a batch are run for.</summary>
internal sealed record Pass
{
    /// <summary>Whether there is a backward pass.</summary>
    public bool IsBackward { get; init; }

    /// <summary>Called before the first micro-batch, again where a pass starts again with smaller ones.</summary>
    public Action? Begin { get; init; }

    /// <summary>Called when a worker fails, to release others that wait for it.</summary>
    public Action? Abort { get; init; }

    /// <summary>Whether micro-batches add to sums that <see cref="Begin"/> doesn't clear, so that the pass can't start again.</summary>
    public bool AddsUp { get; init; }
}

/// <summary>Workers that run the micro-batches of a batch through one decoder, each with its own thread and arena.</summary>
internal sealed class DecoderPool : IDisposable
{
    /// <summary>Tokens below which smaller micro-batches cost more than computing layers' values again.</summary>
    private const int FewTokens = 2048;

    private readonly Decoder _decoder;
    private readonly WorkerPool _pool;
    private readonly DecoderWorker[] _workers;
    private readonly IGradientSum?[] _consumersFor;
    private readonly IGradientConsumer?[] _consumers;
    private bool _recomputes;
    private bool _saidSmaller;

    /// <summary>Creates the workers: as many as the decoder's device has work for, the threads at most.</summary>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public DecoderPool(Decoder decoder, DecoderPoolOptions options)
    {
        options.Validate();
        _decoder = decoder;
        // Weights that come from the host want large micro-batches.
        _recomputes = decoder.Streamed is not null;
        MicroBatchTokens = decoder.Device.MicroBatchTokens(options.MicroBatchTokens);
        var workers = decoder.Device.Workers(options.Threads);
        _pool = new WorkerPool(workers);
        _workers = [.. Enumerable.Range(0, workers).Select(_ => new DecoderWorker(decoder))];
        _consumersFor = new IGradientSum?[workers];
        _consumers = new IGradientConsumer?[workers];
    }

    /// <summary>Number of workers.</summary>
    public int Workers => _workers.Length;

    /// <summary>Tokens of a micro-batch on the decoder's device; fewer than asked for once these didn't fit into its memory.</summary>
    public int MicroBatchTokens { get; private set; }

    /// <summary>Bytes of the workers' arrays on the host, beside the buffers that their device counts.</summary>
    public long HostBytes => _workers.Sum(w => w.HostBytes);

    /// <summary>
    /// Cuts a batch into micro-batches and hands them to the workers in ascending order, each as soon as a worker is free. Where the
    /// device has too little memory free, micro-batches are halved, and a backward pass computes layers' values again.
    /// </summary>
    /// <param name="batch">The batch.</param>
    /// <param name="reduction">How the examples' losses make the objective.</param>
    /// <param name="pass">What the micro-batches are for.</param>
    /// <param name="run">Runs one: worker, its number, the micro-batch.</param>
    /// <param name="cancellationToken">Stops before the next micro-batch.</param>
    public void ForEach(
        Batch batch,
        LossReduction reduction,
        Pass pass,
        Action<DecoderWorker, int, MicroBatch> run,
        CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var parts = batch.Split(MicroBatchTokens, reduction);
            var mayHalve = parts.Any(p => p.Examples > 1);
            if (_decoder.Device.FreeMemory is not null && !Reserve(parts, pass.IsBackward) && mayHalve)
            {
                Halve(parts);
                continue;
            }

            try
            {
                pass.Begin?.Invoke();
                ForEach(parts, run, pass.Abort, cancellationToken);
                return;
            }
            catch (PursuitException e) when (DeviceMemoryException.IsCauseOf(e) && mayHalve && !pass.AddsUp)
            {
                Halve(parts);
            }
        }
    }

    /// <summary>The losses of a batch.</summary>
    public BatchLosses Losses(Batch batch, CancellationToken cancellationToken = default)
    {
        var losses = new double[batch.Examples];
        ForEach(
            batch,
            LossReduction.ExampleSum,
            new Pass(),
            (worker, _, part) => worker.Losses(part, losses.AsSpan(part.FirstExample, part.Examples)),
            cancellationToken);
        return Result(batch, losses);
    }

    /// <summary>The losses of a batch and the gradient of its objective in a set of parameters.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="reduction">How the examples' losses make the objective.</param>
    /// <param name="gradients">Overwritten with the gradient.</param>
    /// <param name="cancellationToken">Stops before the next micro-batch.</param>
    public BatchLosses Gradients(
        Batch batch, LossReduction reduction, IGradientSum gradients, CancellationToken cancellationToken = default)
    {
        var losses = new double[batch.Examples];
        ForEach(
            batch,
            reduction,
            new Pass { IsBackward = true, Begin = gradients.Begin, Abort = gradients.Abort },
            (worker, number, part) =>
                worker.ForwardBackward(part, ConsumerOf(gradients, number), losses.AsSpan(part.FirstExample, part.Examples)),
            cancellationToken);
        gradients.Complete();
        return Result(batch, losses);
    }

    /// <summary>Ends the threads and frees the arenas.</summary>
    public void Dispose()
    {
        _pool.Dispose();
        foreach (var worker in _workers)
            worker.Dispose();
        foreach (var consumer in _consumers)
            (consumer as IDisposable)?.Dispose();
    }

    private void ForEach(
        IReadOnlyList<MicroBatch> batches, Action<DecoderWorker, int, MicroBatch> run, Action? abort, CancellationToken cancellationToken)
    {
        var next = -1;
        _pool.Run(worker =>
        {
            try
            {
                for (var i = Interlocked.Increment(ref next); i < batches.Count; i = Interlocked.Increment(ref next))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    run(_workers[worker], worker, batches[i]);
                }
            }
            catch
            {
                Volatile.Write(ref next, int.MaxValue / 2);
                abort?.Invoke();
                throw;
            }
        });
    }

    /// <summary>Makes room for the largest of the micro-batches, if the device's memory has it.</summary>
    private bool Reserve(IReadOnlyList<MicroBatch> parts, bool isBackward)
    {
        var (tokens, longest) = (parts.Max(p => p.Tokens), parts.Max(p => p.Longest));
        if (TryReserve()) return true;
        if (!isBackward || _recomputes || (tokens > FewTokens && parts.Any(p => p.Examples > 1))) return false;
        _recomputes = true;
        _decoder.Device.Notice?.Invoke(
            $"layers' values are computed again in the backward pass: those of {tokens:N0} tokens don't fit into the memory of "
            + $"{_decoder.Device.Name}.");
        return TryReserve();

        bool TryReserve() => Array.TrueForAll(_workers, w => w.TryReserve(tokens, longest, isBackward, isBackward && _recomputes));
    }

    private void Halve(IReadOnlyList<MicroBatch> parts)
    {
        MicroBatchTokens = Math.Max(1, parts.Max(p => p.Tokens) / 2);
        foreach (var worker in _workers) worker.Release();
        if (!_saidSmaller)
        {
            _decoder.Device.Notice?.Invoke(
                $"micro-batches are smaller than asked for: the memory of {_decoder.Device.Name} doesn't hold more.");
        }

        _saidSmaller = true;
    }

    private static BatchLosses Result(Batch batch, double[] losses) =>
        new(losses, [.. Enumerable.Range(0, batch.Examples).Select(batch.Labels)]);

    private IGradientConsumer ConsumerOf(IGradientSum gradients, int worker)
    {
        if (_consumersFor[worker] != gradients)
        {
            (_consumers[worker] as IDisposable)?.Dispose();
            (_consumersFor[worker], _consumers[worker]) = (gradients, gradients.CreateConsumer());
        }

        return _consumers[worker]!;
    }
}
