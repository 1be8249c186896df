using Pursuit.Data;
using Pursuit.Engine.Features;
using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;
using Pursuit.Engine.Tests.Features;
using Pursuit.Engine.Tests.Kernels;
using Pursuit.Runs;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;
using Pursuit.Tokenization.Training;

namespace Pursuit.Engine.Tests.Planning;

/// <summary>A plan's memory beside what the job then takes, for models whose tokens use a few of many experts.</summary>
[Collection(nameof(HeldMemory))]
public sealed class PlannedMemoryTests : IDisposable
{
    private const int Threads = 2;

    private readonly TemporaryDirectory _directory = new();
    private readonly string _data;

    public PlannedMemoryTests() => _data = _directory.Write("data.jsonl", string.Concat(FeatureWorld.Lines().Take(120)));

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("mixtral", GradientKind.Full, Preconditioning.Symmetric)]
    [InlineData("qwen3-moe", GradientKind.Lora, Preconditioning.Adam)]
    [InlineData("olmoe", GradientKind.Factored, Preconditioning.Symmetric)]
    [InlineData("gemma3", GradientKind.Full, Preconditioning.None)]
    public void A_plan_counts_the_memory_that_features_then_take(string variant, GradientKind kind, Preconditioning preconditioning)
    {
        SaveModel(variant, experts: null, perToken: null);
        var device = new PeakOperations();
        var recipe = Recipe(OperationRegistry.On(device)) with
        {
            Options = new()
            {
                Kind = kind,
                Preconditioning = preconditioning,
                Checkpoints = 2,
                Dimension = 32,
                Factor = 4,
                Warmup = 0.2,
                LearningRate = 0.01,
                Batch = 16,
                MicroBatch = 64,
            },
        };
        using var pool = Pool.Open(new PoolOptions { Paths = [_data] }, null, TestContext.Current.CancellationToken);
        var plan = GradientFeatures.Plan(recipe, pool, new PlanRequest(), TestContext.Current.CancellationToken);

        device.Restart();
        using var run = RunDirectory.Open(_directory.PathOf("run"));
        new GradientFeatures(recipe, run).OfPool(pool, TestContext.Current.CancellationToken).Features.Dispose();
        var planned = Math.Max(
            plan.ModelMemory + Threads * plan.ThreadMemory, plan.TrainingMemory + Threads * plan.TrainingThreadMemory);
        ((double)planned / device.Peak).ShouldBeInRange(0.95, 1.1);
    }

    [Fact]
    public void More_experts_take_weights_gradients_and_moments_and_more_for_a_token_take_activations()
    {
        var (few, many, more) = (Plan(experts: 4, perToken: 2), Plan(experts: 12, perToken: 2), Plan(experts: 4, perToken: 3));
        var size = Config(4, 2);
        // Of two layers: gate, up and down of eight experts, and eight rows of the router.
        var weights = 2L * 8 * (3 * size.HiddenSize * size.ExpertSize + size.HiddenSize);
        (many.TrainingMemory - few.TrainingMemory).ShouldBe(4 * sizeof(float) * weights, "weights, gradients and two moments");
        more.TrainingMemory.ShouldBe(few.TrainingMemory);
        (more.TrainingThreadMemory - few.TrainingThreadMemory).ShouldBeGreaterThan(0);
        (more.ThreadMemory - few.ThreadMemory).ShouldBeGreaterThan(0);

        CostPlan Plan(int experts, int perToken)
        {
            SaveModel("mixtral", experts, perToken);
            using var pool = Pool.Open(new PoolOptions { Paths = [_data] }, null, TestContext.Current.CancellationToken);
            return GradientFeatures.Plan(Recipe(Device.Cpu), pool, new PlanRequest(), TestContext.Current.CancellationToken);
        }
    }

    private static ModelConfig Config(int experts, int perToken)
    {
        using var reference = new FamilyCase("mixtral");
        return ModelConfigReader.ReadDirectory(reference.Directory) with { Experts = experts, ExpertsPerToken = perToken };
    }

    private FeatureRecipe<GradientFeatureOptions> Recipe(Device device) => new()
    {
        Model = _directory.PathOf("model"),
        MaxLength = 64,
        Device = device,
        Threads = Threads,
        Options = new() { Kind = GradientKind.Full, Checkpoints = 1, Dimension = 32, LearningRate = 0.01, Batch = 16, MicroBatch = 64 },
    };

    /// <summary>A model of a family's shape for the tokenizer of the records.</summary>
    private void SaveModel(string variant, int? experts, int? perToken)
    {
        var path = _directory.PathOf("model");
        var tokenizer = BpeTrainer.Train(
            FeatureWorld.Lines().Take(50), new BpeTrainingOptions { VocabularySize = 280, BosToken = "<|endoftext|>" });
        tokenizer.Save(path);
        using var reference = new FamilyCase(variant);
        var config = ModelConfigReader.ReadDirectory(reference.Directory) with { VocabularySize = tokenizer.VocabularySize };
        config = config with { Experts = experts ?? config.Experts, ExpertsPerToken = perToken ?? config.ExpertsPerToken };
        using var decoder = Decoder.Create(config, seed: 5, 0.1f);
        decoder.Save(path);
    }

    /// <summary>Operations that know how much memory all buffers took at most.</summary>
    private sealed class PeakOperations : PlainOperations
    {
        private long _before;
        private long _peak;

        public long Peak => _peak - _before;

        public void Restart() => _before = _peak = HostBuffer.LiveBytes;

        public override DeviceBuffer Allocate(long length, ElementType type = ElementType.Float32)
        {
            var buffer = base.Allocate(length, type);
            var held = HostBuffer.LiveBytes;
            for (var peak = Interlocked.Read(ref _peak); held > peak;)
                peak = Interlocked.CompareExchange(ref _peak, held, peak);
            return buffer;
        }
    }
}
