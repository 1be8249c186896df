using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Less;
using Pursuit.Selection.Passes;
using Pursuit.Selection.Pursuits;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Tests.Selection.Pursuits;

/// <summary>Passes on a device that holds the rows choose what the processor's do, and tell the same of it, to the last bit.</summary>
public sealed class RowDeviceTests
{
    [Theory]
    [MemberData(nameof(PursuitCases.All), MemberType = typeof(PursuitCases))]
    public void A_device_changes_no_choice_and_no_gain(string method, string[] settings)
    {
        var problem = PursuitCases.Problem(600, "24");
        var plain = PursuitCases.Choose(problem, method, settings);
        var device = new PlainRowDevice();
        // With a memory to plan in, in which a screen would have room.
        var memory = new PursuitMemory(null);
        PursuitCases.Choose(
            problem, method, settings, new SelectionContext { Threads = 3, RowDevice = device, Memory = memory }).ShouldBe(plain);
        (device.Held, memory.Screens).ShouldBe((0, false));
        if (settings.Contains("gtp.rounds=2")) device.Passes.ShouldBe(0); // parts are passed over by themselves
        else device.Passes.ShouldBeGreaterThan(1);
    }

    [Theory]
    [InlineData(FeatureElement.BF16)]
    [InlineData(FeatureElement.I8)]
    public void Rows_of_every_kind_are_held_as_they_are_stored(FeatureElement element)
    {
        var problem = PursuitCases.Problem(300, "12");
        problem = problem with
        {
            Gradients = problem.Gradients with { Pool = new StoredFeatures((MemoryFeatures)problem.Gradients.Pool!, element) },
        };
        var device = new PlainRowDevice();
        PursuitCases.Choose(problem, "gtp", [], new SelectionContext { Threads = 2, RowDevice = device })
            .ShouldBe(PursuitCases.Choose(problem, "gtp", []));
        device.Passes.ShouldBeGreaterThan(3);
    }

    [Fact]
    public void Clusters_of_gradients_are_the_same()
    {
        var (device, features) = (new PlainRowDevice(), PursuitCases.Problem(600, "24").Gradients.Pool!);
        ulong[] keys = [.. Enumerable.Range(0, 600).Select(i => new SeededRandom(5, "test/clusters", (ulong)i).NextUInt64())];
        Assign(device).ShouldBe(Assign(null));
        device.Passes.ShouldBeGreaterThan(7);

        int[] Assign(IRowDevice? with)
        {
            var rows = GradientRows.OfPool(features, RowConstruction.ExactUnit);
            using var held = rows.HoldOn(with);
            return GradientClusters.Assign(rows, 7, keys, 2, CancellationToken.None);
        }
    }

    [Theory]
    [InlineData(2400, 5)] // 24 target examples, four at once: the first pass is the processor's
    [InlineData(1 << 25, 0)] // all at once: a pass by itself brings nothing to a device
    public void Scores_of_target_examples_part_by_part_are_the_same(int mostScores, int passes)
    {
        var problem = PursuitCases.Problem(600, "24");
        var (device, parts) = (new PlainRowDevice(), new List<double[]>());
        foreach (var with in new[] { null, device })
        {
            var scores = new ExampleScores(
                problem, "less", RowConstruction.ExactUnit, centre: false, new SelectionContext { Threads = 2, RowDevice = with })
            { MostScores = mostScores };
            var all = new List<double>();
            scores.ForEachTarget((_, own) => all.AddRange(own));
            parts.Add([.. all]);
        }

        parts[1].ShouldBe(parts[0]);
        (device.Passes, device.Held).ShouldBe((passes, 0));
    }

    [Theory]
    [MemberData(nameof(PursuitCases.All), MemberType = typeof(PursuitCases))]
    public void Of_rows_that_do_not_fit_it_holds_a_screen(string method, string[] settings)
    {
        var problem = PursuitCases.Problem(600, "24");
        var plain = PursuitCases.Choose(problem, method, settings);
        var (device, memory) = (new PlainRowDevice { MostBytes = 600 * 96 }, new PursuitMemory(null));
        var context = new SelectionContext { Threads = 3, RowDevice = device, Memory = memory };
        PursuitCases.Choose(problem, method, settings, context).ShouldBe(plain);
        device.Held.ShouldBe(0);
        memory.Screens.ShouldBe(!settings.Contains("gtp.rounds=2"));
        if (!memory.Screens) return;
        device.Passes.ShouldBeGreaterThan(1);
        memory.RowsReadAgain.ShouldBeLessThan(memory.RowsScreened, "a screen that spares no row is none");

        var onHost = new PursuitMemory(null);
        PursuitCases.Choose(problem, method, [.. settings, $"{method}.screen=always"], context with { RowDevice = null, Memory = onHost });
        (memory.RowsScreened, memory.RowsReadAgain).ShouldBe((onHost.RowsScreened, onHost.RowsReadAgain), "the same bounds");
        memory.Planned.ShouldBe(onHost.Planned - 600 * 96, "its bytes are the device's");
    }

