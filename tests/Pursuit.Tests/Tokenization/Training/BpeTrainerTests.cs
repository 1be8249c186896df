using System.Text;
using Pursuit.Tokenization;
using Pursuit.Tokenization.Training;

namespace Pursuit.Tests.Tokenization.Training;

public sealed class BpeTrainerTests
{
    private static readonly string[] Texts = [.. TokenizerFixtures.Texts.Take(400)];

    [Theory]
    [InlineData(WordPattern.Gpt2)]
    [InlineData(WordPattern.Llama3)]
    [InlineData(WordPattern.Qwen2)]
    public void Merges_equal_those_of_counting_every_pair_anew(WordPattern pattern)
    {
        var options =
            new BpeTrainingOptions { VocabularySize = 400, Pattern = pattern, MinimumFrequency = 3, SpecialTokens = [], EosToken = null };
        var tokenizer = Train(Texts, options).ToTokenizer();
        var expected = TrainPlainly(Texts, options);
        for (var id = 256; id < expected.Count; id++) tokenizer.IdToToken(id).ShouldBe(expected[id], $"id {id}");
        tokenizer.VocabularySize.ShouldBe(expected.Count);
    }

    [Fact]
    public void Equal_counts_go_to_the_smaller_left_id_then_the_smaller_right_id()
    {
        // Each pair of "dc", "ba", "bc" stands alone and as often; ids follow the letters.
        var options = new BpeTrainingOptions { VocabularySize = 259, SpecialTokens = [], EosToken = null, MinimumFrequency = 1 };
        var tokenizer = Train(["dc", "bc", "ba"], options).ToTokenizer();
        Enumerable.Range(256, 3).Select(tokenizer.IdToToken).ShouldBe(["ba", "bc", "dc"]);
    }

    [Fact]
    public void The_same_corpus_gives_the_same_bytes_however_it_is_cut()
    {
        var options = new BpeTrainingOptions { VocabularySize = 600 };
        var whole = Train([string.Join('\n', Texts.Select(Flat)) + "\n"], options).TokenizerJson();
        var again = Train([string.Join('\n', Texts.Select(Flat)) + "\n"], options).TokenizerJson();
        again.ShouldBe(whole);
        // Words' counts are all that matters: repeating every text keeps every order.
        var doubled = Train([.. Texts, .. Texts.Reverse()], options with { MinimumFrequency = 4 }).TokenizerJson();
        doubled.ShouldBe(Train(Texts, options with { MinimumFrequency = 2 }).TokenizerJson());

        static string Flat(string text) => text.ReplaceLineEndings(" ");
    }

    [Fact]
    public void The_saved_files_load_and_encode_losslessly()
    {
        var directory = Directory.CreateTempSubdirectory("pursuit-tokenizer-").FullName;
        try
        {
            var options = new BpeTrainingOptions
            {
                VocabularySize = 500,
                SpecialTokens = ["<|bos|>", "<|endoftext|>", "<|pad|>"],
                BosToken = "<|bos|>",
                PadToken = "<|pad|>",
                AddBosToken = true,
                ChatTemplate = "{{ messages }}",
            };
            Train(Texts, options).Save(directory);
            var tokenizer = Tokenizer.Load(directory);
            tokenizer.Fingerprint.ShouldBe(Tokenizer.Load(Path.Combine(directory, "tokenizer.json")).Fingerprint);
            foreach (var text in TokenizerFixtures.Texts.Skip(400).Take(400))
            {
                var ids = tokenizer.Encode(text, true);
                ids[0].ShouldBe(0);
                tokenizer.Decode(ids, skipSpecialTokens: true).ShouldBe(text.Replace("<|endoftext|>", "", StringComparison.Ordinal));
            }

            var config = TokenizerConfig.Load(directory);
            (config.BosToken, config.EosToken, config.PadToken, config.UnkToken).ShouldBe(("<|bos|>", "<|endoftext|>", "<|pad|>", null));
            config.AddBosToken.ShouldBe(true);
            config.ChatTemplate.ShouldBe("{{ messages }}");
        }
        finally
        {
            Directory.Delete(directory, true);
        }
    }

