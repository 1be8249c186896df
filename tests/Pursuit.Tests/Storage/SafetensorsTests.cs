using System.Buffers.Binary;
using System.Text;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Tests.Storage;

public sealed class SafetensorsTests
{
    private static readonly float[] Values = [0f, -0f, 1f, -2.5f, 0.099609375f, 65504f];

    [Fact]
    public void A_file_written_by_plain_Python_reads_as_its_script_says()
    {
        using var file = SafetensorsFile.Open(Fixtures.PathOf("safetensors/types.safetensors"));
        file.Metadata.ShouldBe(new Dictionary<string, string> { ["format"] = "pt", ["made by"] = "make.py" });
        file.Tensors.Count.ShouldBe(8);
        foreach (var name in new[] { "double", "single", "half", "brain é😀" })
        {
            var read = new float[6];
            file.ReadSingle(name, read);
            // 65504 isn't a bf16 number; its neighbours are 65280 and 65536.
            read.Select(BitConverter.SingleToInt32Bits).ShouldBe(
                Values.Select(x => BitConverter.SingleToInt32Bits(name[0] == 'b' && x == 65504f ? 65536f : x)), name);
            var part = new float[2];
            file.ReadSingle(name, 3, part);
            part.ShouldBe(read[3..5]);
        }

        file.Info("brain é😀").Describe().ShouldBe("[1, 6, 1] BF16");
        file.Info("scalar").Shape.ShouldBeEmpty();
        file.Info("scalar").ElementCount.ShouldBe(1);
        file.Info("empty").ElementCount.ShouldBe(0);
        file.ReadSingle("empty", []);
        BinaryPrimitives.ReadInt64LittleEndian(file.ReadRaw("integers", 8, 8)).ShouldBe(1L << 40);
        file.ReadRaw("bytes", 1, 2).ToArray().ShouldBe([2, 3]);
    }

