using System.Collections.Concurrent;
using System.Numerics.Tensors;
using Pursuit.Selection.Features;

namespace Pursuit.Selection.Passes;

/// <summary>
/// The rows methods work on: phi_i = concat over checkpoints t of sqrt(etabar_t) P g_i(t) / max(norm, floor), never
/// materialised: a pass multiplies each stored row's inner products by one number per row and checkpoint.
/// </summary>
internal sealed class GradientRows
{
    private readonly IDenseFeatures _features;
    private readonly float[][] _multipliers;
    private readonly float[]? _mean;
    private RowsOnDevice? _onDevice;

    private GradientRows(
        IDenseFeatures features, RowConstruction construction, double[] floors, float[]? mean, IRowSource source, RowRange own)
    {
        _features = features;
        Source = source;
        Own = own;
        Construction = construction;
        Floors = floors;
        _mean = mean;
        _multipliers = Multipliers(features, construction.Normalization, floors, out var norms);
        Norms = norms;
    }

    /// <summary>Examples, N.</summary>
    public int Count => _features.Rows;

    /// <summary>Numbers per row, D = T d.</summary>
    public int Dimension => _features.Checkpoints * _features.Dimension;

    /// <summary>What the rows are made of.</summary>
    public IDenseFeatures Features => _features;

    /// <summary>How the rows are made.</summary>
    public RowConstruction Construction { get; }

    /// <summary>The floors under the norms: one per checkpoint, or one for whole rows.</summary>
    public IReadOnlyList<double> Floors { get; }

    /// <summary>||phi_i||, [rows]; 0 marks a zero gradient.</summary>
    public IReadOnlyList<double> Norms { get; private set; }

    /// <summary>Bytes one pass reads, of all processes together.</summary>
    public long PassBytes => (long)(Source.Team.Count == 1 ? Own.Count : Count) * RowBytes;

    /// <summary>Bytes of one row in the store.</summary>
    public long RowBytes => (long)Dimension * _features.BytesPerElement;

    /// <summary>Rows of a pool, with the floors of its own norms.</summary>
    /// <param name="features">The pool's gradients.</param>
    /// <param name="construction">Normalization and floor.</param>
    /// <exception cref="PursuitException">A norm isn't finite, or every gradient is zero.</exception>
    public static GradientRows OfPool(IDenseFeatures features, RowConstruction construction) => features is ISharedFeatures shared
        ? OfPool(shared, construction, shared.Open(construction), RowRange.Share(shared, 0, shared.Team.Count))
        : OfPool(features, construction, OwnRows.Instance, RowRange.All(features));

    /// <summary>Rows of a pool of which one process reads a part.</summary>
    internal static GradientRows OfPool(IDenseFeatures features, RowConstruction construction, IRowSource source, RowRange own)
    {
        var rows = new GradientRows(features, construction, NormFloors.Compute(features, construction), null, source, own);
        return rows.Norms.Any(n => n > 0)
            ? rows
            : throw PursuitException.At(
                features.Name,
                $"the gradients of all {features.Rows:N0} rows are zero",
                "at least one that isn't",
                "Compute the features again: no loss reaches the model's weights.");
    }

    /// <summary>The same rows, of which passes read a part.</summary>
    internal GradientRows Within(RowRange part) =>
        new(_features, Construction, [.. Floors], _mean, OwnRows.Instance, part) { Norms = Norms };

    /// <summary>
    /// The same rows, all read by this process. Where a mean was subtracted, one that read a part knows its own rows' norms alone: that
    /// costs it a pass.
    /// </summary>
    internal GradientRows Whole(int threads, CancellationToken cancellationToken)
    {
        var whole = new GradientRows(_features, Construction, [.. Floors], null, OwnRows.Instance, RowRange.All(_features));
        return _mean is null ? whole : whole.Minus(_mean, threads, cancellationToken);
    }

    /// <summary>Some of these rows by themselves, in another numbering: row i is row <paramref name="positions"/>[i] here.</summary>
    internal GradientRows Some(int[] positions)
    {
        var some = new RemappedFeatures(_features, positions);
        return new GradientRows(
            some,
            Construction,
            [.. Floors],
            _mean,
            OwnRows.Instance,
            RowRange.All(some))
        { Norms = Array.ConvertAll(positions, p => Norms[p]) };
    }

