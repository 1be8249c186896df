using Pursuit.Engine.Adapters;
using Pursuit.Engine.Features;
using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Storage;
using Pursuit.TestKit;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Engine.Tests.Features;

/// <summary>Per-example features against gradients that are formed one example at a time, whose values PyTorch confirms.</summary>
public sealed class ExtractorTests
{
    /// <summary>More numbers than the tiny model's gradients have, so that nothing is sketched.</summary>
    private const int Exact = 1 << 16;

    [Theory]
    [InlineData(GradientKind.Full)]
    [InlineData(GradientKind.Factored)]
    [InlineData(GradientKind.Lora)]
    public void Without_projection_a_feature_is_the_examples_own_gradient(GradientKind kind)
    {
        using var model = new Model(kind);
        var options = new GradientFeatureOptions { Kind = kind, Preconditioning = Preconditioning.None, Dimension = Exact, Factor = 4096 };
        var examples = Examples(9);
        var (rows, _, dimension) = model.Extract(options, examples);
        for (var i = 0; i < examples.Length; i++)
            Distance.Relative(rows.AsSpan(i * dimension, dimension), model.OwnGradient(examples[i]))
                .ShouldBeLessThan(Tolerances.FloatReordered);
    }

    [Theory]
    [InlineData(GradientKind.Full)]
    [InlineData(GradientKind.Factored)]
    [InlineData(GradientKind.Lora)]
    public void Neighbours_micro_batches_and_threads_change_no_bit_of_a_feature(GradientKind kind)
    {
        using var model = new Model(kind);
        var options = new GradientFeatureOptions { Kind = kind, Preconditioning = Preconditioning.None, Dimension = 512, Factor = 6 };
        var examples = Examples(14);
        var (together, losses, dimension) = model.Extract(options with { MicroBatch = 4096 }, examples);
        var (apart, _, _) = model.Extract(options with { MicroBatch = 1 }, examples, threads: 2);
        apart.ShouldBe(together);
        var order = Enumerable.Range(0, examples.Length).Reverse().ToArray();
        var (reversed, reversedLosses, _) = model.Extract(
            options with { MicroBatch = 50 }, [.. order.Select(i => examples[i])], threads: 3);
        for (var i = 0; i < order.Length; i++)
        {
            reversed[(i * dimension)..((i + 1) * dimension)].ShouldBe(together[(order[i] * dimension)..((order[i] + 1) * dimension)]);
            reversedLosses[i].ShouldBe(losses[order[i]]);
        }
    }

    [Theory]
    [InlineData(GradientKind.Full, 4096)]
    [InlineData(GradientKind.Factored, 4096)]
    [InlineData(GradientKind.Factored, 6)]
    [InlineData(GradientKind.Lora, 4096)]
    public void Over_seeds_inner_products_are_right_in_the_mean_and_scatter_as_the_dimension_allows(GradientKind kind, int factor)
    {
        const int Seeds = 60, Dimension = 256;
        using var model = new Model(kind);
        var examples = Examples(4);
        var own = examples.Select(model.OwnGradient).ToArray();
        var options =
            new GradientFeatureOptions { Kind = kind, Preconditioning = Preconditioning.None, Dimension = Dimension, Factor = factor };
        var scatter = new double[Seeds];
        var errors = new double[Seeds];
        for (var seed = 0; seed < Seeds; seed++)
        {
            var (rows, _, dimension) = model.Extract(options with { Seed = seed }, examples);
            for (var (i, pairs) = (0, 0); i < examples.Length; i++)
                for (var j = i; j < examples.Length; j++, pairs++)
                {
                    // As a share of the lengths, so that every pair counts alike.
                    var error = (Dot(rows.AsSpan(i * dimension, dimension), rows.AsSpan(j * dimension, dimension)) - Dot(own[i], own[j]))
                        / Math.Sqrt(Dot(own[i], own[i]) * Dot(own[j], own[j]));
                    errors[seed] += error / 10;
                    scatter[seed] += error * error / 10;
                }
        }

        var deviation = Math.Sqrt(scatter.Average());
        // A count-sketch of 256 numbers scatters by up to sqrt(2/256) = 0.09; six directions on each side of a layer add theirs.
        deviation.ShouldBeLessThan(factor == 6 ? 0.5 : 0.1);
        Math.Abs(errors.Average()).ShouldBeLessThan(4 * deviation / Math.Sqrt(Seeds));
    }