    [Fact]
    public void What_is_written_has_the_bytes_that_the_Python_reader_checked()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.PathOf("written.safetensors");
        var integers = new byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(integers, -1);
        BinaryPrimitives.WriteInt64LittleEndian(integers.AsSpan(8), 1L << 40);
        SafetensorsWriter.Write(path,
            [
                TensorToWrite.FromBytes("flags", TensorType.Boolean, [3], new byte[] { 1, 0, 1 }),
                TensorToWrite.FromSingleAsBFloat16("rows", [2, 2], new[] { 1f, 1.00390625f, -3.14159f, 1e-40f }),
                TensorToWrite.FromSingle("norms", [3, 1], new[] { 1.5f, float.NegativeInfinity, float.Epsilon }),
                TensorToWrite.FromBytes("wide", TensorType.Int64, [2], integers),
            ],
            new Dictionary<string, string> { ["note"] = "café \"quoted\"", ["format"] = "pt" });
        File.ReadAllBytes(path).ShouldBe(File.ReadAllBytes(Fixtures.PathOf("safetensors/written.safetensors")));
        using var file = SafetensorsFile.Open(path);
        file.InFileOrder.Select(tensor => tensor.Name).ShouldBe(["wide", "norms", "rows", "flags"]);
    }

    [Fact]
    public void A_tensor_of_many_pieces_comes_back_whole()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.PathOf("large.safetensors");
        const int N = 1_500_001; // bf16: three pieces, the last short
        var data = new float[N];
        for (var i = 0; i < N; i++)
            data[i] = i % 251;
        SafetensorsWriter.Write(path, [TensorToWrite.FromSingleAsBFloat16("t", [N], data), TensorToWrite.FromSingle("s", [N, 1], data)]);
        using var file = SafetensorsFile.Open(path);
        var read = new float[N];
        file.ReadSingle("t", read);
        read.ShouldBe(data);
        file.ReadSingle("s", read);
        read.ShouldBe(data);
    }

    [Fact]
    public void Reading_outside_a_tensor_or_as_the_wrong_type_is_refused_with_numbers()
    {
        using var file = SafetensorsFile.Open(Fixtures.PathOf("safetensors/types.safetensors"));
        var message = (Action action) => Should.Throw<PursuitException>(action).Message;
        message(() => file.ReadSingle("single", new float[5])).ShouldContain("6 elements [6] F32 for a destination of 5");
        message(() => file.ReadSingle("single", 4, new float[3])).ShouldContain("elements 4 to 7");
        message(() => file.ReadSingle("single", -1, new float[3])).ShouldContain("elements -1 to 2");
        message(() => file.ReadSingle("integers", new float[2])).ShouldContain("type I64");
        message(() => file.ReadSingle("singel", new float[2])).ShouldContain("no tensor 'singel' among its 8");
        message(() => file.ReadRaw("bytes", 2, 2)).ShouldContain("bytes 2 to 4");
        message(() => file.ReadRaw("bytes", long.MaxValue, 2)).ShouldContain("3 bytes");
    }

    [Fact]
    public void The_writer_refuses_what_no_reader_would_take()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.PathOf("x.safetensors");
        var t = TensorToWrite.FromSingle("t", [2], new float[2]);
        Should.Throw<PursuitException>(() => SafetensorsWriter.Write(path, [t, t])).Message.ShouldContain("tensor 1 named 't'");
        Should.Throw<PursuitException>(() => SafetensorsWriter.Write(path, [t with { Name = "__metadata__" }])).Message
            .ShouldContain("__metadata__");
        Should.Throw<PursuitException>(() => SafetensorsWriter.Write(path, [t with { Shape = [-1, -2] }])).Message
            .ShouldContain("[-1, -2]");
        Should.Throw<PursuitException>(() => SafetensorsWriter.Write(path, [t with { Shape = [1L << 40, 1L << 40] }])).Message
            .ShouldContain("63 bits");
        Should.Throw<PursuitException>(() => SafetensorsWriter.Write(path, [t with { Name = "\ud800" }])).Message.ShouldContain("Unicode");
        Should.Throw<PursuitException>(() => TensorToWrite.FromSingle("t", [3], new float[2])).Message
            .ShouldContain("shape [3] F32 and 2 elements");
        Directory.EnumerateFileSystemEntries(directory.FullPath).ShouldBeEmpty();
    }

    [Fact]
    public void A_fill_that_fails_leaves_nothing_behind()
    {
        using var directory = new TemporaryDirectory();
        var failing = new TensorToWrite("t", TensorType.Float32, [1 << 20], (offset, _) =>
        {
            if (offset > 0)
                throw new IOException("the source is gone");
        });
        Should.Throw<PursuitException>(() => SafetensorsWriter.Write(directory.PathOf("x.safetensors"), [failing])).Message
            .ShouldContain("the source is gone");
        Directory.EnumerateFileSystemEntries(directory.FullPath).ShouldBeEmpty();
    }

    [Fact]
    public void Damaged_headers_give_a_PursuitException_and_nothing_else()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.PathOf("fuzz.safetensors");
        var whole = File.ReadAllBytes(Fixtures.PathOf("safetensors/types.safetensors"));
        var headerEnd = 8 + (int)BinaryPrimitives.ReadUInt64LittleEndian(whole);
        var random = new SeededRandom(1, "test/safetensors/fuzz");
        int refused = 0, accepted = 0;
        string[] splices =
        [
            "{", "}", "[", "]", "\"", "-1", "1e3", "9223372036854775807", "null", "\\ud800", ",,", "\u0000", "\"dtype\":\"F32\"",
            "99999999999999999999",
        ];
        for (var round = 0; round < 1500; round++)
        {
            var damaged = (byte[])whole.Clone();
            switch (round % 4)
            {
                case 0: // some bytes of the header
                    for (var i = 0; i <= random.NextInt(4); i++)
                        damaged[random.NextInt(headerEnd)] = (byte)random.NextInt(256);
                    break;
                case 1: // cut short
                    damaged = damaged[..random.NextInt(damaged.Length)];
                    break;
                case 2: // a digit or a letter for another, so that the JSON mostly stays valid
                    var at = 8 + random.NextInt(headerEnd - 8);
                    if (char.IsAsciiDigit((char)damaged[at]))
                        damaged[at] = (byte)('0' + random.NextInt(10));
                    else
                        damaged[at] = (byte)('A' + random.NextInt(26));
                    break;
                default: // hostile text written over the header
                    var splice = Encoding.UTF8.GetBytes(splices[random.NextInt(splices.Length)]);
                    splice.CopyTo(damaged, 8 + random.NextInt(headerEnd - 8 - splice.Length));
                    break;
            }

            File.WriteAllBytes(path, damaged);
            try
            {
                using var file = SafetensorsFile.Open(path);
                accepted++;
                // What is accepted must be readable to its last element.
                foreach (var tensor in file.InFileOrder.Where(tensor => tensor.Type.ConvertsToSingle()))
                    file.ReadSingle(tensor.Name, new float[tensor.ElementCount]);
            }
            catch (PursuitException)
            {
                refused++;
            }
        }

        refused.ShouldBeGreaterThan(700);
        accepted.ShouldBeGreaterThan(20);
    }

    [Fact]
    public void Every_mapping_has_an_owner_that_gives_it_back()
    {
        // Other tests map files at the same time, so the law is about files that are surely closed: they can be counted down.
        var path = Fixtures.PathOf("safetensors/types.safetensors");
        var file = MappedFile.Open(path);
        MappedFile.LiveCount.ShouldBeGreaterThan(0);
        file.Bytes(0, 8).Length.ShouldBe(8);
        file.Dispose();
        file.Dispose();
        Should.Throw<ObjectDisposedException>(() => file.Bytes(0, 8));
    }
}
