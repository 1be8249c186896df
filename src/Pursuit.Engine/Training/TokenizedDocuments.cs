using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Pursuit.Data;

namespace Pursuit.Engine.Training;

/// <summary>
/// A corpus as token ids in memory (4 bytes a token): each document's tokens with an end token behind, one document after
/// another in canonical order.
/// </summary>
internal sealed class TokenizedDocuments
{
    private readonly int[] _tokens;
    private readonly long[] _bytes;

    private TokenizedDocuments(int[] tokens, int[] offsets, long[] bytes, string[] names)
    {
        (_tokens, Offsets, _bytes, Names) = (tokens, offsets, bytes, names);
    }

    /// <summary>Number of documents.</summary>
    public int Count => Offsets.Length - 1;

    /// <summary>All tokens, end tokens included.</summary>
    public int TokenCount => _tokens.Length;

    /// <summary>UTF-8 bytes of all documents.</summary>
    public long Bytes => _bytes.Sum();

    /// <summary>First token of each document, then the number of tokens [documents + 1].</summary>
    public int[] Offsets { get; }

    /// <summary>Each document's id or place in its file, for messages.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>SHA-256 of the tokens and the documents' borders, 64 hexadecimal digits.</summary>
    public string Fingerprint
    {
        get
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            hash.AppendData("pursuit documents v1\0"u8);
            Span<byte> count = stackalloc byte[sizeof(int)];
            BinaryPrimitives.WriteInt32LittleEndian(count, Count);
            hash.AppendData(count);
            hash.AppendData(MemoryMarshal.AsBytes<int>(Offsets));
            hash.AppendData(MemoryMarshal.AsBytes<int>(_tokens));
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
    }

    /// <summary>A document's tokens with its end token.</summary>
    public ReadOnlySpan<int> Tokens(int document) => _tokens.AsSpan(Offsets[document], Offsets[document + 1] - Offsets[document]);

    /// <summary>UTF-8 bytes of a document's text.</summary>
    public long BytesOf(int document) => _bytes[document];

    /// <summary>Encodes every text of a pool.</summary>
    /// <param name="pool">Records with a text each.</param>
    /// <param name="tokenizer">The tokenizer with what goes around each text.</param>
    /// <param name="threads">Threads that encode; the result doesn't depend on it.</param>
    /// <param name="progress">Told now and then, or null.</param>
    /// <param name="cancellationToken">Stops between documents.</param>
    /// <exception cref="PursuitException">A record is a conversation, or the corpus is empty or has 2^31 tokens or more.</exception>
    public static TokenizedDocuments Encode(
        Pool pool, DocumentTokenizer tokenizer, int threads, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var tokens = new List<int>();
        var offsets = new List<int> { 0 };
        var bytes = new List<long>();
        var names = new List<string>();
        const int Block = 256;
        foreach (var block in Texts(pool, cancellationToken).Chunk(Block))
        {
            var encoded = new List<int>[block.Length];
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken };
            Parallel.For(0, block.Length, parallel, i => encoded[i] = tokenizer.Encode(block[i].Text));
            for (var i = 0; i < block.Length; i++)
            {
                if ((long)tokens.Count + encoded[i].Count > Array.MaxLength)
                    throw PursuitException.At(
                        block[i].Name,
                        $"over {tokens.Count:N0} tokens so far",
                        $"a corpus of at most {Array.MaxLength:N0} tokens, which is what one training holds in memory",
                        "Train on a part of the corpus.");
                tokens.AddRange(encoded[i]);
                offsets.Add(tokens.Count);
                bytes.Add(Encoding.UTF8.GetByteCount(block[i].Text));
                names.Add(block[i].Name);
            }

            progress?.Report(new WorkProgress("encoding", names.Count, pool.Count, "documents"));
        }

        return new TokenizedDocuments([.. tokens], [.. offsets], [.. bytes], [.. names]);
    }

    /// <summary>Documents that are tokens already, for tests and tools.</summary>
    /// <param name="documents">Each document's tokens, the end token included.</param>
    public static TokenizedDocuments FromTokens(IReadOnlyList<int[]> documents)
    {
        var offsets = new int[documents.Count + 1];
        for (var i = 0; i < documents.Count; i++)
            offsets[i + 1] = checked(offsets[i] + documents[i].Length);
        return new TokenizedDocuments(
            [.. documents.SelectMany(d => d)],
            offsets,
            [.. documents.Select(d => (long)d.Length)],
            [.. documents.Select((_, i) => $"document {i}")]);
    }

    /// <summary>Some of the documents, each as often as it is named.</summary>
    /// <param name="documents">Their numbers.</param>
    public TokenizedDocuments Part(IReadOnlyList<int> documents)
    {
        var offsets = new int[documents.Count + 1];
        for (var i = 0; i < documents.Count; i++) offsets[i + 1] = checked(offsets[i] + Tokens(documents[i]).Length);
        var tokens = new int[offsets[^1]];
        for (var i = 0; i < documents.Count; i++) Tokens(documents[i]).CopyTo(tokens.AsSpan(offsets[i]));
        return new TokenizedDocuments(tokens, offsets, [.. documents.Select(BytesOf)], [.. documents.Select(d => Names[d])]);
    }

    /// <summary>The texts of a pool, with a name for messages.</summary>
    internal static IEnumerable<(string Text, string Name)> Texts(Pool pool, CancellationToken cancellationToken)
    {
        foreach (var example in pool.Read(cancellationToken))
        {
            var place = FormattableString.Invariant($"{pool.Sources[example.Locator.Source].Path}, line {example.Locator.Line}");
            var text = example.Text ?? throw PursuitException.At(
                place, "a conversation", "a record with a text, {\"text\": ...}", $"Conversations are for {ApiName.FineTuneJob}.");
            yield return (text, example.Id is { } id ? $"{place} (id {id})" : place);
        }
    }
}
