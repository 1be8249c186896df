using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Pursuit.Selection.Pursuits;

/// <summary>When a non-negative least-squares solve stops.</summary>
/// <param name="Tolerance">Largest violation of the optimality conditions, as a share of the largest |A^T B|.</param>
/// <param name="MaxIterations">At most this many products with the Gram matrix.</param>
/// <param name="ExactRows">Groups with at most this many weights are then solved exactly (<see cref="ExactFit"/>).</param>
/// <param name="Refines">Exact answers are refined against the rows themselves.</param>
/// <param name="PowerIterations">
/// Products for the first step's length. An estimate will do: where it is too long, a step that raises the objective is halved.
/// </param>
internal readonly record struct NonNegativeSettings(
    double Tolerance, int MaxIterations, int ExactRows = 0, bool Refines = false, int PowerIterations = 12)
{
    /// <summary>Between steps of a few rows, from the weights of the last one.</summary>
    public static NonNegativeSettings Step { get; } = new(1e-3, 40, PowerIterations: 4);

    /// <summary>While the support still grows: the next rows change everything anyway.</summary>
    public static NonNegativeSettings Early { get; } = new(1e-3, 80, 128);

    /// <summary>Where the answer counts.</summary>
    public static NonNegativeSettings Final { get; } = new(1e-6, 1000, 512, true);

    /// <summary>What a journal knows a fit by.</summary>
    /// <param name="positions">The rows, [n].</param>
    /// <param name="linear">A B_j, [J][n].</param>
    /// <param name="weights">The warm start, [J][n].</param>
    public byte[] Question(ReadOnlySpan<int> positions, double[][] linear, double[][] weights)
    {
        var (rows, settings) = (positions.ToArray(), this);
        return PursuitJournal.Digest(w =>
        {
            w.Write(MemoryMarshal.AsBytes(rows.AsSpan()));
            foreach (var column in linear.Concat(weights)) w.Write(MemoryMarshal.AsBytes(column.AsSpan()));
            w.Write(settings.Tolerance);
            w.Write(settings.MaxIterations);
            w.Write(settings.ExactRows);
            w.Write(settings.Refines);
            w.Write(settings.PowerIterations);
        });
    }
}

/// <summary>
/// min over x >= 0 of 1/2 x'(G + lam I)x - c'x for several columns at once, by accelerated projected gradient with restart
/// (Nesterov, 1983; O'Donoghue and Candès, 2015, their function scheme), from a warm start it never makes worse.
/// </summary>
/// <remarks>
/// Products with G are single precision, everything else double. A column's iterates depend on no other column, so columns that
/// have converged drop out of the products. Unknowns are in units of about their row's length, so that rows of very different lengths
/// don't slow each other down; the units are powers of two, which round nothing.
/// </remarks>
internal static class NonNegativeSolver
{
    /// <summary>Solves all columns.</summary>
    /// <param name="gram">G + lam I.</param>
    /// <param name="linear">c, [columns][n].</param>
    /// <param name="x">The warm start, replaced by the answer, [columns][n].</param>
    /// <param name="settings">When to stop.</param>
    /// <param name="threads">At most this many; the answer doesn't depend on it.</param>
    /// <returns>Products with G that were taken.</returns>
    public static int Solve(GramMatrix gram, double[][] linear, double[][] x, NonNegativeSettings settings, int threads)
    {
        if (gram.Count == 0) return 0;
        var units = Units(gram);
        var product = new GramProduct(gram, units, threads);
        var lipschitz = Lipschitz(product, gram.Count, settings.PowerIterations);
        var columns = new List<Column>();
        for (var j = 0; j < linear.Length; j++) columns.Add(new Column(Times(linear[j], units), Divided(x[j], units), lipschitz, settings));
        var all = columns.ToArray();
        product.Apply(columns.ConvertAll(c => (c.Trial, c.TrialProduct)));
        foreach (var column in columns) column.Begin();

        var taken = 1;
        columns.RemoveAll(c => c.IsDone);
        while (columns.Count > 0 && taken < settings.MaxIterations)
        {
            foreach (var column in columns) column.Propose();
            product.Apply(columns.ConvertAll(c => (c.Trial, c.TrialProduct)));
            taken++;
            foreach (var column in columns) column.Judge();
            columns.RemoveAll(c => c.IsDone);
        }

        for (var j = 0; j < all.Length; j++) Times(all[j].Solution, units).CopyTo(x[j], 0);
        return taken + settings.PowerIterations;
    }

    /// <summary>The power of two nearest to one over each row's length, ridge included, [n].</summary>
    private static double[] Units(GramMatrix gram) =>
    [
        .. Enumerable.Range(0, gram.Count)
            .Select(i => gram.Values[i * gram.Stride + i] + gram.Lambda)
            .Select(square => square > 0 ? Math.ScaleB(1, (int)Math.Round(-0.5 * Math.Log2(square))) : 1),
    ];

    private static double[] Times(double[] values, double[] units) => [.. values.Select((v, i) => v * units[i])];

