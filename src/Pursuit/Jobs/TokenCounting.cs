using System.Runtime.InteropServices;
using System.Text.Json;
using Pursuit.Data;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Storage;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Jobs;

/// <summary>The stage that encodes a pool once: lengths for methods and budgets, and the audit for people.</summary>
internal static class TokenCounting
{
    private const int Batch = 1024;
    private const string CountsName = "token-counts.bin";
    private const string AuditName = "audit.json";

    /// <summary>Counts every example's tokens, or reuses the counts of an earlier run.</summary>
    public static TokenCounts Count(
        RunDirectory run, Pool pool, ExampleEncoder encoder, int threads, Action<AuditReport>? onAudit, IProgress<WorkProgress>? progress,
        CancellationToken cancellationToken)
    {
        var fingerprint = new Fingerprint("token-counts/2")
            .Add("pursuit", RunDirectory.PursuitVersion)
            .Add("pool", pool.Fingerprint)
            .Add("encoder", ModelEncoder.Fingerprint(encoder).Hash);
        var stage = run.OpenStage("token-counts", fingerprint);
        if (!stage.IsComplete)
        {
            var (counts, audit) = Compute(pool, encoder, threads, progress, cancellationToken);
            AtomicFile.Write(stage.PathOf(CountsName), s => s.Write(MemoryMarshal.AsBytes(counts.AsSpan())));
            AtomicFile.Write(stage.PathOf(AuditName), s => JsonSerializer.Serialize(s, audit, RunJson.Indented));
            stage.Complete();
        }

        onAudit?.Invoke(stage.ReadJson<AuditReport>(AuditName));
        var pairs = MemoryMarshal.Cast<byte, int>(File.ReadAllBytes(stage.PathOf(CountsName)));
        var (tokens, supervised) = (new int[pool.Count], new int[pool.Count]);
        for (var i = 0; i < pool.Count; i++) (tokens[i], supervised[i]) = (pairs[2 * i], pairs[2 * i + 1]);
        return new TokenCounts(tokens, supervised);
    }

    /// <summary>The supervised lengths of a target's examples.</summary>
    /// <exception cref="PursuitException">The template refuses an example.</exception>
    public static IReadOnlyList<int> Supervised(Pool target, ExampleEncoder encoder, CancellationToken cancellationToken) =>
        [.. target.Read(cancellationToken).Select(e => encoder.Encode(e).SupervisedTokens)];

    /// <summary>The supervised lengths of the pool's examples with given content ids.</summary>
    /// <exception cref="PursuitException">One isn't in the pool.</exception>
    public static IReadOnlyList<int> OfIds(Pool pool, TokenCounts counts, IReadOnlyList<ContentId> ids, string path)
    {
        var positions = new Dictionary<ContentId, int>(pool.Count);
        for (var i = 0; i < pool.Count; i++) positions[pool.ContentIds[i]] = i;
        var lengths = new int[ids.Count];
        for (var i = 0; i < lengths.Length; i++)
        {
            lengths[i] = positions.TryGetValue(ids[i], out var position)
                ? counts.Supervised[position]
                : throw PursuitException.At($"{path}, line {i + 1}", "a record that isn't in the pool", "a selection from this pool");
        }

        return lengths;
    }

    /// <summary>Encodes every example over several threads; the counts and the audit don't depend on their number.</summary>
    /// <returns>Tokens and supervised tokens of each example in turn, [pool x 2]; zeros where the template refuses it.</returns>
    public static (int[] Counts, AuditReport Audit) Compute(
        Pool pool, ExampleEncoder encoder, int threads, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var counts = new int[2 * pool.Count];
        var audit = new DatasetAudit(encoder);
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken };
        var encoded = new EncodedExample?[Batch];
        var refusals = new string?[Batch];
        var start = 0;
        foreach (var examples in pool.Read(cancellationToken).Chunk(Batch))
        {
            // What the template won't print is counted and never chosen.
            Parallel.For(0, examples.Length, options, i => encoded[i] = encoder.TryEncode(examples[i], out refusals[i]));
            for (var i = 0; i < examples.Length; i++)
            {
                if (encoded[i] is { } example)
                {
                    audit.Add(example);
                    counts[2 * (start + i)] = example.Ids.Length;
                    counts[2 * (start + i) + 1] = example.SupervisedTokens;
                }
                else
                {
                    audit.AddRefused(examples[i], refusals[i]!);
                }
            }

            start += examples.Length;
            progress?.Report(new WorkProgress("tokenizing", start, pool.Count, "examples"));
        }

        return (counts, audit.ToReport());
    }
}

/// <summary>Lengths of the pool and of the examples to imitate.</summary>
/// <param name="Encoder">The encoder's fingerprint.</param>
/// <param name="Pool">The pool's.</param>
/// <param name="Reference">Those to imitate; null where none are.</param>
/// <param name="ReferenceFingerprint">What those depend on.</param>
internal sealed record TokenLengths(string Encoder, TokenCounts Pool, IReadOnlyList<int>? Reference, string? ReferenceFingerprint);
