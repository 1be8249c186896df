using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Pursuit.Numerics;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Pursuits;

/// <summary>
/// The chosen rows with all that fitting them needs: the rows themselves (<see cref="SupportRows"/>), their Gram matrix [n, n], their
/// products with
/// the target [J][n] and their weights [J][n]. Grows by batches, shrinks by keeping some; nothing is computed twice.
/// </summary>
internal sealed class SupportSet
{
    private const int GramRowsPerTask = 64;
    private const int ColumnsPerTask = 1024;

    private readonly GradientRows _pool;
    private readonly SupportRows _rows;
    private readonly PursuitTarget _target;
    private readonly int _threads;
    private readonly int _dimension;
    private readonly PursuitJournal? _journal;
    private readonly long _mostRows;
    private float[]? _room, _otherRoom;
    private float[] _gram = [];
    private double[][] _linear;
    private double[][] _weights;
    private double[] _norms = [];
    private int _capacity;

    /// <summary>An empty support.</summary>
    /// <param name="rows">phi.</param>
    /// <param name="target">B.</param>
    /// <param name="lambda">The ridge.</param>
    /// <param name="batchNoise">1/b for training in batches of b examples; 0 for none.</param>
    /// <param name="threads">At most this many.</param>
    /// <param name="journal">Keeps what fits give; null keeps nothing.</param>
    /// <param name="memory">Whether rows are kept; null keeps them.</param>
    public SupportSet(
        GradientRows rows,
        PursuitTarget target,
        double lambda,
        double batchNoise,
        int threads,
        PursuitJournal? journal,
        PursuitMemory? memory)
    {
        _journal = journal;
        BatchNoise = batchNoise;
        _pool = rows;
        _rows = new SupportRows(rows, memory);
        _mostRows = memory?.MostRows ?? Array.MaxLength;
        _target = target;
        _threads = Math.Max(1, threads);
        _dimension = rows.Dimension;
        TargetLength = Math.Sqrt(GradientRows.Dot(target.Scaled, target.Scaled));
        Lambda = lambda;
        _linear = [.. Enumerable.Range(0, target.Groups).Select(_ => Array.Empty<double>())];
        _weights = [.. Enumerable.Range(0, target.Groups).Select(_ => Array.Empty<double>())];
    }

    /// <summary>The ridge.</summary>
    public double Lambda { get; }

    /// <summary>1/b for training in batches of b; 0 for none.</summary>
    public double BatchNoise { get; }

    /// <summary>B.</summary>
    public PursuitTarget Target => _target;

    /// <summary>sqrt(sum_j ||B_j||^2).</summary>
    public double TargetLength { get; }

    /// <summary>Rows in the support.</summary>
    public int Count => _rows.Count;

    /// <summary>The rows' positions in the pool, in order of entry.</summary>
    public ReadOnlySpan<int> Positions => _rows.Positions;

    /// <summary>W_ij of row <paramref name="index"/> of the support and group j.</summary>
    public double Weight(int index, int group) => _weights[group][index];

    /// <summary>phi_i . phi_k of two rows of the support.</summary>
    public float Gram(int i, int k) => BatchNoise == 0 ? NoisyGram(i, k) : (float)(NoisyGram(i, k) - BatchNoise * Norm(i) * Norm(k));

    /// <summary>phi_i . phi_k + ||phi_i|| ||phi_k|| / b: what a fit that knows of batches sees.</summary>
    public float NoisyGram(int i, int k) => _gram[i * _capacity + k];

    /// <summary>sum_i W_ij ||phi_i|| of a group: the length of what its rows do in all, were they parallel.</summary>
    public double Mass(int group)
    {
        var sum = 0.0;
        for (var i = 0; i < Count; i++) sum += _weights[group][i] * Norm(i);
        return sum;
    }

    /// <summary>The cosine of two rows of the support.</summary>
    public double Cosine(int i, int k) => Gram(i, k) / Math.Sqrt((double)Gram(i, i) * Gram(k, k));

    /// <summary>Whether the cosine of two rows of the support may reach a limit: most are told apart without a root.</summary>
    public bool MayReach(int i, int k, double cosine) => NoisyGram(i, k) >= (cosine - 0.01 + BatchNoise) * _norms[i] * _norms[k];

