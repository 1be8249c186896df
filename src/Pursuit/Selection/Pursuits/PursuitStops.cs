namespace Pursuit.Selection.Pursuits;

/// <summary>When a pursuit ends.</summary>
/// <param name="Residual">The relative residual below which it is done.</param>
/// <param name="Tolerance">The fall of the objective in an iteration, as a share of it, below which it has stopped; 0 for never.</param>
/// <param name="NoiseFloor">Stop fitting a group whose residual is within its sampling noise.</param>
/// <param name="HeldOut">The other half of the target, whose residual must keep falling; or null.</param>
internal sealed record PursuitStops(double Residual, double Tolerance, bool NoiseFloor, PursuitTarget? HeldOut = null);
