using Pursuit.Engine.Kernels;
using Pursuit.Runs;
using Pursuit.TestKit.Reference;
using Pursuit.TestKit;

namespace Pursuit.Engine.Tests;

/// <summary>Every operation of every implementation against its plain twin, over sizes around the vector widths.</summary>
public sealed class OperationTests
{
    private static readonly int[] Widths = [2, 6, 8, 16, 22, 34, 48, 70];

    public static TheoryData<string> Implementations => new(OperationRegistry.Fast.Select(o => o.Name));

    [Theory]
    [MemberData(nameof(Implementations))]
    public void Sums_and_updates_equal_the_twin(string name)
    {
        foreach (var width in Widths)
        {
            Agree(name, arena =>
            {
                var (x, y) = (arena.Random(5 * width), arena.Random(5 * width));
                arena.Operations.AddScaled(0.7f, x, y);
                var sums = arena.Zero(width);
                arena.Operations.SumRows(y, width, 5, width, sums);
                arena.Operations.AddToRows(sums, 5, width, y, width);
                var table = arena.Random(9 * width);
                arena.Operations.ScatterAddRows(y, [3, 8, 3, 0, 3], width, table);
                var gathered = arena.Zero(2 * width);
                arena.Operations.GatherRows(table, [3, 1], width, gathered);
                arena.Operations.Dropout(x, 0.3f, 17, false, y);
                arena.Operations.Dropout(gathered.Part(0, width), 0.5f, 18, true, table.Part(0, width));
                arena.Scalars.Add(arena.Operations.SumOfSquares(table));
            });
        }
    }

    [Theory]
    [MemberData(nameof(Implementations))]
    public void Products_equal_the_twin(string name)
    {
        foreach (var (ta, tb) in new[] { (false, false), (false, true), (true, false), (true, true) })
        {
            Agree(name, arena =>
            {
                const int M = 13, N = 21, K = 37;
                var (a, b, c) = (arena.Random(M * K), arena.Random(K * N), arena.Random(M * (N + 3)));
                arena.Operations.Multiply(ta, tb, M, N, K, 0.5f, a, ta ? M : K, b, tb ? K : N, 1, c, N + 3);
            });
        }
    }

    [Theory]
    [MemberData(nameof(Implementations))]
    public void Norms_equal_the_twin(string name)
    {
        foreach (var width in Widths)
        {
            Agree(name, arena =>
            {
                const int Rows = 3, Groups = 2;
                var stride = Groups * width + 5;
                var (x, w, dy, dx) = (arena.Random(Rows * stride), arena.Random(width), arena.Random(Rows * stride), arena.Random(Rows * stride));
                var (y, r, dw) = (arena.Zero(Rows * stride), arena.Zero(Rows * Groups), arena.Zero(width));
                arena.Operations.RmsNorm(x, stride, w, 1e-5f, Rows, Groups, width, y, stride, r);
                arena.Operations.RmsNormBackward(x, stride, w, r, dy, stride, Rows, Groups, width, true, dx, stride, dw);
                arena.Operations.RmsNormBackward(x, stride, w, r, dy, stride, Rows, Groups, width, false, dy, stride, null);
                var again = arena.Zero(Rows * width);
                arena.Operations.RmsNormAgain(x.Part(0, Rows * width), w, r.Part(0, Rows), Rows, width, again);
            });
        }
    }

    [Theory]
    [MemberData(nameof(Implementations))]
    public void Rotations_equal_the_twin_and_turn_back(string name)
    {
        foreach (var width in Widths)
        {
            Agree(name, arena =>
            {
                var (x, table) = (arena.Random(4 * 3 * width), arena.Random(9 * width));
                arena.Operations.Rope(x, 3 * width, 2, width, table, [0, 8, 1, 2], backward: false);
                arena.Operations.Rope(x, 3 * width, 3, width, table, [5, 5, 0, 2], backward: true);
            });
        }
    }

    [Theory]
    [MemberData(nameof(Implementations))]
    public void Attention_equals_the_twin(string name)
    {
        foreach (var size in new[] { 2, 8, 16, 20, 48 })
        {
            foreach (var window in new[] { 1, 5, 18, int.MaxValue })
            {
                Agree(name, arena =>
                {
                    var shape = new AttentionShape(4, 2, size, window);
                    SequenceRows[] sequences = [new(0, 1, 0, 1), new(1, 45, 1, 45), new(46, 8, 46, 8)];
                    const int Rows = 54;
                    var stride = 8 * size + 1;
                    var (qkv, dO) = (arena.Random(Rows * stride), arena.Random(Rows * 4 * size));
                    var (o, lse, dQkv) = (arena.Zero(Rows * 4 * size), arena.Zero(Rows * 4), arena.Zero(Rows * stride));
                    var scratch = arena.Scratch(arena.Operations.AttentionScratch(shape, 45));
                    var (k, v, dK, dV) = (qkv.From(4 * size), qkv.From(6 * size), dQkv.From(4 * size), dQkv.From(6 * size));
                    arena.Operations.Attention(shape, sequences, qkv, stride, k, v, stride, scratch, o, 4 * size, lse);
                    arena.Operations.AttentionBackward(shape, sequences, qkv, k, v, stride, o, dO, 4 * size, lse, scratch, dQkv, dK, dV, stride);
                });
            }
        }
    }