    /// <summary>A row of the support, [D].</summary>
    public ReadOnlySpan<float> Row(int index) => _rows.Row(index);

    /// <summary>||W_i|| ||phi_i||: what a row's weight is worth, whatever its length.</summary>
    public double Contribution(int index)
    {
        var square = 0.0;
        foreach (var column in _weights) square += column[index] * column[index];
        return Math.Sqrt(square * Gram(index, index));
    }

    /// <summary>True where some group gives the row a weight.</summary>
    public bool IsUsed(int index) => _weights.Any(column => column[index] > 0);

    /// <summary>Appends rows with weight zero.</summary>
    /// <param name="positions">Their positions in the pool.</param>
    /// <param name="known">Their products with the rows at hand and with each other; null to compute them.</param>
    public void Add(ReadOnlySpan<int> positions, IKnownProducts? known = null)
    {
        var first = Count;
        Reserve(first + positions.Length);
        _rows.Add(positions);
        for (var i = first; i < Count; i++) _norms[i] = _pool.Norms[Positions[i]];
        for (var block = first / SupportRows.BlockRows; block < _rows.Blocks; block++) AddBlock(block, first, positions.Length == 1, known);
    }

    /// <summary>Keeps some rows, in order.</summary>
    /// <param name="kept">Ascending indices into the support.</param>
    public void Keep(ReadOnlySpan<int> kept)
    {
        for (var to = 0; to < kept.Length; to++)
        {
            var from = kept[to];
            if (from != to)
            {
                _norms[to] = _norms[from];
                _gram.AsSpan(from * _capacity, Count).CopyTo(_gram.AsSpan(to * _capacity));
                for (var j = 0; j < _target.Groups; j++)
                {
                    _linear[j][to] = _linear[j][from];
                    _weights[j][to] = _weights[j][from];
                }
            }

            // Columns close up in the row already moved; kept indices never lie left of their new place.
            for (var k = 0; k < kept.Length; k++) _gram[to * _capacity + k] = _gram[to * _capacity + kept[k]];
        }

        _rows.Keep(kept);
    }

    /// <summary>
    /// Drops rows without weight, then all but the <paramref name="most"/> of largest contribution; order of entry stays.
    /// </summary>
    /// <returns>True where rows with a weight had to go.</returns>
    public bool KeepUsed(int most)
    {
        var used = Enumerable.Range(0, Count).Where(IsUsed).ToArray();
        var isShort = used.Length > most;
        if (isShort)
        {
            // A stable sort: of equal contributions the earlier entry, which had the better score, stays.
            used = [.. used.OrderByDescending(Contribution).Take(most).Order()];
        }

        Keep(used);
        return isShort;
    }

    /// <summary>Fits the weights from those at hand; the objective never rises.</summary>
    /// <returns>Products with the Gram matrix taken.</returns>
    public int Solve(NonNegativeSettings settings)
    {
        var linear = Array.ConvertAll(_linear, c => c.AsSpan(0, Count).ToArray());
        var weights = Weights();
        var question = _journal is null ? null : settings.Question(Positions, linear, weights);
        if (_journal?.Find(JournalKind.Weights, question!) is { } kept)
        {
            // Products first, then [J][n].
            var numbers = kept.As<double>();
            SetWeights([.. Enumerable.Range(0, weights.Length).Select(j => numbers.AsSpan(1 + j * Count, Count).ToArray())]);
            return (int)numbers[0];
        }

        var products = NonNegativeSolver.Solve(Matrix, linear, weights, settings, _threads);
        if (Count > 0 && settings.ExactRows > 0) ExactFit.Finish(this, linear, weights, settings.ExactRows, settings.Refines, _threads);
        _journal?.Keep(JournalKind.Weights, question!, MemoryMarshal.AsBytes<double>([products, .. weights.SelectMany(w => w)]));
        SetWeights(weights);
        return products;
    }

    /// <summary>The weights, [J][n].</summary>
    public double[][] Weights() => Array.ConvertAll(_weights, w => w.AsSpan(0, Count).ToArray());

