namespace Pursuit.Selection.Pursuits;

/// <summary>How far a pursuit had come.</summary>
/// <param name="Rows">Rows with a weight.</param>
/// <param name="Objective">sum_j ||R_j||^2 + lam ||W||^2 + (1/b) sum_j (sum_i W_ij ||phi_i||)^2.</param>
/// <param name="Residual">Weighted: sqrt(sum ||R_j||^2 / sum ||B_j||^2).</param>
/// <param name="UniformResidual">min over s of ||b - s sum phi_i|| / ||b||, b = sum_j c_j b_j / ||b_j||: what equal weights leave.</param>
/// <param name="Products">Products with the Gram matrix the fit took.</param>
/// <param name="HeldOutResidual">The residual against the held-out half of the target, or null.</param>
public readonly record struct PursuitIteration(int Rows, double Objective, double Residual, double UniformResidual, int Products, double? HeldOutResidual = null);
