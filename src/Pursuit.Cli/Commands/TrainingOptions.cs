using System.CommandLine;
using Pursuit.Engine.Training;
using Pursuit.Mpi;

namespace Pursuit.Cli.Commands;

/// <summary>The options that <c>pretrain</c> and <c>train</c> share; each command brings its own defaults.</summary>
internal sealed class TrainingOptions
{
    private readonly Option<double> _learningRate;
    private readonly Option<double> _warmup;
    private readonly Option<LearningRateDecay> _decay;
    private readonly Option<double> _finalShare;
    private readonly Option<float> _beta1;
    private readonly Option<float> _beta2;
    private readonly Option<float> _weightDecay;
    private readonly Option<double> _clip;
    private readonly Option<long?> _checkpointSteps = new("--checkpoint-steps") { Description = "Steps between checkpoints." };
    private readonly Option<double> _checkpointMinutes = Valued("--checkpoint-minutes", "Minutes between checkpoints; 0 for none by time.", 5.0);
    private readonly Option<long?> _evaluateSteps = new("--evaluate-steps") { Description = "Steps between evaluations on the held-out data; without it, at the end only." };
    private readonly Option<string[]> _heldOut = new("--heldout") { Description = "Held-out files to evaluate on.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [] };
    private readonly Option<string?> _groupField = new("--group-field") { Description = "A top-level text field of the held-out records to split the evaluation by; without it, 'domain' or 'source' where there is one." };
    private readonly Option<ulong> _seed = Valued("--seed", "Seed of every random draw.", 0UL);
    private readonly Option<int> _threads = Valued("--threads", "Threads to work with; results don't depend on it.", LaunchedCores.Own);
    private readonly Option<string?> _device = CommonOptions.Device();
    private readonly Option<int> _microBatch;

    public TrainingOptions(double learningRate, double warmup, LearningRateDecay decay, double finalShare, AdamWOptions optimizer, int microBatch)
    {
        _learningRate = Valued("--lr", "The highest learning rate.", learningRate);
        _warmup = Valued("--warmup", "Share of the steps in which the learning rate rises.", warmup);
        _decay = Valued("--decay", "How the learning rate falls: cosine, linear or constant.", decay);
        _finalShare = Valued("--final-share", "The last step's share of the highest learning rate.", finalShare);
        _beta1 = Valued("--beta1", "AdamW: decay of the first moment.", optimizer.Beta1);
        _beta2 = Valued("--beta2", "AdamW: decay of the second moment.", optimizer.Beta2);
        _weightDecay = Valued("--weight-decay", "AdamW: decay of the matrices; vectors have none.", optimizer.WeightDecay);
        _clip = Valued("--clip", "The gradient's largest norm; 0 for none.", optimizer.ClipNorm ?? 0);
        _microBatch = Valued("--micro-batch", "Tokens that a thread works on at once; decides the last bits of sums.", microBatch);
    }

    public IEnumerable<Option> All =>
    [
        _learningRate, _warmup, _decay, _finalShare, _beta1, _beta2, _weightDecay, _clip,
        _checkpointSteps, _checkpointMinutes, _heldOut, _groupField, _evaluateSteps, _seed, _threads, _device, _microBatch,
    ];

    /// <summary>Those whose values are paths.</summary>
    public IEnumerable<Option> Paths => [_heldOut];

    public static Option<T> Valued<T>(string name, string description, T value) => new(name) { Description = description, DefaultValueFactory = _ => value };

    public string[] HeldOut(ParseResult parsed) => parsed.GetValue(_heldOut)!;

    public int Threads(ParseResult parsed)
    {
        var threads = parsed.GetValue(_threads);
        return threads is >= 1 and <= 256 ? threads : throw PursuitException.At("--threads", $"{threads}", "1 to 256");
    }

    /// <summary>Fills a job's options with what these say.</summary>
    public T Fill<T>(T options, ParseResult parsed)
        where T : TrainingJobOptions
    {
        TrainingJobOptions job = options;
        return (T)(job with
        {
            GroupField = parsed.GetValue(_groupField),
            LearningRate = parsed.GetValue(_learningRate),
            Warmup = parsed.GetValue(_warmup),
            Decay = parsed.GetValue(_decay),
            FinalShare = parsed.GetValue(_finalShare),
            Optimizer = Optimizer(parsed),
            Seed = parsed.GetValue(_seed),
            Workers = new() { Threads = Threads(parsed), MicroBatchTokens = parsed.GetValue(_microBatch) },
            Device = CommonOptions.DeviceOf(parsed.GetValue(_device)),
            CheckpointEverySteps = parsed.GetValue(_checkpointSteps),
            CheckpointEveryMinutes = parsed.GetValue(_checkpointMinutes) is var minutes && minutes == 0 ? null : minutes,
            EvaluateEverySteps = parsed.GetValue(_evaluateSteps),
        });
    }

    private AdamWOptions Optimizer(ParseResult parsed) => new()
    {
        Beta1 = parsed.GetValue(_beta1),
        Beta2 = parsed.GetValue(_beta2),
        WeightDecay = parsed.GetValue(_weightDecay),
        ClipNorm = parsed.GetValue(_clip) is var clip && clip == 0 ? null : clip,
    };
}