    [Fact]
    public void A_screen_that_is_refused_or_does_not_fit_is_not_held()
    {
        var problem = PursuitCases.Problem(600, "24");
        var device = new PlainRowDevice { MostBytes = 600 * 96 };
        PursuitCases.Choose(
            problem, "gtp", ["gtp.screen=never"], new SelectionContext { Threads = 1, RowDevice = device, Memory = new(null) })
            .ShouldBe(PursuitCases.Choose(problem, "gtp", []));
        device.Passes.ShouldBe(0);
        var small = new PlainRowDevice { MostBytes = 600 * 96 - 1 };
        var memory = new PursuitMemory(null);
        PursuitCases.Choose(problem, "gtp", [], new SelectionContext { Threads = 1, RowDevice = small, Memory = memory })
            .ShouldBe(PursuitCases.Choose(problem, "gtp", []));
        (small.Passes, memory.Screens).ShouldBe((0, true), "the processor's own screen");
    }

    [Fact]
    public void A_pass_that_fails_leaves_nothing_on_the_device_and_says_which_rows()
    {
        var problem = PursuitCases.Problem(200, "8");
        var device = new PlainRowDevice();
        using var stop = new CancellationTokenSource();
        var context = new SelectionContext
        {
            Threads = 2,
            RowDevice = device,
            CancellationToken = stop.Token,
            Progress = new Stopping(stop),
        };
        Should.Throw<OperationCanceledException>(() => PursuitCases.Choose(problem, "gtp", ["gtp.tolerance=0"], context));
        device.Held.ShouldBe(0);

        var rows = GradientRows.OfPool((MemoryFeatures)problem.Gradients.Pool!, RowConstruction.ExactUnit);
        using (rows.HoldOn(device))
        {
            var (rhs, scores) = (new float[rows.Dimension], new double[rows.Count]);
            rows.Scan(rhs, 1, scores, 2, CancellationToken.None);
            rhs[3] = float.PositiveInfinity;
            var told = Should.Throw<PursuitException>(() => rows.Scan(rhs, 1, scores, 2, CancellationToken.None)).Message;
            var processor = GradientRows.OfPool((MemoryFeatures)problem.Gradients.Pool!, RowConstruction.ExactUnit);
            told.ShouldBe(Should.Throw<PursuitException>(() => processor.Scan(rhs, 1, scores, 2, CancellationToken.None)).Message);
        }
    }

    [Fact]
    public void A_device_that_was_left_is_asked_nothing_more()
    {
        var problem = PursuitCases.Problem(200, "8");
        var (device, rows) = (new PlainRowDevice(), GradientRows.OfPool(problem.Gradients.Pool!, RowConstruction.ExactUnit));
        var rhs = Gradients.Gaussian(3, rows.Dimension, 1, "test/left")[0];
        double[] first = new double[3 * rows.Count], second = new double[3 * rows.Count], third = new double[3 * rows.Count];
        var held = rows.HoldOn(device).ShouldNotBeNull();
        rows.Scan(rhs, 3, first, 2, CancellationToken.None);
        rows.Scan(rhs, 3, second, 2, CancellationToken.None);
        held.Dispose();
        rows.Scan(rhs, 3, third, 2, CancellationToken.None);
        second.ShouldBe(first);
        third.ShouldBe(first);
        (device.Passes, device.Held).ShouldBe((1, 0));
    }

    /// <summary>Stops after the first iterations.</summary>
    private sealed class Stopping(CancellationTokenSource stop) : IProgress<WorkProgress>
    {
        private int _told;

        public void Report(WorkProgress value)
        {
            if (++_told == 2) stop.Cancel();
        }
    }

    /// <summary>Features whose numbers are kept in another form.</summary>
    private sealed class StoredFeatures(MemoryFeatures inner, FeatureElement element) : ForwardedFeatures(inner)
    {
        private readonly MemoryFeatures _inner = inner;

        public override FeatureTile Read(int checkpoint, int firstRow, int rows, Span<float> scratch)
        {
            var floats = _inner.Read(checkpoint, firstRow, rows, scratch).Floats.ToArray();
            return element == FeatureElement.BF16
                ? new FeatureTile(Array.ConvertAll(floats, ReferenceFloatConversion.SingleToBFloat16))
                : new FeatureTile(Array.ConvertAll(floats, x => (sbyte)Math.Clamp(8 * x, -128, 127)));
        }
    }
}
