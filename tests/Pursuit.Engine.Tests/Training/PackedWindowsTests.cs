using Pursuit.Engine.Training;

namespace Pursuit.Engine.Tests.Training;

public sealed class PackedWindowsTests
{
    [Fact]
    public void An_epoch_shows_every_token_once_but_for_the_last_few()
    {
        var documents = TinyTraining.Documents();
        var windows = new PackedWindows(documents, 7, 1, seed: 1);
        var expected = Counts(Enumerable.Range(0, documents.Count).SelectMany(i => documents.Tokens(i).ToArray()));
        var seen = Counts(Enumerable.Range(0, windows.WindowsPerEpoch).SelectMany(step => windows.BatchAt(step).Tokens));
        seen.Zip(expected).ShouldAllBe(pair => pair.First <= pair.Second);
        (expected.Sum() - seen.Sum()).ShouldBe(documents.TokenCount % 7);
    }

    [Fact]
    public void Windows_run_through_whole_documents_in_order()
    {
        // Token n of document d is 10 d + n, so that neighbours within a document differ by one.
        var documents =
            TokenizedDocuments.FromTokens([.. Enumerable.Range(0, 9).Select(d => (int[])[.. Enumerable.Range(10 * d + 1, 5), 0])]);
        var windows = new PackedWindows(documents, 4, 3, seed: 5);
        for (var step = 0; step < 8; step++)
        {
            var batch = windows.BatchAt(step);
            batch.Offsets.ShouldBe([0, 4, 8, 12]);
            for (var i = 1; i < batch.Tokens.Length; i++)
            {
                if (i % 4 == 0)
                    continue;
                var (before, token) = (batch.Tokens[i - 1], batch.Tokens[i]);
                (token == before + 1 || (token == 0 && before % 10 == 5) || (before == 0 && token % 10 == 1))
                    .ShouldBeTrue($"{before}, {token}");
            }
        }
    }

    [Fact]
    public void A_batch_depends_on_its_step_alone_and_epochs_and_seeds_differ()
    {
        var documents = TinyTraining.Documents();
        var windows = new PackedWindows(documents, 8, 2, seed: 1);
        var later = windows.BatchAt(windows.WindowsPerEpoch).Tokens;
        var first = windows.BatchAt(0).Tokens;
        new PackedWindows(documents, 8, 2, seed: 1).BatchAt(windows.WindowsPerEpoch).Tokens.ShouldBe(later);
        later.ShouldNotBe(first);
        new PackedWindows(documents, 8, 2, seed: 2).BatchAt(0).Tokens.ShouldNotBe(first);
    }

    [Fact]
    public void A_corpus_shorter_than_a_window_is_refused_with_its_size()
    {
        var message = Should.Throw<PursuitException>(() => new PackedWindows(TokenizedDocuments.FromTokens([[1, 2, 0]]), 16, 1, 0)).Message;
        message.ShouldContain("3 tokens in 1 documents");
        message.ShouldContain("16 tokens");
    }

    [Fact]
    public void A_window_is_traced_back_to_its_documents()
    {
        var documents = TokenizedDocuments.FromTokens([[1, 2, 3, 4], [5, 6, 7, 8]]);
        var windows = new PackedWindows(documents, 8, 1, seed: 0);
        windows.Describe(0, 0).ShouldContain("2 documents of one window");
        var halves = new PackedWindows(documents, 4, 1, seed: 0);
        var tokens = halves.BatchAt(0).Tokens;
        halves.Describe(0, 0).ShouldBe(tokens[0] == 1 ? "document 0" : "document 1");
    }

    private static int[] Counts(IEnumerable<int> tokens)
    {
        var counts = new int[TinyTraining.Config.VocabularySize];
        foreach (var token in tokens)
            counts[token]++;
        return counts;
    }
}