    [Fact]
    public void A_special_token_is_never_learnt_from_text()
    {
        var options = new BpeTrainingOptions { VocabularySize = 300, SpecialTokens = ["<|endoftext|>", "Ã©"] };
        var tokenizer = Train(["<|endoftext|><|endoftext|>ééé é é é"], options).ToTokenizer();
        tokenizer.Encode("é", false).ShouldAllBe(id => id > 1); // é's bytes are spelt "Ã©"
        Enumerable.Range(2, tokenizer.VocabularySize - 2).ShouldAllBe(id => !tokenizer.IdToToken(id)!.Contains("endo"));
    }

    [Fact]
    public void Wrong_options_are_told_all_at_once()
    {
        var options = new BpeTrainingOptions
        {
            VocabularySize = 100,
            MinimumFrequency = 0,
            SpecialTokens = ["a<", "a<"],
            EosToken = "b",
            AddBosToken = true,
        };
        var message = Should.Throw<PursuitException>(() => Train(["x"], options)).Message;
        foreach (var part in (string[])
        [
            "VocabularySize is 100", "258", "MinimumFrequency is 0", "twice", "EosToken is 'b'", "BosToken isn't",
        ])
            message.ShouldContain(part);
        Should.Throw<PursuitException>(() => Train([""], new BpeTrainingOptions())).Message.ShouldContain("no text");
    }

    [Fact]
    public void Training_stops_when_it_is_told_to()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Should.Throw<OperationCanceledException>(() => BpeTrainer.Train(Texts, new BpeTrainingOptions(), null, stop.Token));
    }

    [Fact]
    public void Blocks_of_a_file_are_whole_lines_and_give_the_file_back()
    {
        var path = Path.GetTempFileName();
        try
        {
            var random = new SeededRandom(1, "test/blocks");
            var text = string.Concat(
                Enumerable.Range(0, 500).Select(i => new string((char)('a' + (i % 26)), random.NextInt(60)) + (i % 3 == 0 ? "\r\n" : "\n")))
                + "é\U00010330";
            File.WriteAllText(path, text, new UTF8Encoding(true));
            var blocks = TextBlocks.Read([path], 1000).ToList();
            string.Concat(blocks).ShouldBe(text);
            blocks.Count.ShouldBeGreaterThan(5);
            blocks.SkipLast(1).ShouldAllBe(block => block.EndsWith('\n') && block.Length >= 999);
            File.WriteAllBytes(path, [0x61, 0xFF]);
            Should.Throw<PursuitException>(() => TextBlocks.Read([path]).Count()).Message.ShouldContain("UTF-8");
            Should.Throw<PursuitException>(() => TextBlocks.Read([path + ".absent"]).Count());
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static TrainedTokenizer Train(IEnumerable<string> texts, BpeTrainingOptions options) =>
        BpeTrainer.Train(texts, options, null, TestContext.Current.CancellationToken);

    private static List<string> TrainPlainly(IEnumerable<string> texts, BpeTrainingOptions options)
    {
        var scanner = BpeTrainer.ScannerOf(options.Pattern);
        var words = new List<List<string>>();
        foreach (var text in texts)
        {
            for (var start = 0; start < text.Length;)
            {
                var end = scanner.Next(text, start);
                words.Add([.. ByteAlphabet.Encode(text.AsSpan(start, end - start)).Select(c => c.ToString())]);
                start = end;
            }
        }

        var tokens = Enumerable.Range(0, 256).Select(value => ByteAlphabet.ToCharacter((byte)value)).Order().Select(c => c.ToString())
            .ToList();
        while (tokens.Count < options.VocabularySize)
        {
            var counts = new Dictionary<(string, string), int>();
            foreach (var word in words)
            {
                for (var i = 0; i + 1 < word.Count; i++)
                    counts[(word[i], word[i + 1])] = counts.GetValueOrDefault((word[i], word[i + 1])) + 1;
            }

            var (pair, count) = counts.OrderByDescending(c => c.Value)
                .ThenBy(c => tokens.IndexOf(c.Key.Item1)).ThenBy(c => tokens.IndexOf(c.Key.Item2)).First();
            if (count < options.MinimumFrequency) break;
            if (!tokens.Contains(pair.Item1 + pair.Item2)) tokens.Add(pair.Item1 + pair.Item2);
            foreach (var word in words)
            {
                for (var i = 0; i + 1 < word.Count; i++)
                {
                    if ((word[i], word[i + 1]) != pair) continue;
                    word[i] += word[i + 1];
                    word.RemoveAt(i + 1);
                }
            }
        }

        return tokens;
    }
}
