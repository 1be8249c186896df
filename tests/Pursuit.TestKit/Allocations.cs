namespace Pursuit.TestKit;

/// <summary>What a piece of work allocates.</summary>
internal static class Allocations
{
    private const int Runs = 6;

    /// <summary>
    /// Bytes that the work allocates on this thread: the least of six runs behind a first one. What the runtime itself allocates while it
    /// compiles anew isn't the work's, which would do so each time.
    /// </summary>
    /// <param name="work">The work; all of it is done on this thread.</param>
    /// <param name="prepare">What is done before each run and not counted; null for nothing.</param>
    public static long LeastOf(Action work, Action? prepare = null)
    {
        ArgumentNullException.ThrowIfNull(work);
        prepare?.Invoke();
        work();
        var least = long.MaxValue;
        for (var run = 0; run < Runs; run++)
        {
            prepare?.Invoke();
            var before = GC.GetAllocatedBytesForCurrentThread();
            work();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