    /// <summary>Replaces the weights, [J][n].</summary>
    public void SetWeights(double[][] weights)
    {
        for (var j = 0; j < weights.Length; j++) weights[j].CopyTo(_weights[j], 0);
    }

    /// <summary>product = (G + lam I) x for several x.</summary>
    public void Multiply(List<(double[] X, double[] Product)> columns) =>
        new GramProduct(Matrix, [.. Enumerable.Repeat(1.0, Count)], _threads).Apply(columns);

    /// <summary>Has other rows, the first of them with weights, the others without.</summary>
    /// <param name="positions">The rows' positions in the pool.</param>
    /// <param name="weights">[J][first rows].</param>
    public void Restore(ReadOnlySpan<int> positions, double[][] weights)
    {
        Keep([]);
        Add(positions);
        SetWeights(weights);
    }

    /// <summary>c = A B_j of a group, [n].</summary>
    public double[] Linear(int group) => _linear[group][..Count];

    /// <summary>R = B - W'A, [J, D].</summary>
    public float[] Residual()
    {
        var residual = (float[])_target.Scaled.Clone();
        var options = new ParallelOptions { MaxDegreeOfParallelism = _threads };
        for (var block = 0; block < _rows.Blocks; block++)
        {
            var rows = _rows.Block(block, ref _room);
            var (first, count) = _rows.Span(block);
            Parallel.For(0, (_dimension + ColumnsPerTask - 1) / ColumnsPerTask, options, task =>
            {
                var from = task * ColumnsPerTask;
                var columns = Math.Min(ColumnsPerTask, _dimension - from);
                for (var i = 0; i < count; i++)
                {
                    var row = rows.Span.Slice(i * _dimension + from, columns);
                    for (var j = 0; j < _target.Groups; j++)
                    {
                        if (_weights[j][first + i] == 0) continue;
                        Axpy.Add((float)-_weights[j][first + i], row, residual.AsSpan(j * _dimension + from, columns));
                    }
                }
            });
        }

        return residual;
    }

    /// <summary>The fit's energy, sum_j ||R_j||^2 + lam ||W||^2 + (1/b) sum_j (sum_i W_ij ||phi_i||)^2.</summary>
    public double Objective(ReadOnlySpan<float> residual)
    {
        var penalty = 0.0;
        var noise = 0.0;
        for (var j = 0; BatchNoise > 0 && j < _weights.Length; j++) noise += Mass(j) * Mass(j);
        foreach (var column in _weights) penalty += TensorPrimitives.SumOfSquares<double>(column.AsSpan(0, Count));
        return GradientRows.Dot(residual, residual) + Lambda * penalty + BatchNoise * noise;
    }

    /// <summary>sum_i phi_i over the support, [D].</summary>
    public double[] Sum()
    {
        var sum = new double[_dimension];
        for (var block = 0; block < _rows.Blocks; block++)
        {
            var rows = _rows.Block(block, ref _room).Span;
            for (var i = 0; i < _rows.Span(block).Count; i++)
            {
                var row = rows.Slice(i * _dimension, _dimension);
                var k = 0;
                for (; k + Vector<float>.Count <= sum.Length; k += Vector<float>.Count)
                {
                    Vector.Widen(new Vector<float>(row[k..]), out var low, out var high);
                    (low + new Vector<double>(sum, k)).CopyTo(sum, k);
                    (high + new Vector<double>(sum, k + Vector<double>.Count)).CopyTo(sum, k + Vector<double>.Count);
                }

                for (; k < sum.Length; k++) sum[k] += row[k];
            }
        }

        return sum;
    }

    /// <summary>||phi_i|| of a row of the support.</summary>
    public double Norm(int index) => _norms[index];

    private GramMatrix Matrix => new(_gram, _capacity, Count, Lambda);

