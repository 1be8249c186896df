using Pursuit.Data;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Proof;
using Pursuit.Runs;

namespace Pursuit.Engine.Proof;

/// <summary>A test of whole texts, whose loss counts per byte, so that it tells the same of any tokenizer.</summary>
internal sealed class DocumentTest : ProofTest
{
    private readonly IReadOnlyList<HeldOutPiece> _windows;

    private DocumentTest(string name, string path, string fingerprint, IReadOnlyList<HeldOutPiece> windows, IReadOnlyList<int> bytes)
        : base(name, path, fingerprint) => (_windows, Labels) = (windows, bytes);

    /// <inheritdoc/>
    public override string LossUnit => ProofRecipe.PerByte;

    /// <inheritdoc/>
    public override IReadOnlyList<int> Labels { get; }

    /// <inheritdoc/>
    public override int Generated => 0;

    /// <inheritdoc/>
    public override long Tokens => _windows.Sum(w => (long)w.Tokens.Length);

    /// <summary>Encodes a test.</summary>
    /// <param name="name">The domain's name.</param>
    /// <param name="pool">The test's records, each with a text.</param>
    /// <param name="words">What encodes them.</param>
    /// <param name="threads">Threads that encode.</param>
    /// <param name="cancellationToken">Stops between documents.</param>
    /// <exception cref="PursuitException">A record is a conversation, or nothing is to be predicted.</exception>
    public static DocumentTest Encode(string name, Pool pool, DocumentEncoder words, int threads, CancellationToken cancellationToken)
    {
        var path = pool.Sources[0].Path;
        var documents = words.Encode(pool, threads, null, cancellationToken);
        HeldOutPiece[] windows = [.. HeldOut.Windows(documents, words.Context)];
        if (windows.Length == 0)
            throw PursuitException.At(
                path, $"{pool.Count:N0} test documents, none of two tokens or more", "at least one with a token to predict");
        var fingerprint = new Fingerprint("proof-documents/1").Add("documents", documents.Fingerprint).Add("context", words.Context);
        return new DocumentTest(
            name,
            path,
            fingerprint.Hash,
            windows,
            [.. Enumerable.Range(0, documents.Count).Select(i => checked((int)documents.BytesOf(i)))]);
    }

    /// <inheritdoc/>
    public override StoredTest Measure(Decoder decoder, DecoderPool pool, CancellationToken cancellationToken)
    {
        var nats = new double[Labels.Count];
        var found = SequenceLosses.Compute([.. _windows.Select(w => (w.Tokens, w.Supervised))], pool, cancellationToken);
        foreach (var ((loss, labels), window) in found.Zip(_windows))
            nats[window.Document] += loss * labels;
        return new StoredTest(Name, [.. nats.Zip(Labels, (sum, bytes) => bytes > 0 ? sum / bytes : 0)], [], []);
    }
}
