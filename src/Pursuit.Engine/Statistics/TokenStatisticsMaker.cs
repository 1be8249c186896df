using System.Diagnostics;
using System.Text.Json;
using Pursuit.Data;
using Pursuit.Engine.Features;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection.Features;
using Pursuit.Storage;

namespace Pursuit.Engine.Statistics;

/// <summary>
/// The stage that scores examples' tokens by a model: shard by shard, each under its final name only when whole. A killed stage
/// goes on with the shards that are missing.
/// </summary>
internal sealed class TokenStatisticsMaker
{
    private const string ReportName = "report.json";

    /// <summary>Tokens whose windows are made at once.</summary>
    private const int GroupTokens = 1 << 18;

    private readonly ScoringModel _model;
    private readonly bool _answersAlone;
    private readonly int _threads;
    private readonly IProgress<WorkProgress>? _progress;

    public TokenStatisticsMaker(ScoringModel model, bool answersAlone, int threads, IProgress<WorkProgress>? progress) =>
        (_model, _answersAlone, _threads, _progress) = (model, answersAlone, threads, progress);

    /// <summary>Told of a finished shard that isn't as it was written; it is then made again.</summary>
    public Action<string>? OnDamage { get; init; }

    /// <summary>Loads the model that scores; by default as its directory has it.</summary>
    public Func<LoadedModel>? Load { get; init; }

    /// <summary>Makes the store, or reads what was made.</summary>
    /// <param name="stage">Gets the store.</param>
    /// <param name="pool">The pool.</param>
    /// <param name="positions">Whom to score, ascending.</param>
    /// <param name="work">What progress is called.</param>
    /// <param name="cancellationToken">Stops between groups of examples.</param>
    public (ITokenStatistics Statistics, StatisticsReport Report) Run(
        RunStage stage, Pool pool, IReadOnlyList<int> positions, string work, CancellationToken cancellationToken)
    {
        if (stage.IsComplete && FirstDamaged(stage, positions.Count) is { } damaged)
        {
            OnDamage?.Invoke($"{damaged}: no shard of these statistics, or not as it was written.");
            stage.Reopen();
        }

        if (!stage.IsComplete)
        {
            var report = Make(stage, pool, positions, work, cancellationToken);
            AtomicFile.Write(stage.PathOf(ReportName), s => JsonSerializer.Serialize(s, report, RunJson.Indented));
            stage.Complete();
        }

        return (new TokenStatisticsStore(stage.FullPath, positions.Count), stage.ReadJson<StatisticsReport>(ReportName));
    }

    /// <summary>Reads what a finished stage holds.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="count">Examples that were scored.</param>
    /// <exception cref="PursuitException">A shard isn't as it was written.</exception>
    public static (ITokenStatistics Statistics, StatisticsReport Report) Open(RunStage stage, int count) =>
        FirstDamaged(stage, count) is { } damaged
        ? throw PursuitException.At(
            damaged,
            "no shard of these statistics, or not as it was written",
            "the file as its run wrote it",
            "Run the command that made the run again: it makes the shard anew.")
        : (new TokenStatisticsStore(stage.FullPath, count), stage.ReadJson<StatisticsReport>(ReportName));

    private static string? FirstDamaged(RunStage stage, int count) => Enumerable.Range(0, TokenStatisticsStore.ShardsOf(count))
        .Where(shard => !TokenStatisticsShard.IsWhole(stage.FullPath, shard, stage.Fingerprint))
        .Select(shard => TokenStatisticsShard.PathOf(stage.FullPath, shard)).FirstOrDefault();

