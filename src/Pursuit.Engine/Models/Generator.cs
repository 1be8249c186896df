using System.Numerics.Tensors;

namespace Pursuit.Engine.Models;

/// <summary>
/// Writes texts greedily: always the likeliest next token, the lowest id among equals. Keys and values of earlier tokens are
/// kept, so a token costs one row; many texts are written side by side, so that the weights are read once for all of them.
/// Each comes out as it would alone. One thread.
/// </summary>
internal sealed class Generator : IDisposable
{
    /// <summary>
    /// Prompt tokens fed at once. Prompts are cut at its multiples wherever else they are, so that a text doesn't depend on the others.
    /// </summary>
    private const int Chunk = 256;

    /// <summary>Texts side by side: the products are then nearly as fast as those of long texts.</summary>
    private const int MostTexts = 64;

    /// <summary>Values that the kept keys and values of all texts may take (256 MiB); one text always fits.</summary>
    private const long CacheValues = 1L << 26;

    private readonly Decoder _decoder;
    private readonly DecoderWorker _worker;
    private float[] _logits = [];

    /// <summary>Creates a generator; its memory is made at the first text.</summary>
    public Generator(Decoder decoder)
    {
        _decoder = decoder;
        _worker = new DecoderWorker(decoder);
    }

    /// <summary>Continues a prompt until an end token, a number of tokens, or the model's longest sequence.</summary>
    /// <param name="prompt">Token ids, at least one.</param>
    /// <param name="maximumNew">Most tokens to add.</param>
    /// <param name="endTokens">Ids that end the text; null: the config's.</param>
    /// <param name="cancellationToken">Stops before the next token.</param>
    /// <returns>The new tokens in order, a final end token included.</returns>
    /// <exception cref="PursuitException">
    /// The prompt is empty, longer than the model's longest sequence, or has an id outside the vocabulary.
    /// </exception>
    public int[] Greedy(
        IReadOnlyList<int> prompt, int maximumNew, IReadOnlyList<int>? endTokens = null, CancellationToken cancellationToken = default)
    {
        var answer = Array.Empty<int>();
        Greedy([prompt], maximumNew, new Queue(1).Next, (_, tokens) => answer = tokens, endTokens, cancellationToken);
        return answer;
    }

    /// <summary>
    /// Continues prompts as <see cref="Greedy(IReadOnlyList{int}, int, IReadOnlyList{int}, CancellationToken)"/> does, taking the next
    /// whenever a text ends.
    /// </summary>
    /// <param name="prompts">All prompts.</param>
    /// <param name="maximumNew">Most tokens to add to each.</param>
    /// <param name="next">Gives the number of the next prompt, or null when there is none left; several generators may share it.</param>
    /// <param name="ended">Gets a prompt's number and its new tokens.</param>
    /// <param name="endTokens">Ids that end a text; null: the config's.</param>
    /// <param name="cancellationToken">Stops before the next token.</param>
    /// <exception cref="PursuitException">
    /// A prompt is empty, longer than the model's longest sequence, or has an id outside the vocabulary.
    /// </exception>
    public void Greedy(
        IReadOnlyList<IReadOnlyList<int>> prompts,
        int maximumNew,
        Func<int?> next,
        Action<int, int[]> ended,
        IReadOnlyList<int>? endTokens = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maximumNew);
        var longest = _decoder.Config.MaximumPositions;
        foreach (var prompt in prompts)
        {
            if (prompt.Count == 0 || prompt.Count > longest)
                throw PursuitException.At(
                    "prompt",
                    $"{prompt.Count} tokens",
                    $"1 to {longest}, the model's longest sequence",
                    "Give a shorter prompt that is not empty.");
        }

