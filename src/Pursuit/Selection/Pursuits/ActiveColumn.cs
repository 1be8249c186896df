using Pursuit.Numerics;

namespace Pursuit.Selection.Pursuits;

/// <summary>
/// One group's non-negative fit on a growing support, exactly: the active-set method of Lawson and Hanson (1974, chapter 23),
/// its least-squares problems by an updated Cholesky factor.
/// </summary>
/// <param name="lambda">The ridge.</param>
/// <param name="rounding">The descent along a unit row that counts as rounding, as a share of the target's largest product with
/// one.</param>
internal sealed class ActiveColumn(double lambda, double rounding)
{
    // Products are single precision: below this share of its length a row is a combination of the others.
    private const double DependentPivot = 1e-6;

    private readonly CholeskyFactor _factor = new();
    private readonly HashSet<int> _refused = [];
    private List<int> _passive = [];

    /// <summary>x, one weight per row of the support.</summary>
    public List<double> Weights { get; private set; } = [];

    /// <summary>Takes over weights that another solver found; of rows that are combinations of others some lose theirs.</summary>
    /// <param name="support">Gram matrix.</param>
    /// <param name="linear">c, [n].</param>
    /// <param name="weights">x, [n].</param>
    public void Begin(SupportSet support, double[] linear, double[] weights)
    {
        Weights = [.. weights];
        for (var i = 0; i < weights.Length; i++)
        {
            if (weights[i] > 0 && TryAppend(support, i)) _passive.Add(i);
            else Weights[i] = 0;
        }

        Descend(linear);
    }

    /// <summary>Fits the same rows to another c.</summary>
    /// <param name="linear">c, [n].</param>
    /// <param name="weights">Where to start from, weights on the rows at hand alone, [n].</param>
    public void Refit(double[] linear, double[] weights)
    {
        _refused.Clear();
        if (_passive.TrueForAll(p => weights[p] > 0)) Weights = [.. weights];
        Descend(linear);
    }

    /// <summary>A row of weight zero joins the support.</summary>
    public void Grow()
    {
        Weights.Add(0);
        _refused.Clear();
    }

    /// <summary>
    /// Lets in the row along which the objective falls fastest and refits.
    /// </summary>
    /// <param name="support">Gram matrix.</param>
    /// <param name="linear">c, [n].</param>
    /// <param name="product">(G + lam I) x, [n].</param>
    /// <returns>False where no row would lower the objective: the fit is optimal.</returns>
    public bool Improve(SupportSet support, double[] linear, double[] product)
    {
        // By descent over length: along a short row the same step in the sum is a larger weight.
        var entering = -1;
        var scale = 0.0;
        for (var i = 0; i < Weights.Count; i++) scale = Math.Max(scale, Math.Abs(linear[i]) / Length(support, i));
        var steepest = rounding * scale;
        for (var i = 0; i < Weights.Count; i++)
        {
            if (Weights[i] > 0 || _refused.Contains(i)) continue;
            var descent = (linear[i] - product[i]) / Length(support, i);
            if (!(descent > steepest)) continue;
            steepest = descent;
            entering = i;
        }

        if (entering < 0) return false;
        if (!TryAppend(support, entering))
        {
            _refused.Add(entering);
            return true;
        }

        _passive.Add(entering);
        Descend(linear);
        if (Weights[entering] <= 0) _refused.Add(entering); // rounding let it in and out again
        return true;
    }

    /// <summary>The support kept these of its rows.</summary>
    public void Keep(int[] kept)
    {
        var place = kept.Index().ToDictionary(x => x.Item, x => x.Index);
        _passive = _passive.ConvertAll(p => place[p]);
        Weights = [.. kept.Select(k => Weights[k])];
    }

    private double Length(SupportSet support, int index) => Math.Sqrt(support.NoisyGram(index, index) + lambda);

    private bool TryAppend(SupportSet support, int index)
    {
        var products = _passive.ConvertAll(p => (double)support.NoisyGram(index, p)).ToArray();
        return _factor.TryAppend(products, support.NoisyGram(index, index) + lambda, DependentPivot);
    }

    /// <summary>Moves toward the unconstrained fit of the passive rows, dropping those whose weight would turn negative.</summary>
    private void Descend(double[] linear)
    {
        while (true)
        {
            var fit = _passive.ConvertAll(p => linear[p]).ToArray();
            _factor.Solve(fit, fit);
            var step = 1.0;
            var blocking = -1;
            for (var k = 0; k < fit.Length; k++)
            {
                if (fit[k] > 0) continue;
                var reach = Weights[_passive[k]] / (Weights[_passive[k]] - fit[k]);
                if (blocking >= 0 && reach >= step) continue;
                step = reach;
                blocking = k;
            }

            // The step ends where the first weight reaches zero. That one is set to zero below; rounding may put others that reach it with
            // it a little beyond, which the maximum takes back.
            for (var k = 0; k < fit.Length; k++)
                Weights[_passive[k]] = blocking < 0 ? fit[k] : Math.Max(0, Weights[_passive[k]] + step * (fit[k] - Weights[_passive[k]]));
            if (blocking < 0) return;
            Weights[_passive[blocking]] = 0;
            for (var k = fit.Length - 1; k >= 0; k--)
            {
                if (Weights[_passive[k]] > 0) continue;
                _passive.RemoveAt(k);
                _factor.RemoveAt(k);
            }
        }
    }
}
