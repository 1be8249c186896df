using Pursuit.Engine.Adapters;
using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;
using Pursuit.TestKit;

namespace Pursuit.Engine.Tests.Adapters;

/// <summary>What must not depend on threads, batches or neighbours, and what the backward pass must leave undone.</summary>
public sealed class LoraInvarianceTests
{
    public static TheoryData<string> Names => LoraCase.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_examples_gradient_in_one_batched_pass_is_that_of_the_example_alone(string name)
    {
        using var reference = new LoraCase(name);
        using var worker = new DecoderWorker(reference.Decoder);
        var batched = new ExampleGradients(reference.Decoder.Operations);
        worker.ForwardBackward(LoraCase.Whole, batched, new double[LoraCase.Whole.Examples]);
        for (var i = 0; i < ReferenceCase.Examples.Count; i++)
        {
            var alone = reference.Gradients(batch: Batch.Pack([ReferenceCase.Examples[i]]));
            foreach (var (tensor, expected) in alone)
                Distance.Relative(batched.Gradients[(tensor, i)], expected)
                    .ShouldBeLessThan(Tolerances.FloatReordered, $"{tensor}, example {i}");
        }
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.4)]
    public void Threads_change_no_bit_and_micro_batches_only_the_order_of_sums(double dropout)
    {
        using var reference = Dropping(dropout);
        var expected = reference.Gradients();
        foreach (var (tensor, values) in reference.Gradients(threads: 3))
            values.ShouldBe(expected[tensor], tensor);
        foreach (var (tensor, values) in reference.Gradients(microBatchTokens: 1000))
            Distance.Relative(values, expected[tensor]).ShouldBeLessThan(Tolerances.FloatReordered, tensor);
    }

    [Fact]
    public void Dropout_changes_with_the_step_and_is_off_without_one()
    {
        using var reference = Dropping(0.4);
        var first = reference.Gradients();
        reference.Adapters.DropoutStream = LoraAdapters.DropoutStreamOf(seed: 1, step: 4);
        var second = reference.Gradients();
        reference.Adapters.DropoutStream = null;
        foreach (var (tensor, values) in reference.Gradients())
        {
            Distance.Relative(values, reference.Expected("grad." + tensor)).ShouldBeLessThan(Tolerances.ModelAgainstFloat64, tensor);
            Distance.Relative(first[tensor], second[tensor]).ShouldBeGreaterThan(0.01, tensor);
        }
    }

    [Fact]
    public void The_backward_pass_ends_at_the_lowest_adapted_layer_and_asks_for_no_weight_gradient()
    {
        using var reference = new LoraCase("window-upper-layer");
        using var gradients = new AdapterGradients(reference.Decoder);
        var consumer = gradients.CreateConsumer();
        consumer.LowestLayer.ShouldBe(1);
        consumer.WantsVectors.ShouldBeFalse();
        var seen = new Nothing(consumer.LowestLayer);
        using var worker = new DecoderWorker(reference.Decoder);
        worker.ForwardBackward(LoraCase.Whole, seen, new double[LoraCase.Whole.Examples]);
        seen.Layers.ShouldBe([1, 1, 1, 1]);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.4)]
    public void A_run_allocates_nothing_once_the_arena_fits(double dropout)
    {
        using var reference = Dropping(dropout);
        using var worker = new DecoderWorker(reference.Decoder);
        using var gradients = new AdapterGradients(reference.Decoder);
        var (consumer, batch, losses) = (gradients.CreateConsumer(), LoraCase.Whole, new double[LoraCase.Whole.Examples]);
        Allocations.LeastOf(() => worker.ForwardBackward(batch, consumer, losses), gradients.Begin).ShouldBe(0);
    }

    private static LoraCase Dropping(double dropout)
    {
        using var source = new LoraCase("qwen2-rslora");
        using var directory = new TemporaryDirectory();
        var config = AdapterConfig.ReadDirectory(source.Directory);
        using (var file = File.Create(Path.Combine(directory.FullPath, AdapterConfig.FileName)))
            (config with { Options = config.Options with { Dropout = dropout } }).Write(file);
        File.Copy(
            Path.Combine(source.Directory, LoraAdapters.WeightsFileName), Path.Combine(directory.FullPath, LoraAdapters.WeightsFileName));
        var result = new LoraCase("qwen2-rslora", adapters: directory.FullPath);
        result.Adapters.DropoutStream = LoraAdapters.DropoutStreamOf(seed: 1, step: 3);
        return result;
    }

    /// <summary>Forms every example's own gradients, layer by layer.</summary>
    private sealed class ExampleGradients(IDecoderOperations operations) : GradientConsumer
    {
        public Dictionary<(string Tensor, int Example), float[]> Gradients { get; } = [];

        public override void OnAdapter(in AdapterGradient gradient)
        {
            using var space = operations.Allocate(Math.Max(gradient.Module.A.Length, gradient.Module.B.Length));
            for (var i = 0; i < gradient.Batch.Examples; i++)
            {
                foreach (var (name, each) in new[] { (gradient.Module.A.Name, gradient.EachA), (gradient.Module.B.Name, gradient.EachB) })
                {
                    var formed = space.Slice(0, each.Rows * each.Columns);
                    operations.MultiplySegments(each with { Segments = gradient.Batch.Segments with { First = i, Count = 1 }, C = formed });
                    Gradients[(name, i)] = Copy(space, formed.Length);
                }
            }
        }

        private float[] Copy(DeviceBuffer space, int length)
        {
            var values = new float[length];
            operations.Read(space.Slice(0, length), values);
            return values;
        }
    }

    private sealed class Nothing(int lowest = 0) : GradientConsumer
    {
        public override int LowestLayer => lowest;

        public List<int> Layers { get; } = [];

        public override void OnLinear(in LinearGradient gradient) => Layers.Add(gradient.Group.Layer);
    }
}
