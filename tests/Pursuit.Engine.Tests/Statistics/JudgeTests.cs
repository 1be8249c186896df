using System.Text.Json;
using Pursuit.Data;
using Pursuit.Engine.Models;
using Pursuit.Engine.Statistics;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection.AskLlm;
using Pursuit.TestKit;
using Pursuit.Tokenization;
using Pursuit.Tokenization.Training;

namespace Pursuit.Engine.Tests.Statistics;

/// <summary>What a judge answers: the softmax of a plain forward pass behind the whole question, whatever stands beside it.</summary>
public sealed class JudgeTests : IDisposable
{
    private const int Context = 420;

    /// <summary>The paper's question about an example in the built-in template, written out.</summary>
    private const string Before = "<|endoftext|>User: ###\n";

    private const string After =
        "\n###\n\nDoes the previous paragraph demarcated within ### and ### contain informative signal for pre-training a large-language "
        + "model? An informative datapoint should be well-formatted, contain some usable knowledge of the world, and strictly NOT have "
        + "any harmful, racist, sexist, etc. content.\n\nOPTIONS:\n- yes\n- no\n\nAssistant: yes";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void The_answer_is_the_softmax_of_a_plain_forward_pass_behind_the_papers_prompt()
    {
        var model = Model();
        using var pool = Open(Texts(20));
        var answers = Ask("plain", pool, new StatisticsRecipe { Model = model, Threads = 2 }).Answers;
        var texts = pool.Read(TestContext.Current.CancellationToken).Select(e => e.Text!).ToArray();
        for (var i = 0; i < texts.Length; i++)
            answers.Probability(i).ShouldBe(Plain(model, Before + texts[i] + After), 1e-5, texts[i]);
        Enumerable.Range(0, texts.Length).Select(answers.Probability).Distinct().Count().ShouldBe(texts.Length);
        answers.Cut.ShouldBe(0);
    }

    [Fact]
    public void The_judges_own_template_prints_an_own_prompt_and_another_answer_counts()
    {
        var model = Model("{% for m in messages %}[{{ m.role }}]{{ m.content | trim }}[/{{ m.role }}]{% endfor %}");
        using var pool = Open(Texts(3));
        var file = _directory.Write("prompt.txt", "Is this good? {example}\n");
        var recipe = new StatisticsRecipe { Model = model };
        foreach (var prompt in new[] { "Is this good? {example}\n", file })
        {
            var answers = Ask("own", pool, recipe, new AskLlmOptions { Prompt = prompt, Answer = "no" }).Answers;
            var texts = pool.Read(TestContext.Current.CancellationToken).Select(e => e.Text!).ToArray();
            for (var i = 0; i < texts.Length; i++)
                answers.Probability(i).ShouldBe(Plain(model, $"[user]Is this good? {texts[i]}[/user][assistant]no"), 1e-5);
        }
    }

    [Fact]
    public void Threads_and_micro_batches_change_no_answer_and_a_stopped_run_continues_to_the_same()
    {
        var model = Model();
        using var pool = Open(Texts(1100)); // two shards
        AskLlmOptions options = new() { Prompt = "{example}?" };
        var recipe = new StatisticsRecipe { Model = model, Threads = 1 };
        var whole = Numbers(Ask("whole", pool, recipe, options));
        var other = recipe with { Threads = 2, Options = new ProbeOptions { MicroBatch = 97 } };
        using var stop = new CancellationTokenSource();
        Should.Throw<OperationCanceledException>(() => Ask("stopped", pool, other, options, new StopAfter(stop, 1024), stop.Token));
        var first = _directory.PathOf("stopped/stages/judge-answers/answers-00000.bin");
        var written = File.GetLastWriteTimeUtc(first);
        Numbers(Ask("stopped", pool, other, options)).ShouldBe(whole);
        File.GetLastWriteTimeUtc(first).ShouldBe(written, "a finished shard stays");
    }

    [Fact]
    public void A_long_examples_text_loses_its_end_and_the_question_stays_whole()
    {
        var model = Model();
        var texts = Texts(3).Append(string.Join(' ', Enumerable.Repeat("green bottles fall 🌊", 200))).ToArray();
        using var pool = Open(texts);
        var made = Ask("long", pool, new StatisticsRecipe { Model = model });
        made.Answers.Cut.ShouldBe(1);
        var (text, tokenizer) = (texts[^1], Tokenizer.Load(model));
        var cuts = Enumerable.Range(1, text.Length - 1).Select(end => Before + text[..end] + After)
            .Where(question => tokenizer.Encode(question, addSpecialTokens: false).Length is <= Context and > Context - 12);
        cuts.Select(question => Plain(model, question)).ShouldContain(p => Math.Abs(p - made.Answers.Probability(3)) < 1e-6);
    }

