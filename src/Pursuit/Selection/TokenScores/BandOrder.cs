namespace Pursuit.Selection.TokenScores;

/// <summary>The order in which a band of a measure is kept.</summary>
internal static class BandOrder
{
    /// <summary>The examples that have a measure, those to keep first; equal ones by content id.</summary>
    /// <param name="values">[pool]; NaN for none.</param>
    /// <param name="band">Which values come first.</param>
    /// <param name="problem">The content ids.</param>
    /// <returns>Rows with their measure as the score.</returns>
    public static List<RankedRow> Ranked(double[] values, Band band, SelectionProblem problem)
    {
        if (band == Band.Top) return ScoredSelection.Ranked(values, problem);
        if (band == Band.Bottom)
            return [.. ScoredSelection.Ranked(Array.ConvertAll(values, v => -v), problem).Select(r => r with { Score = -r.Score })];
        var order = ScoredSelection.Ranked(values, problem);
        var distances = new double[values.Length];
        Array.Fill(distances, double.NaN);
        // Twice the distance from the middle rank, so that it is a whole number.
        for (var rank = 0; rank < order.Count; rank++) distances[order[rank].Position] = -Math.Abs(2 * rank - (order.Count - 1));
        return [.. ScoredSelection.Ranked(distances, problem).Select(r => r with { Score = values[r.Position] })];
    }
}
