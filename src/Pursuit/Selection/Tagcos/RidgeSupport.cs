using Pursuit.Numerics;

namespace Pursuit.Selection.Tagcos;

/// <summary>The rows of one pursuit and their weights: x = (A A^T + lambda I)^-1 A b, all above zero.</summary>
/// <param name="ridge">lambda.</param>
internal sealed class RidgeSupport(double ridge)
{
    private readonly CholeskyFactor _factor = new();
    private readonly List<float[]> _rows = [];
    private readonly List<double> _linear = [];
    private double[] _weights = [];

    /// <summary>The rows' indices, in the order added.</summary>
    public List<int> Indices { get; } = [];

    /// <summary>Adds a row.</summary>
    /// <param name="index">What it is called.</param>
    /// <param name="row">Its numbers, not zero.</param>
    /// <param name="linear">Its product with b.</param>
    public void Add(int index, float[] row, double linear)
    {
        var column = new double[_rows.Count];
        for (var i = 0; i < column.Length; i++) column[i] = DotProduct.Of(_rows[i], row);
        // The ridge is above what the factor takes for dependence.
        _factor.TryAppend(column, DotProduct.SquaredNorm(row) + ridge);
        Indices.Add(index);
        _rows.Add(row);
        _linear.Add(linear);
    }

    /// <summary>Fits the weights; rows whose weight would be negative go, the worst first.</summary>
    /// <returns>False where the row added last went: the pursuit ends there, as the authors' does.</returns>
    public bool Fit()
    {
        if (_rows.Count == 1)
        {
            // The first row is fitted without a ridge, as the authors' code does.
            _weights = [_linear[0] / DotProduct.SquaredNorm(_rows[0])];
            return true;
        }

        while (true)
        {
            _weights = new double[_rows.Count];
            _factor.Solve(_linear.ToArray(), _weights);
            var least = Array.IndexOf(_weights, _weights.Min());
            if (_weights[least] >= 0) return true;
            var isLast = least == _rows.Count - 1;
            Indices.RemoveAt(least);
            _rows.RemoveAt(least);
            _linear.RemoveAt(least);
            _factor.RemoveAt(least);
            if (isLast) return false;
        }
    }

    /// <summary>b - A^T x, [Dimension].</summary>
    public float[] Residual(float[] target)
    {
        var residual = (float[])target.Clone();
        for (var i = 0; i < _rows.Count; i++) Axpy.Add((float)-_weights[i], _rows[i], residual);
        return residual;
    }
}
