using Pursuit.Engine.Models;
using Pursuit.TestKit;

namespace Pursuit.Engine.Tests.Models;

/// <summary>The list of families is one table.</summary>
public sealed class FamilyTableTests
{
    [Fact]
    public void The_page_has_the_table_that_the_command_prints()
    {
        var page = File.ReadAllText(Path.Combine(RepositoryFiles.Root, "docs", "models.md")).ReplaceLineEndings("\n");
        string Line(IEnumerable<string> cells) => $"| {string.Join(" | ", cells)} |";
        IEnumerable<string> lines =
        [
            Line(ModelFamilyTable.Columns),
            $"|{string.Concat(ModelFamilyTable.Columns.Select(_ => "---|"))}",
            .. ModelFamilyTable.Rows.Select(r => Line([$"`{r[0]}`", .. r.Skip(1)])),
        ];
        page.ShouldContain(string.Join('\n', lines));
    }

    [Fact]
    public void Every_layer_that_adapters_can_have_is_named()
    {
        foreach (var variant in FamilyCase.Variants)
        {
            using var reference = new FamilyCase(variant.Data);
            var config = ModelConfigReader.ReadDirectory(reference.Directory);
            var parts = new ParameterLayout(config).LinearGroups.SelectMany(g => g.Parts);
            parts.Select(p => ModuleNames.Last(p.Module)).Except(config.Family.LinearModules).ShouldBeEmpty(config.ModelType);
        }
    }
}
