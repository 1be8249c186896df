namespace Pursuit.Selection.Gtp;

/// <summary>What closing the loop once takes.</summary>
/// <param name="Trained">Examples that a model is trained on, each as often as it is.</param>
/// <param name="Described">Examples whose gradients are taken at the trained model, the target's among them.</param>
/// <param name="Pays">
/// Whether it is done unasked: at most a quarter of the examples that went through the model for the pool's features go through it again,
/// and four times the choice fits in memory.
/// </param>
internal readonly record struct LoopWork(long Trained, long Described, bool Pays)
{
    /// <summary>Passes of the training over the choice, as in a proof (docs/proof.md).</summary>
    public const int Epochs = 4;

    // Eight times the choice is what was tried. Rows are held in single precision, which a GiB bounds as long as twice the choice fits.
    private const int RowsPerChosen = 8, LeastRows = 512;
    private const long MostBytes = 1L << 30;

    // What is done unasked may not change by much what a selection takes.
    private const double UsualShare = 0.25;

    /// <summary>What it takes.</summary>
    /// <param name="chosen">Examples chosen.</param>
    /// <param name="pool">The pool's examples.</param>
    /// <param name="target">The target's.</param>
    /// <param name="checkpoints">Checkpoints of the features.</param>
    /// <param name="dimension">Numbers of a gradient.</param>
    public static LoopWork Of(long chosen, long pool, long target, int checkpoints, int dimension)
    {
        var candidates = MostCandidates(chosen, checkpoints, dimension);
        var (trained, described) = (Epochs * chosen, Math.Min(candidates, pool) + target);
        return new LoopWork(
            trained,
            described,
            trained + described <= UsualShare * checkpoints * pool && candidates >= RowsPerChosen / 2 * chosen);
    }

    /// <summary>Rows that are pursued again, at most, the choice apart.</summary>
    /// <param name="chosen">Examples chosen.</param>
    /// <param name="checkpoints">Checkpoints of the features.</param>
    /// <param name="dimension">Numbers of a gradient.</param>
    public static long MostCandidates(long chosen, int checkpoints, int dimension) =>
        Math.Max(2 * chosen, Math.Min(Math.Max(LeastRows, RowsPerChosen * chosen), MostBytes / RowBytes(checkpoints, dimension)));

    /// <summary>Bytes of the rows that are pursued again.</summary>
    /// <param name="chosen">Examples chosen.</param>
    /// <param name="pool">The pool's examples.</param>
    /// <param name="checkpoints">Checkpoints of the features.</param>
    /// <param name="dimension">Numbers of a gradient.</param>
    public static long Bytes(long chosen, long pool, int checkpoints, int dimension) =>
        Math.Min(pool, MostCandidates(chosen, checkpoints, dimension) + chosen) * RowBytes(checkpoints, dimension);

    private static long RowBytes(int checkpoints, int dimension) => (checkpoints + 1L) * dimension * sizeof(float);
}
