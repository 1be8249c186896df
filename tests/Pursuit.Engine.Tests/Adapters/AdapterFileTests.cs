using System.Text.Json.Nodes;
using Pursuit.Engine.Adapters;
using Pursuit.Engine.Models;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Engine.Tests.Adapters;

/// <summary>PEFT's layout, in and out.</summary>
public sealed class AdapterFileTests
{
    private const string Whole =
        """{"peft_type":"LORA","task_type":"CAUSAL_LM","r":4,"lora_alpha":16,"lora_dropout":0.05,"target_modules":"""
            + """["q_proj","v_proj"],"use_rslora":true,"base_model_name_or_path":"some/model"}""";

    public static TheoryData<string> Names => LoraCase.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_saved_loads_as_the_same_adapters(string name)
    {
        using var reference = new LoraCase(name);
        using var directory = new TemporaryDirectory();
        reference.Adapters.Save(directory.FullPath, "somewhere");
        var config = AdapterConfig.ReadDirectory(directory.FullPath);
        config.BaseModel.ShouldBe("somewhere");
        using var again = LoraAdapters.Load(reference.Decoder, directory.FullPath);
        again.Options.ShouldBe(reference.Adapters.Options with { TargetModules = again.Options.TargetModules });
        again.Options.TargetModules.ShouldBe(reference.Adapters.Options.TargetModules);
        again.All.Select(p => p.Name).ShouldBe(reference.Adapters.All.Select(p => p.Name));
        foreach (var parameter in again.All)
            again.Read(parameter).ShouldBe(reference.Adapters.Read(parameter), parameter.Name);
    }

    [Fact]
    public void A_saved_config_holds_every_setting_a_loader_needs_with_PEFTs_names_and_kinds()
    {
        using var reference = new LoraCase("qwen2-rslora");
        using var directory = new TemporaryDirectory();
        reference.Adapters.Save(directory.FullPath, "qwen2");
        var written = JsonNode.Parse(File.ReadAllBytes(Path.Combine(directory.FullPath, AdapterConfig.FileName)))!.AsObject();
        var peft = JsonNode.Parse(File.ReadAllBytes(Path.Combine(reference.Directory, AdapterConfig.FileName)))!.AsObject();
        foreach (var (key, value) in written)
            JsonNode.DeepEquals(value, peft[key])
                .ShouldBeTrue($"{key} is {value?.ToJsonString()}, PEFT writes {peft[key]?.ToJsonString()}");
        foreach (var (key, value) in peft.Where(setting => !written.ContainsKey(setting.Key) && setting.Key != "megatron_core"))
            (value is null || value.ToJsonString() == "false")
                .ShouldBeTrue($"{key} is {value?.ToJsonString()}, which a loader would not assume");
    }

    [Theory]
    [InlineData(2_000_000_000, "rank 2000000000 times")]
    [InlineData(1_000_000, "rank and model say [1000000")]
    public void A_rank_that_the_files_tensors_have_not_is_refused_before_memory_is_taken(int rank, string expected)
    {
        using var reference = new LoraCase("qwen2-rslora");
        using var directory = new TemporaryDirectory();
        reference.Adapters.Save(directory.FullPath, null);
        var path = Path.Combine(directory.FullPath, AdapterConfig.FileName);
        var config = JsonNode.Parse(File.ReadAllBytes(path))!;
        config["r"] = rank;
        File.WriteAllText(path, config.ToJsonString());
        Should.Throw<PursuitException>(() => LoraAdapters.Load(reference.Decoder, directory.FullPath)).Message.ShouldContain(expected);
    }

    [Fact]
    public void Turned_weights_in_a_family_that_turns_none_are_refused()
    {
        using var reference = new LoraCase("grouped-attention");
        using var directory = new TemporaryDirectory();
        reference.Adapters.Save(directory.FullPath, null);
        var path = Path.Combine(directory.FullPath, AdapterConfig.FileName);
        const string Setting = "\"fan_in_fan_out\": ";
        File.WriteAllText(path, File.ReadAllText(path).Replace(Setting + "false", Setting + "true", StringComparison.Ordinal));
        Should.Throw<PursuitException>(() => LoraAdapters.Load(reference.Decoder, directory.FullPath)).Message
            .ShouldContain("fan_in_fan_out");
    }

