using System.Diagnostics;
using System.Text.Json;
using Pursuit.Data;
using Pursuit.Engine.Features;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection.AskLlm;
using Pursuit.Selection.Features;
using Pursuit.Storage;

namespace Pursuit.Engine.Statistics;

/// <summary>
/// The stage that asks a judge model about every example: shard by shard, each under its final name only when whole. A killed stage goes on
/// with the shards that are missing.
/// </summary>
internal sealed class Judge
{
    /// <summary>The stage's name.</summary>
    public const string StageName = "judge-answers";

    private const string ReportName = "report.json";
    private const int ShardRows = 1024;

    /// <summary>Examples whose questions are encoded at once.</summary>
    private const int BlockRows = 128;

    private readonly StatisticsRecipe _recipe;
    private readonly string _model;
    private readonly JudgePrompt _prompt;
    private readonly JudgeEncoder _encoder;
    private readonly int _longest;
    private readonly string _encoderFingerprint;

    /// <summary>Opens the judge.</summary>
    /// <param name="model">Its directory.</param>
    /// <param name="recipe">The length questions are cut to, threads and device.</param>
    /// <param name="options">The question and the answer.</param>
    /// <exception cref="PursuitException">A file is missing, the answer isn't one token, or the prompt doesn't fit.</exception>
    public Judge(string model, StatisticsRecipe recipe, AskLlmOptions options)
    {
        var encoder = ModelEncoder.Load(model, recipe.MaxLength, recipe.TemplateSettings);
        var config = ModelConfigReader.ReadDirectory(model);
        if (encoder.Tokenizer.VocabularySize > config.VocabularySize)
            throw ModelFiles.OtherTokenizer(model, encoder.Tokenizer.VocabularySize, config.VocabularySize);
        (_recipe, _model, _prompt) = (recipe, model, JudgePrompt.Read(options));
        _longest = Math.Min(recipe.MaxLength, config.MaximumPositions);
        _encoder = new JudgeEncoder(model, encoder, _prompt, _longest);
        _encoderFingerprint = ModelEncoder.Fingerprint(encoder).Hash;
    }

    /// <summary>Asks about every example, or reads what was answered.</summary>
    /// <param name="run">Gets the stage.</param>
    /// <param name="pool">The pool.</param>
    /// <param name="progress">Told how far it has come.</param>
    /// <param name="cancellationToken">Stops between blocks of examples.</param>
    /// <exception cref="PursuitException">The model's weights can't be read, or an answer isn't finite.</exception>
    public ComputedAnswers Ask(RunDirectory run, Pool pool, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var stage = run.OpenStage(StageName, Fingerprint(pool), ShardFacts.IsFile);
        var facts = Facts(stage);
        if (stage.IsComplete && Enumerable.Range(0, ShardsOf(pool.Count)).Any(shard => !facts.Has(shard)))
        {
            run.OnDamage?.Invoke($"{stage.FullPath}: a shard of a judge's answers is missing, or not as it was written.");
            stage.Reopen();
        }

        if (!stage.IsComplete) Make(stage, facts, pool, progress, cancellationToken);
        return Read(stage, pool.Count);
    }

    /// <summary>Reads a finished stage.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="count">Examples that were asked about.</param>
    /// <exception cref="PursuitException">A shard isn't as it was written.</exception>
    public static ComputedAnswers Read(RunStage stage, int count)
    {
        var (totals, values) = Facts(stage).Read(ShardsOf(count));
        return new ComputedAnswers(
            new JudgeAnswers([.. values.SelectMany(own => own)], (int)totals[0]), stage.Fingerprint,
            stage.ReadJson<StatisticsReport>(ReportName));
    }

    /// <summary>Per shard: examples cut, tokens through the model, and log P(answer) in nats [rows].</summary>
    private static ShardFacts Facts(RunStage stage) => new(stage, "answers", 2);

    private static int ShardsOf(int count) => (count + ShardRows - 1) / ShardRows;

    private Fingerprint Fingerprint(Pool pool) => _recipe.Device.AddTo(new Fingerprint("judge/1")
        .Add("pool", pool.Fingerprint)
        .Add("model", ModelFiles.Fingerprint(_model))
        .Add("encoder", _encoderFingerprint)
        .Add("length", _longest)
        .Add("prompt", _prompt.Template)
        .Add("answer", _prompt.Answer));

    private void Make(
        RunStage stage, ShardFacts facts, Pool pool, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        using var decoder = Decoder.Load(_model, _recipe.Device);
        using var workers = new DecoderPool(
            decoder, new DecoderPoolOptions { Threads = _recipe.Threads, MicroBatchTokens = _recipe.Options.MicroBatch });
        for (var shard = 0; shard < ShardsOf(pool.Count); shard++)
        {
            if (facts.Has(shard)) continue;
            int[] rows = [.. Enumerable.Range(shard * ShardRows, Math.Min(ShardRows, pool.Count - shard * ShardRows))];
            var (totals, answers) = (new long[2], new float[rows.Length]);
            foreach (var (number, block) in pool.Read(rows, cancellationToken).Chunk(BlockRows).Index())
            {
                Ask(workers, pool, block, totals, answers.AsMemory(number * BlockRows, block.Length), cancellationToken);
                progress?.Report(new WorkProgress("asking the judge", rows[0] + number * BlockRows + block.Length, pool.Count, "examples"));
            }

            facts.Write(shard, totals, answers);
        }

        var tokens = facts.Read(ShardsOf(pool.Count)).Totals[1];
        AtomicFile.Write(stage.PathOf(ReportName), s => JsonSerializer.Serialize(s, Report(pool.Count, tokens, started), RunJson.Indented));
        stage.Complete();
    }

    private StatisticsReport Report(int examples, long tokens, long started) => new()
    {
        Models = [Path.GetFullPath(_model)],
        Window = _longest,
        Stride = _longest,
        Tokens = examples,
        ModelTokens = tokens,
        UnknownTokens = 0,
        Unscored = 0,
        Seconds = Stopwatch.GetElapsedTime(started).TotalSeconds,
    };

    private void Ask(
        DecoderPool workers, Pool pool, Example[] examples, long[] totals, Memory<float> answers, CancellationToken cancellationToken)
    {
        var questions = new (int[] Ids, bool IsCut)[examples.Length];
        Parallel.For(
            0, examples.Length, new ParallelOptions { MaxDegreeOfParallelism = _recipe.Threads, CancellationToken = cancellationToken },
            i => questions[i] = _encoder.Encode(examples[i]));
        totals[0] += questions.Count(q => q.IsCut);
        totals[1] += questions.Sum(q => (long)q.Ids.Length);
        var batch = Batch.Pack([.. questions.Select(q =>
        {
            var last = new bool[q.Ids.Length];
            last[^1] = true;
            return (q.Ids, (bool[]?)last);
        })]);
        workers.ForEach(
            batch,
            LossReduction.ExampleSum,
            new Pass(),
            (worker, _, part) =>
            {
                var predictions = new TokenPrediction[part.Labels]; // one an example
                worker.Predictions(part, predictions);
                for (var i = 0; i < predictions.Length; i++) answers.Span[part.FirstExample + i] = predictions[i].LogProbability;
            },
            cancellationToken);
        for (var i = 0; i < examples.Length; i++)
        {
            if (float.IsFinite(answers.Span[i])) continue;
            var locator = examples[i].Locator;
            throw PursuitException.At(
                $"{pool.Sources[locator.Source].Path}, line {locator.Line}", $"an answer of {_model} that isn't finite", "finite logits",
                "Use another judge; its weights overflow.");
        }
    }
}
