using System.ComponentModel;
using Pursuit.Selection.Features;
using Pursuit.Selection.Length;

namespace Pursuit.Selection.TokenScores;

/// <summary>Options of <see cref="ForgettingSelector"/>.</summary>
public sealed record ForgettingOptions
{
    /// <summary>Which part is kept. Default <see cref="Band.Top"/>: what is forgotten most.</summary>
    [Description("which values are kept first: top, middle or bottom")]
    public Band Band { get; init; } = Band.Top;

    /// <summary>Which tokens count. Default <see cref="LengthOf.Answer"/>.</summary>
    [Description("which tokens count: answer (those trained; of a text all) or whole")]
    public LengthOf Of { get; init; } = LengthOf.Answer;

    /// <summary>What a token counts that no checkpoint predicts. Default 0; at least 0.</summary>
    [Description(
        "what a token counts that is right at no checkpoint; the number of checkpoints puts those first that are never learned, as the "
        + "paper does")]
    public double Unlearned { get; init; }

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public void Validate()
    {
        if (!(Unlearned >= 0))
            throw PursuitException.At("forgetting.unlearned", FormattableString.Invariant($"{Unlearned}"), "at least 0");
    }
}

/// <summary>
/// How often a training forgets an example: mean over its tokens of the steps from a checkpoint that predicts the token to one that doesn't
/// (Toneva et al., "An Empirical Study of Example Forgetting during Deep Neural Network Learning", ICLR 2019, arXiv 1812.05159; theirs is
/// per example of a classification and per step of the training, per token and checkpoint is ours).
/// </summary>
internal sealed class ForgettingSelector : TokenScoreSelector
{
    /// <summary>The method's name.</summary>
    public const string Name = "forgetting";

    private readonly ForgettingOptions _options;

    /// <summary>Creates the method with checked options.</summary>
    public ForgettingSelector(ForgettingOptions options)
        : base(Name, new TokenScoreOptions { Band = options.Band, Of = options.Of })
    {
        options.Validate();
        _options = options;
    }

    private protected override AlignedMeasures Measure(SelectionProblem problem, CancellationToken cancellationToken)
    {
        var checkpoints = Trajectory(problem);
        var values = new double[problem.ContentIds.Count];
        for (var i = 0; i < values.Length; i++)
        {
            if (i % 1024 == 0) cancellationToken.ThrowIfCancellationRequested();
            values[i] = MeanOf(checkpoints, i);
        }

        return new AlignedMeasures(values, null, null);
    }

    /// <summary>An example's mean; NaN without a token that counts.</summary>
    private double MeanOf(IReadOnlyList<ITokenStatistics> checkpoints, int position)
    {
        var first = checkpoints[0].Read(0, position);
        var (sum, count) = (0.0, 0);
        var (right, learned, forgotten) = (new bool[first.Tokens.Length], new bool[first.Tokens.Length], new int[first.Tokens.Length]);
        foreach (var checkpoint in checkpoints)
        {
            var row = checkpoint.Read(0, position);
            if (row.Likeliest.Length != row.Tokens.Length || row.Tokens.Length != right.Length)
                throw PursuitException.At(
                    checkpoint.Name, "statistics that don't say which tokens were predicted", "those of one trajectory of this version",
                    $"Let {ApiName.SelectJob}, 'prune' or 'score' compute them.");
            for (var t = 0; t < right.Length; t++)
            {
                var now = row.Likeliest[t] != 0;
                if (right[t] && !now) forgotten[t]++;
                right[t] = now;
                learned[t] |= now;
            }
        }

        for (var t = 0; t < right.Length; t++)
        {
            if (!Counts(first, t)) continue;
            sum += learned[t] ? forgotten[t] : _options.Unlearned;
            count++;
        }

        return count == 0 ? double.NaN : sum / count;
    }
}
