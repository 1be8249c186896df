using System.Text;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Tests.Storage;

public sealed class NpyFileTests
{
    [Theory]
    [InlineData("half", TensorType.Float16)]
    [InlineData("single", TensorType.Float32)]
    [InlineData("double", TensorType.Float64)]
    [InlineData("fortran", TensorType.Float32)]
    [InlineData("version2", TensorType.Float32)]
    [InlineData("version3", TensorType.Float32)]
    public void What_NumPy_saved_reads_row_by_row(string name, TensorType type)
    {
        using var file = NpyFile.Open(Fixtures.PathOf($"npy/{name}.npy"));
        file.Type.ShouldBe(type);
        file.Shape.ShouldBe([4L, 3L]);
        file.FortranOrder.ShouldBe(name == "fortran");
        for (var first = 0; first < 4; first++)
        {
            for (var count = 0; first + count <= 4; count++)
            {
                var rows = new float[count * 3];
                file.ReadRows(first, count, rows);
                for (var i = 0; i < rows.Length; i++)
                    rows[i].ShouldBe(10f * (first + i / 3) + i % 3 - 0.5f);
            }
        }

        Should.Throw<PursuitException>(() => file.ReadRows(3, 2, new float[6])).Message.ShouldContain("rows 3 to 5");
        Should.Throw<PursuitException>(() => file.ReadRows(0, 2, new float[5])).Message.ShouldContain("room for 5 numbers");
    }

    [Fact]
    public void Other_ranks_read_as_rows_of_their_first_dimension()
    {
        using var vector = NpyFile.Open(Fixtures.PathOf("npy/vector.npy"));
        using var scalar = NpyFile.Open(Fixtures.PathOf("npy/scalar.npy"));
        using var empty = NpyFile.Open(Fixtures.PathOf("npy/empty.npy"));
        using var cube = NpyFile.Open(Fixtures.PathOf("npy/cube.npy"));
        (vector.RowCount, vector.RowLength).ShouldBe((4, 1));
        (scalar.RowCount, scalar.RowLength).ShouldBe((1, 1));
        (empty.RowCount, empty.RowLength).ShouldBe((0, 3));
        (cube.RowCount, cube.RowLength).ShouldBe((2, 12));
        var row = new float[12];
        cube.ReadRows(1, 1, row);
        row.ShouldBe(Enumerable.Range(12, 12).Select(i => (float)i));
        scalar.ReadRows(0, 1, row.AsSpan(0, 1));
        row[0].ShouldBe(-0.5f);
        empty.ReadRows(0, 0, []);
    }

    [Theory]
    [InlineData("integers.npy", "element type '<i8'")]
    [InlineData("big-endian.npy", "element type '>f4'")]
    [InlineData("fortran-cube.npy", "(2, 3, 4) Float32 in Fortran order")]
    [InlineData("structured.npy", "a structured array")]
    [InlineData("object.npy", "never does")]
    [InlineData("archive.npz", "must be unpacked first")]
    public void What_is_not_supported_is_refused_by_name(string name, string expected) =>
        Should.Throw<PursuitException>(() => NpyFile.Open(Fixtures.PathOf($"npy/{name}")).Dispose()).Message.ShouldContain(expected);

    [Theory]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 8, null)]
    [InlineData("{\"descr\":\"<f4\",\"fortran_order\":False,\"shape\":(2L,)}", 8, null)]
    [InlineData(
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 7, "7 bytes of data for an array (2) Float32; expected 8 bytes")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 9, "One array per file")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", 8, "'-2,), }' in the shape")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", 8, "counted in 63 bits")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", 8, "in the shape")]
    [InlineData("{'descr': '<f4', 'fortran_order': False}", 8, "no 'shape'")]
    [InlineData("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}", 4, "the key 'descr'")]
    [InlineData("{'descr': '<f4', 'fortran_order': 0, 'shape': ()}", 4, "True or False")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': ()} x", 4, "after the dictionary")]
    [InlineData("{'descr': '<f4", 4, "closing quote")]
    [InlineData("__import__('os')", 4, "expected '{'")]
    [InlineData("", 4, "the end")]
    public void A_header_is_read_strictly(string header, int dataBytes, string? expected)
    {
        using var directory = new TemporaryDirectory();
        var path = directory.PathOf("a.npy");
        File.WriteAllBytes(
            path, [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. new byte[dataBytes]]);
        if (expected is null)
            NpyFile.Open(path).Dispose();
        else
            Should.Throw<PursuitException>(() => NpyFile.Open(path).Dispose()).Message.ShouldContain(expected);
    }

    [Fact]
    public void Damaged_files_give_a_PursuitException_and_nothing_else()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.PathOf("fuzz.npy");
        var whole = File.ReadAllBytes(Fixtures.PathOf("npy/version2.npy"));
        var random = new SeededRandom(1, "test/npy/fuzz");
        var refused = 0;
        for (var round = 0; round < 600; round++)
        {
            var damaged = (byte[])whole.Clone();
            if (round % 3 == 0)
                damaged = damaged[..random.NextInt(damaged.Length)];
            else
                damaged[random.NextInt(round % 3 == 1 ? 12 : 75)] =
                    (byte)(round % 2 == 0 ? random.NextInt(256) : "0123456789(),'{} "[random.NextInt(17)]);
            File.WriteAllBytes(path, damaged);
            try
            {
                using var file = NpyFile.Open(path);
                file.ReadRows(0, (int)file.RowCount, new float[file.RowCount * file.RowLength]);
            }
            catch (PursuitException)
            {
                refused++;
            }
        }

        refused.ShouldBeGreaterThan(400);
    }

    [Fact]
    public void What_is_written_has_the_bytes_that_NumPy_writes()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.PathOf("a.npy");
        foreach (var name in new[] { "single", "vector", "scalar", "empty", "cube" })
        {
            using var file = NpyFile.Open(Fixtures.PathOf($"npy/{name}.npy"));
            var data = new float[file.RowCount * file.RowLength];
            file.ReadRows(0, (int)file.RowCount, data);
            NpyFile.Write(path, file.Shape, data);
            File.ReadAllBytes(path).ShouldBe(File.ReadAllBytes(file.Path), name);
        }

        Should.Throw<PursuitException>(() => NpyFile.Write(path, [2, 2], new float[3])).Message.ShouldContain("shape (2, 2) and 3 numbers");
    }
}
