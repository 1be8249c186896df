using System.Diagnostics;
using System.Globalization;
using Pursuit.Runs;

namespace Pursuit.Engine.Training;

/// <summary>
/// Trains a decoder step by step with checkpoints, and continues a killed training from its last one to the same bits.
/// What is trained on comes from <see cref="ITrainingData"/>.
/// </summary>
internal sealed class Trainer : IDisposable
{
    private const string CurveName = "loss.jsonl";

    private readonly ITrainedSet _trained;
    private readonly ITrainingData _data;
    private readonly HeldOut? _heldOut;
    private readonly TrainerOptions _options;
    private readonly RunDirectory _run;
    private readonly string _fingerprint;
    private readonly IProgress<WorkProgress>? _progress;
    private readonly DecoderPool _pool;
    private readonly AdamWOptimizer _optimizer;
    private long _step;
    private long _tokens;

    /// <summary>Prepares a training; nothing is written before <see cref="Run"/>.</summary>
    /// <param name="trained">What is trained, with the weights the training starts from; the trainer doesn't own it.</param>
    /// <param name="start">Names those weights: what they were made from.</param>
    /// <param name="data">What it is trained on.</param>
    /// <param name="heldOut">What it is evaluated on, or null.</param>
    /// <param name="options">How.</param>
    /// <param name="run">Where checkpoints and the loss curve are kept.</param>
    /// <param name="progress">Told after every step, or null.</param>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public Trainer(
        ITrainedSet trained,
        string start,
        ITrainingData data,
        HeldOut? heldOut,
        TrainerOptions options,
        RunDirectory run,
        IProgress<WorkProgress>? progress)
    {
        options.Validate();
        (_trained, _data, _heldOut, _options, _run, _progress) = (trained, data, heldOut, options, run, progress);
        _fingerprint = FingerprintOf(start, trained, data, options);
        _pool = new DecoderPool(trained.Decoder, options.Workers);
        _optimizer = new AdamWOptimizer(trained.Gradients, options.Optimizer);
    }

    /// <summary>
    /// Told of a checkpoint that isn't as it was written, which then goes: the training continues from the one before, or from its start.
    /// Null (default): such a checkpoint is refused, for it may be all that is left of long work.
    /// </summary>
    public Action<string>? OnDamage { get; init; }

    /// <summary>The directory of a run's checkpoints.</summary>
    public static string CheckpointsOf(RunDirectory run) => run.PathOf(RunDirectory.CheckpointsName);

    /// <summary>The file of a run's loss curve.</summary>
    public static string CurveOf(RunDirectory run) => run.PathOf(CurveName);

    /// <summary>Trains to the last step, from the last checkpoint where there is one.</summary>
    /// <param name="cancellationToken">Stops before the next step, after writing a checkpoint.</param>
    /// <returns>The last step's figures, and the held-out figures where asked for.</returns>
    /// <exception cref="PursuitException">
    /// The loss stopped being a number, the run directory holds another training, or it can't be written.
    /// </exception>
    public TrainingResult Run(CancellationToken cancellationToken)
    {
        Resume();
        DropOldCheckpoints();
        using var curve = OpenCurve(cancellationToken);
        var first = (Step: _step, Tokens: _tokens);
        var clock = Stopwatch.StartNew();
        var written = (_step, At: Stopwatch.GetTimestamp());
        try
        {
            while (_step < _options.Schedule.Steps)
            {
                var point = WithHeldOut(Step(cancellationToken), curve, cancellationToken);
                curve.Add(point);
                if (IsDue(written._step, written.At))
                {
                    Write(curve);
                    written = (_step, Stopwatch.GetTimestamp());
                }

                Report(point, (_tokens - first.Tokens) / clock.Elapsed.TotalSeconds);
            }
        }
        catch (OperationCanceledException) when (curve.Last is { } last && last.Step == _step && written._step != _step)
        {
            Write(curve);
            throw;
        }

        var heldOut = _heldOut?.Evaluate(_pool, cancellationToken);
        return new TrainingResult(_step, _tokens, curve.Last!.Loss, _step - first.Step, _tokens - first.Tokens, clock.Elapsed, heldOut);
    }

    /// <summary>Ends the threads and frees the moments.</summary>
    public void Dispose()
    {
        _pool.Dispose();
        _optimizer.Dispose();
    }

    private static string FingerprintOf(string start, ITrainedSet trained, ITrainingData data, TrainerOptions options)
    {
        var (schedule, optimizer) = (options.Schedule, options.Optimizer);
        var fingerprint = new Fingerprint("training/1")
            .Add("start", start)
            .Add("trained", trained.Description)
            .Add("data", data.Fingerprint)
            .Add("peak", schedule.Peak).Add("steps", schedule.Steps).Add("warm-up", schedule.WarmupSteps).Add(
                "decay", schedule.Decay.ToString()).Add("final", schedule.FinalShare)
            .Add("beta1", optimizer.Beta1).Add("beta2", optimizer.Beta2).Add("epsilon", optimizer.Epsilon).Add(
                "weight decay", optimizer.WeightDecay)
            .Add("clip", optimizer.ClipNorm?.ToString(CultureInfo.InvariantCulture))
            .Add("micro-batch", trained.Decoder.Device.MicroBatchTokens(options.Workers.MicroBatchTokens));
        return trained.Decoder.Device.AddTo(fingerprint).Hash;
    }

    private void Resume()
    {
        if (OnDamage is { } onDamage)
            TrainingCheckpoint.DropDamaged(CheckpointsOf(_run), CurveOf(_run), _fingerprint, _options.EpochEnds, onDamage);
        var kept = TrainingCheckpoint.All(CheckpointsOf(_run));
        if (kept is not [.., var checkpoint])
            return;
        if (checkpoint.State.Fingerprint != _fingerprint)
        {
            throw PursuitException
                .At(checkpoint.FullPath, $"a checkpoint of step {checkpoint.State.Step:N0} of another training", "one of the same data, "
                    + "options and start",
                $"Give the options it was started with to continue it, or choose another {ApiName.Run}.");
        }

        if (OnDamage is null && checkpoint.FaultOf(CurveOf(_run)) is { } fault)
        {
            var before = kept is [.., var earlier, _] ? $"from the checkpoint of step {earlier.State.Step:N0}" : "from its start";
            throw new PursuitException($"{fault} Put the file back, or delete {checkpoint.FullPath} to train again {before}.");
        }

        checkpoint.Restore(_trained, _optimizer);
        (_step, _tokens) = (checkpoint.State.Step, checkpoint.State.Tokens);
    }

    private LossPoint Step(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var batch = _data.BatchAt(_step);
        _trained.BeginStep(_step);
        var losses = _pool.Gradients(batch, _data.Reduction, _trained.Gradients, cancellationToken);
        var loss = losses.TokenMean;
        if (!double.IsFinite(loss))
            throw NotANumber(losses);
        var rate = _options.Schedule.At(_step);
        var norm = _optimizer.Step(rate);
        if (!double.IsFinite(norm))
            throw NotANumber(losses);
        _step++;
        _tokens += batch.Tokens.Length;
        return new LossPoint(_step, _tokens, loss, rate, norm);
    }

    /// <summary>
    /// A step's point with the held-out loss that is due; a stop meanwhile keeps the point without it, which <see cref="OpenCurve"/> mends.
    /// </summary>
    private LossPoint WithHeldOut(LossPoint point, LossCurve curve, CancellationToken cancellationToken)
    {
        if (!IsEvaluated(point.Step)) return point;
        try
        {
            return point with { HeldOutLoss = Evaluate(cancellationToken) };
        }
        catch (OperationCanceledException)
        {
            curve.Add(point);
            throw;
        }
    }

    /// <summary>The curve up to the step where the training stands, with all that is due there.</summary>
    private LossCurve OpenCurve(CancellationToken cancellationToken)
    {
        var curve = LossCurve.Open(CurveOf(_run), _step);
        if (curve.Last is not { HeldOutLoss: null } last || !IsEvaluated(last.Step)) return curve;
        using (curve) last = last with { HeldOutLoss = Evaluate(cancellationToken) };
        return LossCurve.Open(CurveOf(_run), _step, last);
    }

    private bool IsEvaluated(long step) => _heldOut is not null && _options.EvaluateEverySteps is { } every && step % every == 0;

    private double Evaluate(CancellationToken cancellationToken) => _heldOut!.Evaluate(_pool, cancellationToken).LossPerToken;

    private PursuitException NotANumber(BatchLosses losses)
    {
        var example = Enumerable.Range(0, losses.Examples.Count).FirstOrDefault(i => !double.IsFinite(losses.Examples[i]), -1);
        var where = example >= 0
            ? $"step {_step + 1:N0}, {_data.Describe(_step, example)}"
            : $"step {_step + 1:N0}, examples from {_data.Describe(_step, 0)} on";
        var found = example >= 0
            ? FormattableString.Invariant($"the loss is {losses.Examples[example]} in ")
                + $"{losses.Examples.Count(l => !double.IsFinite(l))} of {losses.Examples.Count} examples"
            : FormattableString.Invariant($"the gradient isn't finite though the loss is {losses.TokenMean:F4}");
        var last = TrainingCheckpoint.Last(CheckpointsOf(_run));
        return PursuitException.At(where, found, "a finite number",
            (last is null
                ? "No checkpoint was written yet"
                : $"The last good checkpoint, of step {last.State.Step:N0}, is kept in {last.FullPath}")
            + "; lower the learning rate or look at that document.");
    }

    private bool IsDue(long writtenStep, long writtenAt)
    {
        if (_step == _options.Schedule.Steps || _options.EpochEnds.Contains(_step))
            return true;
        return (_options.CheckpointEverySteps is { } steps && _step - writtenStep >= steps)
            || (_options.CheckpointEveryMinutes is { } minutes && Stopwatch.GetElapsedTime(writtenAt).TotalMinutes >= minutes);
    }

    private void Write(LossCurve curve)
    {
        curve.Flush();
        var finished = _options.EpochEnds.Count(end => end <= _step);
        var epoch = _options.EpochEnds.Contains(_step) ? finished : (int?)null;
        var before = _options.EpochEnds.LastOrDefault(end => end < _step);
        var state = new CheckpointState(
            TrainingCheckpoint.CurrentFormat,
            _fingerprint,
            _step,
            epoch,
            _options.Schedule.Mean(before, _step),
            _tokens,
            _options.Optimizer.Beta1,
            _options.Optimizer.Beta2,
            _options.Optimizer.Epsilon,
            curve.Seal());
        TrainingCheckpoint.Write(CheckpointsOf(_run), state, _trained, _optimizer);
        DropOldCheckpoints();
    }

    /// <summary>
    /// Deletes the checkpoints within epochs but the newest; a process killed between a checkpoint and this leaves one more.
    /// </summary>
    private void DropOldCheckpoints()
    {
        var own = TrainingCheckpoint.All(CheckpointsOf(_run)).Where(c => c.State.Epoch is null);
        foreach (var old in own.SkipLast(_options.KeepCheckpoints))
            old.Delete();
    }

    private void Report(LossPoint point, double rate) =>
        _progress?.Report(new WorkProgress("training", point.Tokens, (double)point.Tokens / point.Step * _options.Schedule.Steps, "tokens",
            FormattableString.Invariant($"step {point.Step} of {_options.Schedule.Steps}, loss {point.Loss:F3}")
            + (point.HeldOutLoss is { } held ? FormattableString.Invariant($", held out {held:F3}") : "")
            + FormattableString.Invariant($", rate {point.LearningRate:0.0e+0}, {rate:N0} tokens/s")));
}

/// <summary>How a training ended.</summary>
/// <param name="Steps">Steps in all.</param>
/// <param name="Tokens">Tokens in all.</param>
/// <param name="Loss">The last step's loss.</param>
/// <param name="StepsNow">Steps taken by this process.</param>
/// <param name="TokensNow">Tokens seen by this process.</param>
/// <param name="Time">What this process took.</param>
/// <param name="HeldOut">The figures on the held-out data, or null.</param>
public sealed record TrainingResult(
    long Steps, long Tokens, double Loss, long StepsNow, long TokensNow, TimeSpan Time, HeldOutResult? HeldOut);
