using System.Runtime.CompilerServices;

namespace Pursuit.Numerics;

/// <summary>A or B in memory. Lanes are rows of A or columns of B: what a panel puts side by side.</summary>
internal readonly unsafe struct GemmOperand<TElement>(TElement* data, nint stride, bool lanesTogether)
    where TElement : unmanaged
{
    /// <summary>Element (0, 0).</summary>
    public readonly TElement* Data = data;

    /// <summary>Leading dimension.</summary>
    public readonly nint Stride = stride;

    /// <summary>True when neighbouring lanes of one k are neighbours in memory.</summary>
    public readonly bool LanesTogether = lanesTogether;

    /// <summary>From one lane to the next.</summary>
    public nint LaneStep => LanesTogether ? 1 : Stride;

    /// <summary>From one k to the next.</summary>
    public nint DepthStep => LanesTogether ? Stride : 1;

    /// <summary>Element (lane, depth).</summary>
    public TElement* At(nint lane, nint depth) => Data + lane * LaneStep + depth * DepthStep;
}

/// <summary>
/// The loops around the micro-kernels: which block is packed when, and which stays in which cache. The register tile has up to three
/// widths; all give the same bits.
/// </summary>
internal static unsafe class GemmBlocks<TWide, TMiddle, TNarrow>
    where TWide : unmanaged, IGemmTile<TWide>
    where TMiddle : unmanaged, IGemmTile<TMiddle>
    where TNarrow : unmanaged, IGemmTile<TNarrow>
{
    /// <summary>Rows of A packed at once: [256, 512] floats are 0.5 MB of the second-level cache.</summary>
    private const int MaxRows = 256;

    /// <summary>Columns of B packed at once: [512, 2304] floats are 4.7 MB of the third-level cache.</summary>
    private const int MaxColumns = 2304;

    /// <summary>Up to this many rows, reading B in place costs less than packing it.</summary>
    private const int RowsThatDontPayForPackingB = 8;

    /// <summary>Up to this many columns, reading A in place costs less than packing it.</summary>
    private const int ColumnsThatDontPayForPackingA = 96;

    /// <summary>Multiplies; B's numbers are widened where they are packed, if they need to be.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TElement, TSource>(
        int tileRows, int m, int n, int k, float alpha, GemmOperand<float> a, GemmOperand<TElement> b, float beta, float* c, nint ldc)
        where TElement : unmanaged
        where TSource : IVectorSource<TElement>
    {
        // The depth of a block depends on k alone, so that the order of summation does too.
        var blocks = (k + Gemm.MaxDepth - 1) / Gemm.MaxDepth;
        var depth = (k + blocks - 1) / blocks;
        var packA = n > ColumnsThatDontPayForPackingA;
        var packB = m > RowsThatDontPayForPackingB || !b.LanesTogether || typeof(TElement) != typeof(float);
        var buffers = PackingBuffers.OfThread;
        var columnsAtOnce = Math.Min(n, MaxColumns);
        var rowsAtOnce = Math.Min(m, MaxRows);
        var packedA = packA ? buffers.A((long)rowsAtOnce * depth) : null;
        var packedB = buffers.B((long)(packB ? columnsAtOnce + TWide.Width : TWide.Width) * depth);

        for (var column = 0; column < n; column += MaxColumns)
        {
            var columns = Math.Min(MaxColumns, n - column);
            for (var p = 0; p < k; p += depth)
            {
                var steps = Math.Min(depth, k - p);
                var blockBeta = p == 0 ? beta : 1;
                if (packB)
                    PackPanels<TElement, TSource>(b, column, columns, p, steps, packedB);
                for (var row = 0; row < m; row += MaxRows)
                {
                    var rows = Math.Min(MaxRows, m - row);
                    if (packA)
                        PackRows(a, row, rows, tileRows, p, steps, packedA);

                    for (var j = 0; j < columns; j += TWide.Width)
                    {
                        var width = Math.Min(TWide.Width, columns - j);
                        float* panel;
                        nint panelStep;
                        if (packB)
                        {
                            panel = packedB + (nint)j * steps;
                            panelStep = PanelWidth(width);
                        }
                        else if (width == TWide.Width)
                        {
                            panel = (float*)b.At(column + j, p);
                            panelStep = b.Stride;
                        }
                        else
                        {
                            // The last panel is narrower than the vectors that would read it.
                            panel = packedB;
                            panelStep = PanelWidth(width);
                            GemmPacking.Pack<TElement, TSource>(
                                b.At(column + j, p), b.LanesTogether, b.Stride, width, (int)panelStep, steps, panel);
                        }

                        var target = c + (nint)row * ldc + column + j;
                        for (var r = 0; r < rows; r += packA ? tileRows : rows)
                        {
                            var count = packA ? Math.Min(tileRows, rows - r) : rows;
                            var left = packA ? packedA + (nint)r * steps : a.At(row, p);
                            var leftRow = packA ? 1 : a.LaneStep;
                            var leftStep = packA ? count : a.DepthStep;
                            RunPanel(
                                count, tileRows, width, steps, left, leftRow, leftStep, panel, panelStep, alpha, blockBeta, target
                                    + r * ldc, ldc);
                        }
                    }
                }
            }
        }
    }

    private static void PackRows(GemmOperand<float> a, int row, int rows, int tileRows, int p, int steps, float* packed)
    {
        var whole = 0;
        if (a.LanesTogether)
        {
            whole = rows / tileRows * tileRows;
            GemmPacking.CopyPanels(a.At(row, p), a.Stride, whole / tileRows, tileRows, steps, packed);
        }

        for (var r = whole; r < rows; r += tileRows)
        {
            var lanes = Math.Min(tileRows, rows - r);
            GemmPacking.Pack<float, SingleSource>(
                a.At(row + r, p), a.LanesTogether, a.Stride, lanes, lanes, steps, packed + (nint)r * steps);
        }
    }

    private static void PackPanels<TElement, TSource>(GemmOperand<TElement> b, int column, int columns, int p, int steps, float* packed)
        where TElement : unmanaged
        where TSource : IVectorSource<TElement>
    {
        for (var j = 0; j < columns; j += TWide.Width)
        {
            var lanes = Math.Min(TWide.Width, columns - j);
            GemmPacking.Pack<TElement, TSource>(
                b.At(column + j, p), b.LanesTogether, b.Stride, lanes, PanelWidth(lanes), steps, packed + (nint)j * steps);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int PanelWidth(int columns) =>
        columns > TMiddle.Width ? TWide.Width : columns > TNarrow.Width ? TMiddle.Width : TNarrow.Width;

    private static void RunPanel(
        int rows,
        int tileRows,
        int width,
        int steps,
        float* a,
        nint aRow,
        nint aStep,
        float* panel,
        nint panelStep,
        float alpha,
        float beta,
        float* c,
        nint ldc)
    {
        if (width > TMiddle.Width)
            RunTile<TWide>(rows, tileRows, width, steps, a, aRow, aStep, panel, panelStep, alpha, beta, c, ldc);
        else if (width > TNarrow.Width)
            RunTile<TMiddle>(rows, tileRows, width, steps, a, aRow, aStep, panel, panelStep, alpha, beta, c, ldc);
        else
            RunTile<TNarrow>(rows, tileRows, width, steps, a, aRow, aStep, panel, panelStep, alpha, beta, c, ldc);
    }

    private static void RunTile<TTile>(
        int rows,
        int tileRows,
        int width,
        int steps,
        float* a,
        nint aRow,
        nint aStep,
        float* panel,
        nint panelStep,
        float alpha,
        float beta,
        float* c,
        nint ldc)
        where TTile : unmanaged, IGemmTile<TTile>
    {
        if (width == TTile.Width)
        {
            GemmKernels.Run<TTile>(rows, tileRows, steps, a, aRow, aStep, panel, panelStep, alpha, beta, c, ldc);
            return;
        }

        // A narrower edge goes through a tile of its own, so that nothing outside C is touched.
        var edge = stackalloc float[8 * TTile.Width];
        for (var r = 0; r < rows; r += tileRows)
        {
            var count = Math.Min(tileRows, rows - r);
            if (beta != 0)
                CopyRows(c + r * ldc, ldc, edge, TTile.Width, count, width);
            GemmKernels.Run<TTile>(count, tileRows, steps, a + r * aRow, aRow, aStep, panel, panelStep, alpha, beta, edge, TTile.Width);
            CopyRows(edge, TTile.Width, c + r * ldc, ldc, count, width);
        }
    }

    private static void CopyRows(float* source, nint sourceStride, float* destination, nint destinationStride, int rows, int width)
    {
        for (nint r = 0; r < rows; r++)
            new ReadOnlySpan<float>(source + r * sourceStride, width).CopyTo(new Span<float>(destination + r * destinationStride, width));
    }
}
