using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Passes;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.Pursuits;

/// <summary>Passes over a screen choose what passes over the rows do, and tell the same of it, to the last bit.</summary>
public sealed class ScreeningTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(PursuitCases.All), MemberType = typeof(PursuitCases))]
    public void A_screen_changes_no_choice_and_no_gain(string method, string[] settings)
    {
        var problem = PursuitCases.Problem(600, "24");
        var plain = Choose(problem, method, settings, screens: false, out var memory);
        (memory.Screens, memory.RowsScreened).ShouldBe((false, 0L));
        Choose(problem, method, settings, screens: true, out memory).ShouldBe(plain);
        memory.Screens.ShouldBe(!settings.Contains("gtp.rounds=2"));
        if (!memory.Screens) return; // parts and what they chose are passed over by themselves
        memory.RowsScreened.ShouldBeGreaterThanOrEqualTo(2 * 600);
        memory.RowsReadAgain.ShouldBeLessThan(memory.RowsScreened, "a screen that spares no row is none");
    }

    [Fact]
    public void Of_a_pool_that_a_budget_hardly_touches_few_rows_are_read_again()
    {
        var problem = PursuitCases.Problem(4000, "20");
        var plain = Choose(problem, "gtp", ["gtp.fill=none"], screens: false, out _);
        Choose(problem, "gtp", ["gtp.fill=none"], screens: true, out var memory).ShouldBe(plain);
        memory.RowsReadAgain.ShouldBeLessThan(memory.RowsScreened / 10);
    }

    [Fact]
    public void Copies_zeros_and_rows_of_any_length_are_told_apart_as_by_a_pass()
    {
        // Equal scores go by content id; a length that single precision hardly holds must not make a bound too tight.
        var rows = Gradients.Gaussian(300, 40, 2, "test/screen-extremes");
        for (var i = 0; i < 300; i++)
        {
            var factor = (i % 5) switch { 0 => 1e-18f, 1 => 1e12f, 2 => 0f, _ => 1f };
            foreach (var block in rows)
            {
                var row = block.AsSpan(i * 40, 40);
                if (i % 7 == 3) block.AsSpan((i - 1) * 40, 40).CopyTo(row);
                else foreach (ref var x in row) x *= factor;
                if (i % 11 == 5) row[0] *= 1000; // most bytes are then zero
            }
        }

        var pool = new MemoryFeatures("pool", 40, rows);
        var target = new MemoryFeatures("target", 40, Gradients.Gaussian(12, 40, 2, "test/screen-target"));
        var problem = Gradients.Problem(pool, target, "40");
        foreach (var settings in new string[][]
        {
            ["gtp.normalise=checkpoint", "gtp.norm-floor=0"], ["gtp.normalise=row"], ["gtp.noise-floor=off", "gtp.batch=0"],
        })
            Choose(problem, "gtp", settings, screens: true, out _).ShouldBe(
                Choose(problem, "gtp", settings, screens: false, out _), string.Join(' ', settings));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(33)]
    [InlineData(130)]
    public void Rows_of_any_size_are_within_their_bounds_and_chosen_as_by_a_pass(int dimension)
    {
        // Powers of ten: usual; any; what single precision holds badly or not at all, alone or beside rows that it holds; and those near
        // its largest.
        foreach (var (least, most) in new[] { (-1, 1), (-30, 30), (-41, -36), (-38, -34), (-40, 5), (31, 33) })
        {
            for (var seed = 0; seed < 3; seed++)
            {
                var random = new SeededRandom((ulong)seed, $"test/screen-sizes/{dimension}/{least}/{most}");
                var pool = OfSizes(random, 150, dimension, least, most);
                foreach (var centred in new[] { false, true }) HoldBounds(pool, centred, random);
                var problem = Gradients.Problem(pool, OfSizes(random, 12, dimension, Math.Max(least, -4), Math.Min(most, 1)), "20");
                foreach (var settings in new string[][]
                {
                    ["norm-floor=0", "noise-floor=off"], ["normalise=row"], ["normalise=none", "centre=true", "batch=0"],
                })
                {
                    var named = Array.ConvertAll(settings, s => "gtp." + s);
                    Told(screens: true).ShouldBe(
                        Told(screens: false), $"10^{least} to 10^{most}, seed {seed}, {string.Join(' ', settings)}");

                    string Told(bool screens)
                    {
                        try
                        {
                            return Choose(problem, "gtp", named, screens, out _);
                        }
                        catch (PursuitException)
                        {
                            return "refused"; // products or weights that are no numbers
                        }
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData(RowNormalization.Checkpoint, false)]
    [InlineData(RowNormalization.Row, true)]
    [InlineData(RowNormalization.None, true)]
    public void No_rows_products_are_off_by_more_than_its_bound(RowNormalization normalization, bool centred)
    {
        var features = (MemoryFeatures)PursuitCases.Problem(500, "5").Gradients.Pool!;
        var rows = GradientRows.OfPool(features, new RowConstruction(normalization, 0.05));
        if (centred) rows = rows.Centred(2, CancellationToken.None);
        var random = new SeededRandom(3, "test/screen-bound");
        const int Columns = 5;
        var rhs = new float[Columns * rows.Dimension];
        foreach (ref var value in rhs.AsSpan()) value = (float)random.NextGaussian();
        rhs[7] = 300; // so that the rounding of right-hand sides counts
        var exact = new double[rows.Count * Columns];
        rows.Scan(rhs, Columns, exact, 2, CancellationToken.None);
        var made = new double[exact.Length];
        var screen = RowScreen.Make(
            rows,
            rhs,
            Columns,
            2,
            (products, first, _) => products.CopyTo(made.AsSpan(first * Columns)),
            CancellationToken.None);
        made.ShouldBe(exact, "the pass that makes a screen is a pass");

        double length = Math.Sqrt(GradientRows.Dot(rhs, rhs)), most = 0, bound = 0;
        screen.Scan(
            rhs,
            Columns,
            1,
            (products, off, first, count) =>
            {
                for (var r = 0; r < count; r++)
                {
                    var square = 0.0;
                    for (var j = 0; j < Columns; j++) square += Math.Pow(products[r * Columns + j] - exact[(first + r) * Columns + j], 2);
                    Math.Sqrt(square).ShouldBeLessThanOrEqualTo(off[r], $"row {first + r}");
                    (most, bound) = (
                        Math.Max(most, Math.Sqrt(square) / (rows.Norms[first + r] * length)),
                        Math.Max(bound, off[r] / (rows.Norms[first + r] * length)));
                }
            },
            CancellationToken.None);
        most.ShouldBeGreaterThan(1e-5, "bytes are coarse");
        bound.ShouldBeLessThan(0.05, "and no coarser than this");
    }

    [Fact]
    public void A_pursuit_that_was_stopped_continues_with_a_screen_or_without()
    {
        var problem = PursuitCases.Problem(600, "24");
        var alone = Choose(problem, "gtp", [], screens: false, out _);
        foreach (var screensFirst in new[] { false, true })
        {
            var path = _directory.PathOf($"{screensFirst}.journal");
            using (var journal = PursuitJournal.Open(path, "own"))
                Choose(problem, "gtp", [], screensFirst, out _, journal).ShouldBe(alone);
            var whole = File.ReadAllBytes(path);
            foreach (var screensThen in new[] { false, true })
            {
                for (var part = 1; part <= 6; part++)
                {
                    File.WriteAllBytes(path, whole[..(whole.Length * part / 6)]);
                    using var journal = PursuitJournal.Open(path, "own");
                    var found = journal.PassesFound;
                    Choose(problem, "gtp", [], screensThen, out _, journal).ShouldBe(
                        alone, $"{screensFirst}, then {screensThen}, stopped at {part}/6");
                    if (part > 1) found.ShouldBeGreaterThan(0);
                    if (part == 6) journal.Dropped.ShouldBeNull("what was kept with a screen is believed without, and the other way round");
                }
            }
        }
    }

    [Fact]
    public void Where_there_is_no_room_no_screen_is_made()
    {
        var problem = PursuitCases.Problem(600, "24");
        var needed = new PursuitMemory(null);
        Choose(problem, "gtp", ["gtp.screen=never"], needed);
        var tight = new PursuitMemory(needed.Planned);
        Choose(problem, "gtp", [], tight);
        (tight.Screens, tight.RowsScreened, tight.Planned).ShouldBe((false, 0L, needed.Planned));
        var roomy = new PursuitMemory(needed.Planned + (64 << 20));
        Choose(problem, "gtp", [], roomy);
        roomy.Screens.ShouldBeTrue();
        roomy.Planned.ShouldBeInRange(needed.Planned + RowScreen.BytesOf(600, 2, 96), roomy.Allowed!.Value);
    }

    /// <summary>
    /// Rows as short or long as powers of ten, some with one large number, many small ones, the same as before, or nothing but zeros.
    /// </summary>
    private static MemoryFeatures OfSizes(SeededRandom random, int rows, int dimension, int least, int most)
    {
        var blocks = new[] { new float[rows * dimension], new float[rows * dimension] };
        foreach (var block in blocks)
        {
            for (var i = 0; i < rows; i++)
            {
                var row = block.AsSpan(i * dimension, dimension);
                var (kind, size) = (random.NextInt(8), Math.Pow(10, least + (most - least) * random.NextDouble()));
                foreach (ref var value in row)
                    value = (float)(size * (0.5 + random.NextGaussian()) * (kind == 2 ? Math.Pow(10, -6 * random.NextDouble()) : 1));
                if (kind == 1) row[random.NextInt(dimension)] *= 10_000;
                if (kind == 3 && i > 0) block.AsSpan((i - 1) * dimension, dimension).CopyTo(row);
                if (kind == 4) row.Clear();
            }
        }

        return new MemoryFeatures("rows", dimension, blocks, null, 64);
    }

    private static void HoldBounds(MemoryFeatures pool, bool centred, SeededRandom random)
    {
        foreach (var (normalization, floor) in new[] { (
            RowNormalization.Checkpoint,
            0.0), (RowNormalization.Checkpoint, 0.6), (RowNormalization.Row, 0.05), (RowNormalization.None, 0) })
        {
            var columns = 1 + random.NextInt(6);
            var exact = new double[pool.Rows * columns];
            GradientRows rows;
            RowScreen screen;
            var rhs = new float[columns * pool.Checkpoints * pool.Dimension];
            foreach (ref var value in rhs.AsSpan()) value = (float)(random.NextGaussian() / Math.Sqrt(rhs.Length));
            try
            {
                rows = GradientRows.OfPool(pool, new RowConstruction(normalization, floor));
                if (centred) rows = rows.Centred(1, CancellationToken.None);
                screen = RowScreen.Make(
                    rows,
                    rhs,
                    columns,
                    1,
                    (products, first, _) => products.CopyTo(exact.AsSpan(first * columns)),
                    CancellationToken.None);
            }
            catch (PursuitException)
            {
                continue; // no pass either
            }

            screen.Scan(
                rhs,
                columns,
                1,
                (products, off, first, count) =>
                {
                    for (var r = 0; r < count; r++)
                    {
                        var square = 0.0;
                        for (var j = 0; j < columns; j++)
                            square += Math.Pow(products[r * columns + j] - exact[(first + r) * columns + j], 2);
                        Math.Sqrt(square).ShouldBeLessThanOrEqualTo(
                            off[r],
                            $"row {first + r}, {pool.Dimension} numbers, {normalization}, floor {floor}{(centred ? ", centred" : "")}");
                    }
                },
                CancellationToken.None);
        }
    }

    private static string Choose(
        SelectionProblem problem, string method, string[] settings, bool screens, out PursuitMemory memory, PursuitJournal? journal = null)
    {
        memory = new PursuitMemory(null);
        return Choose(problem, method, [.. settings, $"{method}.screen={(screens ? "always" : "never")}"], memory, journal);
    }

    private static string Choose(
        SelectionProblem problem, string method, string[] settings, PursuitMemory memory, PursuitJournal? journal = null) =>
        PursuitCases.Choose(problem, method, settings, new SelectionContext { Threads = 1, Memory = memory, Journal = journal });
}
