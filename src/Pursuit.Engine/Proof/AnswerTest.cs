using Pursuit.Data;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Jobs;
using Pursuit.Proof;
using Pursuit.Runs;
using Pursuit.Tokenization;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Engine.Proof;

/// <summary>A test of answers: their tokens' loss, and answers written in full; or of texts, whose every token counts.</summary>
internal sealed class AnswerTest : ProofTest
{
    private readonly IReadOnlyList<(int[] Tokens, bool[]? Trained)> _examples;
    private readonly IReadOnlyList<Question> _questions;
    private readonly IReadOnlyList<int> _endTokens;
    private readonly Tokenizer _tokenizer;

    private AnswerTest(
        string name,
        string path,
        string fingerprint,
        bool ofTexts,
        IReadOnlyList<(int[] Tokens, bool[]? Trained)> examples,
        List<int> rows,
        IReadOnlyList<Question> questions,
        IReadOnlyList<int> endTokens,
        Tokenizer tokenizer)
        : base(name, path, fingerprint)
    {
        (_examples, _questions, _endTokens, _tokenizer) = (examples, questions, endTokens, tokenizer);
        LossUnit = ofTexts ? ProofRecipe.PerToken : ProofRecipe.PerAnswerToken;
        Labels = [.. examples.Select(e => e.Trained!.Count(t => t))];
        Rows = rows;
    }

    /// <inheritdoc/>
    public override string LossUnit { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<int> Labels { get; }

    /// <summary>Each example's place among the file's valid records, ascending; one without an answer isn't measured.</summary>
    public List<int> Rows { get; }

    /// <inheritdoc/>
    public override int Generated => _questions.Count;

    /// <inheritdoc/>
    public override long Tokens => _examples.Sum(e => (long)e.Tokens.Length);

    /// <summary>Encodes a test.</summary>
    /// <param name="name">The target's name.</param>
    /// <param name="pool">The test's records.</param>
    /// <param name="encoder">The model's encoder.</param>
    /// <param name="config">The model's config.</param>
    /// <param name="generate">How many answers to generate at most.</param>
    /// <param name="cancellationToken">Stops between examples.</param>
    /// <exception cref="PursuitException">No example has an answer to predict.</exception>
    public static AnswerTest Encode(
        string name, Pool pool, ExampleEncoder encoder, ModelConfig config, int generate, CancellationToken cancellationToken)
    {
        var path = pool.Sources[0].Path;
        var examples = new List<(int[] Tokens, bool[]? Trained)>();
        var questions = new List<Question>();
        var ends = config.EndTokens.ToHashSet();
        var rows = new List<int>();
        var (ofTexts, row) = (true, -1);
        foreach (var example in pool.Read(cancellationToken))
        {
            row++;
            var encoded = encoder.Encode(example);
            if (encoded.AllMasked) continue;
            rows.Add(row);
            examples.Add((encoded.Ids, encoded.Trained));
            ofTexts &= encoded.IsText;
            if (questions.Count < generate && Question.From(example, encoded) is { } question)
            {
                questions.Add(question);
                // Chat models end a turn by a token of its own, which the config needn't list.
                if (encoder.Tokenizer.IsSpecial(question.LastToken)) ends.Add(question.LastToken);
            }
        }

        if (examples.Count == 0)
            throw PursuitException.At(
                path,
                $"{pool.Count:N0} test examples, none with an answer to predict",
                $"at least one with an assistant's answer that fits in {ApiName.MaxLength}");
        var fingerprint = new Fingerprint("proof-test/1").Add("examples", pool.Fingerprint).Add(
            "encoder", ModelEncoder.Fingerprint(encoder).Hash).Add("generate", questions.Count);
        return new AnswerTest(name, path, fingerprint.Hash, ofTexts, examples, rows, questions, [.. ends.Order()], encoder.Tokenizer);
    }

    /// <inheritdoc/>
    public override StoredTest Measure(Decoder decoder, DecoderPool pool, CancellationToken cancellationToken)
    {
        var losses = SequenceLosses.Compute(_examples, pool, cancellationToken).Select(l => l.Loss).ToArray();
        var answers = Answer(decoder, pool.Workers, cancellationToken);
        return new StoredTest(
            Name, losses, answers, [.. answers.Zip(_questions, (answer, question) => AnswerScore.Of(answer, question.Answer))]);
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
        public static Question? From(Example example, EncodedExample encoded)
        {
            if (example.IsText || encoded.LastTurnIsNotAssistant) return null;
            var end = Array.LastIndexOf(encoded.Trained, true) + 1;
            var start = end;
            while (start > 0 && encoded.Trained[start - 1]) start--;
            return start == 0 ? null : new Question(encoded.Ids[..start], example.Turns[^1].Content, end - start, encoded.Ids[end - 1]);
        }
    }
}