    [Fact]
    public void All_linear_is_written_as_the_names_it_stands_for()
    {
        using var decoder = TinyModel.Create();
        using var adapters = LoraAdapters.Create(decoder, new LoraOptions { Rank = 2, TargetModules = [LoraOptions.AllLinear] }, seed: 1);
        using var directory = new TemporaryDirectory();
        adapters.Save(directory.FullPath, null);
        AdapterConfig.ReadDirectory(directory.FullPath).Options.TargetModules
            .ShouldBe(["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]);
    }

    [Fact]
    public void A_config_is_read_with_PEFTs_defaults()
    {
        var config = Parse(Whole);
        config.BaseModel.ShouldBe("some/model");
        config.Options.Rank.ShouldBe(4);
        config.Options.Scale.ShouldBe(8f);
        config.Options.Dropout.ShouldBe(0.05);
        var bare = Parse("""{"peft_type":"LORA","r":16,"target_modules":"all-linear"}""");
        bare.Options.Scale.ShouldBe(0.5f);
        bare.Options.Dropout.ShouldBe(0);
    }

    [Theory]
    [InlineData("\"use_dora\":true", "use_dora")]
    [InlineData("\"modules_to_save\":[\"lm_head\"]", "modules_to_save")]
    [InlineData("\"rank_pattern\":{\"q_proj\":8}", "rank_pattern")]
    [InlineData("\"alpha_pattern\":{\"q_proj\":8}", "alpha_pattern")]
    [InlineData("\"layers_to_transform\":[0]", "layers_to_transform")]
    [InlineData("\"layer_replication\":[[0,1]]", "layer_replication")]
    [InlineData("\"lora_bias\":true", "lora_bias")]
    [InlineData("\"bias\":\"all\"", "bias all")]
    [InlineData("\"peft_type\":\"LOHA\"", "peft_type LOHA")]
    [InlineData("\"task_type\":\"SEQ_CLS\"", "task_type SEQ_CLS")]
    [InlineData("\"init_lora_weights\":\"pissa\"", "init_lora_weights pissa")]
    [InlineData("\"target_modules\":\".*attn.*\"", ".*attn.*")]
    [InlineData("\"exclude_modules\":[\"k_proj\"]", "exclude_modules")]
    [InlineData("\"a_setting_of_tomorrow\":3", "a_setting_of_tomorrow 3")]
    [InlineData("\"r\":0", "rank is 0")]
    [InlineData("\"r\":\"four\"", "\"r\" is \"four\"")]
    [InlineData("\"lora_dropout\":1", "dropout is 1")]
    [InlineData("\"target_modules\":[\"q_proj\",\"lm_head\"]", "\"lm_head\"")]
    [InlineData("\"target_modules\":[]", "no target modules")]
    public void What_cant_be_computed_is_refused_by_name(string setting, string named)
    {
        var json = JsonNode.Parse(Whole)!.AsObject();
        foreach (var (key, value) in JsonNode.Parse("{" + setting + "}")!.AsObject())
            json[key] = value?.DeepClone();
        Should.Throw<PursuitException>(() => Parse(json.ToJsonString())).Message.ShouldContain(named);
    }

    [Fact]
    public void Tensors_that_dont_fit_are_named_with_their_shapes()
    {
        using var reference = new LoraCase("grouped-attention");
        using var directory = new TemporaryDirectory();
        reference.Adapters.Save(directory.FullPath, null);
        var path = Path.Combine(directory.FullPath, LoraAdapters.WeightsFileName);
        var tensors = reference.Adapters.All
            .Skip(1)
            .Select(p => new TensorToWrite(
                p.Name, TensorType.Float32, p == reference.Adapters.All[1] ? [3, 14] : [.. p.Shape.Select(s => (long)s)],
                (_, destination) => destination.Clear()))
            .ToList();
        tensors.Add(new TensorToWrite(
            "base_model.model.lm_head.lora_A.weight", TensorType.Float32, [4, 14], (_, destination) => destination.Clear()));
        SafetensorsWriter.Write(path, tensors);
        var message = Should.Throw<PursuitException>(() => LoraAdapters.Load(reference.Decoder, directory.FullPath)).Message;
        message.ShouldContain("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight [4, 14] is missing");
        message.ShouldContain("base_model.model.model.layers.0.self_attn.k_proj.lora_A.weight is [3, 14] F32, rank and model say [4, 14]");
        message.ShouldContain("base_model.model.lm_head.lora_A.weight");
        message.ShouldContain("3 tensors");
    }

    [Fact]
    public void A_pickle_is_never_read_and_other_models_adapters_are_refused()
    {
        using var reference = new LoraCase("qwen3-some");
        using var directory = new TemporaryDirectory();
        File.Copy(Path.Combine(reference.Directory, AdapterConfig.FileName), Path.Combine(directory.FullPath, AdapterConfig.FileName));
        File.WriteAllBytes(Path.Combine(directory.FullPath, "adapter_model.bin"), [128, 2]);
        Should.Throw<PursuitException>(() => LoraAdapters.Load(reference.Decoder, directory.FullPath)).Message.ShouldContain("pickle");

        using var other = Decoder.Load(RepositoryFiles.Fixture("engine", "llama"));
        Should.Throw<PursuitException>(() => other.Adapters = reference.Adapters).Message.ShouldContain("v_proj");
        Should.Throw<PursuitException>(
            () => LoraAdapters.Create(other, new LoraOptions { TargetModules = ["layers.7.self_attn.q_proj"] }, 0)).Message
            .ShouldContain("layers.7.self_attn.q_proj");
    }

    private static AdapterConfig Parse(string json) => AdapterConfig.Parse(System.Text.Encoding.UTF8.GetBytes(json), "adapter_config.json");
}