    /// <summary>Rows of a target, made as this pool's are: same floors, same centre.</summary>
    /// <exception cref="PursuitException">The target's shape isn't the pool's.</exception>
    public GradientRows OfTarget(IDenseFeatures target)
    {
        if (target.Checkpoints != _features.Checkpoints || target.Dimension != _features.Dimension)
            throw PursuitException.At(
                target.Name,
                $"{target.Checkpoints} checkpoints of {target.Dimension} numbers",
                $"the {_features.Checkpoints} of {_features.Dimension} that the pool's features ({_features.Name}) have",
                "Make both with the same model, checkpoints and projection.");
        if (!target.Etabar.SequenceEqual(_features.Etabar))
            throw PursuitException.At(
                target.Name,
                $"checkpoint weights [{string.Join(", ", target.Etabar)}]",
                $"the pool's [{string.Join(", ", _features.Etabar)}]",
                "Make both with the same checkpoints.");
        var rows = new GradientRows(target, Construction, [.. Floors], null, OwnRows.Instance, RowRange.All(target));
        return _mean is null ? rows : rows.Minus(_mean, 1, CancellationToken.None);
    }

    /// <summary>The same rows less the pool's mean row.</summary>
    public GradientRows Centred(int threads, CancellationToken cancellationToken) =>
        Minus(RowSums.Mean(this, threads, cancellationToken), threads, cancellationToken);

    /// <summary>scores[i, j] = phi_i . rhs_j for every row: one pass over the store.</summary>
    /// <param name="rhs">[count, Dimension].</param>
    /// <param name="count">Right-hand sides, all served by the one pass.</param>
    /// <param name="scores">[rows, count].</param>
    /// <param name="threads">At most this many; the scores don't depend on it.</param>
    /// <param name="cancellationToken">Stops between shards.</param>
    /// <exception cref="PursuitException">A row holds NaN or infinity.</exception>
    public void Scan(float[] rhs, int count, double[] scores, int threads, CancellationToken cancellationToken) =>
        Source.Scan(this, rhs, count, scores, threads, cancellationToken);

    /// <summary>The same of this process's own rows.</summary>
    /// <param name="rhs">[count, Dimension].</param>
    /// <param name="count">Right-hand sides.</param>
    /// <param name="scores">Where the rows' scores go.</param>
    /// <param name="at">The row of the scores that the first own row is.</param>
    /// <param name="threads">At most this many.</param>
    /// <param name="cancellationToken">Stops between shards.</param>
    internal void ScanOwn(float[] rhs, int count, double[] scores, int at, int threads, CancellationToken cancellationToken) =>
        ScanTiles(
            rhs,
            count,
            threads,
            (products, first, _) => products.CopyTo(scores.AsSpan((at + first - Own.First) * count)),
            cancellationToken);

    /// <summary>Makes one pass over this process's own rows and shows each tile's products while they are in the cache.</summary>
    /// <param name="rhs">[count, Dimension].</param>
    /// <param name="count">Right-hand sides.</param>
    /// <param name="threads">At most this many.</param>
    /// <param name="visit">Sees [rows, count] products with the rows' place; from several threads.</param>
    /// <param name="cancellationToken">Stops between shards.</param>
    /// <param name="take">Sees each tile as it is read; from several threads, a shard's in order from one.</param>
    /// <exception cref="PursuitException">A row holds NaN or infinity.</exception>
    internal void ScanTiles(
        float[] rhs, int count, int threads, ProductVisitor visit, CancellationToken cancellationToken, TileTaker? take = null)
    {
        var right = Rights(rhs, count);
        var shifts = Shifts(rhs, count);
        var bad = new ConcurrentBag<int>();
        var onDevice = _onDevice is { IsHeld: true } held ? held : null;
        if (onDevice is { IsWhole: true } && take is null)
        {
            onDevice.Scan(right, _multipliers, threads, See, cancellationToken);
        }
        else
        {
            ScanStore();
            onDevice?.Complete();
        }

        if (!bad.IsEmpty) throw FeatureRows.NonFinite(_features.Name, null, [.. bad]);

        void ScanStore() => FeatureRows.ForEachTile(
            _features,
            Own,
            threads,
            () => (Room: new TileRoom(FeatureRows.TileRows(_features) * count), Products: new double[_features.ShardRows * count]),
            (state, tile, checkpoint, first, rows) =>
            {
                // A shard's checkpoints come one after the other: the products wait in the thread's own room until the last.
                var products = state.Products.AsSpan(first % _features.ShardRows * count, rows * count);
                if (checkpoint == 0) products.Clear();
                take?.Invoke(tile, checkpoint, first, rows, state.Room);
                onDevice?.Take(tile, checkpoint, first, rows);
                tile.AddProducts(right[checkpoint], _multipliers[checkpoint].AsSpan(first, rows), state.Room, products);
                if (checkpoint + 1 == _features.Checkpoints) See(products, first, rows);
            },
            _ => { },
            cancellationToken);

        void See(Span<double> products, int first, int rows)
        {
            if (_mean is not null)
            {
                for (var k = 0; k < products.Length; k++) products[k] -= shifts[k % count];
            }

            if (!double.IsFinite(TensorPrimitives.SumOfMagnitudes<double>(products)))
            {
                for (var r = 0; r < rows; r++)
                    if (!double.IsFinite(TensorPrimitives.SumOfMagnitudes<double>(products.Slice(r * count, count))))
                        bad.Add(first + r);
            }

            visit(products, first, rows);
        }
    }

