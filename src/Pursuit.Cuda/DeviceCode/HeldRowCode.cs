using ILGPU;

namespace Pursuit.Cuda.DeviceCode;

/// <summary>
/// Inner products of stored rows with right-hand sides, to the bits of the processor's: rows in float32 and bf16 by sixteen lanes, each a
/// chain of fused multiplications and additions, which a tree adds up (<see cref="Pursuit.Numerics.RowScan"/>); rows of bytes in whole
/// numbers (<see cref="Pursuit.Numerics.ByteScan"/>).
/// </summary>
/// <remarks>
/// Eight threads share four rows, each with two of the lanes. Rows lie in words of 32 bits, filled up with zeros to a multiple of eight,
/// right-hand sides filled up likewise and with zeros to a multiple of four: zeros change no sum. A row is read once for four right-hand
/// sides.
/// </remarks>
internal static class HeldRowCode
{
    /// <summary>Threads that share some rows; a warp holds whole teams.</summary>
    public const int Team = 8;

    /// <summary>Rows of a team.</summary>
    public const int TeamRows = 4;

    /// <summary>Right-hand sides at once.</summary>
    public const int Together = 4;

    /// <summary>dots[i, j] = rows[i] . right[j] of rows in bf16, two to a word.</summary>
    public static void NarrowDots(
        ArrayView<uint> rows, int words, int count, ArrayView<float> right, int numbers, int columns, ArrayView<float> dots)
    {
        var (first, lane) = (Group.IdxX / Team * TeamRows, Group.IdxX % Team);
        var rowsOfGroup = Group.DimX / Team * TeamRows;
        for (var block = Grid.IdxX * rowsOfGroup; block < count; block += Grid.DimX * rowsOfGroup)
        {
            // Threads beyond the last row compute it again: all of a warp exchange their sums.
            var row = new FourRows(block + first, count, words, lane);
            for (var column = 0; column < columns; column += Together)
            {
                var fours = right.SubView((long)column * numbers, Together * numbers);
                LanePairs s0 = default, s1 = default, s2 = default, s3 = default;
                for (var word = 0; word < words; word += Team)
                {
                    var (w0, w1, w2, w3) = (rows[row.At0 + word], rows[row.At1 + word], rows[row.At2 + word], rows[row.At3 + word]);
                    var against = LanePairs.Of(fours, 2 * (word + lane), numbers);
                    s0 = s0.Plus(Low(w0), High(w0), against);
                    s1 = s1.Plus(Low(w1), High(w1), against);
                    s2 = s2.Plus(Low(w2), High(w2), against);
                    s3 = s3.Plus(Low(w3), High(w3), against);
                }

                var at = new DotPlace(row.First, count, columns, column, lane);
                Put(s0, dots, at);
                Put(s1, dots, at.Next(1));
                Put(s2, dots, at.Next(2));
                Put(s3, dots, at.Next(3));
            }
        }
    }

    /// <summary>dots[i, j] = rows[i] . right[j] of rows in float32.</summary>
    public static void WideDots(
        ArrayView<uint> rows, int words, int count, ArrayView<float> right, int numbers, int columns, ArrayView<float> dots)
    {
        var (first, lane) = (Group.IdxX / Team * TeamRows, Group.IdxX % Team);
        var rowsOfGroup = Group.DimX / Team * TeamRows;
        for (var block = Grid.IdxX * rowsOfGroup; block < count; block += Grid.DimX * rowsOfGroup)
        {
            var row = new FourRows(block + first, count, words, 2 * lane);
            for (var column = 0; column < columns; column += Together)
            {
                var fours = right.SubView((long)column * numbers, Together * numbers);
                LanePairs s0 = default, s1 = default, s2 = default, s3 = default;
                for (var word = 0; word < words; word += 2 * Team)
                {
                    var against = LanePairs.Of(fours, word + 2 * lane, numbers);
                    s0 = s0.Plus(Whole(rows[row.At0 + word]), Whole(rows[row.At0 + word + 1]), against);
                    s1 = s1.Plus(Whole(rows[row.At1 + word]), Whole(rows[row.At1 + word + 1]), against);
                    s2 = s2.Plus(Whole(rows[row.At2 + word]), Whole(rows[row.At2 + word + 1]), against);
                    s3 = s3.Plus(Whole(rows[row.At3 + word]), Whole(rows[row.At3 + word + 1]), against);
                }

                var at = new DotPlace(row.First, count, columns, column, lane);
                Put(s0, dots, at);
                Put(s1, dots, at.Next(1));
                Put(s2, dots, at.Next(2));
                Put(s3, dots, at.Next(3));
            }
        }
    }

