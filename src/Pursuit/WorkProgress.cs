namespace Pursuit;

/// <summary>How far long work has come.</summary>
/// <param name="Work">What is being done, as a person reads it: "reading the pool".</param>
/// <param name="Done">Units finished.</param>
/// <param name="Total">Units in all, or 0 where unknown.</param>
/// <param name="Unit">What is counted: "examples", "MB".</param>
/// <param name="Note">A figure worth seeing beside it, such as the loss.</param>
public readonly record struct WorkProgress(string Work, double Done, double Total, string Unit, string? Note = null);
