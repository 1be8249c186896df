using System.Text.Json;
using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Engine.Tests.Training;

public sealed class AdamWOptimizerTests
{
    [Fact]
    public void Five_clipped_steps_are_those_of_PyTorch()
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Fixtures.PathOf("adamw/adamw.json")));
        var root = golden.RootElement;
        foreach (var operations in OperationRegistry.Fast.Append(OperationRegistry.Plain))
        {
            // The golden matrix plays the embedding [3, 6], the vector the final norm [6]; every other gradient is zero.
            using var decoder = Decoder.Create(
                new ModelConfig
                {
                    VocabularySize = 3,
                    HiddenSize = 6,
                    IntermediateSize = 2,
                    Layers = 1,
                    QueryHeads = 1,
                    KeyValueHeads = 1,
                    HeadSize = 6,
                    TiedHead = true,
                },
                0, device: OperationRegistry.On(operations));
            using var gradients = new WeightGradients(decoder);
            using var optimizer = new AdamWOptimizer(
                gradients, new AdamWOptions { Beta1 = 0.9f, Beta2 = 0.95f, WeightDecay = 0.1f, ClipNorm = 1 });
            var (matrix, vector) = (decoder.Layout.Embedding, decoder.Layout.FinalNorm.Weight);
            operations.Write(Values(root.GetProperty("start"), "matrix"), matrix.In(decoder.Weights));
            operations.Write(Values(root.GetProperty("start"), "vector"), vector.In(decoder.Weights));
            foreach (var step in root.GetProperty("steps").EnumerateArray())
            {
                operations.Write(Values(step, "gradient_matrix"), matrix.In(gradients.Values));
                operations.Write(Values(step, "gradient_vector"), vector.In(gradients.Values));
                optimizer.Step(step.GetProperty("rate").GetDouble())
                    .ShouldBe(step.GetProperty("norm").GetDouble(), 1e-6 * step.GetProperty("norm").GetDouble());
                ShouldMatch(decoder.Read(matrix), Values(step, "matrix"));
                ShouldMatch(decoder.Read(vector), Values(step, "vector"));
                ShouldMatch(Read(operations, matrix.In(optimizer.FirstMoment)), Values(step, "first_matrix"));
                ShouldMatch(Read(operations, matrix.In(optimizer.SecondMoment)), Values(step, "second_matrix"));
            }
        }
    }

    [Fact]
    public void A_gradient_that_is_not_finite_changes_nothing()
    {
        using var decoder = Decoder.Create(TinyTraining.Config, 1);
        using var gradients = new WeightGradients(decoder);
        using var optimizer = new AdamWOptimizer(gradients, new AdamWOptions());
        var before = TinyTraining.Weights(decoder);
        decoder.Operations.Fill(float.NaN, decoder.Layout.FinalNorm.Weight.In(gradients.Values));
        double.IsNaN(optimizer.Step(0.1)).ShouldBeTrue();
        TinyTraining.Weights(decoder).ShouldBe(before);
        optimizer.Steps.ShouldBe(0);
    }

    private static float[] Values(JsonElement element, string name) =>
        [.. element.GetProperty(name).EnumerateArray().Select(v => v.GetSingle())];

    private static float[] Read(IDecoderOperations operations, BufferSlice slice)
    {
        var values = new float[slice.Length];
        operations.Read(slice, values);
        return values;
    }

    // float32 against float64 over five steps, and PyTorch adds 1e-6 to the norm it clips by.
    private static void ShouldMatch(float[] actual, float[] expected) => Distance.Relative(actual, expected).ShouldBeLessThan(5e-6);
}
