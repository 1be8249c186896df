namespace Pursuit.Selection;

/// <summary>Numbers that a run keeps beside the selection as NAME.npy, fp32.</summary>
/// <param name="Name">The file's name without its ending, such as <c>tsds-probabilities</c>.</param>
/// <param name="Values">The numbers, one dimension.</param>
public sealed record SavedArray(string Name, float[] Values);