    /// <summary>dots[i, j] = sum over p of rows[i, p] right[j, p] of rows in signed bytes, four to a word, and words of 16 bits.</summary>
    public static void ByteDots(
        ArrayView<uint> rows, int words, int count, ArrayView<short> right, int numbers, int columns, ArrayView<long> dots)
    {
        var (first, lane) = (Group.IdxX / Team * TeamRows, Group.IdxX % Team);
        var rowsOfGroup = Group.DimX / Team * TeamRows;
        for (var block = Grid.IdxX * rowsOfGroup; block < count; block += Grid.DimX * rowsOfGroup)
        {
            var row = new FourRows(block + first, count, words, lane);
            for (var column = 0; column < columns; column += Together)
            {
                var fours = right.SubView((long)column * numbers, Together * numbers);
                WholeSums s0 = default, s1 = default, s2 = default, s3 = default;
                for (var word = 0; word < words; word += Team)
                {
                    var against = FourWords.Of(fours, 4 * (word + lane), numbers);
                    s0 = s0.Plus(rows[row.At0 + word], against);
                    s1 = s1.Plus(rows[row.At1 + word], against);
                    s2 = s2.Plus(rows[row.At2 + word], against);
                    s3 = s3.Plus(rows[row.At3 + word], against);
                }

                var at = new DotPlace(row.First, count, columns, column, lane);
                Put(s0, dots, at);
                Put(s1, dots, at.Next(1));
                Put(s2, dots, at.Next(2));
                Put(s3, dots, at.Next(3));
            }
        }
    }

    private static float Low(uint word) => Interop.IntAsFloat(word << 16);

    private static float High(uint word) => Interop.IntAsFloat(word & 0xFFFF0000);

    private static float Whole(uint word) => Interop.IntAsFloat(word);

    private static void Put(LanePairs sums, ArrayView<float> dots, DotPlace place) =>
        place.Put(dots, Sum(sums.A0, sums.B0), Sum(sums.A1, sums.B1), Sum(sums.A2, sums.B2), Sum(sums.A3, sums.B3));

    private static void Put(WholeSums sums, ArrayView<long> dots, DotPlace place) =>
        place.Put(dots, Sum(sums.D0), Sum(sums.D1), Sum(sums.D2), Sum(sums.D3));

    /// <summary>The sum of a team's sixteen lanes: the upper half onto the lower, until one is left.</summary>
    private static float Sum(float even, float odd)
    {
        for (var half = Team / 2; half > 0; half /= 2)
        {
            even += Warp.ShuffleXor(even, half);
            odd += Warp.ShuffleXor(odd, half);
        }

        return even + odd;
    }

    private static long Sum(long sum)
    {
        for (var half = Team / 2; half > 0; half /= 2) sum += Warp.ShuffleXor(sum, half);
        return sum;
    }
}

/// <summary>Where a row's products with four right-hand sides go; the first thread of a team writes them, of rows there are.</summary>
internal struct DotPlace
{
    public int Row;
    public int Count;
    public int Columns;
    public int Column;
    public int Lane;

    public DotPlace(int row, int count, int columns, int column, int lane)
    {
        Row = row;
        Count = count;
        Columns = columns;
        Column = column;
        Lane = lane;
    }

    /// <summary>That of a later row.</summary>
    public readonly DotPlace Next(int rows) => new(Row + rows, Count, Columns, Column, Lane);