    /// <summary>
    /// Has passes over these rows made on a device from the second on, where it has room for them and this process reads them all. No
    /// product depends on it.
    /// </summary>
    /// <param name="device">The device, or null.</param>
    /// <returns>Gives the device's memory back; null where passes stay on the processor.</returns>
    internal RowsOnDevice? HoldOn(IRowDevice? device)
    {
        return _onDevice = device is not null && ReadsAll ? RowsOnDevice.Hold(_features, device) : null;
    }

    /// <summary>Makes room on a device for a screen of these rows; null where there is none, or the rows are as coarse.</summary>
    internal RowsOnDevice? HoldPicturesOn(IRowDevice? device) =>
        device is not null && ReadsAll && _features.BytesPerElement > sizeof(sbyte) ? RowsOnDevice.HoldPictures(_features, device) : null;

    private bool ReadsAll => Source.Team.Count == 1 && Own == RowRange.All(_features);

    /// <summary>The products of some rows by themselves, to the bits that a pass over all of them gives.</summary>
    /// <param name="positions">Rows that this process reads, in ascending order.</param>
    /// <param name="rhs">[count, Dimension].</param>
    /// <param name="count">Right-hand sides.</param>
    /// <param name="threads">At most this many.</param>
    /// <param name="visit">Sees [1, count] products of one row; from several threads.</param>
    /// <param name="cancellationToken">Stops between rows.</param>
    /// <exception cref="PursuitException">A row holds NaN or infinity.</exception>
    internal void ScanSome(int[] positions, float[] rhs, int count, int threads, ProductVisitor visit, CancellationToken cancellationToken)
    {
        const int AtOnce = 32;
        var right = Rights(rhs, count);
        var shifts = Shifts(rhs, count);
        var bad = new ConcurrentBag<int>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, threads), CancellationToken = cancellationToken };
        Parallel.For(0, (positions.Length + AtOnce - 1) / AtOnce, options, () => (
            Room: new TileRoom(count), Products: new double[count], Scratch: new float[_features.Dimension]), (part, _, state) =>
        {
            var some = positions.AsSpan(part * AtOnce, Math.Min(AtOnce, positions.Length - part * AtOnce));
            PrefetchRows(some);
            foreach (var position in some)
            {
                Array.Clear(state.Products);
                for (var checkpoint = 0; checkpoint < _features.Checkpoints; checkpoint++)
                    _features.Read(checkpoint, position, 1, state.Scratch).AddProducts(
                        right[checkpoint], _multipliers[checkpoint].AsSpan(position, 1), state.Room, state.Products);
                for (var j = 0; j < count; j++) state.Products[j] -= shifts[j];
                if (!double.IsFinite(TensorPrimitives.SumOfMagnitudes<double>(state.Products))) bad.Add(position);
                visit(state.Products, position, 1);
            }

            return state;
        }, _ => { });
        if (!bad.IsEmpty) throw FeatureRows.NonFinite(_features.Name, null, [.. bad]);
    }

    /// <summary>Copies rows, in the order asked, into [positions, Dimension].</summary>
    public void Gather(ReadOnlySpan<int> positions, Span<float> destination) => Source.Gather(this, positions, destination);

    /// <summary>The same, read by this process.</summary>
    internal void GatherHere(ReadOnlySpan<int> positions, Span<float> destination)
    {
        PrefetchRows(positions);
        var scratch = new float[_features.Dimension];
        for (var p = 0; p < positions.Length; p++)
        {
            var row = destination.Slice(p * Dimension, Dimension);
            for (var checkpoint = 0; checkpoint < _features.Checkpoints; checkpoint++)
            {
                var part = row.Slice(checkpoint * _features.Dimension, _features.Dimension);
                FeatureRows.CopyRow(_features.Read(checkpoint, positions[p], 1, scratch), 0, part);
                TensorPrimitives.Multiply(part, _multipliers[checkpoint][positions[p]], part);
            }

            if (_mean is not null) TensorPrimitives.Subtract(row, _mean, row);
        }
    }

    /// <summary>The rows this process reads in a pass: all, or its share of several processes'.</summary>
    internal RowRange Own { get; }

    /// <summary>Where passes over the rows are made.</summary>
    internal IRowSource Source { get; }

    /// <summary>What stored rows of a checkpoint are multiplied by, [rows].</summary>
    internal ReadOnlySpan<float> Multipliers(int checkpoint) => _multipliers[checkpoint];

    /// <summary>The mean that was subtracted, or null.</summary>
    internal ReadOnlySpan<float> Mean => _mean;

    /// <summary>The inner product in double: cancelling sums of many rows need it.</summary>
    internal static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var k = 0; k < a.Length; k++) sum += (double)a[k] * b[k];
        return sum;
    }

    /// <summary>The same rows less a row.</summary>
    internal GradientRows Minus(float[] mean, int threads, CancellationToken cancellationToken)
    {
        var products = new double[Count];
        Scan(mean, 1, products, threads, cancellationToken);
        var square = Dot(mean, mean);
        var norms = new double[Count];
        for (var i = 0; i < Count; i++) norms[i] = Math.Sqrt(Math.Max(0, Norms[i] * Norms[i] - 2 * products[i] + square));
        return new GradientRows(_features, Construction, [.. Floors], mean, Source.Minus(mean), Own) { Norms = norms };
    }

    /// <summary>A pass's right-hand sides by checkpoint.</summary>
    internal TileRights[] Rights(float[] rhs, int count) =>
    [
        .. Enumerable.Range(0, _features.Checkpoints)
            .Select(checkpoint => new TileRights(rhs, count, Dimension, checkpoint * _features.Dimension, _features.Dimension)),
    ];

    /// <summary>What products with stored rows are lowered by where a mean was subtracted, [count].</summary>
    internal double[] Shifts(float[] rhs, int count)
    {
        var shifts = new double[count];
        for (var j = 0; _mean is not null && j < count; j++) shifts[j] = Dot(_mean, rhs.AsSpan(j * Dimension, Dimension));
        return shifts;
    }

    /// <summary>All at once, and no more than the rows: a fault alone would fetch megabytes around each.</summary>
    private void PrefetchRows(ReadOnlySpan<int> positions)
    {
        foreach (var position in positions)
            for (var checkpoint = 0; checkpoint < _features.Checkpoints; checkpoint++) _features.Prefetch(checkpoint, position, 1);
    }

    private static float[][] Multipliers(IDenseFeatures features, RowNormalization normalization, double[] floors, out double[] norms)
    {
        FeatureRows.RefuseNonFinite(features.Name, [.. Enumerable.Range(0, features.Checkpoints).Select(b => features.Norms(b).ToArray())]);
        var multipliers = new float[features.Checkpoints][];
        norms = new double[features.Rows];
        var whole = normalization == RowNormalization.Row ? NormFloors.WholeRows(features) : null;
        for (var checkpoint = 0; checkpoint < multipliers.Length; checkpoint++)
        {
            var ownNorms = features.Norms(checkpoint);
            var scales = features.Scales(checkpoint);
            var root = Math.Sqrt(features.Etabar[checkpoint]);
            multipliers[checkpoint] = new float[features.Rows];
            for (var i = 0; i < features.Rows; i++)
            {
                var divisor = normalization switch
                {
                    RowNormalization.Checkpoint => Math.Max(ownNorms[i], floors[checkpoint]),
                    RowNormalization.Row => Math.Max(whole![i], floors[0]),
                    _ => 1,
                };
                // A zero gradient has no norm to divide by, unless there is a floor; it stays a zero row.
                var factor = divisor > 0 ? root / divisor : 0;
                multipliers[checkpoint][i] = (float)(factor * (scales.IsEmpty ? 1 : scales[i]));
                norms[i] += factor * ownNorms[i] * (factor * ownNorms[i]);
            }
        }

        for (var i = 0; i < norms.Length; i++) norms[i] = Math.Sqrt(norms[i]);
        return multipliers;
    }
}

/// <summary>Sees the products of some consecutive rows, [rows, right-hand sides]; may change them.</summary>
internal delegate void ProductVisitor(Span<double> products, int firstRow, int rows);

/// <summary>Sees a tile of a pass as it is read, with room of the thread that reads it.</summary>
internal delegate void TileTaker(FeatureTile tile, int checkpoint, int firstRow, int rows, TileRoom room);