    [Theory]
    [InlineData(EpsilonPlace.Inside)]
    [InlineData(EpsilonPlace.Outside)]
    public void Adam_turns_the_pools_gradients_as_LESS_says_and_leaves_the_targets(EpsilonPlace place)
    {
        using var model = new Model(GradientKind.Full);
        using var directory = new TemporaryDirectory();
        var moments = model.WriteMoments(directory.FullPath);
        var options = new GradientFeatureOptions
        {
            Kind = GradientKind.Full,
            Preconditioning = Preconditioning.Adam,
            Dimension = Exact,
            EpsilonPlace = place,
        };
        var examples = Examples(3);
        var (pool, _, dimension) = model.Extract(options, examples, directory.FullPath);
        var (target, _, _) = model.Extract(options, examples, directory.FullPath, GradientSide.Target);
        for (var i = 0; i < examples.Length; i++)
        {
            var gradient = model.OwnGradient(examples[i]);
            Distance.Relative(target.AsSpan(i * dimension, dimension), gradient).ShouldBeLessThan(Tolerances.FloatReordered);
            var expected = gradient.Select((g, k) =>
            {
                var first = 0.9 * moments.First[k] + 0.1 * g;
                var second = 0.999 * moments.Second[k] + 0.001 * g * g;
                return (float)(place == EpsilonPlace.Inside ? first / Math.Sqrt(second + 1e-8) : first / (Math.Sqrt(second) + 1e-8));
            }).ToArray();
            Distance.Relative(pool.AsSpan(i * dimension, dimension), expected).ShouldBeLessThan(Tolerances.FloatReordered);
        }
    }

    [Fact]
    public void Symmetric_multiplies_both_sides_with_the_second_moments_to_the_minus_a_quarter()
    {
        using var model = new Model(GradientKind.Full);
        using var directory = new TemporaryDirectory();
        var moments = model.WriteMoments(directory.FullPath);
        var options = new GradientFeatureOptions
        {
            Kind = GradientKind.Full,
            Preconditioning = Preconditioning.Symmetric,
            Dimension = Exact,
            Epsilon = 1e-3,
        };
        var examples = Examples(3);
        var (pool, _, dimension) = model.Extract(options, examples, directory.FullPath);
        model.Extract(options, examples, directory.FullPath, GradientSide.Target).Rows.ShouldBe(pool);
        for (var i = 0; i < examples.Length; i++)
        {
            var expected = model.OwnGradient(examples[i]).Select((g, k) => (float)(g * Math.Pow(moments.Second[k] + 1e-3, -0.25)))
                .ToArray();
            Distance.Relative(pool.AsSpan(i * dimension, dimension), expected).ShouldBeLessThan(Tolerances.FloatReordered);
        }
    }

    [Fact]
    public void Factored_and_full_symmetric_features_agree_where_the_second_moments_factor()
    {
        // v_ij = r_i c_j within each layer: then the row and column means say all of v.
        using var model = new Model(GradientKind.Full);
        using var directory = new TemporaryDirectory();
        model.WriteMoments(directory.FullPath, factors: true);
        var options =
            new GradientFeatureOptions { Preconditioning = Preconditioning.Symmetric, Dimension = Exact, Factor = 4096, Epsilon = 1e-12 };
        var examples = Examples(3);
        var (full, _, dimension) = model.Extract(options with { Kind = GradientKind.Full }, examples, directory.FullPath);
        var (factored, _, _) = model.Extract(options with { Kind = GradientKind.Factored }, examples, directory.FullPath);
        for (var i = 0; i < examples.Length; i++)
            Distance.Relative(factored.AsSpan(i * dimension, dimension), full.AsSpan(i * dimension, dimension)).ShouldBeLessThan(1e-2);
    }

