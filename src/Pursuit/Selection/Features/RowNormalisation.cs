namespace Pursuit.Selection.Features;

/// <summary>What a row is divided by before methods see it.</summary>
public enum RowNormalisation
{
    /// <summary>Each checkpoint's part by its own norm (not below the floor): every checkpoint speaks with its learning rate's voice.</summary>
    Checkpoint,

    /// <summary>The whole row by its norm (not below the floor): checkpoints with larger gradients weigh more.</summary>
    Row,

    /// <summary>Nothing: long gradients weigh more.</summary>
    None,
}
