using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Pursuit.Data;
using Pursuit.Data.Indexing;
using Pursuit.Runs;
using Pursuit.Selection;

namespace Pursuit.Jobs;

/// <summary>Which source each example of a pool is from: its file, or what a field of its record says.</summary>
/// <param name="Groups">Index into <paramref name="Names"/>, [pool].</param>
/// <param name="Names">The sources' names, in order of first appearance.</param>
public sealed record SourceGroups(IReadOnlyList<int> Groups, IReadOnlyList<string> Names)
{
    /// <summary>What a record without the field counts as.</summary>
    public const string Missing = "(none)";

    /// <summary>True where the sources are files.</summary>
    public bool AreFiles { get; private init; }

    /// <summary>Hash of every example's source name; a file's wherever the command was started.</summary>
    internal string Fingerprint
    {
        get
        {
            using var groups = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (var chunk in Groups.Chunk(4096)) groups.AppendData(MemoryMarshal.AsBytes<int>(chunk));
            return new Fingerprint("sources/2").Add("names", AreFiles ? Names.Select(Path.GetFullPath) : Names)
                .Add("groups", Convert.ToHexStringLower(groups.GetHashAndReset())).Hash;
        }
    }

    /// <summary>Groups a pool's examples.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="field">A top-level text field of the records; null groups by file.</param>
    /// <param name="cancellationToken">Stops between records.</param>
    /// <exception cref="PursuitException">No record has the field.</exception>
    public static SourceGroups Of(Pool pool, string? field, CancellationToken cancellationToken)
    {
        if (field is null) return OfFiles(pool);
        var groups = new int[pool.Count];
        var names = new List<string>();
        var index = new Dictionary<string, int>();
        var position = 0;
        foreach (var name in pool.ReadField(field, cancellationToken).Select(v => v ?? Missing))
        {
            if (!index.TryGetValue(name, out var group))
            {
                index[name] = group = names.Count;
                names.Add(name);
            }

            groups[position++] = group;
        }

        return names is [Missing]
            ? throw PursuitException.At(
                ApiName.SourceField, $"no record has a text field '{field}'", "a top-level field whose value is a text")
            : new SourceGroups(groups, names);
    }

    /// <summary>Quotas by the sources' own names: a file may be given by any path that leads to it.</summary>
    internal IReadOnlyList<SourceQuota> Named(IReadOnlyList<SourceQuota> quotas)
    {
        if (!AreFiles) return quotas;
        var byPath = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in Names) byPath.TryAdd(Path.GetFullPath(name), name);
        return [.. quotas.Select(q => byPath.TryGetValue(Path.GetFullPath(q.Source), out var name) ? q with { Source = name } : q)];
    }

    /// <summary>What quotas say, wherever the command was started.</summary>
    internal IEnumerable<string> Describe(IReadOnlyList<SourceQuota> quotas) =>
        quotas.Select(q => (AreFiles && q.Source != SourceQuota.Any ? q with { Source = Path.GetFullPath(q.Source) } : q).ToString());

    private static SourceGroups OfFiles(Pool pool)
    {
        var names = new List<string>();
        var groupOfSource = new int[pool.Sources.Count];
        Array.Fill(groupOfSource, -1);
        for (var position = 0; position < pool.Count; position++)
        {
            ref var group = ref groupOfSource[pool.SourceOf(position)];
            if (group >= 0) continue;
            group = names.Count;
            names.Add(pool.Sources[pool.SourceOf(position)].Path);
        }

        // Looked up where it is asked for: a large pool has no room for one number more of each example.
        var groups = new ComputedList<int>(pool.Count, position => groupOfSource[pool.SourceOf(position)]);
        return new SourceGroups(groups, names) { AreFiles = true };
    }
}