    [Fact]
    public void Kronecker_inner_products_are_those_under_the_factored_Fisher_matrix()
    {
        // a and delta of every token, captured; (A + lam)^-1 (x) (G + lam)^-1 by elimination in float64.
        const double Damping = 0.2;
        using var model = new Model(GradientKind.Factored);
        using var directory = new TemporaryDirectory();
        var options = new GradientFeatureOptions
        {
            Kind = GradientKind.Factored,
            Preconditioning = Preconditioning.Kronecker,
            Dimension = Exact,
            Factor = 4096,
            Epsilon = Damping,
        };
        var examples = Examples(6);
        var factors = model.WriteFactors(directory.FullPath, options, Examples(11));
        var (rows, _, dimension) = model.Extract(options, examples, null, factors: factors);
        model.Extract(options, examples, null, GradientSide.Target, factors: factors).Rows.ShouldBe(rows);
        var inverted = examples.Select(e => model.UnderFisher(model.OwnGradient(e), Examples(11), Damping)).ToArray();
        for (var i = 0; i < examples.Length; i++)
            for (var j = 0; j < examples.Length; j++)
            {
                var own = model.OwnGradient(examples[i]);
                var expected = own.Zip(inverted[j], (a, b) => a * b).Sum();
                Dot(rows.AsSpan(i * dimension, dimension), rows.AsSpan(j * dimension, dimension))
                    .ShouldBe(expected, 1e-3 * Math.Sqrt(own.Zip(inverted[i], (a, b) => a * b).Sum() * Math.Abs(expected)) + 1e-6);
            }
    }

    [Fact]
    public void Whitened_sides_give_the_exact_inverse_of_a_Fisher_matrix_that_factors()
    {
        // Every delta with every a: the Fisher matrix of the gradients delta a^T is then A (x) G itself, without approximation.
        const int Inputs = 3, Outputs = 2, Each = 7;
        var random = new SeededRandom(3, "test/fisher");
        double[][] Vectors(int size) =>
            [.. Enumerable.Range(0, Each).Select(_ => Enumerable.Range(0, size).Select(_ => random.NextGaussian()).ToArray())];
        var (a, delta) = (Vectors(Inputs), Vectors(Outputs));
        var gradients = a.SelectMany(x => delta.Select(d => d.SelectMany(v => x.Select(u => v * u)).ToArray())).ToArray();
        var fisher = Float64.SecondMoment(gradients);
        var (wa, wd) = (Whitener(a), Whitener(delta));
        foreach (var (i, j) in new[] { (0, 0), (1, 30), (12, 48) })
        {
            var expected = gradients[i].Zip(Float64.Solve(fisher, gradients[j]), (u, v) => u * v).Sum();
            var got = Product(a[i / Each], a[j / Each], wa) * Product(delta[i % Each], delta[j % Each], wd);
            got.ShouldBe(expected, 1e-4 * Math.Abs(expected) + 1e-5);
        }

        static float[] Whitener(double[][] vectors)
        {
            var size = vectors[0].Length;
            var matrix = new float[size * size];
            for (var i = 0; i < size; i++) matrix[i * size + i] = 1;
            KroneckerFactors.Whiten([.. Float64.SecondMoment(vectors).SelectMany(r => r)], size, 1e-12, matrix);
            return matrix;
        }

        static double Product(double[] x, double[] y, float[] matrix)
        {
            var (size, sum) = (x.Length, 0.0);
            for (var j = 0; j < size; j++)
                sum += Enumerable.Range(0, size).Sum(i => x[i] * matrix[i * size + j])
                    * Enumerable.Range(0, size).Sum(i => y[i] * matrix[i * size + j]);
            return sum;
        }
    }

    [Fact]
    public void Kronecker_factors_are_the_same_for_any_number_of_threads()
    {
        using var model = new Model(GradientKind.Factored);
        using var directory = new TemporaryDirectory();
        var options = new GradientFeatureOptions { Preconditioning = Preconditioning.Kronecker, Factor = 6, MicroBatch = 40 };
        var one = File.ReadAllBytes(model.WriteFactors(directory.PathOf("one"), options, Examples(14), threads: 1));
        File.ReadAllBytes(model.WriteFactors(directory.PathOf("three"), options, Examples(14), threads: 3)).ShouldBe(one);
    }

