using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Tests.Storage;

/// <summary>
/// Where a model is: directories, the hub's cache, adapters. The cache's place is an environment variable, so all of it stands in one
/// class.
/// </summary>
public sealed class ModelDirectoryTests : IDisposable
{
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";
    private const string Other = "fedcba9876543210fedcba9876543210fedcba98";
    private static readonly string[] Variables = ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"];

    private readonly TemporaryDirectory _directory = new();
    private readonly Dictionary<string, string?> _before = Variables.ToDictionary(v => v, Environment.GetEnvironmentVariable);

    public ModelDirectoryTests()
    {
        foreach (var variable in Variables) Environment.SetEnvironmentVariable(variable, null);
        Environment.SetEnvironmentVariable("HF_HUB_CACHE", _directory.PathOf("cache"));
        Snapshot("models--Org--Small", Commit);
        _directory.Write("cache/models--Org--Small/refs/main", Commit + "\n");
        Snapshot("models--Org--Small", Other);
        _directory.Write("cache/models--Org--Small/refs/v2", Other);
        Snapshot("models--gpt2", Other);
    }

    public void Dispose()
    {
        foreach (var (name, value) in _before) Environment.SetEnvironmentVariable(name, value);
        _directory.Dispose();
    }

    [Theory]
    [InlineData("Org/Small", "models--Org--Small", Commit)]
    [InlineData("Org/Small@v2", "models--Org--Small", Other)]
    [InlineData("Org/Small@fedcba98", "models--Org--Small", Other)]
    [InlineData("gpt2", "models--gpt2", Other)]
    public void A_name_is_found_in_the_hubs_cache_at_the_revision_it_asks_for(string name, string folder, string commit) =>
        ModelDirectory.Resolve(name).ShouldBe(_directory.PathOf(Path.Combine("cache", folder, "snapshots", commit)));

    [Theory]
    [InlineData("HF_HUB_CACHE", "")]
    [InlineData("HF_HOME", "hub")]
    [InlineData("XDG_CACHE_HOME", "huggingface/hub")]
    public void The_cache_is_where_the_hubs_own_tools_look(string variable, string inside)
    {
        Environment.SetEnvironmentVariable("HF_HUB_CACHE", null);
        Environment.SetEnvironmentVariable(variable, _directory.PathOf("elsewhere"));
        HubCache.Directory.ShouldBe(Path.Combine(_directory.PathOf("elsewhere"), inside).TrimEnd('/'));
    }

    [Theory]
    [InlineData("cache/models--Org--Small")]
    [InlineData("cache/models--Org--Small/snapshots")]
    [InlineData("cache/models--Org--Small/snapshots/" + Commit)]
    public void Folders_of_the_cache_lead_to_the_snapshot(string folder) =>
        ModelDirectory.Resolve(_directory.PathOf(folder)).ShouldBe(_directory.PathOf("cache/models--Org--Small/snapshots/" + Commit));

    [Fact]
    public void A_directory_of_that_name_goes_before_the_cache_and_a_path_is_never_a_name()
    {
        ModelDirectory.Resolve(_directory.FullPath).ShouldBe(_directory.FullPath);
        foreach (var path in (string[])["/nowhere/model", "./nowhere", "../nowhere/model", "a/b/c", "Org/..", "Org/Small@../../x"])
            HubCache.IsName(path).ShouldBeFalse(path);
        ModelDirectory.Resolve("./nowhere").ShouldBe("./nowhere");
    }

    [Fact]
    public void A_model_that_the_cache_lacks_says_how_to_fetch_it()
    {
        var message = Should.Throw<PursuitException>(() => ModelDirectory.Resolve("Org/Missing@main")).Message;
        message.ShouldContain("hf download Org/Missing --revision main");
        message.ShouldContain(_directory.PathOf("cache"));
    }

    [Fact]
    public void A_revision_that_the_cache_lacks_names_those_it_has() =>
        Should.Throw<PursuitException>(() => ModelDirectory.Resolve("Org/Small@v3")).Message
            .ShouldContain($"{Commit}, {Other}, none of them marked as \"v3\"");

    [Fact]
    public void The_cache_itself_names_its_models() =>
        Should.Throw<PursuitException>(() => ModelDirectory.Resolve(_directory.PathOf("cache"))).Message
            .ShouldContain("2 models: Org/Small, gpt2");

    [Fact]
    public void Several_snapshots_without_a_mark_are_refused()
    {
        File.Delete(_directory.PathOf("cache/models--Org--Small/refs/main"));
        Should.Throw<PursuitException>(() => ModelDirectory.Resolve("Org/Small")).Message.ShouldContain("none of them marked as \"main\"");
    }

    [Theory]
    [InlineData("../base")]
    [InlineData("Org/Small")]
    public void Adapters_lead_to_their_model_by_path_or_by_name(string name)
    {
        var adapter =
            Path.GetDirectoryName(_directory.Write("adapter/adapter_config.json", $$"""{"base_model_name_or_path": "{{name}}"}"""))!;
        _directory.Write("base/config.json", "{}");
        _directory.Write("base/model.safetensors", "x");
        var model = ModelDirectory.Open(adapter);
        model.AdapterPath.ShouldBe(adapter);
        Path.GetFullPath(model.BasePath)
            .ShouldBe(name == "../base" ? _directory.PathOf("base") : _directory.PathOf("cache/models--Org--Small/snapshots/" + Commit));
        model.TokenizerPath.ShouldBe(model.BasePath);
        _directory.Write("adapter/tokenizer.json", "{}");
        ModelDirectory.Open(adapter).TokenizerPath.ShouldBe(adapter);
        _directory.Write("adapter/model.safetensors", "merged");
        ModelDirectory.Open(adapter).ShouldBe(ModelDirectory.Open(adapter));
        ModelDirectory.Open(adapter).AdapterPath.ShouldBeNull("a directory with weights of its own is a model");
    }

    [Theory]
    [InlineData("{}", "no base_model_name_or_path")]
    [InlineData("[1]", "found an array; expected an object")]
    [InlineData("{\"base_model_name_or_path\"", "can't be read")]
    [InlineData("{\"base_model_name_or_path\": \"Org/Missing\"}", "hf download Org/Missing")]
    [InlineData("{\"base_model_name_or_path\": \"/gone/model\"}", "neither a directory nor in the cache")]
    public void Adapters_without_their_model_are_refused_with_what_to_do(string config, string words)
    {
        _directory.Write("adapter/adapter_config.json", config);
        Should.Throw<PursuitException>(() => ModelDirectory.Open(_directory.PathOf("adapter"))).Message.ShouldContain(words);
    }

    [Theory]
    [InlineData("model-Q4_K_M.gguf", "GGUF")]
    [InlineData("params.json", "own authors")]
    [InlineData("model.onnx", "ONNX")]
    public void Another_kind_of_model_is_named(string file, string words)
    {
        _directory.Write("other/" + file, "x");
        ModelDirectory.OtherKind(_directory.PathOf("other"))!.Value.Found.ShouldContain(words);
    }

    private void Snapshot(string folder, string commit) => _directory.Write($"cache/{folder}/snapshots/{commit}/config.json", "{}");
}
