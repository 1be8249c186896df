using System.Text.Json;
using Pursuit.Runs;
using Pursuit.TestKit;

namespace Pursuit.Tests.Runs;

/// <summary>Files that notice what became of them: seals kept in a record, and JSON with its own.</summary>
public sealed class SealedFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_sealed_value_reads_back_and_is_JSON_with_one_member_more_for_others()
    {
        var path = _directory.PathOf("value.json");
        SealedJson.Write(path, new Value("ä\n\"", [1, 2.5]));
        SealedJson.TryRead<Value>(path, out var value, out var fault).ShouldBeTrue(fault);
        value!.Name.ShouldBe("ä\n\"");
        value.Numbers.ShouldBe([1, 2.5]);
        JsonDocument.Parse(File.ReadAllBytes(path)).RootElement.EnumerateObject().Select(m => m.Name)
            .ShouldBe(["name", "numbers", "sha256"]);
    }

    [Fact]
    public void No_bit_of_a_sealed_value_can_be_another_and_no_byte_can_be_missing_or_more()
    {
        var path = _directory.PathOf("value.json");
        SealedJson.Write(path, new Value("name", [0.1]));
        var bytes = File.ReadAllBytes(path);
        for (var bit = 0; bit < 8 * bytes.Length; bit++)
        {
            byte[] flipped = [.. bytes];
            flipped[bit / 8] ^= (byte)(1 << bit % 8);
            ShouldBeFaulty(flipped);
        }

        for (var length = 0; length < bytes.Length; length++) ShouldBeFaulty(bytes[..length]);
        ShouldBeFaulty([.. bytes, (byte)'\n']);

        void ShouldBeFaulty(byte[] damaged)
        {
            File.WriteAllBytes(path, damaged);
            SealedJson.TryRead<Value>(path, out var value, out var fault).ShouldBeFalse();
            (value, fault!.Contains("SHA-256", StringComparison.Ordinal)).ShouldBe((null, true));
        }
    }

    [Fact]
    public void What_can_not_be_a_sealed_value_is_named_with_the_file()
    {
        var path = _directory.PathOf("none.json");
        var fault = Should.Throw<PursuitException>(() => SealedJson.Read<Value>(path, "a value", "Make it."));
        fault.Message.ShouldBe($"{path}: no such file; expected a value. Make it.");
        Should.Throw<ArgumentException>(() => SealedJson.Write(path, Array.Empty<int>()));
    }

    [Fact]
    public void A_seal_tells_a_file_that_is_missing_cut_or_changed_and_hashes_again_what_changed()
    {
        var path = _directory.Write("data", "0123456789");
        var seal = FileSeal.Of(path);
        (seal.Length, seal.Sha256).ShouldBe((10, "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882"));
        seal.FaultOf(path).ShouldBeNull();
        File.WriteAllText(path, "0123456780");
        File.SetLastWriteTimeUtc(path, new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        seal.FaultOf(path)!.ShouldContain("SHA-256");
        File.WriteAllText(path, "01234");
        seal.FaultOf(path).ShouldBe("5 bytes");
        File.Delete(path);
        seal.FaultOf(path).ShouldBe("no such file");
    }

    [Fact]
    public void A_seal_of_a_beginning_holds_while_the_file_grows()
    {
        var path = _directory.Write("data", "0123456789");
        FileSeal.OfBeginning(path, 10).ShouldBe(FileSeal.Of(path));
        var seal = FileSeal.OfBeginning(path, 4);
        File.AppendAllText(path, "more");
        FileSeal.OfBeginning(path, 4).ShouldBe(seal);
        Should.Throw<PursuitException>(() => FileSeal.OfBeginning(path, 15)).Message.ShouldContain("14 bytes");
    }

    [Theory]
    [InlineData("data", null)]
    [InlineData("da\0ta", "{\"length\":1,\"sha256\":\"\"}")]
    [InlineData("data", "{\"length\":1,\"sha256\":null}")]
    public void A_stages_record_with_a_file_that_has_no_sum_is_refused(string file, string? seal)
    {
        var record = _directory.PathOf("stages/a/stage.json");
        Directory.CreateDirectory(Path.GetDirectoryName(record)!);
        SealedJson.Write(record, new
        {
            Fingerprint = "f",
            Complete = true,
            DependsOn = new { },
            Files = new Dictionary<string, System.Text.Json.Nodes.JsonNode?>
            {
                [file] = seal is null ? null : System.Text.Json.Nodes.JsonNode.Parse(seal),
            },
        });
        Should.Throw<PursuitException>(() => RunStage.Finished(_directory.FullPath, "a")).Message.ShouldContain("stage.json");
    }

    private sealed record Value(string Name, double[] Numbers);
}