    [Fact]
    public void A_side_without_a_signal_stays_as_it_is()
    {
        float[] matrix = [1, 2, 3, 4];
        KroneckerFactors.Whiten(new double[4], 2, 0.1, matrix);
        matrix.ShouldBe([1, 2, 3, 4]);
    }

    [Fact]
    public void An_example_without_an_answer_has_a_zero_gradient()
    {
        using var model = new Model(GradientKind.Factored);
        var examples = Examples(4);
        examples[2] = examples[2] with { Trained = new bool[examples[2].Ids.Length], SupervisedTokens = 0 };
        var (rows, losses, dimension) = model.Extract(
            new GradientFeatureOptions { Kind = GradientKind.Factored, Preconditioning = Preconditioning.None, Dimension = 64, Factor = 4 },
            examples);
        rows.AsSpan(2 * dimension, dimension).ToArray().ShouldAllBe(x => x == 0);
        losses[2].ShouldBe(0);
        rows.AsSpan(3 * dimension, dimension).ToArray().ShouldContain(x => x != 0);
    }

    [Fact]
    public void Options_out_of_range_and_combinations_that_cannot_be_are_told_together()
    {
        var message = Should.Throw<PursuitException>(
            () => new GradientFeatureOptions
            {
                Kind = GradientKind.Factored,
                Preconditioning = Preconditioning.Adam,
                Dimension = 3,
                Warmup = 0,
            }.Validate()).Message;
        message.ShouldContain("features.dimension: 3");
        message.ShouldContain("features.warmup: 0");
        message.ShouldContain("adam with kind=factored");
        Should.Throw<PursuitException>(() => new GradientFeatureOptions { Checkpoints = 0 }.Validate()).Message
            .ShouldContain("preconditioning=none");
        Should.Throw<PursuitException>(
            () => new GradientFeatureOptions { Preconditioning = Preconditioning.Kronecker, Kind = GradientKind.Lora }.Validate()).Message
            .ShouldContain("kronecker with kind=lora; expected kind=factored");
        new GradientFeatureOptions { Preconditioning = Preconditioning.Kronecker, Checkpoints = 0 }.Validate();
    }

    [Theory]
    [InlineData(40, 40)]
    [InlineData(1_000, 64)]
    [InlineData(10_000, 500)]
    [InlineData(400_000, 20_000)]
    [InlineData(100_000_000, 20_000)]
    public void A_warm_up_takes_its_share_of_a_pool_within_bounds(int pool, int examples)
    {
        Warmup.Examples(new GradientFeatureOptions(), pool).ShouldBe(examples);
        Warmup.Examples(new GradientFeatureOptions { WarmupMost = 100 }, pool).ShouldBe(Math.Min(examples, 100));
        Should.Throw<PursuitException>(() => new GradientFeatureOptions { WarmupMost = 63 }.Validate()).Message
            .ShouldContain("features.warmup-most: 63; expected at least 64");
    }

