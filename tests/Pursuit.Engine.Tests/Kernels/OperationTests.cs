using System.Runtime.InteropServices;
using Pursuit.Engine.Kernels;
using Pursuit.Numerics;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Engine.Tests.Kernels;

/// <summary>Every operation of every implementation against its plain twin, over sizes around the vector widths.</summary>
public sealed class OperationTests
{
    private static readonly int[] Widths = [2, 6, 8, 16, 22, 34, 48, 70];

    public static TheoryData<string, float, bool> Norms { get; } = new(
        from operations in OperationRegistry.Fast
        from rule in new[] { (0f, false), (1f, false), (0f, true) }
        select (operations.Name, rule.Item1, rule.Item2));

    public static TheoryData<string, string, bool> Activations { get; } = new(
        from operations in OperationRegistry.Fast
        from activation in Enum.GetNames<Activation>()
        from gated in new[] { false, true }
        select (operations.Name, activation, gated));

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
                arena.Operations.SumRows(new(y, width), 5, width, sums);
                arena.Operations.AddToRows(sums, 5, width, new(y, width));
                var table = arena.Random(9 * width);
                arena.Operations.ScatterAddRows(y, arena.Integers(3, 8, 3, 0, 3), width, table);
                var gathered = arena.Zero(2 * width);
                arena.Operations.GatherRows(table, arena.Integers(3, 1), width, gathered);
                arena.Operations.AddRows(gathered, 2, width, new(table, 3 * width));
                arena.Operations.ScatterRows(new(x, 2 * width), arena.Integers(7, 2), width, table);
                var segments = new Segments(arena.Integers(0, 2, 3, 5), 0, 3);
                arena.Operations.Dropout(new(segments, width, 0.3f, 17, 4), x, false, y);
                arena.Operations.Dropout(new(segments with { First = 1, Count = 2 }, width, 0.5f, 18, 0), x, true, y);
                arena.Operations.ScaleRows(arena.Random(5), y, width, x);
                arena.Operations.DotRows(x, y, width, arena.Zero(5));
                arena.Scalars.Add(arena.Operations.SumOfSquares([table, x]));
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
                arena.Operations.Multiply(new(M, N, K, new(a, ta ? M : K), new(b, tb ? K : N), new(c, N + 3))
                {
                    TransposeA = ta,
                    TransposeB = tb,
                    Alpha = 0.5f,
                    Beta = 1,
                });
            });
        }
    }

    [Theory]
    [MemberData(nameof(Implementations))]
    public void A_segments_product_is_that_of_its_rows_alone_bit_for_bit(string name)
    {
        var arena = new OperationArena(OperationRegistry.Fast.Single(o => o.Name == name));
        const int M = 5, N = 7, Rows = 40;
        var (a, b, all) = (arena.Random(Rows * (M + 1)), arena.Random(Rows * N), arena.Zero(3 * M * N));
        int[] offsets = [0, 1, 1, 18, Rows]; // a row, none, and two ordinary ones
        var products = new SegmentProducts(new(arena.Integers(offsets), 1, 3), M, N, new(a, M + 1), new(b, N), all) { Alpha = 0.25f };
        arena.Operations.MultiplySegments(products);
        for (var i = 0; i < 3; i++)
        {
            var (first, alone) = (offsets[i + 1], arena.Zero(M * N));
            arena.Operations.Multiply(
                new(M, N, offsets[i + 2] - first, new(a.From(first * (M + 1)), M + 1), new(b.From(first * N), N), new(alone, N))
                {
                    TransposeA = true,
                    Alpha = 0.25f,
                });
            arena.Values(all.Part(i * M * N, M * N)).ShouldBe(arena.Values(alone));
        }

        Agree(name, other =>
        {
            var (x, y, z) = (other.Random(Rows * M), other.Random(Rows * N), other.Zero(4 * M * N));
            other.Operations.MultiplySegments(new(new(other.Integers(offsets), 0, 4), M, N, new(x, M), new(y, N), z));
        });
    }

    [Theory]
    [MemberData(nameof(Implementations))]
    public void Weights_in_bf16_give_the_bits_of_weights_widened_beforehand(string name)
    {
        var arena = new OperationArena(OperationRegistry.Fast.Single(o => o.Name == name));
        foreach (var (rows, columns, terms, transposed) in new[]
        {
            (3, 50, 37, true), (3, 50, 37, false), (40, 61, 600, true), (40, 61, 600, false),
        })
        {
            var (a, wide, c) = (arena.Random(rows * terms), arena.Random(columns * terms), arena.Random(rows * columns));
            var (narrow, widened) = (new ushort[columns * terms], new float[columns * terms]);
            FloatConversion.SingleToBFloat16(arena.Values(wide), narrow);
            FloatConversion.BFloat16ToSingle(narrow, widened);
            arena.Operations.Write(widened, wide);
            var weights = arena.Operations.Allocate(narrow.Length, ElementType.BFloat16).Slice(0, narrow.Length);
            arena.Operations.Write(narrow, weights);
            var (expected, product) = (arena.Zero(c.Length),
                new Product(rows, columns, terms, new(a, terms), new(wide, transposed ? terms : columns), new(c, columns))
                {
                    TransposeB = transposed,
                    Beta = 0.5f,
                });
            arena.Operations.Copy(c, expected);
            arena.Operations.Multiply(product with { C = new(expected, columns) });
            arena.Operations.Multiply(product with { B = new(weights, product.B.Stride) });
            arena.Values(c).ShouldBe(arena.Values(expected));

            var read = new float[narrow.Length];
            arena.Operations.Read(weights, read);
            read.ShouldBe(widened);
            var (first, second) = (arena.Zero(2 * terms), arena.Zero(2 * terms));
            arena.Operations.GatherRows(weights, arena.Integers(columns - 1, 0), terms, first);
            arena.Operations.GatherRows(wide, arena.Integers(columns - 1, 0), terms, second);
            arena.Values(first).ShouldBe(arena.Values(second));
        }
    }

    [Theory]
    [MemberData(nameof(Norms))]
    public void Norms_equal_the_twin(string name, float offset, bool centers)
    {
        foreach (var width in Widths.Where(w => w > 2 || !centers)) // two values less their mean are 1 and -1: no slope but rounding
        {
            Agree(name, arena =>
            {
                const int Rows = 3, Groups = 2;
                var stride = Groups * width + 5;
                var (x, w, dy, dx) =
                    (arena.Random(Rows * stride), arena.Random(width), arena.Random(Rows * stride), arena.Random(Rows * stride));
                var (y, r, dw) = (arena.Zero(Rows * stride), arena.Zero(Rows * Groups), arena.Zero(width));
                var shape = new NormShape(Rows, Groups, width);
                var norm = new NormCall(new NormRule(1e-5f, offset, centers), w, centers ? arena.Random(width) : null);
                arena.Operations.Norm(shape, norm, new(x, stride), new(y, stride), r);
                var gradient = new NormGradient(shape, norm, new(x, stride), r, new(dy, stride), new(dx, stride))
                {
                    Accumulate = true,
                    DWeight = dw,
                    DBias = centers ? arena.Zero(width) : null,
                };
                arena.Operations.NormBackward(gradient);
                arena.Operations.NormBackward(gradient with { Accumulate = false, DWeight = null, DBias = null, DX = new(dy, stride) });
                var again = arena.Zero(Rows * width);
                arena.Operations.NormAgain(Rows, width, norm, x.Part(0, Rows * width), r.Part(0, Rows), again);
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
                arena.Operations.Rope(new(x, 3 * width), new(2, width, width), table, arena.Integers(0, 8, 1, 2), backward: false);
                arena.Operations.Rope(new(x, 3 * width), new(3, width, width), table, arena.Integers(5, 5, 0, 2), backward: true);
                arena.Operations.Rope(new(x, 3 * width), new(3, width, width / 4 * 2), table, arena.Integers(5, 5, 0, 2), backward: false);
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
                    var shape = Shape(4, 2, size, window);
                    var sequences = arena.Integers(0, 1, 0, 1, 1, 45, 1, 45, 46, 8, 46, 8);
                    const int Rows = 54;
                    var stride = 8 * size + 1;
                    var (qkv, dO) = (arena.Random(Rows * stride), arena.Random(Rows * 4 * size));
                    var (o, lse, dQkv) = (arena.Zero(Rows * 4 * size), arena.Zero(Rows * 4), arena.Zero(Rows * stride));
                    var scratch = arena.Scratch(arena.Operations.AttentionScratch(shape, 45));
                    var (k, v, dK, dV) = (qkv.From(4 * size), qkv.From(6 * size), dQkv.From(4 * size), dQkv.From(6 * size));
                    var call = new AttentionCall(
                        shape, sequences, new(qkv, stride), new(k, stride), new(v, stride), scratch, new(o, 4 * size), lse);
                    arena.Operations.Attention(call);
                    arena.Operations.AttentionBackward(new(call, new(dO, 4 * size), new(dQkv, stride), new(dK, stride), new(dV, stride)));
                });
            }
        }
    }

    [Theory]
    [MemberData(nameof(Implementations))]
    public void Attention_to_all_keys_equals_the_twin(string name)
    {
        foreach (var size in new[] { 2, 8, 16, 20, 48 })
        {
            Agree(name, arena =>
            {
                var shape = Shape(4, 2, size, int.MaxValue) with { SeesBehind = true };
                var sequences = arena.Integers(0, 1, 0, 1, 1, 45, 1, 45, 46, 8, 46, 8);
                const int Rows = 54;
                var stride = 8 * size + 1;
                var (qkv, o, lse) = (arena.Random(Rows * stride), arena.Zero(Rows * 4 * size), arena.Zero(Rows * 4));
                var scratch = arena.Scratch(arena.Operations.AttentionScratch(shape, 45));
                arena.Operations.Attention(new(
                    shape, sequences, new(qkv, stride), new(qkv.From(4 * size), stride), new(qkv.From(6 * size), stride), scratch,
                    new(o, 4 * size), lse));
            });
        }
    }

    [Theory]
    [MemberData(nameof(Implementations))]
    public void Attention_of_the_last_queries_alone_is_that_of_all(string name)
    {
        var operations = OperationRegistry.Fast.Single(o => o.Name == name);
        var arena = new OperationArena(operations);
        var shape = new AttentionShape(2, 1, 8, 20);
        var (q, k, v) = (arena.Random(40 * 16), arena.Random(40 * 8), arena.Random(40 * 8));
        var (all, few, lse) = (arena.Zero(40 * 16), arena.Zero(3 * 16), arena.Zero(80));
        var scratch = arena.Scratch(operations.AttentionScratch(shape, 40));
        operations.Attention(new(shape, arena.Integers(0, 40, 0, 40), new(q, 16), new(k, 8), new(v, 8), scratch, new(all, 16), lse));
        operations.Attention(
            new(shape, arena.Integers(0, 3, 0, 40), new(q.From(37 * 16), 16), new(k, 8), new(v, 8), scratch, new(few, 16), lse));
        Distance.Relative(arena.Values(few), arena.Values(all.From(37 * 16))).ShouldBeLessThan(Tolerances.OperationAgainstTwin);
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
                    var shape = Shape(4, 2, size, window);
                    var texts = arena.Integers(0, 1, 0, 37, 1, 1, 40, 1, 2, 1, 48, 16);
                    var (q, kv) = (arena.Random(3 * 4 * size), arena.Random(64 * 4 * size));
                    var (o, lse) = (arena.Zero(3 * 4 * size), arena.Zero(3 * 4));
                    var scratch = arena.Scratch(arena.Operations.AttentionScratch(shape, 37));
                    arena.Operations.Attention(new(
                        shape, texts, new(q, 4 * size), new(kv, 4 * size), new(kv.From(2 * size), 4 * size),
                        scratch, new(o, 4 * size), lse));
                });
            }
        }
    }

    [Theory]
    [MemberData(nameof(Activations))]
    public void Activations_equal_the_twin(string name, string function, bool gated)
    {
        foreach (var width in Widths)
        {
            foreach (var scale in new[] { 0.01f, 1, 8 })
            {
                Agree(name, arena =>
                {
                    var shape = new ActivationShape(3, width, Enum.Parse<Activation>(function), gated);
                    var (x, h) = (arena.Random(3 * shape.Inputs, scale), arena.Zero(3 * width));
                    arena.Operations.Activate(shape, x, h);
                    var dH = arena.Random(3 * width);
                    arena.Operations.ActivateBackward(shape, x, dH);
                    arena.Operations.SoftCap(30, h);
                    arena.Operations.Multiply(0.25f, dH);
                });
            }
        }
    }

    [Theory]
    [MemberData(nameof(Implementations))]
    public void Softmax_of_capped_and_scaled_logits_equals_the_twin(string name)
    {
        foreach (var width in Widths)
        {
            Agree(name, arena =>
            {
                var targets = arena.Integers(0, width - 1, 1);
                var logits = arena.Random(3 * width, 20);
                var (maximum, sum, target, weights) = (arena.Zero(3), arena.Zero(3), arena.Zero(3), arena.Zero(3));
                arena.Operations.SoftCap(15, logits);
                arena.Operations.Fill(float.NegativeInfinity, maximum);
                arena.Operations.Write([1, 0.5f, 2], weights);
                var block = new LogitBlock(logits, 3, width, 0, targets) { Rule = new(0.125f, width % 4 == 0 ? 15 : 0) };
                arena.Operations.SoftmaxStatistics(block, maximum, sum, target);
                arena.Operations.SoftmaxGradient(block, weights, maximum, sum);
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
                var targets = arena.Integers(0, width, 2 * width - 1);
                var (first, second) = (arena.Random(3 * width, 30), arena.Random(3 * width, 30));
                var (maximum, sum, target) = (arena.Zero(3), arena.Zero(3), arena.Zero(3));
                arena.Operations.Fill(float.NegativeInfinity, maximum);
                var weights = arena.Zero(3);
                arena.Operations.Write([1, 0.5f, 2], weights);
                var blocks = new[] { new LogitBlock(first, 3, width, 0, targets), new LogitBlock(second, 3, width, width, targets) };
                foreach (var block in blocks) arena.Operations.SoftmaxStatistics(block, maximum, sum, target);
                foreach (var block in blocks) arena.Operations.SoftmaxGradient(block, weights, maximum, sum);
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
                var targets = arena.Integers(0, width, 2 * width - 1);
                var (first, second) = (arena.Random(3 * width, 4), arena.Random(3 * width, 4));
                arena.Set(first, width / 2, 60); // a certain row, and the largest logit twice
                arena.Set(second, 0, 60);
                arena.Set(second, width - 1, float.NegativeInfinity);
                var sums = arena.Operations.Allocate(3 * PredictionSums.Floats).Slice(0, 3 * PredictionSums.Floats);
                arena.Operations.StartPredictions(sums);
                arena.Operations.PredictionStatistics(new(first, 3, width, 0, targets), sums);
                arena.Operations.PredictionStatistics(new(second, 3, width, width, targets), sums);
                foreach (var row in MemoryMarshal.Cast<float, PredictionSums>(arena.Values(sums)))
                    arena.Scalars.AddRange([row.Maximum, row.Second, row.Target, row.Sum, row.SquareSum, row.WeightedSum]);
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
                    var (values, factors, m, v) =
                        (arena.Random(6 * width), arena.Random(3 * width), arena.Random(3 * width), arena.Random(3 * width));
                    arena.Operations.Scale(v, 1, v); // squares: second moments aren't negative
                    arena.Operations.Scale(factors, 2, values);
                    var stride = dimension + SketchKey.BlockSize + 1;
                    var sketches = new MatrixSlice(arena.Zero(2 * stride), stride);
                    arena.Operations.AddSketches(values, 2, SketchKey.ForTensor(5, "a"), dimension, sketches);
                    arena.Operations.AdamDirection(new AdamDirection(0.9f, 0.999f, 1e-8f, width % 4 == 0), m, v, 2, values);
                    arena.Operations.AddSketches(values, 2, SketchKey.ForTensor(5, "b"), dimension, sketches);
                    arena.Operations.WrapSketches(dimension, 2, sketches);
                });
            }
        }
    }

    [Theory]
    [MemberData(nameof(Implementations))]
    public void NaN_is_never_lost(string name)
    {
        var operations = OperationRegistry.Fast.Single(o => o.Name == name);
        var arena = new OperationArena(operations);
        foreach (var place in new[] { 0, 15, 16, 19 })
        {
            var (logits, maximum, sum, target) = (arena.Random(20), arena.Zero(1), arena.Zero(1), arena.Zero(1));
            arena.Set(logits, place, float.NaN);
            operations.Fill(float.NegativeInfinity, maximum);
            operations.SoftmaxStatistics(new(logits, 1, 20, 0, arena.Integers(1)), maximum, sum, target);
            float.IsNaN(arena.Values(sum)[0]).ShouldBeTrue();
            var (gateUp, h) = (arena.Random(40), arena.Zero(20));
            arena.Set(gateUp, place, float.NaN);
            foreach (var activation in Enum.GetValues<Activation>())
            {
                operations.Activate(new(1, 20, activation, true), gateUp, h);
                float.IsNaN(arena.Values(h)[place]).ShouldBeTrue();
            }

            operations.Fill(0, h);
            arena.Set(h, place, float.NaN);
            operations.SoftCap(3, h);
            float.IsNaN(arena.Values(h)[place]).ShouldBeTrue();
        }
    }

    /// <summary>A shape whose scores are capped where the window says 5, and scaled otherwise than usual.</summary>
    private static AttentionShape Shape(int queries, int keys, int size, int window)
    {
        var shape = new AttentionShape(queries, keys, size, window);
        return window == 5 ? shape with { Scale = 0.3f, Softcap = 2 } : shape;
    }

    /// <summary>Runs the same calls on both and compares everything they left in memory.</summary>
    private static void Agree(string name, Action<OperationArena> calls)
    {
        var fast = new OperationArena(OperationRegistry.Fast.Single(o => o.Name == name));
        var plain = new OperationArena(OperationRegistry.Plain);
        calls(fast);
        calls(plain);
        for (var i = 0; i < plain.Compared.Count; i++)
            Distance.Relative(fast.Values(fast.Compared[i]), plain.Values(plain.Compared[i]))
                .ShouldBeLessThan(Tolerances.OperationAgainstTwin, $"buffer {i}");
        for (var i = 0; i < plain.Scalars.Count; i++)
            if (!plain.Scalars[i].Equals(fast.Scalars[i]))
                fast.Scalars[i].ShouldBe(plain.Scalars[i], Tolerances.OperationAgainstTwin * Math.Abs(plain.Scalars[i]));
    }
}
