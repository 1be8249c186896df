using Pursuit.Engine.Adapters;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Engine.Tests.Training;

/// <summary>Model directories in and out.</summary>
public sealed class ModelFilesTests
{
    public static TheoryData<string> Variants => ReferenceCase.Variants;

    [Theory]
    [MemberData(nameof(Variants))]
    public void A_saved_model_is_the_same_model(string variant)
    {
        using var reference = new ReferenceCase(variant);
        using var decoder = Decoder.Load(reference.Directory);
        foreach (var halfPrecision in new[] { true, false })
        {
            using var directory = new TemporaryDirectory();
            decoder.Save(directory.FullPath, halfPrecision);
            using var again = Decoder.Load(directory.FullPath);
            (again.Config with { Windows = [], EndTokens = [] }).ShouldBe(decoder.Config with { Windows = [], EndTokens = [] });
            again.Config.Windows.ShouldBe(decoder.Config.Windows);
            again.Config.EndTokens.ShouldBe(decoder.Config.EndTokens);
            foreach (var parameter in decoder.Layout.All)
                again.Read(parameter).ShouldBe(decoder.Read(parameter)); // the fixtures' weights are exactly bf16
        }
    }

    [Fact]
    public void Weights_round_to_the_nearest_bf16()
    {
        using var decoder = TinyModel.Create();
        using var directory = new TemporaryDirectory();
        decoder.Save(directory.FullPath);
        using var again = Decoder.Load(directory.FullPath);
        foreach (var parameter in decoder.Layout.All)
        {
            var (exact, rounded) = (decoder.Read(parameter), again.Read(parameter));
            for (var i = 0; i < exact.Length; i++)
                Math.Abs(rounded[i] - exact[i]).ShouldBeLessThanOrEqualTo(Math.Abs(exact[i]) / 256);
        }
    }

    [Fact]
    public void Missing_left_over_and_misshapen_tensors_come_in_one_message_with_numbers()
    {
        using var directory = new TemporaryDirectory();
        Write(directory, tensors =>
        {
            tensors.RemoveAll(t => t.Name == "model.layers.1.mlp.down_proj.weight");
            tensors.RemoveAll(t => t.Name == "model.norm.weight");
            tensors.Add(TensorToWrite.FromSingle("model.norm.weight", [23], new float[23]));
            tensors.Add(TensorToWrite.FromSingle("model.layers.3.extra", [2, 2], new float[4]));
        });
        var message = Should.Throw<PursuitException>(() => Decoder.Load(directory.FullPath)).Message;
        message.ShouldContain("3 tensors");
        message.ShouldContain("model.layers.1.mlp.down_proj.weight [24, 40] is missing");
        message.ShouldContain("model.norm.weight is [23] F32, the config says [24]");
        message.ShouldContain("model.layers.3.extra [2, 2] F32 belongs to nothing");
    }

    [Fact]
    public void Rotary_frequencies_and_a_tied_heads_copy_are_no_left_overs()
    {
        using var directory = new TemporaryDirectory();
        Write(directory, tensors =>
        {
            tensors.Add(TensorToWrite.FromSingle("model.layers.0.self_attn.rotary_emb.inv_freq", [4], new float[4]));
            tensors.Add(TensorToWrite.FromSingle("lm_head.weight", [61, 24], new float[61 * 24]));
        });
        using var decoder = Decoder.Load(directory.FullPath);
        decoder.Config.ShouldNotBeNull();
    }

    [Fact]
    public void A_tensor_of_whole_numbers_is_refused()
    {
        using var directory = new TemporaryDirectory();
        Write(directory, tensors =>
        {
            tensors.RemoveAll(t => t.Name == "model.norm.weight");
            tensors.Add(TensorToWrite.FromBytes("model.norm.weight", TensorType.Int32, [24], new byte[96]));
        });
        Should.Throw<PursuitException>(() => Decoder.Load(directory.FullPath)).Message.ShouldContain("[24] I32");
    }