    private StatisticsReport Make(RunStage stage, Pool pool, IReadOnlyList<int> positions, string work, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        using var loaded = Load?.Invoke() ?? new LoadedModel(Decoder.Load(_model.Directory, _model.Device));
        using var workers = new DecoderPool(
            loaded.Decoder, new DecoderPoolOptions { Threads = _threads, MicroBatchTokens = _model.MicroBatch });
        for (var shard = 0; shard < TokenStatisticsStore.ShardsOf(positions.Count); shard++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (TokenStatisticsShard.IsWhole(stage.FullPath, shard, stage.Fingerprint)) continue;
            var rows = positions.Skip(shard * TokenStatisticsStore.ShardRows).Take(TokenStatisticsStore.ShardRows).ToArray();
            MakeShard(
                workers,
                pool,
                rows,
                done =>
                    _progress?.Report(new WorkProgress(work, shard * TokenStatisticsStore.ShardRows + done, positions.Count, "examples")),
                cancellationToken)
                .Write(stage.FullPath, shard, stage.Fingerprint);
        }

        return Finish(stage, positions.Count, Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    /// <summary>Counts the corpus over all shards, those of earlier processes too.</summary>
    private StatisticsReport Finish(RunStage stage, int count, double seconds)
    {
        var unigrams = new long[_model.Vocabulary];
        var (tokens, through, unscored) = (0L, 0L, 0);
        for (var shard = 0; shard < TokenStatisticsStore.ShardsOf(count); shard++)
        {
            var own = TokenStatisticsShard.Read(stage.FullPath, shard);
            foreach (var token in own.Tokens) unigrams[token]++;
            tokens += own.Tokens.Length;
            for (var i = 0; i + 1 < own.Offsets.Length; i++)
            {
                var length = (int)(own.Offsets[i + 1] - own.Offsets[i]);
                if (length == 0) unscored++;
                else through += ScoringWindows.Cut(length + 1, _model.Window, _model.Stride).Sum(w => (long)w.Length);
            }
        }

        TokenStatisticsStore.WriteUnigrams(stage.FullPath, unigrams);
        return new StatisticsReport
        {
            Models = [_model.Directory],
            Window = _model.Window,
            Stride = _model.Stride,
            Tokens = tokens,
            ModelTokens = through,
            UnknownTokens = _model.UnknownToken is { } unknown ? unigrams[unknown] : 0,
            Unscored = unscored,
            Seconds = seconds,
        };
    }

    private TokenStatisticsShard MakeShard(
        DecoderPool workers, Pool pool, int[] rows, Action<int> onDone, CancellationToken cancellationToken)
    {
        var shard = new ShardBuilder(rows.Length);
        var group = new List<(ScoredTokens Tokens, string Place)>();
        var pending = 0;
        foreach (var block in pool.Read(rows, cancellationToken).Chunk(128))
        {
            var encoded = new ScoredTokens[block.Length];
            Parallel.For(
                0,
                block.Length,
                new ParallelOptions { MaxDegreeOfParallelism = _threads, CancellationToken = cancellationToken },
                i => encoded[i] = _model.Encoder.Encode(block[i]));
            for (var i = 0; i < block.Length; i++)
            {
                group.Add((encoded[i], $"{pool.Sources[block[i].Locator.Source].Path}, line {block[i].Locator.Line}"));
                pending += encoded[i].Ids.Length;
                if (pending < GroupTokens) continue;
                Score();
            }
        }

        Score();
        return shard.ToShard();

        void Score()
        {
            var predictions = Predict(workers, [.. group.Select(g => g.Tokens.Ids)], cancellationToken);
            var alone = _answersAlone ? Alone(workers, group, cancellationToken) : [];
            for (var i = 0; i < group.Count; i++)
            {
                Check(predictions[i], group[i].Place);
                shard.Add(group[i].Tokens, predictions[i], _answersAlone ? alone[i] : []);
            }

            onDone(shard.Count);
            group.Clear();
            pending = 0;
        }
    }

    /// <summary>Each answer behind the example's first token alone, one after another.</summary>
    private TokenPrediction[][] Alone(
        DecoderPool workers, List<(ScoredTokens Tokens, string Place)> group, CancellationToken cancellationToken)
    {
        var answers = group.Select(g => g.Tokens.HasQuestion ? Answers(g.Tokens) : []).ToArray();
        var predictions = Predict(workers, [.. answers.SelectMany(a => a)], cancellationToken);
        var result = new TokenPrediction[group.Count][];
        for (int i = 0, next = 0; i < result.Length; i++)
        {
            result[i] = [.. predictions.Skip(next).Take(answers[i].Count).SelectMany(p => p)];
            Check(result[i], group[i].Place);
            next += answers[i].Count;
        }

        return result;
    }

    private static List<int[]> Answers(ScoredTokens tokens)
    {
        var answers = new List<int[]>();
        for (var start = 1; start < tokens.Ids.Length;)
        {
            var end = start;
            while (end < tokens.Ids.Length && tokens.Trained[end]) end++;
            if (end > start) answers.Add([tokens.Ids[0], .. tokens.Ids.AsSpan(start, end - start)]);
            start = end + 1;
        }

        return answers;
    }

    /// <summary>Predictions of every token but the first of each sequence.</summary>
    private TokenPrediction[][] Predict(DecoderPool workers, int[][] sequences, CancellationToken cancellationToken)
    {
        var results = sequences.Select(s => new TokenPrediction[Math.Max(0, s.Length - 1)]).ToArray();
        var windows = new List<(int Sequence, ScoringWindow Window)>();
        for (var i = 0; i < sequences.Length; i++)
            windows.AddRange(ScoringWindows.Cut(sequences[i].Length, _model.Window, _model.Stride).Select(w => (i, w)));
        if (windows.Count == 0) return results;
        var batch = Batch.Pack([.. windows.Select(w =>
        {
            var mask = new bool[w.Window.Length];
            mask.AsSpan(w.Window.FirstScored - w.Window.Start).Fill(true);
            return (sequences[w.Sequence].AsSpan(w.Window.Start, w.Window.Length).ToArray(), (bool[]?)mask);
        })]);
        workers.ForEach(
            batch,
            LossReduction.ExampleSum,
            new Pass(),
            (worker, _, part) =>
            {
                var own = new TokenPrediction[part.Labels];
                worker.Predictions(part, own);
                for (var i = 0; i < part.Examples; i++)
                {
                    var (sequence, window) = windows[part.FirstExample + i];
                    own.AsSpan(part.LabelOffsets[i]..part.LabelOffsets[i + 1]).CopyTo(results[sequence].AsSpan(window.FirstScored - 1));
                }
            },
            cancellationToken);
        return results;
    }

    private void Check(TokenPrediction[] predictions, string place)
    {
        if (!predictions.All(p => float.IsFinite(p.LogProbability) && float.IsFinite(p.Entropy)))
            throw PursuitException.At(
                place,
                $"a prediction of {_model.Directory} that isn't finite",
                "finite logits",
                "Use another probe model; its weights overflow.");
    }

    /// <summary>Puts examples one behind another.</summary>
    private sealed class ShardBuilder(int rows)
    {
        private readonly List<long> _offsets = [0];
        private readonly List<long> _aloneOffsets = [0];
        private readonly List<int> _tokens = [];
        private readonly List<byte> _trained = [];
        private readonly List<TokenPrediction> _predictions = [];
        private readonly List<float> _alone = [];

        public int Count => _offsets.Count - 1;

        public void Add(ScoredTokens tokens, TokenPrediction[] predictions, TokenPrediction[] alone)
        {
            if (tokens.Count > 0)
            {
                _tokens.AddRange(tokens.Ids.AsSpan(1));
                foreach (var trained in tokens.Trained.AsSpan(1)) _trained.Add(trained ? (byte)1 : (byte)0);
                _predictions.AddRange(predictions);
            }

            _alone.AddRange(alone.Select(p => p.LogProbability));
            _offsets.Add(_tokens.Count);
            _aloneOffsets.Add(_alone.Count);
        }

        public TokenStatisticsShard ToShard()
        {
            Debug.Assert(Count == rows, "every row of the shard is in it");
            return new TokenStatisticsShard
            {
                Offsets = [.. _offsets],
                AloneStarts = [.. _aloneOffsets],
                Tokens = [.. _tokens],
                Trained = [.. _trained],
                LogProbability = [.. _predictions.Select(p => p.LogProbability)],
                SquareSum = [.. _predictions.Select(p => p.SquareSum)],
                Entropy = [.. _predictions.Select(p => p.Entropy)],
                Margin = [.. _predictions.Select(p => p.Margin)],
                Alone = [.. _alone],
                Likeliest = [.. _predictions.Select(p => p.IsLikeliest ? (byte)1 : (byte)0)],
            };
        }
    }
}
