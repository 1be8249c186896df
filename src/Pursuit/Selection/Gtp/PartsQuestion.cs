using System.Text.Json;
using Pursuit.Selection.Passes;
using Pursuit.Selection.Pursuits;

namespace Pursuit.Selection.Gtp;

/// <summary>All that another process needs to pursue in parts of the pool (<see cref="TwoRounds"/>).</summary>
/// <param name="Options">How to pursue.</param>
/// <param name="Target">What is fitted.</param>
/// <param name="Batch">Examples of a training batch whose noise counts; 0 for none.</param>
/// <param name="Budget">Rows of each part at most.</param>
/// <param name="Parts">The parts that are wanted.</param>
internal sealed record PartsQuestion(GtpOptions Options, PursuitTarget Target, int Batch, int Budget, int[] Parts)
{
    /// <summary>What rank 0 asks.</summary>
    public static PartsQuestion Of(PursuitProblem problem, GtpOptions options, int budget, int[] parts) =>
        new(options, problem.Target, problem.Batch, budget, parts);

    /// <summary>Which process does the k-th of the wanted parts.</summary>
    public static int RankOf(int index, int processes) => index % processes;

    /// <summary>Numbers in full, as JSON writes them.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this);

    /// <summary>Reads what rank 0 asked.</summary>
#pragma warning disable RS0030 // from another process of the same job
    public static PartsQuestion Read(byte[] bytes) => JsonSerializer.Deserialize<PartsQuestion>(bytes)!;
#pragma warning restore RS0030

    /// <summary>Answers in another process.</summary>
    /// <param name="rows">The pool's rows as this process has them.</param>
    /// <param name="contentIds">The order of ties.</param>
    /// <param name="index">Which of the wanted parts.</param>
    /// <param name="threads">At most this many.</param>
    /// <param name="cancellationToken">Stops between shards.</param>
    public long[] Answer(
        GradientRows rows, IReadOnlyList<ContentId> contentIds, int index, int threads, CancellationToken cancellationToken)
    {
        var problem = new PursuitProblem(rows, Target, contentIds, Options.Lambda, Batch, new SelectionContext { Threads = threads });
        return TwoRounds.PursuePart(problem, Options, Options.Stops, Parts[index], Budget, cancellationToken);
    }
}