    public readonly void Put<T>(ArrayView<T> dots, T d0, T d1, T d2, T d3)
        where T : unmanaged
    {
        if (Lane != 0 || Row >= Count) return;
        var at = Row * Columns + Column;
        dots[at] = d0;
        if (Column + 1 < Columns) dots[at + 1] = d1;
        if (Column + 2 < Columns) dots[at + 2] = d2;
        if (Column + 3 < Columns) dots[at + 3] = d3;
    }
}

/// <summary>Where a thread's part of its team's rows begins.</summary>
internal struct FourRows
{
    public int First;
    public int At0;
    public int At1;
    public int At2;
    public int At3;

    public FourRows(int first, int count, int words, int at)
    {
        var last = count - 1;
        First = first;
        At0 = (first < last ? first : last) * words + at;
        At1 = (first + 1 < last ? first + 1 : last) * words + at;
        At2 = (first + 2 < last ? first + 2 : last) * words + at;
        At3 = (first + 3 < last ? first + 3 : last) * words + at;
    }
}

/// <summary>Of each of four right-hand sides two numbers, or two lanes' sums of a row with it.</summary>
internal struct LanePairs
{
    public float A0;
    public float B0;
    public float A1;
    public float B1;
    public float A2;
    public float B2;
    public float A3;
    public float B3;

    public static LanePairs Of(ArrayView<float> right, int at, int numbers) => new()
    {
        A0 = right[at],
        B0 = right[at + 1],
        A1 = right[at + numbers],
        B1 = right[at + numbers + 1],
        A2 = right[at + 2 * numbers],
        B2 = right[at + 2 * numbers + 1],
        A3 = right[at + 3 * numbers],
        B3 = right[at + 3 * numbers + 1],
    };

    /// <summary>The sums, and two numbers of a row with those of the right-hand sides.</summary>
    public readonly LanePairs Plus(float a, float b, LanePairs right) => new()
    {
        A0 = Fused.MultiplyAdd(a, right.A0, A0),
        B0 = Fused.MultiplyAdd(b, right.B0, B0),
        A1 = Fused.MultiplyAdd(a, right.A1, A1),
        B1 = Fused.MultiplyAdd(b, right.B1, B1),
        A2 = Fused.MultiplyAdd(a, right.A2, A2),
        B2 = Fused.MultiplyAdd(b, right.B2, B2),
        A3 = Fused.MultiplyAdd(a, right.A3, A3),
        B3 = Fused.MultiplyAdd(b, right.B3, B3),
    };
}

/// <summary>Four numbers of each of four right-hand sides.</summary>
internal struct FourWords
{
    public WordFour R0;
    public WordFour R1;
    public WordFour R2;
    public WordFour R3;

    public static FourWords Of(ArrayView<short> right, int at, int numbers) => new()
    {
        R0 = WordFour.Of(right, at),
        R1 = WordFour.Of(right, at + numbers),
        R2 = WordFour.Of(right, at + 2 * numbers),
        R3 = WordFour.Of(right, at + 3 * numbers),
    };
}

/// <summary>Four numbers of a right-hand side.</summary>
internal struct WordFour
{
    public int A;
    public int B;
    public int C;
    public int D;

    public static WordFour Of(ArrayView<short> right, int at) => new()
    {
        A = right[at],
        B = right[at + 1],
        C = right[at + 2],
        D = right[at + 3],
    };

    /// <summary>The product with four bytes, which 32 bits hold.</summary>
    public readonly int Times(uint bytes) =>
        A * ((int)(bytes << 24) >> 24) + B * ((int)(bytes << 16) >> 24) + C * ((int)(bytes << 8) >> 24) + D * ((int)bytes >> 24);
}

/// <summary>A thread's sums of a row with four right-hand sides.</summary>
internal struct WholeSums
{
    public long D0;
    public long D1;
    public long D2;
    public long D3;

    public readonly WholeSums Plus(uint bytes, FourWords right) => new()
    {
        D0 = D0 + right.R0.Times(bytes),
        D1 = D1 + right.R1.Times(bytes),
        D2 = D2 + right.R2.Times(bytes),
        D3 = D3 + right.R3.Times(bytes),
    };
}
