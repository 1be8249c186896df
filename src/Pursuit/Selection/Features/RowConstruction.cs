namespace Pursuit.Selection.Features;

/// <summary>How phi_i is made of stored gradients (docs/methods/gtp.md, "Rows").</summary>
/// <param name="Normalisation">What rows are divided by.</param>
/// <param name="FloorQuantile">
/// Norms below this quantile of the pool's are taken as it, so that examples the model already knows don't become amplified
/// noise; 0 for none, range [0, 1).
/// </param>
public readonly record struct RowConstruction(RowNormalisation Normalisation, double FloorQuantile)
{
    /// <summary>Each checkpoint's part on the unit sphere, exactly: what inner-product methods such as LESS use.</summary>
    public static RowConstruction ExactUnit { get; } = new(RowNormalisation.Checkpoint, 0);

    /// <summary>Gradients as they are, weighted by learning rate.</summary>
    public static RowConstruction Unscaled { get; } = new(RowNormalisation.None, 0);
}