    private static EncodedExample[] Examples(int count) =>
    [
        .. TinyModel.Examples(count).Select(e => new EncodedExample
        {
            ContentId = default(ContentId),
            Ids = e.Tokens,
            // A first token is never learned.
            Trained = [.. e.Supervised!.Select((s, t) => s && t > 0)],
            SupervisedTokens = e.Supervised!.Where((s, t) => s && t > 0).Count(),
            Truncation = default,
        }),
    ];

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++) sum += (double)a[i] * b[i];
        return sum;
    }

    /// <summary>The tiny model, with adapters for kind lora, and its gradients formed one example at a time.</summary>
    private sealed class Model : IDisposable
    {
        private readonly Decoder _decoder = TinyModel.Create();
        private readonly LoraAdapters? _adapters;

        public Model(GradientKind kind)
        {
            if (kind != GradientKind.Lora) return;
            _adapters = LoraAdapters.Create(_decoder, new LoraOptions { Rank = 3, Alpha = 6 }, 4);
            var random = new SeededRandom(2, "test/adapters");
            foreach (var module in _adapters.Modules) // B of zero has no gradient in A
                _decoder.Operations.Write(
                    [.. Enumerable.Range(0, module.B.Length).Select(_ => (float)(0.1 * random.NextGaussian()))],
                    module.B.In(_adapters.Values));
            _decoder.Adapters = _adapters;
        }

        /// <summary>The linear layers' gradients group by group, or the adapters'.</summary>
        public float[] OwnGradient(EncodedExample example)
        {
            using IDisposable sum = _adapters is null ? new WeightGradients(_decoder) : new AdapterGradients(_decoder);
            var (_, gradients) = TinyModel.Run(_decoder, Batch.Pack([(example.Ids, example.Trained)]), (IGradientSum)sum);
            var byName = ((IGradientSum)sum).Parameters.Zip(gradients).ToDictionary(x => x.First.Name, x => x.Second);
            return [.. Tensors.SelectMany(p => byName[p.Name])];
        }

        public (float[] Rows, double[] Losses, int Dimension) Extract(
            GradientFeatureOptions options, EncodedExample[] examples, string? checkpoint = null, GradientSide side = GradientSide.Pool,
            int threads = 1, string? factors = null)
        {
            using var pool = new DecoderPool(_decoder, new DecoderPoolOptions { Threads = threads });
            using var extractor = new GradientExtractor(_decoder, pool, options, checkpoint, side, factors);
            var rows = new float[examples.Length * extractor.Dimension];
            var losses = new double[examples.Length];
            extractor.Extract(examples, rows, losses, TestContext.Current.CancellationToken);
            return (rows, losses, extractor.Dimension);
        }

        public (float[] Rows, double[] Losses, int Dimension) Extract(
            GradientFeatureOptions options, EncodedExample[] examples, int threads) =>
            Extract(options, examples, null, GradientSide.Pool, threads);

        /// <summary>Writes Kronecker factors by the tokens of some examples.</summary>
        public string WriteFactors(string directory, GradientFeatureOptions options, EncodedExample[] examples, int threads = 1)
        {
            Directory.CreateDirectory(directory);
            var path = KroneckerFactors.PathOf(directory, 0);
            using var pool = new DecoderPool(
                _decoder, new DecoderPoolOptions { Threads = threads, MicroBatchTokens = options.MicroBatch });
            SafetensorsWriter.Write(
                path,
                KroneckerFactors.Whitened(_decoder, pool, Pack(examples), options, threads, TestContext.Current.CancellationToken));
            return path;
        }

        /// <summary>(G + lam)^-1 g (A + lam)^-1 of every layer's gradient, by the tokens of some examples, in float64.</summary>
        public double[] UnderFisher(float[] gradient, EncodedExample[] examples, double damping)
        {
            var captured = new Captured();
            using var pool = new DecoderPool(_decoder, new DecoderPoolOptions { Threads = 1, MicroBatchTokens = 1 << 20 });
            pool.ForEach(
                Pack(examples),
                LossReduction.ExampleSum,
                new Pass { IsBackward = true },
                (worker, _, part) => worker.ForwardBackward(part, captured, new double[part.Examples]));
            var result = new List<double>();
            foreach (var group in _decoder.Layout.LinearGroups)
            {
                var (inputs, deltas) = captured.Sides[group];
                var (a, g) = (Float64.Damped(Float64.SecondMoment(inputs), damping), Float64.Damped(Float64.SecondMoment(deltas), damping));
                var own = gradient.Skip(result.Count).Take(group.Inputs * group.Outputs)
                    .Select(x => (double)x).Chunk(group.Inputs).ToArray();
                var right = own.Select(row => Float64.Solve(a, row)).ToArray();
                var columns = Enumerable.Range(0, group.Inputs).Select(j => Float64.Solve(g, [.. right.Select(r => r[j])])).ToArray();
                result.AddRange(Enumerable.Range(0, group.Outputs).SelectMany(i => columns.Select(c => c[i])));
            }

            return [.. result];
        }

        private static Batch Pack(EncodedExample[] examples) =>
            Batch.Pack([.. examples.Select(e => (e.Ids, (bool[]?)e.Trained))]);

        /// <summary>Writes moments as a checkpoint has them, and returns them in the order of <see cref="OwnGradient"/>.</summary>
        public (float[] First, float[] Second) WriteMoments(string directory, bool factors = false)
        {
            var random = new SeededRandom(8, "test/moments");
            var tensors = new List<TensorToWrite>();
            List<float> first = [], second = [];
            foreach (var group in _decoder.Layout.LinearGroups)
            {
                var columns = Enumerable.Range(0, group.Inputs).Select(_ => 0.1 + random.NextDouble()).ToArray();
                foreach (var parameter in group.Parts.Select(p => p.Weight))
                {
                    var rows = Enumerable.Range(0, parameter.Shape[0]).Select(_ => 0.1 + random.NextDouble()).ToArray();
                    var m = Enumerable.Range(0, parameter.Length).Select(_ => (float)(0.1 * random.NextGaussian())).ToArray();
                    var v = Enumerable.Range(0, parameter.Length)
                        .Select(k => (float)(factors ? rows[k / group.Inputs] * columns[k % group.Inputs] : random.NextDouble())).ToArray();
                    long[] shape = [.. parameter.Shape.Select(s => (long)s)];
                    tensors.Add(TensorToWrite.FromSingle(TrainingCheckpoint.FirstMomentPrefix + parameter.Name, shape, m));
                    tensors.Add(TensorToWrite.FromSingle(TrainingCheckpoint.SecondMomentPrefix + parameter.Name, shape, v));
                    first.AddRange(m);
                    second.AddRange(v);
                }
            }

            SafetensorsWriter.Write(Path.Combine(directory, TrainingCheckpoint.OptimizerFileName), tensors, null);
            return ([.. first], [.. second]);
        }

        public void Dispose()
        {
            _decoder.Dispose();
            _adapters?.Dispose();
        }

        private IEnumerable<Parameter> Tensors =>
            _adapters?.All ?? _decoder.Layout.LinearGroups.SelectMany(g => g.Parts).Select(p => p.Weight);
    }
    /// <summary>Keeps every token's inputs and output gradients of every group of layers.</summary>
    private sealed class Captured : GradientConsumer
    {
        public Dictionary<LinearGroup, (List<double[]> Inputs, List<double[]> Deltas)> Sides { get; } = [];

        public override void OnLinear(in LinearGradient gradient)
        {
            var (batch, group) = (gradient.Batch, gradient.Group);
            if (!Sides.TryGetValue(group, out var sides)) Sides[group] = sides = ([], []);
            sides.Inputs.AddRange(Rows(batch, gradient.Inputs, group.Inputs));
            sides.Deltas.AddRange(Rows(batch, gradient.Deltas, group.Outputs));
        }

        private static IEnumerable<double[]> Rows(DeviceBatch batch, BufferSlice values, int width)
        {
            var all = new float[batch.Tokens * width];
            batch.Operations.Read(values.Part(0, all.Length), all);
            return Array.ConvertAll(all, x => (double)x).Chunk(width);
        }
    }

    /// <summary>Small dense algebra in float64, by elimination.</summary>
    private static class Float64
    {
        public static double[][] SecondMoment(IReadOnlyList<double[]> vectors)
        {
            var size = vectors[0].Length;
            var sum = new double[size][];
            for (var i = 0; i < size; i++)
            {
                sum[i] = new double[size];
                for (var j = 0; j < size; j++) sum[i][j] = vectors.Average(v => v[i] * v[j]);
            }

            return sum;
        }

        public static double[][] Damped(double[][] matrix, double damping)
        {
            var ridge = damping * Enumerable.Range(0, matrix.Length).Average(i => matrix[i][i]);
            return [.. matrix.Select((row, i) => row.Select((x, j) => i == j ? x + ridge : x).ToArray())];
        }

        public static double[] Solve(double[][] matrix, double[] right)
        {
            var rows = matrix.Select((row, i) => (double[])[.. row, right[i]]).ToArray();
            for (var c = 0; c < rows.Length; c++)
            {
                var pivot = Enumerable.Range(c, rows.Length - c).MaxBy(r => Math.Abs(rows[r][c]));
                (rows[c], rows[pivot]) = (rows[pivot], rows[c]);
                for (var r = 0; r < rows.Length; r++)
                {
                    if (r == c) continue;
                    var share = rows[r][c] / rows[c][c];
                    for (var j = c; j <= rows.Length; j++) rows[r][j] -= share * rows[c][j];
                }
            }

            return [.. rows.Select((row, i) => row[^1] / row[i])];
        }
    }
}
