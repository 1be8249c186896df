using System.Runtime.ExceptionServices;

namespace Pursuit.Engine.Training;

/// <summary>Threads that live as long as the pool, so that what a thread keeps (packing buffers, an arena) is made once.</summary>
internal sealed class WorkerPool : IDisposable
{
    private readonly Thread[] _threads;
    private readonly SemaphoreSlim _start = new(0);
    private readonly CountdownEvent _done = new(1);
    private Action<int>? _work;
    private int _nextWorker;
    private Exception? _failure;
    private bool _closing;

    /// <summary>Starts the threads.</summary>
    /// <param name="workers">Number of workers, 1 or more; the caller of <see cref="Run"/> is the first.</param>
    public WorkerPool(int workers)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(workers);
        Workers = workers;
        _threads = new Thread[workers - 1];
        for (var i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(Loop) { IsBackground = true, Name = $"pursuit worker {i + 1}" };
            _threads[i].Start();
        }
    }

    /// <summary>Number of workers.</summary>
    public int Workers { get; }

    /// <summary>Runs the work once per worker, on the caller's thread as worker 0, and waits for all.</summary>
    /// <param name="work">Gets the worker's number, 0 to <see cref="Workers"/> - 1.</param>
    /// <remarks>If workers fail, the first failure that isn't a cancellation is thrown here after all have ended.</remarks>
    public void Run(Action<int> work)
    {
        _work = work;
        _nextWorker = 0;
        _failure = null;
        _done.Reset(Workers);
        if (_threads.Length > 0)
            _start.Release(_threads.Length);
        Execute(0);
        _done.Wait();
        _work = null;
        if (_failure is not null)
            ExceptionDispatchInfo.Throw(_failure);
    }

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        _closing = true;
        if (_threads.Length > 0)
            _start.Release(_threads.Length);
        foreach (var thread in _threads)
            thread.Join();
        _start.Dispose();
        _done.Dispose();
    }

    private void Loop()
    {
        while (true)
        {
            _start.Wait();
            if (_closing)
                return;
            Execute(Interlocked.Increment(ref _nextWorker));
        }
    }

    private void Execute(int worker)
    {
        try
        {
            _work!(worker);
        }
#pragma warning disable CA1031 // Whatever a worker throws is rethrown on the caller's thread.
        catch (Exception e)
#pragma warning restore CA1031
        {
            lock (_threads)
            {
                if (_failure is null or OperationCanceledException)
                    _failure = e;
            }
        }
        finally
        {
            _done.Signal();
        }
    }
}
