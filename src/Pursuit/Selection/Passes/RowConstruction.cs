namespace Pursuit.Selection.Passes;

/// <summary>How phi_i is made of stored gradients (docs/methods/gtp.md, "Rows").</summary>
/// <param name="Normalization">What rows are divided by.</param>
/// <param name="FloorQuantile">
/// Norms below this quantile of the pool's are taken as it, so that examples the model already knows don't become amplified
/// noise; 0 for none, range [0, 1).
/// </param>
internal readonly record struct RowConstruction(RowNormalization Normalization, double FloorQuantile)
{
    /// <summary>Each checkpoint's part on the unit sphere, exactly: what inner-product methods such as LESS use.</summary>
    public static RowConstruction ExactUnit { get; } = new(RowNormalization.Checkpoint, 0);

    /// <summary>Gradients as they are, weighted by learning rate.</summary>
    public static RowConstruction Unscaled { get; } = new(RowNormalization.None, 0);
}

/// <summary>What a row is divided by before methods see it.</summary>
public enum RowNormalization
{
    /// <summary>
    /// Each checkpoint's part by its own norm (not below the floor): every checkpoint speaks with its learning rate's voice.
    /// </summary>
    Checkpoint,

    /// <summary>The whole row by its norm (not below the floor): checkpoints with larger gradients weigh more.</summary>
    Row,

    /// <summary>Nothing: long gradients weigh more.</summary>
    None,
}
