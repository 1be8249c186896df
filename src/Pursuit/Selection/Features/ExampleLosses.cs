namespace Pursuit.Selection.Features;

/// <summary>
/// Every example's loss at every checkpoint of a trajectory, in nats per answer token; 0 for an example without an answer.
/// </summary>
public sealed class ExampleLosses
{
    private readonly float[] _values;

    /// <summary>Takes the losses.</summary>
    /// <param name="checkpoints">Checkpoints, at least 1.</param>
    /// <param name="values">[rows, checkpoints].</param>
    public ExampleLosses(int checkpoints, float[] values)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(checkpoints, 1);
        if (values.Length % checkpoints != 0)
            throw new ArgumentException($"{values.Length} losses aren't whole rows of {checkpoints}", nameof(values));
        (Checkpoints, _values) = (checkpoints, values);
    }

    /// <summary>Checkpoints.</summary>
    public int Checkpoints { get; }

    /// <summary>Examples.</summary>
    public int Rows => _values.Length / Checkpoints;

    /// <summary>One example's losses, [checkpoints].</summary>
    public ReadOnlySpan<float> Row(int row) => _values.AsSpan(row * Checkpoints, Checkpoints);
}