    [Fact]
    public void A_truncated_file_is_refused_and_leaves_no_memory_behind()
    {
        using var directory = new TemporaryDirectory();
        Write(directory, _ => { });
        var path = directory.PathOf("model.safetensors");
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^100]);
        Should.Throw<PursuitException>(() => Decoder.Load(directory.FullPath)).Message.ShouldContain("model.safetensors");
    }

    [Fact]
    public void A_directory_without_a_config_says_what_is_missing()
    {
        using var directory = new TemporaryDirectory();
        Should.Throw<PursuitException>(() => Decoder.Load(directory.FullPath)).Message.ShouldContain("config.json");
    }

    [Fact]
    public void Random_weights_depend_on_the_seed_and_the_parameter_alone()
    {
        using var two = TinyModel.Create();
        using var three = Decoder.Create(TinyModel.Config with { Layers = 4 }, seed: 11, deviation: 0.2f);
        using var other = Decoder.Create(TinyModel.Config, seed: 12, deviation: 0.2f);
        foreach (var parameter in two.Layout.All)
        {
            three.Read(three.Layout.Find(parameter.Name)!).ShouldBe(two.Read(parameter));
            if (parameter.Shape.Count == 2)
                other.Read(parameter).ShouldNotBe(two.Read(parameter));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_model_saved_without_its_head_gives_the_same_hidden_weights_and_no_losses(bool tied)
    {
        using var directory = new TemporaryDirectory();
        using var whole = TinyModel.Create(TinyModel.Config with { TiedHead = tied });
        whole.Save(directory.FullPath, halfPrecision: false);
        var tensors = Tensors(whole).Where(t => t.Name != "lm_head.weight").Select(t => t with { Name = t.Name["model.".Length..] })
            .ToList();
        SafetensorsWriter.Write(directory.PathOf("model.safetensors"), tensors);
        using var body = Decoder.Load(directory.FullPath, use: WeightUse.Embed);
        foreach (var parameter in body.Layout.All)
            body.Read(parameter).ShouldBe(whole.Read(whole.Layout.Find(parameter.Name)!));
        if (tied)
            Decoder.Load(directory.FullPath).Dispose();
        else
            Should.Throw<PursuitException>(() => Decoder.Load(directory.FullPath)).Message.ShouldContain("without a head");
    }

    [Theory]
    [InlineData("model.layers.0.mlp.up_proj.qweight", "GPTQ or AWQ")]
    [InlineData("model.layers.0.mlp.up_proj.scales", "MLX")]
    [InlineData("model.layers.0.mlp.up_proj.weight_scale", "fp8")]
    public void Quantized_weights_are_told_by_their_tensors(string name, string kind)
    {
        using var directory = new TemporaryDirectory();
        Write(directory, tensors => tensors.Add(TensorToWrite.FromSingle(name, [2], new float[2])));
        Should.Throw<PursuitException>(() => Decoder.Load(directory.FullPath)).Message.ShouldContain($"quantized by {kind}");
    }

    [Fact]
    public void A_Git_LFS_pointer_in_place_of_the_weights_is_named()
    {
        using var directory = new TemporaryDirectory();
        Write(directory, _ => { });
        directory.Write("model.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n");
        Should.Throw<PursuitException>(() => Decoder.Load(directory.FullPath)).Message.ShouldContain("git lfs pull");
    }

    [Fact]
    public void An_adapter_directory_is_its_model_with_the_adapters_merged()
    {
        using var directory = new TemporaryDirectory();
        using var decoder = TinyModel.Create();
        decoder.Save(directory.PathOf("base"), halfPrecision: false);
        using (var adapters = LoraAdapters.Create(decoder, new LoraOptions { Rank = 2, TargetModules = ["q_proj", "down_proj"] }, seed: 3))
        {
            foreach (var module in adapters.Modules)
                decoder.Operations.Write([.. Enumerable.Range(0, module.B.Length).Select(i => 0.01f * i)], module.B.In(adapters.Values));
            adapters.Save(directory.PathOf("adapter"), "../base");
            adapters.MergeInto(decoder);
        }

        using var loaded = Decoder.Load(directory.PathOf("adapter"));
        foreach (var parameter in decoder.Layout.All)
            loaded.Read(parameter).ShouldBe(decoder.Read(parameter));
        ModelFiles.Fingerprint(directory.PathOf("adapter")).ShouldNotBe(ModelFiles.Fingerprint(directory.PathOf("base")));
    }

    private static void Write(TemporaryDirectory directory, Action<List<TensorToWrite>> change)
    {
        using var decoder = TinyModel.Create();
        decoder.Save(directory.FullPath, halfPrecision: false);
        var tensors = Tensors(decoder);
        change(tensors);
        SafetensorsWriter.Write(directory.PathOf("model.safetensors"), tensors);
    }

    private static List<TensorToWrite> Tensors(Decoder decoder) =>
        [.. decoder.Layout.All.Select(p => TensorToWrite.FromSingle(p.Name, [.. p.Shape.Select(s => (long)s)], decoder.Read(p)))];
}
