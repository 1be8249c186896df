using Pursuit.TestKit;

namespace Pursuit.Cli.Tests;

/// <summary>
/// What a single-file program needs: its model unpacked as it is in the program, and a clear word where a library is missing.
/// </summary>
public sealed class SingleFileTests : IDisposable
{
    private static readonly Dictionary<string, byte[]> Files = new() { ["a.json"] = "{}"u8.ToArray(), ["b.safetensors"] = [1, 2, 3] };

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_model_is_unpacked_once_and_repaired_where_a_file_was_changed()
    {
        var place = Unpack(Files, _directory.FullPath);
        foreach (var (name, bytes) in Files) File.ReadAllBytes(Path.Combine(place, name)).ShouldBe(bytes);
        var written = File.GetLastWriteTimeUtc(Path.Combine(place, "a.json"));
        var planted = Path.Combine(place, "b.safetensors");
        _directory.Write(Path.GetRelativePath(_directory.FullPath, planted), "\u0009\u0008\u0007");
        Unpack(Files, _directory.FullPath).ShouldBe(place);
        File.ReadAllBytes(planted).ShouldBe(Files["b.safetensors"]);
        File.GetLastWriteTimeUtc(Path.Combine(place, "a.json")).ShouldBe(written);
    }

    [Fact]
    public void Another_model_gets_another_directory()
    {
        var other = new Dictionary<string, byte[]>(Files) { ["b.safetensors"] = [1, 2, 4] };
        Unpack(other, _directory.FullPath).ShouldNotBe(Unpack(Files, _directory.FullPath));
    }

    [Fact]
    public void The_next_place_is_taken_where_the_first_cannot_be_written()
    {
        var file = _directory.Write("file", "");
        Unpack(Files, Path.Combine(file, "below"), _directory.FullPath).ShouldStartWith(_directory.FullPath);
        Should.Throw<PursuitException>(() => Unpack(Files, Path.Combine(file, "below"))).Message.ShouldContain("--model: none given");
    }

    [Fact]
    public void The_test_program_has_its_model_beside_it() => UnpackedModel.Names.ShouldBeEmpty();

    [Fact]
    public void A_missing_system_library_is_named_with_how_to_install_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux's runtime looks for these libraries by name");
        SystemLibraries.Fault().ShouldBeNull();
        SystemLibraries.Fault(name => name is "libicuuc.so.72" or "libssl.so.3").ShouldBeNull();
        SystemLibraries.Fault(name => name is "libssl.so.3")!.ShouldContain("apt-get install libicu");
        SystemLibraries.Fault(name => name is "libicuuc.so.72")!.ShouldContain("apt-get install openssl");
    }

    private static string Unpack(Dictionary<string, byte[]> files, params string[] places) =>
        UnpackedModel.Unpack([.. files.Keys.Order(StringComparer.Ordinal)], name => new MemoryStream(files[name]), places);
}