    [Theory]
    [MemberData(nameof(Implementations))]
    public void Attention_of_the_last_queries_alone_is_that_of_all(string name)
    {
        var operations = OperationRegistry.Fast.Single(o => o.Name == name);
        var arena = new Arena(operations);
        var shape = new AttentionShape(2, 1, 8, 20);
        var (q, k, v) = (arena.Random(40 * 16), arena.Random(40 * 8), arena.Random(40 * 8));
        var (all, few, lse) = (arena.Zero(40 * 16), arena.Zero(3 * 16), arena.Zero(80));
        var scratch = arena.Scratch(operations.AttentionScratch(shape, 40));
        operations.Attention(shape, [new SequenceRows(0, 40, 0, 40)], q, 16, k, v, 8, scratch, all, 16, lse);
        operations.Attention(shape, [new SequenceRows(0, 3, 0, 40)], q.From(37 * 16), 16, k, v, 8, scratch, few, 16, lse);
        Distance.Relative(few.AsSpan(), all.AsSpan()[(37 * 16)..]).ShouldBeLessThan(Tolerances.OperationAgainstTwin);
    }

    [Theory]
    [MemberData(nameof(Implementations))]
    public void Attention_of_one_query_per_text_equals_the_twin(string name)
    {
        foreach (var size in new[] { 2, 8, 16, 20, 48 })
        {
            foreach (var window in new[] { 1, 5, 18, int.MaxValue })
            {
                Agree(name, arena =>
                {
                    var shape = new AttentionShape(4, 2, size, window);
                    SequenceRows[] texts = [new(0, 1, 0, 37), new(1, 1, 40, 1), new(2, 1, 48, 16)];
                    var (q, kv) = (arena.Random(3 * 4 * size), arena.Random(64 * 4 * size));
                    var (o, lse) = (arena.Zero(3 * 4 * size), arena.Zero(3 * 4));
                    arena.Operations.Attention(shape, texts, q, 4 * size, kv, kv.From(2 * size), 4 * size, arena.Scratch(arena.Operations.AttentionScratch(shape, 37)), o, 4 * size, lse);
                });
            }
        }
    }

    [Theory]
    [MemberData(nameof(Implementations))]
    public void The_gate_equals_the_twin(string name)
    {
        foreach (var width in Widths)
        {
            Agree(name, arena =>
            {
                var (gateUp, h) = (arena.Random(3 * 2 * width, 8), arena.Zero(3 * width));
                arena.Operations.SiluGate(gateUp, 3, width, h);
                var dH = arena.Random(3 * width);
                arena.Operations.SiluGateBackward(gateUp, 3, width, dH);
            });
        }
    }

    [Theory]
    [MemberData(nameof(Implementations))]
    public void Softmax_in_blocks_equals_the_twin(string name)
    {
        foreach (var width in Widths)
        {
            Agree(name, arena =>
            {
                int[] targets = [0, width, 2 * width - 1];
                var (first, second) = (arena.Random(3 * width, 30), arena.Random(3 * width, 30));
                var (maximum, sum, target) = (arena.Zero(3), arena.Zero(3), arena.Zero(3));
                arena.Operations.Fill(float.NegativeInfinity, maximum);
                arena.Operations.SoftmaxStatistics(first, 3, width, 0, targets, maximum, sum, target);
                arena.Operations.SoftmaxStatistics(second, 3, width, width, targets, maximum, sum, target);
                arena.Operations.SoftmaxGradient(first, 3, width, 0, targets, [1, 0.5f, 2], maximum, sum);
                arena.Operations.SoftmaxGradient(second, 3, width, width, targets, [1, 0.5f, 2], maximum, sum);
            });
        }
    }

    [Theory]
    [MemberData(nameof(Implementations))]
    public void Prediction_statistics_in_blocks_equal_the_twin(string name)
    {
        foreach (var width in Widths.Append(1).Append(700))
        {
            Agree(name, arena =>
            {
                int[] targets = [0, width, 2 * width - 1];
                var (first, second) = (arena.Random(3 * width, 4), arena.Random(3 * width, 4));
                first.AsSpan()[width / 2] = second.AsSpan()[0] = 60; // a certain row, and the largest logit twice
                second.AsSpan()[width - 1] = float.NegativeInfinity;
                var sums = Enumerable.Repeat(PredictionSums.Start, 3).ToArray();
                arena.Operations.PredictionStatistics(first, 3, width, 0, targets, sums);
                arena.Operations.PredictionStatistics(second, 3, width, width, targets, sums);
                foreach (var row in sums) arena.Scalars.AddRange([row.Maximum, row.Second, row.Target, row.Sum, row.SquareSum, row.WeightedSum]);
            });
        }
    }

