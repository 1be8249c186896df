using System.Globalization;
using System.Text;
using System.Text.Json;
using Pursuit.Data;

namespace Pursuit.SampleWorld.Tests;

/// <summary>What the repository holds is what the generator writes, and it has the promised shape.</summary>
public class CommittedWorldTests
{
    [Fact]
    public void The_committed_files_are_what_the_generator_writes()
    {
        foreach (var (path, content) in WorldWriter.Files(SampleWorldFiles.World))
        {
            var committed = File.ReadAllBytes(Path.Combine(SampleWorldFiles.Folder, path));
            committed.AsSpan().SequenceEqual(content)
                .ShouldBeTrue($"{path} differs; run: dotnet run -c Release --project samples/Pursuit.SampleWorld -- samples/world");
        }
    }

    [Fact]
    public void No_other_file_lies_in_the_worlds_folder()
    {
        var written = WorldWriter.Files(SampleWorldFiles.World).Select(f => f.Path).Order(StringComparer.Ordinal);
        Directory.EnumerateFiles(SampleWorldFiles.Folder, "*", SearchOption.AllDirectories)
            .Select(p => Path.GetRelativePath(SampleWorldFiles.Folder, p).Replace('\\', '/')).Order(StringComparer.Ordinal)
            .ShouldBe(written);
    }

    [Theory]
    [InlineData("sv-SE")]
    [InlineData("ar-SA")]
    [InlineData("tr-TR")]
    public void The_world_is_the_same_in_every_culture(string culture)
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(culture);
        try
        {
            var files = WorldWriter.Files(World.Build()).ToArray();
            foreach (var ((path, content), expected) in files.Zip(WorldWriter.Files(SampleWorldFiles.World)))
                content.AsSpan().SequenceEqual(expected.Content).ShouldBeTrue(path);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Every_line_is_a_conversation_that_ends_with_the_assistant()
    {
        foreach (var line in File.ReadLines(Path.Combine(SampleWorldFiles.Folder, "pool.jsonl"), Encoding.UTF8))
        {
            using var json = JsonDocument.Parse(line);
            json.RootElement.EnumerateObject().Select(p => p.Name).ShouldBe(["id", "skill", "messages"]);
            var messages = json.RootElement.GetProperty("messages").EnumerateArray().ToArray();
            var roles = messages.Select(m => m.GetProperty("role").GetString()!).ToArray();
            var talk = roles[0] == Turn.System ? roles[1..] : roles;
            talk.Length.ShouldBeGreaterThanOrEqualTo(2);
            (talk.Length % 2).ShouldBe(0, line);
            talk.Index().All(r => r.Item == (r.Index % 2 == 0 ? Turn.User : Turn.Assistant)).ShouldBeTrue(line);
            messages.All(m => !string.IsNullOrWhiteSpace(m.GetProperty("content").GetString())).ShouldBeTrue(line);
        }
    }

    [Fact]
    public void The_counts_are_within_the_promised_ranges()
    {
        var world = SampleWorldFiles.World;
        world.Pool.Count.ShouldBeInRange(3000, 6000);
        Catalogue.Skills.Count.ShouldBeInRange(22, 30);
        Catalogue.Targets.Count.ShouldBe(3);
        foreach (var skill in Catalogue.Skills)
        {
            SampleWorldFiles.Clean.Count(r => r.Skill == skill.Name).ShouldBe(skill.PoolCount, skill.Name);
            world.Pool.Count(r => r.Skill == skill.Name).ShouldBeInRange(100, 250, skill.Name);
        }

        world.Targets.ShouldAllBe(t => t.Dev.Count == 32 && t.Test.Count == 100);
        foreach (var (kind, percent) in new[] { ("exact", 3.0), ("near", 5.0), ("noise", 6.0) })
            (100.0 * world.Marks.Count(m => m.Kind == kind) / world.Pool.Count).ShouldBe(percent, 0.1, kind);
    }

    [Fact]
    public void Ids_are_unique_and_in_the_files_order()
    {
        var world = SampleWorldFiles.World;
        world.Pool.Select(r => r.Id)
            .ShouldBe(Enumerable.Range(1, world.Pool.Count).Select(i => string.Create(CultureInfo.InvariantCulture, $"w{i:0000}")));
        var targets = world.Targets.SelectMany(t => t.Dev.Concat(t.Test)).Select(r => r.Id).ToArray();
        targets.Distinct().Count().ShouldBe(targets.Length);
    }
}
