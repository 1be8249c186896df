using Pursuit.Cli.Datasets;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests;

/// <summary>What words for records stand for: paths, data sets in the hub's cache, splits of folders.</summary>
public sealed class RecordPathsTests : IDisposable
{
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private readonly TemporaryDirectory _directory = new();
    private readonly string? _before = Environment.GetEnvironmentVariable("HF_HUB_CACHE");

    public RecordPathsTests() => Environment.SetEnvironmentVariable("HF_HUB_CACHE", _directory.PathOf("cache"));

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("HF_HUB_CACHE", _before);
        _directory.Dispose();
    }

    [Fact]
    public void Files_globs_and_plain_directories_are_what_they_are()
    {
        _directory.Write("plain/train.jsonl", "{}");
        _directory.Write("plain/test.jsonl", "{}");
        string[] words = [_directory.PathOf("plain"), _directory.PathOf("plain/train.jsonl"), "some/*.jsonl", "nothing.jsonl"];
        foreach (var word in words)
            RecordPaths.Resolve(word, null).ShouldBe([word]);
    }

    [Fact]
    public void A_name_is_looked_up_in_the_hubs_cache_and_its_only_split_is_read()
    {
        Part("cache/datasets--Org--Set/snapshots/" + Commit + "/data", "train", 0, 2);
        Part("cache/datasets--Org--Set/snapshots/" + Commit + "/data", "train", 1, 2);
        _directory.Write("cache/datasets--Org--Set/refs/main", Commit);
        var snapshot = _directory.PathOf("cache/datasets--Org--Set/snapshots/" + Commit);
        RecordPaths.Resolve("Org/Set", null).ShouldBe([snapshot]);
        RecordPaths.Resolve("Org/Set", "train").ShouldBe([snapshot + "/data/train-*-of-00002*"]);
        RecordPaths.Resolve(_directory.PathOf("cache/datasets--Org--Set"), "train").ShouldBe([snapshot + "/data/train-*-of-00002*"]);
        Should.Throw<PursuitException>(() => RecordPaths.Resolve("Org/Set", "dev")).Message
            .ShouldContain("the splits train, and no 'dev'; expected one of its splits");
        Should.Throw<PursuitException>(() => RecordPaths.Resolve("Org/Other", null)).Message
            .ShouldContain("no data set of that name in the cache");
    }

    [Fact]
    public void Of_several_splits_one_must_be_named()
    {
        Part("set/data", "train", 0, 1);
        Part("set/data", "validation", 0, 1);
        var set = _directory.PathOf("set");
        Should.Throw<PursuitException>(() => RecordPaths.Resolve(set, null)).Message
            .ShouldContain("the splits train, validation; expected one of its splits");
        RecordPaths.Resolve(set, "validation").ShouldBe([set + "/data/validation-*-of-00001*"]);
        RecordPaths.Resolve(set, "all").Count.ShouldBe(2);
        RecordPaths.Resolve(set + ":validation", "train")
            .ShouldBe([set + "/data/validation-*-of-00001*"], "a word's own split comes first");
        RecordPaths.Resolve("nothing:train", null).ShouldBe(["nothing:train"]);
    }

    [Fact]
    public void Splits_are_known_by_the_words_in_names_where_one_is_asked_for()
    {
        _directory.Write("set/Train/a.jsonl", "{}");
        _directory.Write("set/my_dev.jsonl", "{}");
        _directory.Write("set/contest.jsonl", "{}");
        var set = _directory.PathOf("set");
        RecordPaths.Resolve(set, "train").ShouldBe([set + "/Train/a.jsonl"]);
        RecordPaths.Resolve(set, "validation").ShouldBe([set + "/my_dev.jsonl"]);
        Should.Throw<PursuitException>(() => RecordPaths.Resolve(set, "test")).Message
            .ShouldContain("the splits train, validation, and no");
    }

    [Fact]
    public void Missing_parts_are_named()
    {
        Part("set/data", "train", 0, 8);
        Part("set/data", "train", 3, 8);
        Should.Throw<PursuitException>(() => RecordPaths.Resolve(_directory.PathOf("set"), "train")).Message.ShouldContain(
            "6 of 8 parts are missing: train-00001-of-00008.jsonl, train-00002-of-00008.jsonl, train-00004-of-00008.jsonl, ...");
    }

    [Fact]
    public void A_cards_configurations_name_the_files_of_each_split()
    {
        _directory.Write("set/README.md", """
            ---
            license: mit
            tags: [a, b]
            configs:
            - config_name: small
              default: true
              data_files:
              - split: train
                path: small/*.jsonl
              - split: test
                path: [extra/a.jsonl]
            - config_name: large
              data_files: "large/*.jsonl"
            dataset_info: {x: 1}
            ---
            # A set
            """);
        foreach (var file in (string[])["small/a.jsonl", "extra/a.jsonl", "large/a.jsonl"]) _directory.Write("set/" + file, "{}");
        var set = _directory.PathOf("set");
        RecordPaths.Resolve(set, "train").ShouldBe([set + "/small/*.jsonl"]);
        RecordPaths.Resolve(set, "test").ShouldBe([set + "/extra/a.jsonl"]);
        RecordPaths.Resolve(set, "large/train").ShouldBe([set + "/large/*.jsonl"]);
        Should.Throw<PursuitException>(() => RecordPaths.Resolve(set, "huge/train")).Message
            .ShouldContain("no configuration 'huge', but small, large");
    }

    [Theory]
    [InlineData("../elsewhere/*.jsonl")]
    [InlineData("/etc/*.jsonl")]
    [InlineData("hf://somewhere/a.jsonl")]
    public void A_card_that_names_files_elsewhere_is_refused(string path)
    {
        _directory.Write("set/README.md", $"---\nconfigs:\n- config_name: default\n  data_files: \"{path}\"\n---\n");
        Should.Throw<PursuitException>(() => RecordPaths.Resolve(_directory.PathOf("set"), null)).Message
            .ShouldContain("paths within the data set's folder");
    }

    [Fact]
    public void A_card_that_is_no_YAML_is_refused_where_it_has_configurations_and_passed_over_where_it_has_none()
    {
        _directory.Write("set/README.md", "---\nconfigs:\n- [\n---\n");
        _directory.Write("other/README.md", "---\nlicense: [\n---\n");
        _directory.Write("other/a.jsonl", "{}");
        Should.Throw<PursuitException>(() => RecordPaths.Resolve(_directory.PathOf("set"), null)).Message.ShouldContain("README.md");
        RecordPaths.Resolve(_directory.PathOf("other"), null).ShouldBe([_directory.PathOf("other")]);
    }

    [Fact]
    public void A_saved_data_set_is_the_files_of_its_state_or_the_state_where_it_maps_rows()
    {
        _directory.Write("saved/dataset_dict.json", """{"splits": ["train", "test"]}""");
        _directory.Write("saved/train/state.json", """{"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}""");
        _directory.Write("saved/train/data-00000-of-00001.arrow", "");
        _directory.Write("saved/train/cache-1.arrow", "");
        _directory.Write("saved/test/state.json", """{"_data_files": [], "_indices_data_files": [{"filename": "indices.arrow"}]}""");
        var saved = _directory.PathOf("saved");
        RecordPaths.Resolve(saved, "train").ShouldBe([saved + "/train/data-*-of-00001*"]);
        RecordPaths.Resolve(saved, "test").ShouldBe([saved + "/test/state.json"]);
        Should.Throw<PursuitException>(() => RecordPaths.Resolve(saved, null)).Message.ShouldContain("the splits test, train");
        File.Delete(saved + "/train/data-00000-of-00001.arrow");
        Should.Throw<PursuitException>(() => RecordPaths.Resolve(saved + "/train", null)).Message
            .ShouldContain("data-00000-of-00001.arrow is missing, one of 1 files");
    }

    private void Part(string folder, string split, int number, int count) =>
        _directory.Write($"{folder}/{split}-{number:00000}-of-{count:00000}.jsonl", "{}");
}