    [Theory]
    [MemberData(nameof(Implementations))]
    public void AdamW_equals_the_twin_over_several_steps(string name)
    {
        foreach (var width in Widths)
        {
            Agree(name, arena =>
            {
                var (w, m, v) = (arena.Random(width), arena.Zero(width), arena.Zero(width));
                for (var step = 1; step <= 3; step++)
                    arena.Operations.AdamW(new AdamWStep(1e-2f, 0.9f, 0.999f, 1e-8f, 0.1f, step, 0.5f), arena.Random(width), w, m, v);
            });
        }
    }

    [Theory]
    [MemberData(nameof(Implementations))]
    public void Sketches_and_the_steps_before_them_equal_the_twin(string name)
    {
        foreach (var dimension in new[] { 1, 7, 16, 40, 100 })
        {
            foreach (var width in Widths)
            {
                Agree(name, arena =>
                {
                    var (values, factors, m, v) = (arena.Random(3 * width), arena.Random(3 * width), arena.Random(3 * width), arena.Random(3 * width));
                    arena.Operations.Scale(v, v); // squares: second moments aren't negative
                    arena.Operations.Scale(factors, values);
                    var sketch = arena.Zero(dimension + SketchKey.BlockSize - 1);
                    arena.Operations.AddSketch(values, SketchKey.Of(5, "a"), dimension, sketch);
                    arena.Operations.AdamDirection(new AdamDirection(0.9f, 0.999f, 1e-8f, width % 4 == 0), m, v, values);
                    arena.Operations.AddSketch(values, SketchKey.Of(5, "b"), dimension, sketch);
                    arena.Operations.WrapSketch(dimension, sketch);
                });
            }
        }
    }

    [Theory]
    [MemberData(nameof(Implementations))]
    public void NaN_is_never_lost(string name)
    {
        var operations = OperationRegistry.Fast.Single(o => o.Name == name);
        var arena = new Arena(operations);
        foreach (var place in new[] { 0, 15, 16, 19 })
        {
            var (logits, maximum, sum, target) = (arena.Random(20), arena.Zero(1), arena.Zero(1), arena.Zero(1));
            logits.AsSpan()[place] = float.NaN;
            operations.Fill(float.NegativeInfinity, maximum);
            operations.SoftmaxStatistics(logits, 1, 20, 0, [1], maximum, sum, target);
            float.IsNaN(sum.AsSpan()[0]).ShouldBeTrue();
            var (gateUp, h) = (arena.Random(40), arena.Zero(20));
            gateUp.AsSpan()[place] = float.NaN;
            operations.SiluGate(gateUp, 1, 20, h);
            float.IsNaN(h.AsSpan()[place]).ShouldBeTrue();
        }
    }

    /// <summary>Runs the same calls on both and compares everything they left in memory.</summary>
    private static void Agree(string name, Action<Arena> calls)
    {
        var fast = new Arena(OperationRegistry.Fast.Single(o => o.Name == name));
        var plain = new Arena(OperationRegistry.Plain);
        calls(fast);
        calls(plain);
        for (var i = 0; i < plain.Compared.Count; i++)
            Distance.Relative(fast.Compared[i].AsSpan(), plain.Compared[i].AsSpan()).ShouldBeLessThan(Tolerances.OperationAgainstTwin, $"buffer {i}");
        for (var i = 0; i < plain.Scalars.Count; i++)
            if (!plain.Scalars[i].Equals(fast.Scalars[i])) fast.Scalars[i].ShouldBe(plain.Scalars[i], Tolerances.OperationAgainstTwin * Math.Abs(plain.Scalars[i]));
    }

    /// <summary>Buffers filled from one seeded stream, so that two arenas hold the same.</summary>
    private sealed class Arena(IDecoderOperations operations)
    {
        private readonly SeededRandom _random = new(3, "test/operations");

        public IDecoderOperations Operations { get; } = operations;

        public List<BufferSlice> Compared { get; } = [];

        public List<double> Scalars { get; } = [];

        public BufferSlice Random(int length, float scale = 1)
        {
            var slice = Zero(length);
            foreach (ref var value in slice.AsSpan())
                value = (float)(scale * _random.NextGaussian());
            return slice;
        }

        public BufferSlice Zero(int length)
        {
            Compared.Add(Operations.Allocate(length).Slice(0, length));
            return Compared[^1];
        }

        /// <summary>Full of NaN, so that reading what was never written shows.</summary>
        public BufferSlice Scratch(int length)
        {
            var slice = Operations.Allocate(length).Slice(0, length);
            slice.AsSpan().Fill(float.NaN);
            return slice;
        }
    }
}