        if (prompts.Count == 0) return;
        var capacity = Math.Min(longest, prompts.Max(p => p.Count) + maximumNew);
        var places = Places(capacity, prompts.Count);
        _worker.StartTexts(places, capacity, Chunk + places);
        _logits = new float[places * _decoder.Config.VocabularySize];
        var ends = endTokens ?? _decoder.Config.EndTokens;
        var texts = new Text?[places];
        while (Fill(texts, prompts, maximumNew, next, ended, longest))
        {
            cancellationToken.ThrowIfCancellationRequested();
            Advance(texts, ends, ended);
        }
    }

    /// <summary>Frees the cache.</summary>
    public void Dispose() => _worker.Dispose();

    private int Places(int capacity, int prompts)
    {
        var perText = (long)capacity * 2 * _decoder.Config.KeyValueSize * _decoder.Config.Layers;
        return (int)Math.Clamp(CacheValues / perText, 1, Math.Min(MostTexts, prompts));
    }

    /// <summary>Puts prompts into empty places; false when all places stay empty.</summary>
    private static bool Fill(
        Text?[] texts, IReadOnlyList<IReadOnlyList<int>> prompts, int maximumNew, Func<int?> next, Action<int, int[]> ended, int longest)
    {
        for (var place = 0; place < texts.Length; place++)
        {
            while (texts[place] is null && next() is { } number)
            {
                var room = Math.Min(maximumNew, longest - prompts[number].Count);
                if (room > 0) texts[place] = new Text(number, [.. prompts[number]], room);
                else ended(number, []);
            }
        }

        return Array.Exists(texts, t => t is not null);
    }

    /// <summary>One pass: the next token of every text, and pieces of prompts while they fit.</summary>
    private void Advance(Text?[] texts, IReadOnlyList<int> ends, Action<int, int[]> ended)
    {
        var chunks = new List<TextChunk>();
        var fed = new List<int>();
        var room = Chunk;
        for (var place = 0; place < texts.Length; place++)
        {
            if (texts[place] is not { } text) continue;
            if (text.Fed > 0 && !_decoder.Config.RopeScaling.IsSame(text.FedAsPartOf, text.Length)) text.StartAgain();
            text.FedAsPartOf = text.Length;
            var piece = text.NextPiece();
            if (text.InPrompt && piece.Count > room) continue;
            if (text.InPrompt) room -= piece.Count;
            chunks.Add(new TextChunk(piece, text.Fed, place) { TextLength = text.Length });
            fed.Add(place);
        }

        _worker.Continue(chunks, _logits);
        var vocabulary = _decoder.Config.VocabularySize;
        for (var i = 0; i < fed.Count; i++)
        {
            var text = texts[fed[i]]!;
            text.Fed += chunks[i].Tokens.Count;
            if (text.InPrompt) continue;
            text.New.Add(TensorPrimitives.IndexOfMax(_logits.AsSpan(i * vocabulary, vocabulary)));
            if (text.New.Count < text.Room && !ends.Contains(text.New[^1])) continue;
            ended(text.Number, [.. text.New]);
            texts[fed[i]] = null;
        }
    }

    /// <summary>A text being written.</summary>
    private sealed class Text(int number, int[] prompt, int room)
    {
        private int[] _prompt = prompt;
        private int _newInPrompt;

        public int Number => number;

        /// <summary>The length that the text had when its last tokens were fed.</summary>
        public int FedAsPartOf { get; set; }

        /// <summary>Tokens so far, the prompt's included.</summary>
        public int Length => _prompt.Length + New.Count - _newInPrompt;

        /// <summary>Most tokens to add.</summary>
        public int Room => room;

        /// <summary>Tokens fed so far.</summary>
        public int Fed { get; set; }

        public List<int> New { get; } = [];

        public bool InPrompt => Fed < _prompt.Length;

        public ArraySegment<int> NextPiece() =>
            InPrompt ? new ArraySegment<int>(_prompt, Fed, Math.Min(Chunk, _prompt.Length - Fed)) : new ArraySegment<int>([New[^1]]);

        /// <summary>
        /// Feeds everything again: the text became so long that its positions have other angles, and what was kept of it doesn't hold.
        /// </summary>
        public void StartAgain() =>
            (_prompt, _newInPrompt, Fed) = ([.. _prompt, .. New.Skip(_newInPrompt)], New.Count, 0);
    }

    /// <summary>Numbers from 0 to a count, for one generator.</summary>
    private sealed class Queue(int count)
    {
        private int _next;

        public int? Next() => _next < count ? _next++ : null;
    }
}
