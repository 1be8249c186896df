using System.Buffers.Binary;
using System.Xml.Linq;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests;

/// <summary>What the packages say of themselves; './build.sh pack' makes, installs and tries them.</summary>
public sealed class PackageTests
{
    private static readonly string[] Projects =
        ["Pursuit", "Pursuit.Engine", "Pursuit.Formats", "Pursuit.Encoders", "Pursuit.Mpi", "Pursuit.Cuda", "Pursuit.Cli"];

    public static TheoryData<string> Names => [.. Projects];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_package_has_a_description_and_a_readme_without_links_that_lead_nowhere_from_a_registry(string name)
    {
        Property(name, "Description").Length.ShouldBeGreaterThan(60);
        var readme = File.ReadAllText(Path.Combine(RepositoryFiles.Root, "src", name, "README.md"));
        readme.ShouldStartWith("# Pursuit");
        readme.ShouldNotContain("](");
    }

    [Fact]
    public void All_packages_have_authors_license_icon_and_tags_from_one_place()
    {
        var shared = XDocument.Load(Path.Combine(RepositoryFiles.Root, "src", "Directory.Build.props"));
        foreach (var property in (string[])[
            "Authors", "PackageLicenseExpression", "PackageReadmeFile", "PackageIcon", "PackageTags", "EnablePackageValidation",
        ])
            shared.Descendants(property).Single().Value.ShouldNotBeNullOrWhiteSpace(property);
        var icon = File.ReadAllBytes(Path.Combine(RepositoryFiles.Root, "docs", "images", "icon.png"));
        (BinaryPrimitives.ReadInt32BigEndian(icon.AsSpan(16)), BinaryPrimitives.ReadInt32BigEndian(icon.AsSpan(20))).ShouldBe((128, 128));
        icon.Length.ShouldBeLessThan(16_384);
    }

    [Fact]
    public void No_project_sets_a_version_of_its_own_and_every_pinned_package_is_used()
    {
        var projects = Directory.EnumerateFiles(RepositoryFiles.Root, "*.*proj", SearchOption.AllDirectories)
            .Append(Path.Combine(RepositoryFiles.Root, "src", "Directory.Build.props"))
            .Append(Path.Combine(RepositoryFiles.Root, "Directory.Build.props"))
            .Select(XDocument.Load)
            .ToList();
        projects.SkipLast(1).SelectMany(p => p.Descendants("Version")).ShouldBeEmpty();
        var used = projects.SelectMany(p => p.Descendants("PackageReference")).Select(r => r.Attribute("Include")!.Value).ToHashSet();
        XDocument.Load(Path.Combine(RepositoryFiles.Root, "Directory.Packages.props")).Descendants("PackageVersion")
            .Select(p => p.Attribute("Include")!.Value)
            .ShouldBeSubsetOf(used);
    }

    [Fact]
    public void The_model_is_in_the_tool_once()
    {
        var project = XDocument.Load(Path.Combine(RepositoryFiles.Root, "src", "Pursuit.Cli", "Pursuit.Cli.csproj"));
        project.Descendants("Content").Single().Attribute("Pack")!.Value.ShouldBe("false");
    }

    [Fact]
    public void The_changelog_has_the_version_that_is_built()
    {
        var version = XDocument.Load(Path.Combine(RepositoryFiles.Root, "Directory.Build.props")).Descendants("Version").Single().Value;
        File.ReadAllText(Path.Combine(RepositoryFiles.Root, "CHANGELOG.md")).ShouldContain(version);
    }

    private static string Property(string name, string property) =>
        XDocument.Load(Path.Combine(RepositoryFiles.Root, "src", name, $"{name}.csproj")).Descendants(property).Single().Value;
}
