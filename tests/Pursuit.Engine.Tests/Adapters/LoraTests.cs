using Pursuit.Engine.Adapters;
using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;

namespace Pursuit.Engine.Tests.Adapters;

/// <summary>Laws of adapters that need no reference.</summary>
public sealed class LoraTests
{
    private static readonly LoraOptions Options = new() { Rank = 3, Alpha = 6, Dropout = 0, TargetModules = [LoraOptions.AllLinear] };

    [Fact]
    public void An_adapted_model_is_the_merged_model_and_its_gradients_follow_by_the_chain_rule()
    {
        using var decoder = TinyModel.Create();
        using var merged = TinyModel.Create();
        using var adapters = RandomAdapters(decoder, Options);
        decoder.Adapters = adapters;
        foreach (var module in adapters.Modules)
        {
            // W + scale B A.
            var weight = merged.Layout.Find(module.Part.Weight.Name)!.In(merged.Weights);
            var inner = new MatrixSlice(module.A.In(adapters.Values), module.Group.Inputs);
            merged.Operations.Multiply(new(
                module.Part.Outputs, module.Group.Inputs, 3, new(module.B.In(adapters.Values), 3), inner, new(weight, module.Group.Inputs))
            {
                Alpha = 2,
                Beta = 1,
            });
        }

        var batch = Batch.Pack(TinyModel.Examples(9));
        var expected = TinyModel.Run(merged, batch);
        using var sum = new AdapterGradients(decoder);
        var actual = TinyModel.Run(decoder, batch, sum);
        for (var i = 0; i < 9; i++)
            actual.Losses.Examples[i].ShouldBe(expected.Losses.Examples[i], 1e-4);
        foreach (var module in adapters.Modules)
        {
            var (inputs, outputs) = (module.Group.Inputs, module.Part.Outputs);
            var dW = expected.Gradients[module.Part.Weight.Index];
            var (a, b) = (new float[module.A.Length], new float[module.B.Length]);
            decoder.Operations.Read(module.A.In(adapters.Values), a);
            decoder.Operations.Read(module.B.In(adapters.Values), b);
            var (dA, dB) = (new float[a.Length], new float[b.Length]);
            Numerics.Gemm.Multiply(true, false, 3, inputs, outputs, 2, b, 3, dW, inputs, 0, dA, inputs);
            Numerics.Gemm.Multiply(false, true, outputs, 3, inputs, 2, dW, inputs, a, inputs, 0, dB, 3);
            Distance.Relative(actual.Gradients[module.A.Index], dA).ShouldBeLessThan(1e-4, module.A.Name);
            Distance.Relative(actual.Gradients[module.B.Index], dB).ShouldBeLessThan(1e-4, module.B.Name);
        }
    }

    [Fact]
    public void Weight_gradients_of_an_adapted_model_are_those_of_the_merged_model()
    {
        using var decoder = TinyModel.Create();
        using var adapters = RandomAdapters(decoder, Options with { TargetModules = ["v_proj", "down_proj"] });
        using var merged = TinyModel.Create();
        foreach (var module in adapters.Modules)
        {
            var weight = merged.Layout.Find(module.Part.Weight.Name)!.In(merged.Weights);
            var inner = new MatrixSlice(module.A.In(adapters.Values), module.Group.Inputs);
            merged.Operations.Multiply(new(
                module.Part.Outputs, module.Group.Inputs, 3, new(module.B.In(adapters.Values), 3), inner, new(weight, module.Group.Inputs))
            {
                Alpha = 2,
                Beta = 1,
            });
        }

        decoder.Adapters = adapters;
        var batch = Batch.Pack(TinyModel.Examples(4));
        var (actual, expected) = (TinyModel.Run(decoder, batch).Gradients, TinyModel.Run(merged, batch).Gradients);
        for (var i = 0; i < expected.Length; i++)
            Distance.Relative(actual[i], expected[i]).ShouldBeLessThan(1e-4, decoder.Layout.All[i].Name);
    }

    [Fact]
    public void Dropout_depends_on_its_stream_and_not_on_micro_batches_or_threads()
    {
        using var decoder = TinyModel.Create();
        using var adapters = RandomAdapters(decoder, Options with { Dropout = 0.4 });
        decoder.Adapters = adapters;
        using var sum = new AdapterGradients(decoder);
        var batch = Batch.Pack(TinyModel.Examples(12));
        var whole = Run(1, 1, 1000);
        Run(1, 2, 40).Losses.Examples.ShouldBe(whole.Losses.Examples);
        Run(2, 1, 1000).Losses.Examples.ShouldNotBe(whole.Losses.Examples);
        adapters.DropoutStream = null;
        TinyModel.Run(decoder, batch, sum).Losses.Examples.ShouldNotBe(whole.Losses.Examples);

        (BatchLosses Losses, float[][] Gradients) Run(ulong stream, int threads, int tokens)
        {
            adapters.DropoutStream = stream;
            return TinyModel.Run(decoder, batch, sum, threads: threads, tokens: tokens);
        }
    }

    [Fact]
    public void With_dropout_the_gradient_is_the_slope_of_the_loss()
    {
        using var decoder = TinyModel.Create();
        using var adapters = RandomAdapters(decoder, Options with { Dropout = 0.4 });
        decoder.Adapters = adapters;
        adapters.DropoutStream = 9;
        using var sum = new AdapterGradients(decoder);
        var batch = Batch.Pack(TinyModel.Examples(8));
        var gradients = TinyModel.Run(decoder, batch, sum).Gradients;
        var random = new SeededRandom(2, "test/direction");
        foreach (var parameter in adapters.All)
        {
            // Along a random direction: (L(w + h d) - L(w - h d)) / 2h = <g, d>; float32 losses leave about 1e-3.
            var direction = new float[parameter.Length];
            foreach (ref var x in direction.AsSpan())
                x = (float)random.NextGaussian();
            const float H = 2e-3f;
            var slope = (Loss(parameter, direction, H) - Loss(parameter, direction, -H)) / (2 * H);
            var expected = 0.0;
            for (var i = 0; i < direction.Length; i++)
                expected += (double)direction[i] * gradients[parameter.Index][i];
            slope.ShouldBe(expected, 0.02 * (Math.Abs(expected) + 1), parameter.Name);
        }

        double Loss(Parameter parameter, float[] direction, float step)
        {
            var slice = parameter.In(adapters.Values);
            var before = new float[parameter.Length];
            decoder.Operations.Read(slice, before);
            decoder.Operations.Write([.. before.Zip(direction, (w, d) => w + step * d)], slice);
            var loss = TinyModel.Run(decoder, batch, sum).Losses.Examples.Sum();
            decoder.Operations.Write(before, slice);
            return loss;
        }
    }

    [Fact]
    public void All_faults_of_the_options_come_in_one_message()
    {
        var message = Should.Throw<PursuitException>(
            () => new LoraOptions { Rank = 0, Alpha = -1, Dropout = 1, TargetModules = ["qkv"] }.Validate()).Message;
        message.ShouldContain("rank is 0");
        message.ShouldContain("alpha is -1");
        message.ShouldContain("dropout is 1");
        message.ShouldContain("\"qkv\"");
    }

    private static LoraAdapters RandomAdapters(Decoder decoder, LoraOptions options)
    {
        var adapters = LoraAdapters.Create(decoder, options, seed: 1);
        var random = new SeededRandom(4, "test/lora");
        foreach (var module in adapters.Modules)
            decoder.Operations.Write(
                [.. Enumerable.Range(0, module.B.Length).Select(_ => (float)(0.1 * random.NextGaussian()))], module.B.In(adapters.Values));
        return adapters;
    }
}
