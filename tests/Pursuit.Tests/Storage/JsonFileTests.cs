using System.Text;
using Pursuit.Runs;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Tests.Storage;

/// <summary>The reader of JSON documents is total: a document that can be read without surprises, or a fault with file and place.</summary>
public sealed class JsonFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<string, string> Broken => new()
    {
        { "", "a.json, line 1: JSON that can't be read" },
        { "{", "line 1" },
        { "{\n\"a\": 1,\n\"b\" 2}", "a.json, line 3: JSON that can't be read" },
        { "{\"a\": 1} x", "line 1" },
        { "{\"a\": NaN}", "line 1" },
        { "{\"a\": 01}", "line 1" },
        { "{\"a\": 1, \"a\": 2}", "Duplicate property 'a'" },
        { "{\"a\": 1, \"\\u0061\": 2}", "Duplicate property 'a'" },
        { "{\n\"a\": \"\\udc00\"}", "a.json, line 2: an escape \\uD800 to \\uDFFF that is half of a character" },
        { "{\"\\ud800\": 1}", "half of a character" },
        { "{\"a\": {\"\\ud800x\": 1}}", "half of a character" },
        { "[\"\\ud83d\\ud83d\\ude00\"]", "half of a character" },
        { new string('[', JsonFile.MaxDepth + 1) + new string(']', JsonFile.MaxDepth + 1), "maximum" },
        { new string('[', 100_000), "maximum" },
        { "{\"\\n\":" + new string('[', 100_000), "maximum" },
    };

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Broken))]
    public void What_is_no_sound_document_is_refused_with_file_and_place(string json, string expected)
    {
        var path = _directory.PathOf("a.json");
        File.WriteAllText(path, json);
        var message = Should.Throw<PursuitException>(() => JsonFile.Open(path, 1_000_000, "a test's document").Dispose()).Message;
        message.ShouldContain(path);
        message.ShouldContain(expected);
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_are_refused() =>
        Should.Throw<PursuitException>(() => JsonFile.Parse(new byte[] { (byte)'"', 0xC3, 0x28, (byte)'"' }, "a.json")).Message
            .ShouldContain("not valid UTF-8");

    [Fact]
    public void A_byte_order_mark_changes_nothing()
    {
        var marked = Encoding.UTF8.GetPreamble().Concat("{\"a\": \"b\"}"u8.ToArray()).ToArray();
        using var file = JsonFile.Parse(marked, "a.json");
        file.Root["a"].Text().ShouldBe("b");
        JsonFile.Read<Named>(
            Encoding.UTF8.GetPreamble().Concat("{\"name\": \"b\"}"u8.ToArray()).ToArray(), "a.json", RunJson.Compact, "a name").Name
            .ShouldBe("b");
    }

    [Theory]
    [InlineData("2048", 2048L)]
    [InlineData("2048.0", 2048L)]
    [InlineData("2.048e3", 2048L)]
    [InlineData("-0.0", 0L)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("2048.5", null)]
    [InlineData("9223372036854775808", null)]
    [InlineData("1e300", null)]
    [InlineData("1e999", null)]
    [InlineData("\"2048\"", null)]
    [InlineData("true", null)]
    public void A_whole_number_is_one_however_it_is_written(string json, long? expected)
    {
        using var file = JsonFile.Parse(Encoding.UTF8.GetBytes(json), "a.json");
        file.Root.TryWhole(out var value).ShouldBe(expected is not null);
        if (expected is not null) value.ShouldBe(expected.Value);
        else Should.Throw<PursuitException>(() => file.Root.Whole(0, long.MaxValue)).Message.ShouldContain($"found {json}");
    }

    [Theory]
    [InlineData("1e999")]
    [InlineData("-1e999")]
    [InlineData("null")]
    public void A_number_is_finite(string json)
    {
        using var file = JsonFile.Parse(Encoding.UTF8.GetBytes(json), "a.json");
        file.Root.TryNumber(out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData("null", "null")]
    [InlineData("[]", "JSON that can't be read")]
    [InlineData("{}", "missing required properties")]
    [InlineData("{\"name\": null}", "'name'")]
    [InlineData("{\"name\": 1}", "at $.name")]
    [InlineData("{\"name\": \"\\ud800\"}", "JSON that can't be read")]
    [InlineData("{\"name\": \"a\", \"name\": \"b\"}", "Duplicate property")]
    [InlineData("{\"name\": \"a\", \"items\": [null]}", "null as an item of a list")]
    [InlineData("{\"name\": \"a\", \"share\": 1e999}", "a number beyond double precision")]
    [InlineData("{\"name\": \"a\", \"unknown\": [-1e999]}", "a number beyond double precision")]
    [InlineData("{\"name\": \"a\", \"number\": 3000000000}", "at $.number")]
    [InlineData("{\"name\": \"a\", \"number\": 2.5}", "at $.number")]
    public void An_object_of_a_run_is_whole_or_refused(string json, string expected)
    {
        var path = _directory.PathOf("a.json");
        File.WriteAllText(path, json);
        var message =
            Should.Throw<PursuitException>(() => JsonFile.Read<Named>(path, RunJson.Indented, "a name", "Make it again.")).Message;
        message.ShouldContain(path);
        message.ShouldContain(expected);
        message.ShouldContain("Make it again.");
    }

    [Fact]
    public void A_number_that_an_earlier_version_did_not_write_is_zero() =>
        JsonFile.Read<Named>("{\"name\": \"a\"}"u8.ToArray(), "a.json", RunJson.Indented, "a name").ShouldBe(new Named("a", 0));

    [Fact]
    public void A_file_is_read_up_to_its_bound_and_no_further()
    {
        var path = _directory.PathOf("a.json");
        File.WriteAllText(path, "{}   ");
        JsonFile.Open(path, 5, "a test's document").Dispose();
        Should.Throw<PursuitException>(() => JsonFile.Open(path, 4, "a test's document")).Message
            .ShouldContain("5 bytes or more; expected a test's document of at most 4 bytes");
        Should.Throw<PursuitException>(() => JsonFile.Open(_directory.PathOf("none.json"), 4, "a test's document")).Message
            .ShouldContain("none.json");
        Should.Throw<PursuitException>(() => JsonFile.Open(_directory.FullPath, 4, "a test's document")).Message
            .ShouldContain(_directory.FullPath);
    }

    [Fact]
    public void What_is_no_file_is_not_read()
    {
        Assert.SkipUnless(File.Exists("/dev/zero"), "this system has no /dev/zero");
        Should.Throw<PursuitException>(() => JsonFile.Open("/dev/zero", 1_000_000, "a test's document")).Message
            .ShouldContain("a pipe or a device");
    }

    private sealed record Named(string Name, int Number, IReadOnlyList<string>? Items = null, double Share = 0);
}