    /// <summary>Products of a block's new rows with the target, with all rows before them and with themselves.</summary>
    private void AddBlock(int block, int firstNew, bool alone, IKnownProducts? known)
    {
        var (first, count) = _rows.Span(block);
        var from = Math.Max(first, firstNew);
        var until = first + count;
        var rows = _rows.Block(block, ref _room)[((from - first) * _dimension)..];
        if (known is not null) TakeGram(known, firstNew, from, until);
        else if (_rows.AreKept)
            FillGram(rows, from, until, [.. Enumerable.Range(0, block + 1).Select(b => (b, _rows.Block(b, ref _otherRoom)))], alone);
        else for (var b = 0; b <= block; b++) FillGram(rows, from, until, [(b, _rows.Block(b, ref _otherRoom))], alone);

        // So little is done for a few rows and groups before another thread would start.
        var threads = (long)(until - from) * _dimension * _target.Groups < 1 << 18 ? 1 : _threads;
        Parallel.For(from, until, new ParallelOptions { MaxDegreeOfParallelism = threads }, i =>
        {
            for (var k = 0; BatchNoise > 0 && k < until; k++) _gram[i * _capacity + k] += (float)(BatchNoise * _norms[i] * _norms[k]);
            for (var j = 0; j < _target.Groups; j++)
            {
                _linear[j][i] = GradientRows.Dot(
                    rows.Span.Slice((i - from) * _dimension, _dimension), _target.Scaled.AsSpan(j * _dimension, _dimension));
                _weights[j][i] = 0;
            }
        });
        for (var k = 0; k < from; k++)
            for (var i = from; i < until; i++) _gram[k * _capacity + i] = _gram[i * _capacity + k];
    }

    /// <summary>Products of some rows that are known.</summary>
    private void TakeGram(IKnownProducts known, int firstNew, int from, int until)
    {
        for (var k = 0; k < until; k++)
        {
            // Of two new rows the earlier one's.
            var products = known.With(Positions[k]);
            for (var i = Math.Max(from, k); i < until; i++)
            {
                var product = products[known.Places[i - firstNew]];
                _gram[i * _capacity + k] = product;
                if (k >= from) _gram[k * _capacity + i] = product;
            }
        }
    }

    /// <summary>Products of some rows with those of some blocks.</summary>
    private void FillGram(ReadOnlyMemory<float> rows, int from, int until, (int Block, ReadOnlyMemory<float> Rows)[] others, bool alone)
    {
        // A product's bits depend on its two rows alone (Gemm and RowScan promise it), so the split is free.
        var parts = (until - from + GramRowsPerTask - 1) / GramRowsPerTask;
        var options = new ParallelOptions { MaxDegreeOfParallelism = _threads };
        Parallel.For(0, others.Length * parts, options, task =>
        {
            var (block, right) = others[task / parts];
            var (column, columns) = (block * SupportRows.BlockRows, right.Length / _dimension);
            var row = from + task % parts * GramRowsPerTask;
            var count = Math.Min(GramRowsPerTask, until - row);
            var left = rows.Span.Slice((row - from) * _dimension, count * _dimension);
            // One row, as omp adds them: read the others once instead of packing them for a product.
            if (alone) RowScan.Dots(right.Span, columns, _dimension, left, 1, _gram.AsSpan(row * _capacity + column, columns));
            else Gemm.Multiply(
                false, true, count, columns, _dimension, 1, left, _dimension, right.Span, _dimension, 0,
                _gram.AsSpan(row * _capacity + column), _capacity);
        });
    }

    private void Reserve(int count)
    {
        if (count <= _capacity) return;
        var capacity = (int)Math.Max(count, Math.Min(_mostRows, _capacity + _capacity / 2));
        if ((long)capacity * capacity > Array.MaxLength)
            throw PursuitException.At(
                ApiName.Budget,
                $"{count:N0} rows in one pursuit",
                $"at most {(int)Math.Sqrt(Array.MaxLength):N0}, whose Gram matrix an array can hold",
                "Lower the budget, or use a top-k method such as less.");
        _linear = Array.ConvertAll(_linear, c => Grown(c, capacity));
        _weights = Array.ConvertAll(_weights, c => Grown(c, capacity));
        _norms = Grown(_norms, capacity);
        var gram = new float[capacity * capacity];
        for (var i = 0; i < Count; i++) _gram.AsSpan(i * _capacity, Count).CopyTo(gram.AsSpan(i * capacity));
        _gram = gram;
        _capacity = capacity;
    }

    private static double[] Grown(double[] values, int capacity)
    {
        Array.Resize(ref values, capacity);
        return values;
    }
}
