using System.Diagnostics;
using System.Globalization;
using Pursuit.Data;

namespace Pursuit.SampleWorld;

/// <summary>One line of a file.</summary>
internal sealed record WorldRecord(string Id, string Skill, IReadOnlyList<Turn> Turns);

/// <summary>
/// What is known of a planted record: its kind (exact, near, noise), the record it repeats, and the edit or the kind of noise.
/// </summary>
internal sealed record Mark(string Id, string Kind, string? Of, string? Edit);

/// <summary>The dev and test records of a target skill.</summary>
internal sealed record TargetFiles(string Skill, IReadOnlyList<WorldRecord> Dev, IReadOnlyList<WorldRecord> Test);

/// <summary>
/// The whole sample world: drawn once, from named streams of one seed, so that it is the same on every machine and a skill's
/// records depend on that skill alone.
/// </summary>
internal sealed class World
{
    /// <summary>Records in each dev file.</summary>
    public const int DevCount = 32;

    /// <summary>Records in each test file.</summary>
    public const int TestCount = 100;

    private const ulong Seed = 2026;
    private const int ExactPerMille = 30;
    private const int NearPerMille = 50;
    private const int NoisePerMille = 60;
    private const int MaximumDraws = 2000;

    private World(IReadOnlyList<WorldRecord> pool, IReadOnlyList<Mark> marks, IReadOnlyList<TargetFiles> targets)
    {
        Pool = pool;
        Marks = marks;
        Targets = targets;
    }

    /// <summary>The pool, clean and planted records mixed.</summary>
    public IReadOnlyList<WorldRecord> Pool { get; }

    /// <summary>The planted records, in the pool's order.</summary>
    public IReadOnlyList<Mark> Marks { get; }

    /// <summary>The target skills' files.</summary>
    public IReadOnlyList<TargetFiles> Targets { get; }

    /// <summary>Draws the world.</summary>
    public static World Build()
    {
        // Interpolated numbers follow the current culture; the world must not.
        var culture = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        try
        {
            return Draw();
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    private static World Draw()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var targets = Catalogue.Targets.Select(skill => new TargetFiles(
            skill.Name, DrawTarget(skill, "dev", DevCount, seen), DrawTarget(skill, "test", TestCount, seen))).ToArray();
        var planted = new List<Planted>();
        foreach (var skill in Catalogue.Skills)
            planted.AddRange(
                DrawClean(skill, "pool", skill.PoolCount, seen).Select(turns => new Planted(skill.Name, turns, null, null, null)));
        var clean = planted.ToArray();

        // The shares are of the whole pool, which the planted records enlarge.
        var total = clean.Length * 1000 / (1000 - ExactPerMille - NearPerMille - NoisePerMille);
        var copies = new SeededRandom(Seed, "world/copies").Sample<Planted>(clean, total * (ExactPerMille + NearPerMille) / 1000);
        var exact = total * ExactPerMille / 1000;
        var edits = new SeededRandom(Seed, "world/near");
        foreach (var original in copies[..exact])
            planted.Add(original with { Kind = "exact", Of = original });
        foreach (var original in copies[exact..])
        {
            var (turns, edit) = NearEdits.Apply(original.Turns, edits);
            planted.Add(original with { Turns = turns, Kind = "near", Of = original, Edit = edit });
        }

        planted.AddRange(DrawNoise(total * NoisePerMille / 1000, clean, seen));
        return Number(planted, targets);
    }

    private static World Number(List<Planted> planted, TargetFiles[] targets)
    {
        var order = planted.ToArray();
        new SeededRandom(Seed, "world/order").Shuffle<Planted>(order);
        var ids = new Dictionary<object, string>(ReferenceEqualityComparer.Instance);
        foreach (var record in order)
            ids[record] = $"w{ids.Count + 1:0000}";
        return new World(
            [.. order.Select(p => new WorldRecord(ids[p], p.Skill, p.Turns))],
            [.. order.Where(p => p.Kind is not null).Select(p => new Mark(ids[p], p.Kind!, p.Of is null ? null : ids[p.Of], p.Edit))],
            targets);
    }

    private static WorldRecord[] DrawTarget(Skill skill, string part, int count, HashSet<string> seen) =>
        [.. DrawClean(skill with { CanFollowItself = false }, part, count, seen)
            .Select((turns, i) => new WorldRecord($"{skill.Name}-{part}-{i + 1:000}", skill.Name, turns))];

    /// <summary>Draws until enough conversations are found whose essence no other clean record of the skill has.</summary>
    private static IEnumerable<IReadOnlyList<Turn>> DrawClean(Skill skill, string part, int count, HashSet<string> seen)
    {
        var random = new SeededRandom(Seed, $"world/{skill.Name}/{part}");
        for (var found = 0; found < count; found++)
            yield return DrawNew(skill, random, seen);
    }

    private static IReadOnlyList<Turn> DrawNew(Skill skill, SeededRandom random, HashSet<string> seen)
    {
        for (var draw = 0; draw < MaximumDraws; draw++)
        {
            var turns = skill.Generate(random);
            if (!seen.Add($"{skill.Name}: {skill.Essence(turns)}"))
                continue;
            return Manner.Apply(skill, turns, random, second => seen.Add($"{skill.Name}: {skill.Essence(second)}"));
        }

        throw new UnreachableException(
            $"Skill {skill.Name} gave nothing new in {MaximumDraws} draws; its templates are too few for its count.");
    }

    private static IEnumerable<Planted> DrawNoise(int count, Planted[] clean, HashSet<string> seen)
    {
        var random = new SeededRandom(Seed, "world/noise");
        for (var i = 0; i < count;)
        {
            var skill = random.Pick<Skill>([.. Catalogue.Skills]);
            var turns = DrawNew(skill, random, seen);
            var kind = Noise.Kinds[i % Noise.Kinds.Count];
            if (Noise.Spoil(turns, kind, random.Pick(clean).Turns[^1].Content, random) is not { } spoiled)
                continue;
            yield return new Planted(skill.Name, spoiled, "noise", null, kind);
            i++;
        }
    }

    private sealed record Planted(string Skill, IReadOnlyList<Turn> Turns, string? Kind, Planted? Of, string? Edit);
}