    [Fact]
    public void A_judge_that_splits_the_answer_is_refused_with_the_tokens_and_a_prompt_that_does_not_fit_with_its_length()
    {
        using var pool = Open(Texts(3));
        var recipe = new StatisticsRecipe { Model = Model() };
        var fault = Should.Throw<PursuitException>(() => Ask("split", pool, recipe, new AskLlmOptions { Answer = "Zq" })).Message;
        fault.ShouldContain(recipe.Model);
        fault.ShouldContain("splits the answer 'Zq' into 2 tokens: 'Z', 'q'");
        fault.ShouldContain("ask-llm.answer");
        Should.Throw<PursuitException>(
            () => Ask("long", pool, recipe, new AskLlmOptions { Prompt = new string('#', 800) + "{example}" })).Message
            .ShouldContain("420, what the judge reads");
        Should.Throw<PursuitException>(() => Ask("none", pool, new StatisticsRecipe())).Message.ShouldContain("Model");
        var empty = _directory.Write("empty.txt", "Is this good?");
        foreach (var prompt in new[] { "Is this good?", empty })
            Should.Throw<PursuitException>(() => Ask("no-place", pool, recipe, new AskLlmOptions { Prompt = prompt })).Message
                .ShouldContain("{example}");
    }

    [Fact]
    public void A_damaged_shard_is_asked_for_again()
    {
        using var pool = Open(Texts(5));
        var recipe = new StatisticsRecipe { Model = Model() };
        var whole = Numbers(Ask("damaged", pool, recipe));
        var shard = _directory.PathOf("damaged/stages/judge-answers/answers-00000.bin");
        var bytes = File.ReadAllBytes(shard);
        bytes[20] ^= 1;
        File.WriteAllBytes(shard, bytes);
        Numbers(Ask("damaged", pool, recipe)).ShouldBe(whole);
    }

    /// <summary>P of a text's last token after the others, from all logits and in float64.</summary>
    private static double Plain(string model, string text)
    {
        var ids = Tokenizer.Load(model).Encode(text, addSpecialTokens: false);
        using var decoder = Decoder.Load(model);
        using var worker = new DecoderWorker(decoder);
        var vocabulary = decoder.Config.VocabularySize;
        var logits = new float[(ids.Length - 1) * vocabulary];
        worker.Logits(Batch.Pack([(ids[..^1], null)]).Whole(LossReduction.ExampleSum), logits);
        var last = logits.AsSpan(logits.Length - vocabulary).ToArray();
        return Math.Exp(last[ids[^1]]) / last.Sum(x => Math.Exp((double)x));
    }

    private static double[] Numbers(ComputedAnswers made) => [.. Enumerable.Range(0, made.Answers.Rows).Select(made.Answers.Probability)];

    private static string[] Texts(int count)
    {
        var random = new SeededRandom(1, "test/judge");
        string[] words = ["the", "river", "runs", "green", "bottles", "fall"];
        return [.. Enumerable.Range(0, count).Select(i =>
            $"{i} " + string.Join(' ', Enumerable.Range(0, 2 + i % 5).Select(_ => words[random.NextInt(words.Length)])))];
    }

    private ComputedAnswers Ask(
        string name, Pool pool, StatisticsRecipe recipe, AskLlmOptions? options = null, IProgress<WorkProgress>? progress = null,
        CancellationToken? token = null)
    {
        using var run = RunDirectory.Open(_directory.PathOf(name));
        return new StatisticsSource(recipe, run, progress)
            .OfJudge(pool, options ?? new AskLlmOptions(), token ?? TestContext.Current.CancellationToken);
    }

    private Pool Open(string[] texts)
    {
        var path = _directory.Write(
            $"pool-{texts.Length}.jsonl", string.Concat(texts.Select(t => JsonSerializer.Serialize(new { text = t }) + "\n")));
        return Pool.Open(new PoolOptions { Paths = [path] }, null, TestContext.Current.CancellationToken);
    }

    /// <summary>A random model whose tokenizer has "yes" and "no" as tokens, with and without a space before them.</summary>
    private string Model(string? template = null)
    {
        var directory = _directory.PathOf("model");
        BpeTrainer.Train(
            Enumerable.Repeat("yes yes no no\nyes\nno", 50).Concat(Texts(20)),
            new BpeTrainingOptions { VocabularySize = 300, BosToken = "<|endoftext|>" }, null, TestContext.Current.CancellationToken)
            .Save(directory);
        if (template is not null) File.WriteAllText(Path.Combine(directory, "chat_template.jinja"), template);
        using var decoder = TinyModel.Create(TinyModel.Config with
        {
            VocabularySize = Tokenizer.Load(directory).VocabularySize,
            MaximumPositions = Context,
            BeginToken = 0,
            EndTokens = [0],
        });
        decoder.Save(directory);
        return directory;
    }

    /// <summary>Stops once so many examples are done.</summary>
    private sealed class StopAfter(CancellationTokenSource stop, int examples) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value)
        {
            if (value.Done >= examples) stop.Cancel();
        }
    }
}
