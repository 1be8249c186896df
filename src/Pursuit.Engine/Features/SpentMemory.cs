namespace Pursuit.Engine.Features;

/// <summary>Large arrays that a finished part of a job leaves behind.</summary>
internal static class SpentMemory
{
    /// <summary>
    /// Gives them back to the system at once. The collector would leave them for minutes, beside what the next part takes: a process
    /// then holds twice what it needs, and what a plan says of memory doesn't hold.
    /// </summary>
    public static void GiveBack() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
}
