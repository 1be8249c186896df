using Pursuit.Data;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Proof;
using Pursuit.Runs;
using Pursuit.Tokenization;

namespace Pursuit.Engine.Proof;

/// <summary>One target's test, encoded once: what a trained model is measured on.</summary>
internal sealed class ProofTest
{
    private const int BatchTokens = 1 << 15;

    private readonly IReadOnlyList<(int[] Tokens, bool[]? Trained)> _examples;
    private readonly IReadOnlyList<Question> _questions;
    private readonly IReadOnlyList<int> _endTokens;
    private readonly Tokenizer _tokenizer;

    private ProofTest(string name, string path, string fingerprint, IReadOnlyList<(int[] Tokens, bool[]? Trained)> examples, IReadOnlyList<Question> questions, IReadOnlyList<int> endTokens, Tokenizer tokenizer)
    {
        (Name, Path, Fingerprint, _examples, _questions, _endTokens, _tokenizer) = (name, path, fingerprint, examples, questions, endTokens, tokenizer);
        Labels = [.. examples.Select(e => e.Trained!.Count(t => t))];
    }

    /// <summary>The target's name.</summary>
    public string Name { get; }

    /// <summary>Where the test is.</summary>
    public string Path { get; }

    /// <summary>Hash of what is measured.</summary>
    public string Fingerprint { get; }

    /// <summary>Answer tokens of each example.</summary>
    public IReadOnlyList<int> Labels { get; }

    /// <summary>Examples.</summary>
    public int Count => _examples.Count;

    /// <summary>Answers to generate.</summary>
    public int Generated => _questions.Count;

    /// <summary>Tokens of all examples.</summary>
    public long Tokens => _examples.Sum(e => (long)e.Tokens.Length);

    /// <summary>Encodes a test.</summary>
    /// <param name="name">The target's name.</param>
    /// <param name="pool">The test's records.</param>
    /// <param name="encoder">The model's encoder.</param>
    /// <param name="config">The model's config.</param>
    /// <param name="generate">How many answers to generate at most.</param>
    /// <param name="cancellationToken">Stops between examples.</param>
    /// <exception cref="PursuitException">No example has an answer to predict.</exception>
    public static ProofTest Encode(string name, Pool pool, ExampleEncoder encoder, ModelConfig config, int generate, CancellationToken cancellationToken)
    {
        var path = pool.Sources[0].Path;
        var examples = new List<(int[] Tokens, bool[]? Trained)>();
        var questions = new List<Question>();
        var ends = config.EndTokens.ToHashSet();
        foreach (var example in pool.Read(cancellationToken))
        {
            var encoded = encoder.Encode(example);
            if (encoded.AllMasked) continue;
            examples.Add((encoded.Ids, encoded.Trained));
            if (questions.Count < generate && Question.Of(example, encoded) is { } question)
            {
                questions.Add(question);
                // Chat models end a turn by a token of its own, which the config needn't list.
                if (encoder.Tokenizer.IsSpecial(question.LastToken)) ends.Add(question.LastToken);
            }
        }

        if (examples.Count == 0)
            throw PursuitException.At(path, $"{pool.Count:N0} test examples, none with an answer to predict", "at least one with an assistant's answer that fits in --max-length");
        var fingerprint = new Fingerprint("proof-test/1").Add("examples", pool.Fingerprint).Add("encoder", ModelEncoder.Fingerprint(encoder).Hash).Add("generate", questions.Count);
        return new ProofTest(name, path, fingerprint.Hash, examples, questions, [.. ends.Order()], encoder.Tokenizer);
    }

    /// <summary>Measures a model.</summary>
    /// <param name="decoder">The model.</param>
    /// <param name="pool">Workers on it.</param>
    /// <param name="cancellationToken">Stops between batches and tokens.</param>
    public StoredTest Measure(Decoder decoder, DecoderPool pool, CancellationToken cancellationToken)
    {
        var losses = new List<double>(_examples.Count);
        for (int first = 0, end; first < _examples.Count; first = end)
        {
            end = first;
            for (var tokens = 0; end < _examples.Count && (end == first || tokens + _examples[end].Tokens.Length <= BatchTokens); end++)
                tokens += _examples[end].Tokens.Length;
            losses.AddRange(pool.Losses(Batch.Pack([.. _examples.Skip(first).Take(end - first)]), cancellationToken).Examples);
        }

        var answers = Answer(decoder, pool.Workers, cancellationToken);
        return new StoredTest(Name, losses, answers, [.. answers.Zip(_questions, (answer, question) => AnswerScore.Of(answer, question.Answer))]);
    }

    private string[] Answer(Decoder decoder, int threads, CancellationToken cancellationToken)
    {
        if (_questions.Count == 0) return [];
        // One limit for all: as long as the longest right answer, so that no answer is cut for being as long as it should be.
        var longest = _questions.Max(q => q.AnswerTokens);
        var texts = GreedyAnswers.Generate(decoder, [.. _questions.Select(q => q.Prompt)], longest, _endTokens, threads, cancellationToken);
        return [.. texts.Select(t => _tokenizer.Decode(t, skipSpecialTokens: true).Trim())];
    }

    /// <summary>A prompt up to the last answer, and that answer.</summary>
    private sealed record Question(int[] Prompt, string Answer, int AnswerTokens, int LastToken)
    {
        public static Question? Of(Example example, EncodedExample encoded)
        {
            if (example.IsText || encoded.LastTurnIsNotAssistant) return null;
            var end = Array.LastIndexOf(encoded.Trained, true) + 1;
            var start = end;
            while (start > 0 && encoded.Trained[start - 1]) start--;
            return start == 0 ? null : new Question(encoded.Ids[..start], example.Turns[^1].Content, end - start, encoded.Ids[end - 1]);
        }
    }
}

/// <summary>What a model scored on a test, as a run keeps it.</summary>
/// <param name="Target">The target's name.</param>
/// <param name="Losses">Mean loss of each example's answer tokens.</param>
/// <param name="Answers">The answers that were generated.</param>
/// <param name="Scores">Their scores.</param>
internal sealed record StoredTest(string Target, IReadOnlyList<double> Losses, IReadOnlyList<string> Answers, IReadOnlyList<AnswerScore> Scores);
