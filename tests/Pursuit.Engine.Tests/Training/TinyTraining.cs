using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Runs;

namespace Pursuit.Engine.Tests.Training;

/// <summary>A training of a fraction of a second.</summary>
internal static class TinyTraining
{
    public const int Context = 16;

    public static ModelConfig Config { get; } = new()
    {
        VocabularySize = 32,
        HiddenSize = 16,
        IntermediateSize = 32,
        Layers = 2,
        QueryHeads = 2,
        KeyValueHeads = 2,
        HeadSize = 8,
        TiedHead = true,
        MaximumPositions = Context,
        EndTokens = [0],
    };

    /// <summary>Documents of 1 to 60 random tokens with the end token 0 behind.</summary>
    public static TokenizedDocuments Documents(int count = 40)
    {
        var random = new SeededRandom(3, "tests/documents");
        return TokenizedDocuments.FromTokens([.. Enumerable.Range(0, count)
            .Select(_ => (int[])[.. Enumerable.Range(0, 1 + random.NextInt(60)).Select(_ => 1 + random.NextInt(31)), 0])]);
    }

    public static TrainerOptions Options(int steps, int threads = 2) => new()
    {
        Schedule = new LearningRateSchedule { Peak = 0.01, Steps = steps, WarmupSteps = 2 },
        Workers = new DecoderPoolOptions { Threads = threads, MicroBatchTokens = 2 * Context },
        CheckpointEverySteps = 3,
        CheckpointEveryMinutes = null,
    };

    /// <summary>Trains from the same first weights and returns the weights; "failAfter" stands for kill -9 after that step.</summary>
    public static float[] Train(
        string runDirectory, TrainerOptions options, ITrainingData data, int? failAfter = null, HeldOut? heldOut = null)
    {
        using var run = RunDirectory.Open(runDirectory);
        using var decoder = Decoder.Create(Config, 7);
        using var trained = new AllWeights(decoder);
        using var trainer = new Trainer(trained, "seed 7", data, heldOut, options, run, failAfter is { } step ? new Killer(step) : null);
        try
        {
            trainer.Run(TestContext.Current.CancellationToken);
        }
        catch (KilledException)
        {
        }

        return Weights(decoder);
    }

    public static float[] Weights(Decoder decoder) => [.. decoder.Layout.All.SelectMany(decoder.Read)];

    /// <summary>Ends the training from within, without letting it tidy up.</summary>
    private sealed class Killer(int step) : IProgress<WorkProgress>
    {
        private int _steps;

        public void Report(WorkProgress value)
        {
            if (++_steps == step)
                throw new KilledException();
        }
    }

    private sealed class KilledException : Exception;
}
