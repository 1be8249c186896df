using System.Buffers.Binary;
using System.Text;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Tests.Storage;

/// <summary>Hostile files: each is refused by a message that names the fault and its numbers.</summary>
public sealed class SafetensorsAttackTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<string, int, string> Headers => new()
    {
        // header, bytes of data behind it, what the message must say
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12,
            "tensor 'b' starts at byte 4 of the data, 4 bytes inside tensor 'a'" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8,
            "8 bytes inside tensor 'a'" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""", 12,
            "a hole of 4 bytes before tensor 'b'" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "a hole of 4 bytes before tensor 'a'" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 5, "tensors end at byte" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4, "The download may be incomplete" },
        { "{}", 3, "tensors end at byte" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "which takes 8 bytes, with data_offsets [0, 4], which hold 4" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "data_offsets [4, 0]" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", 4, "data_offsets [0]" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}""", 4, "data_offsets [0, 4, 8]" },
        { """{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "a.shape[0]: found -1" },
        { """{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}""", 4, "a.shape[0]: found 1.0" },
        { """{"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}""", 4, "found 1e0" },
        { """{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}""", 4, "a.shape[0]: found \"1\"" },
        { """{"a":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}}""", 4, "a.shape[0]: found an array" },
        { """{"a":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,4]}}""", 4, "found 18446744073709551616" },
        { """{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}""", 4, "can't be counted in 63 bits" },
        { """{"a":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}}""", 0, "can't be counted in 63 bits" },
        { """{"a":{"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]}}""", 4, "can't be counted in 63 bits" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[9223372036854775803,9223372036854775807]}}""", 4,
            "ends at byte 9223372036854775807" },
        { """{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}}""", 1, "aren't whole" },
        { """{"a":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}}""", 4, "dtype 'f32'" },
        { """{"a":{"dtype":"Q4_K","shape":[1],"data_offsets":[0,4]}}""", 4, "dtype 'Q4_K'" },
        { """{"a":{"dtype":7,"shape":[1],"data_offsets":[0,4]}}""", 4, "a.dtype: found 7; expected a string" },
        { """{"a":{"shape":[1],"data_offsets":[0,4]}}""", 4, "without dtype" },
        { """{"a":{"dtype":"F32","data_offsets":[0,4]}}""", 4, "without shape" },
        { """{"a":{"dtype":"F32","shape":[1]}}""", 4, "without data_offsets" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8,
            "Duplicate property 'a'" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\u0061":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8,
            "Duplicate property 'a'" },
        { """{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "Duplicate property 'dtype'" },
        { """{"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}""", 4, "Duplicate property 'shape'" },
        { """{"a":[1]}""", 0, "a: found an array; expected an object" },
        { """{"__metadata__":{"k":1}}""", 0, "found 1; expected a string" },
        { """{"__metadata__":{"k":"1","k":"2"}}""", 0, "Duplicate property 'k'" },
        { """{"__metadata__":{},"__metadata__":{}}""", 0, "Duplicate property '__metadata__'" },
        { """{"__metadata__":"x"}""", 0, "found \"x\"; expected an object" },
        { "{\"\\ud800\":{}}", 0, "half of a character" },
        { "{} {}", 0, "JSON that can't be read" },
        { "{},", 0, "JSON that can't be read" },
        { "{", 0, "a header of 1 bytes" },
        { "{\"", 0, "JSON that can't be read" },
        { "{/**/}", 0, "JSON that can't be read" },
        { "[1]", 0, "starts with byte 0x5B" },
        { " {}", 0, "starts with byte 0x20" },
        { "", 0, "a header of 0 bytes" },
        { "{\"a\":{\"x\":" + new string('[', 80) + new string(']', 80) + "}}", 0, "JSON that can't be read" },
    };

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Headers))]
    public void A_hostile_header_is_refused_by_name_and_number(string header, int dataBytes, string expected)
    {
        var path = Write((ulong)Encoding.UTF8.GetByteCount(header), Encoding.UTF8.GetBytes(header), dataBytes);
        var message = Should.Throw<PursuitException>(() => SafetensorsFile.Open(path).Dispose()).Message;
        message.ShouldContain(expected);
        message.ShouldContain(path);
    }

    [Theory]
    [InlineData(ulong.MaxValue, "18446744073709551615 bytes; expected at most 100000000")]
    [InlineData(100_000_001UL, "100000001 bytes; expected at most 100000000")]
    [InlineData(50UL, "a header of 50 bytes in a file of 10")]
    public void A_header_length_that_lies_is_refused_before_anything_is_read(ulong length, string expected) =>
        Should.Throw<PursuitException>(() => SafetensorsFile.Open(Write(length, "{}"u8.ToArray(), 0)).Dispose()).Message
            .ShouldContain(expected);

    [Fact]
    public void Bytes_that_are_not_UTF8_are_refused() =>
        Should.Throw<PursuitException>(
            () => SafetensorsFile.Open(Write(6, [(byte)'{', (byte)'"', 0xC0, 0x80, (byte)'"', (byte)'}'], 0)).Dispose())
            .Message.ShouldContain("not valid UTF-8");

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void A_file_shorter_than_the_length_field_is_refused(int bytes)
    {
        var path = _directory.PathOf("short.safetensors");
        File.WriteAllBytes(path, new byte[bytes]);
        Should.Throw<PursuitException>(() => SafetensorsFile.Open(path).Dispose()).Message.ShouldContain($"a file of {bytes} bytes");
    }

    [Fact]
    public void The_header_cap_can_be_set()
    {
        var path = Write(2, "{}"u8.ToArray(), 0);
        SafetensorsFile.Open(path).Dispose();
        var padded = Write(20, Encoding.UTF8.GetBytes("{}".PadRight(20)), 0);
        Should.Throw<PursuitException>(() => SafetensorsFile.Open(padded, new SafetensorsOptions { MaxHeaderBytes = 19 }).Dispose()).Message
            .ShouldContain("at most 19 bytes");
        Should.Throw<PursuitException>(
            () => SafetensorsFile.Open(padded, new SafetensorsOptions { MaxHeaderBytes = 1, MaxIndexBytes = 0 })).Message
            .ShouldBe("SafetensorsOptions: MaxHeaderBytes is 1; expected 8 to 2000000000; MaxIndexBytes is 0; expected 2 to 2000000000.");
    }

    [Fact]
    public void A_missing_file_or_a_directory_is_refused_by_its_path()
    {
        Should.Throw<PursuitException>(() => SafetensorsFile.Open(_directory.PathOf("none"))).Message.ShouldContain("none");
        Should.Throw<PursuitException>(() => SafetensorsFile.Open(_directory.FullPath)).Message.ShouldContain(_directory.FullPath);
    }

    private string Write(ulong length, byte[] header, int dataBytes)
    {
        var path = _directory.PathOf("attack.safetensors");
        var bytes = new byte[8 + header.Length + dataBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        header.CopyTo(bytes, 8);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