    private static double[] Divided(double[] values, double[] units) => [.. values.Select((v, i) => v / units[i])];

    /// <summary>An estimate of G's largest eigenvalue; <see cref="Column"/> raises it where a step shows it too small.</summary>
    private static double Lipschitz(GramProduct product, int n, int iterations)
    {
        var v = new double[n];
        var w = new double[n];
        Array.Fill(v, 1 / Math.Sqrt(n));
        var norm = 0.0;
        for (var i = 0; i < iterations; i++)
        {
            product.Apply([(v, w)]);
            norm = TensorPrimitives.Norm<double>(w);
            if (!(norm > 0)) return 1;
            TensorPrimitives.Divide(w, norm, v);
        }

        return 1.1 * norm;
    }

    /// <summary>One column's iterates.</summary>
    private sealed class Column
    {
        private readonly double[] _linear;
        private readonly double[] _x;
        private readonly double[] _product;
        private readonly double[] _previous;
        private readonly double[] _previousProduct;
        private readonly NonNegativeSettings _settings;
        private readonly double _scale;
        private double _step;
        private double _momentum = 1;
        private double _value;
        private int _stalled;

        public Column(double[] linear, double[] x, double lipschitz, NonNegativeSettings settings)
        {
            _linear = linear;
            _x = x;
            _settings = settings;
            _step = 1 / lipschitz;
            _scale = Math.Max(TensorPrimitives.MaxMagnitude<double>(linear), double.Epsilon);
            _product = new double[x.Length];
            _previous = new double[x.Length];
            _previousProduct = new double[x.Length];
            TrialProduct = new double[x.Length];
            Trial = (double[])x.Clone();
            if (double.IsNegative(TensorPrimitives.Max<double>(linear)) || TensorPrimitives.Max<double>(linear) == 0)
            {
                // No row points toward the target: zero is the answer.
                Array.Clear(x);
                Array.Clear(Trial);
            }
        }

        /// <summary>x as it stands.</summary>
        public double[] Solution => _x;

        public double[] Trial { get; }

        public double[] TrialProduct { get; }

        public bool IsDone { get; private set; }

        public void Begin()
        {
            TrialProduct.CopyTo(_product, 0);
            _x.CopyTo(_previous, 0);
            _product.CopyTo(_previousProduct, 0);
            _value = 0.5 * TensorPrimitives.Dot<double>(_x, _product) - TensorPrimitives.Dot<double>(_x, _linear);
            IsDone = Violation() <= _settings.Tolerance * _scale;
        }

        /// <summary>A projected gradient step from the point that momentum leads to.</summary>
        public void Propose()
        {
            var next = (1 + Math.Sqrt(1 + 4 * _momentum * _momentum)) / 2;
            var beta = (_momentum - 1) / next;
            for (var i = 0; i < _x.Length; i++)
            {
                var y = _x[i] + beta * (_x[i] - _previous[i]);
                var gradient = _product[i] + beta * (_product[i] - _previousProduct[i]) - _linear[i];
                Trial[i] = (float)Math.Max(0, y - _step * gradient); // single, as products see it
            }

            _momentum = next;
        }

        /// <summary>Takes the step where it helps; else drops the momentum, or, where there was none, halves the step.</summary>
        public void Judge()
        {
            var change = Change();
            var plain = _momentum < 1.7; // momentum goes 1, 1.62, 2.19: below 1.7 this step was the first after a restart, whose beta is 0
            if (change > 0)
            {
                if (plain)
                {
                    _step /= 2;
                    _stalled++;
                }

                _momentum = 1;
                _x.CopyTo(_previous, 0);
                _product.CopyTo(_previousProduct, 0);
                IsDone = _stalled > 3;
                return;
            }

            _value += change;
            // Some fifty units in the value's last place are rounding of its sum; four such steps in a row end the solve.
            _stalled = -change <= 1e-14 * Math.Abs(_value) ? _stalled + 1 : 0;
            _x.CopyTo(_previous, 0);
            _product.CopyTo(_previousProduct, 0);
            Trial.CopyTo(_x, 0);
            TrialProduct.CopyTo(_product, 0);
            IsDone = _stalled > 3 || Violation() <= _settings.Tolerance * _scale;
        }

        /// <summary>
        /// What the step changes the objective by, (x' - x) . ((Gx' + Gx) / 2 - c): unlike the difference of two objectives it
        /// stays exact to the products' own rounding, however small the step.
        /// </summary>
        private double Change()
        {
            var change = 0.0;
            for (var i = 0; i < _x.Length; i++)
                change += (Trial[i] - _x[i]) * (0.5 * (TrialProduct[i] + _product[i]) - _linear[i]);
            return change;
        }

        private double Violation()
        {
            var worst = 0.0;
            for (var i = 0; i < _x.Length; i++)
            {
                var descent = _linear[i] - _product[i];
                worst = Math.Max(worst, _x[i] > 0 ? Math.Abs(descent) : descent);
            }

            return worst;
        }
    }
}
