namespace Pursuit.Selection.Features;

/// <summary>How probable a judge model finds one answer to a question about each example.</summary>
public sealed class JudgeAnswers
{
    private readonly float[] _logProbabilities;

    /// <summary>Takes the answers.</summary>
    /// <param name="logProbabilities">log P(answer) in nats, [rows].</param>
    /// <param name="cut">Examples whose text was cut to fit into the judge's context.</param>
    public JudgeAnswers(float[] logProbabilities, int cut) => (_logProbabilities, Cut) = (logProbabilities, cut);

    /// <summary>Examples.</summary>
    public int Rows => _logProbabilities.Length;

    /// <summary>Examples whose text was cut to fit into the judge's context.</summary>
    public int Cut { get; }

    /// <summary>P(answer) of an example.</summary>
    public double Probability(int row) => Math.Exp(_logProbabilities[row]);
}
