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

/// <summary>Workers that run the micro-batches of a batch through one decoder, each with its own thread and arena.</summary>
internal sealed class DecoderPool : IDisposable
{
    private readonly WorkerPool _pool;
    private readonly DecoderWorker[] _workers;
    private readonly IGradientSum?[] _consumersFor;
    private readonly IGradientConsumer?[] _consumers;

    /// <summary>Creates the workers: as many as the decoder's device has work for, the threads at most.</summary>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public DecoderPool(Decoder decoder, DecoderPoolOptions options)
    {
        options.Validate();
        MicroBatchTokens = decoder.Device.MicroBatchTokens(options.MicroBatchTokens);
        var workers = decoder.Device.Workers(options.Threads);
        _pool = new WorkerPool(workers);
        _workers = [.. Enumerable.Range(0, workers).Select(_ => new DecoderWorker(decoder))];
        _consumersFor = new IGradientSum?[workers];
        _consumers = new IGradientConsumer?[workers];
    }

    /// <summary>Number of workers.</summary>
    public int Workers => _workers.Length;

    /// <summary>Tokens of a micro-batch on the decoder's device.</summary>
    public int MicroBatchTokens { get; }

    /// <summary>Bytes of the workers' arrays on the host, beside the buffers that their device counts.</summary>
    public long HostBytes => _workers.Sum(w => w.HostBytes);

    /// <summary>
    /// Hands the micro-batches to the workers in ascending order, each as soon as a worker is free.
    /// </summary>
    /// <param name="batches">The micro-batches.</param>
    /// <param name="run">Runs one: worker, its number, the micro-batch.</param>
    /// <param name="cancellationToken">Stops before the next micro-batch.</param>
    /// <param name="abort">Called when a worker fails, to release others that wait for it.</param>
    public void ForEach(
        IReadOnlyList<MicroBatch> batches,
        Action<DecoderWorker, int, MicroBatch> run,
        Action? abort = null,
        CancellationToken cancellationToken = default)
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

    /// <summary>The losses of a batch.</summary>
    public BatchLosses Losses(Batch batch, CancellationToken cancellationToken = default)
    {
        var losses = new double[batch.Examples];
        ForEach(
            batch.Split(MicroBatchTokens, LossReduction.ExampleSum),
            (worker, _, part) => worker.Losses(part, losses.AsSpan(part.FirstExample, part.Examples)),
            null,
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
        gradients.Begin();
        ForEach(
            batch.Split(MicroBatchTokens, reduction),
            (worker, number, part) =>
                worker.ForwardBackward(part, ConsumerOf(gradients, number), losses.AsSpan(part.FirstExample, part.Examples)),
            gradients.Abort,
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
