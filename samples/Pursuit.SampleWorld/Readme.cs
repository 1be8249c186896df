using System.Globalization;
using System.Text;
using Pursuit.Data;

namespace Pursuit.SampleWorld;

/// <summary>The world's README, with counts and examples taken from the world itself.</summary>
internal static class Readme
{
    /// <summary>The whole page.</summary>
    public static string Text(World world)
    {
        var marked = world.Marks.Select(m => m.Id).ToHashSet(StringComparer.Ordinal);
        string Share(string kind)
        {
            var count = world.Marks.Count(m => m.Kind == kind);
            var perMille = (1000 * count + world.Pool.Count / 2) / world.Pool.Count;
            return $"{count} ({perMille / 10}.{perMille % 10}%)";
        }

        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $$"""
            # Sample world

            A small synthetic data set for trying Pursuit: {{world.Pool.Count}} instruction records of {{Catalogue.Skills.Count}} skills, with duplicates and noise that are
            known by id, and dev and test files for {{world.Targets.Count}} of the skills. Everything is generated from the templates and word lists of
            `samples/Pursuit.SampleWorld`; no external data is used. People, places, companies and addresses are invented.

            | file | content |
            |---|---|
            | `pool.jsonl` | {{world.Pool.Count}} records: `id`, `skill`, `messages` (roles `system`, `user`, `assistant`) |
            | `marks.jsonl` | one line per planted record: `id`, `kind` (`exact`, `near`, `noise`), `of` (the record it repeats), `edit` (what was done) |
            | `targets/<skill>/dev.jsonl` | {{World.DevCount}} records that show what a model should learn: for selecting |
            | `targets/<skill>/test.jsonl` | {{World.TestCount}} more: for evaluation only |

            This command writes it, byte for byte the same on every machine:

            ```
            dotnet run -c Release --project samples/Pursuit.SampleWorld -- samples/world
            ```

            ## Properties

            - **Answers are right** unless the record is marked as noise: they are computed from what the question was made of. Tests compute those that follow from
              the question alone a second time, and the Python programs were run by Python.
            - **Planted**: exact duplicates {{Share("exact")}}, near duplicates {{Share("near")}}, noise {{Share("noise")}}; the other records of a skill are all different tasks.
              Near duplicates differ by a greeting, thanks, "please", a typo, a space, a capital or a full stop; the answer is the same.
              Noise is, in equal parts: {{string.Join(", ", Noise.Kinds)}}.
            - **Pool, dev and test share no task**, ignoring case, spaces and punctuation. For the targets it is stricter: no two word problems have the same numbers in
              the same order, no two extractions the same values, and no two programs the same numbers, texts, operators and output.
            - **Targets** can be scored by comparing text: the last line of a word problem, one line of JSON, the printed output.
            - **Drawn independently**: each skill has its own named random stream, so changing one skill does not change the tasks of the others.

            ## Fairness

            The world was fixed before any selection method was tuned on it, and is not changed to favor one. Its templates make it far more regular
            than real instruction data: use it for trying, testing and comparing under known conditions. Figures from it say little about other pools.

            License: MIT, like the rest of the project; the data files may also be used under CC0 1.0.

            ## Skills

            | skill | asks for | clean | exact | near | noise | all |
            |---|---|---:|---:|---:|---:|---:|

            """);
        var kinds = world.Marks.ToDictionary(m => m.Id, m => m.Kind, StringComparer.Ordinal);
        foreach (var skill in Catalogue.Skills)
        {
            var ids = world.Pool.Where(r => r.Skill == skill.Name).Select(r => r.Id).ToArray();
            int Count(string kind) => ids.Count(id => kinds.GetValueOrDefault(id) == kind);
            var name = Catalogue.Targets.Contains(skill) ? $"**{skill.Name}** (target)" : skill.Name;
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {name} | {skill.About} | {skill.PoolCount} | {Count("exact")} | {Count("near")} | {Count("noise")} | {ids.Length} |\n");
        }

        text.Append("\n## One example of each\n");
        foreach (var skill in Catalogue.Skills)
        {
            var example = world.Pool.First(r => r.Skill == skill.Name && !marked.Contains(r.Id) && r.Turns[0].Role == Turn.User);
            text.Append(CultureInfo.InvariantCulture, $"\n**{skill.Name}** (`{example.Id}`)\n\n````text\n");
            foreach (var turn in example.Turns)
                text.Append(CultureInfo.InvariantCulture, $"[{turn.Role}] {turn.Content}\n");
            text.Append("````\n");
        }

        return text.ToString();
    }
}
