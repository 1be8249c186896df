using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Dsdm;

/// <summary>What other processes answer where they share <c>dsdm</c>.</summary>
internal static class DsdmRequests
{
    /// <summary>Products of the own rows' second moments: rows' number, points [D], units. Answer: [D] fixed-point numbers.</summary>
    public const byte Multiply = RequestCodes.Dsdm;

    /// <summary>Answers them.</summary>
    public static void Serve(ITeamWorker worker) => worker.On(Multiply, (reader, cancellationToken) =>
    {
        var rows = worker.Gradients[reader.ReadInt32()];
        var sums = SecondMoments.SumsHere(rows, reader.ReadArray<double>(), reader.ReadArray<double>(), worker.Threads, cancellationToken);
        return w => w.WriteArray<long>(sums);
    });
}
