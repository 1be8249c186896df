namespace Pursuit.Engine.Models;

/// <summary>
/// For each of several slots, whose turn it is: micro-batch 0, then 1, and so on. Workers that take micro-batches in
/// ascending order and visit the slots in the same order never wait for one another in a circle.
/// </summary>
internal sealed class Turns(int slots)
{
    private readonly int[] _next = new int[slots];
    private readonly object _signal = new();
    private bool _aborted;

    public void Reset()
    {
        lock (_signal)
        {
            Array.Clear(_next);
            _aborted = false;
        }
    }

    /// <summary>Waits until a slot is a micro-batch's.</summary>
    /// <exception cref="OperationCanceledException">Another worker failed.</exception>
    public void Wait(int slot, int index)
    {
        lock (_signal)
        {
            while (_next[slot] != index && !_aborted)
                Monitor.Wait(_signal);
            if (_aborted)
                throw new OperationCanceledException("another worker failed");
        }
    }

    /// <summary>Passes a slot to the next micro-batch.</summary>
    public void Pass(int slot)
    {
        lock (_signal)
        {
            _next[slot]++;
            Monitor.PulseAll(_signal);
        }
    }

    public void Abort()
    {
        lock (_signal)
        {
            _aborted = true;
            Monitor.PulseAll(_signal);
        }
    }
}
