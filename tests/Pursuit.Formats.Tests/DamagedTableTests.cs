using System.Buffers.Binary;
using System.Text;
using Pursuit.TestKit;

namespace Pursuit.Formats.Tests;

/// <summary>
/// A damaged table is refused by a fault that says what is wrong, or gives rows; it never crashes, and takes no memory for what it only
/// declares.
/// </summary>
public sealed class DamagedTableTests : IDisposable
{
    private const int MutatedEach = 300;

    /// <summary>
    /// What reading one mutated file of 20 KB may allocate: pages and buffers may be as large as their codec can make them, and strings
    /// of the test come on top.
    /// </summary>
    private const long MostAllocated = 256 << 20;

    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<string> Names => [.. Tables.OfRecords, "types.parquet", "empty.parquet"];

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void A_truncated_file_is_refused_wherever_it_ends(string name)
    {
        var bytes = File.ReadAllBytes(Tables.PathOf(name));
        for (var length = 16; length < bytes.Length; length += Math.Max(1, bytes.Length / 97))
        {
            var path = _directory.Write("cut" + Path.GetExtension(name), bytes.AsSpan(0, length));
            if (name == "stream.arrow" && IsWhole(path)) continue; // a stream may end after any of its messages
            var fault = Should.Throw<PursuitException>(() => ReadAll(path));
            fault.Message.ShouldContain(path);
            fault.Message.ShouldContain("expected a whole ");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_mutated_file_is_refused_or_gives_rows(string name)
    {
        var seed = File.ReadAllBytes(Tables.PathOf(name));
        var random = new SeededRandom(21, $"mutated {name}");
        for (var i = 0; i < MutatedEach; i++)
        {
            var path = _directory.Write("mutated" + Path.GetExtension(name), Mutated(seed, random));
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                ReadAll(path);
            }
            catch (PursuitException)
            {
                // refused
            }

            (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(MostAllocated, $"{name}, mutation {i}");
        }
    }

    [Fact]
    public void An_encrypted_file_is_named_so()
    {
        var bytes = File.ReadAllBytes(Tables.PathOf("zstd.parquet"));
        "PARE"u8.CopyTo(bytes);
        "PARE"u8.CopyTo(bytes.AsSpan(bytes.Length - 4));
        Should.Throw<PursuitException>(() => ReadAll(_directory.Write("e.parquet", bytes))).Message.ShouldContain("an encrypted file");
    }

    [Theory]
    [InlineData("a.parquet", "an empty file", "")]
    [InlineData("a.parquet", "begins with the bytes 3C68746D", "<html>not found</html>")]
    [InlineData("a.feather", "a file that begins with the bytes 7B226964", "{\"id\":1}")]
    [InlineData("a.arrow", "Feather of version 1", "FEA1 and more than sixteen bytes")]
    public void A_file_that_is_not_what_its_name_says_is_refused(string name, string found, string content)
    {
        var path = _directory.Write(name, content);
        var fault = Should.Throw<PursuitException>(() => Tables.Pool(path));
        fault.Message.ShouldContain(path);
        fault.Message.ShouldContain(found);
    }

    [Fact]
    public void A_checksum_that_does_not_match_is_refused()
    {
        var bytes = File.ReadAllBytes(Tables.PathOf("snappy-v2-crc.parquet"));
        bytes[200] ^= 1; // in the first column's pages
        Should.Throw<PursuitException>(() => ReadAll(_directory.Write("c.parquet", bytes))).Message.ShouldContain("checksum");
    }

    [Fact]
    public void A_footer_longer_than_its_file_is_refused()
    {
        var bytes = File.ReadAllBytes(Tables.PathOf("zstd.parquet"));
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(bytes.Length - 8), int.MaxValue);
        Should.Throw<PursuitException>(() => ReadAll(_directory.Write("f.parquet", bytes))).Message
            .ShouldContain($"a footer of 2,147,483,647 bytes in a file of {bytes.Length:N0}");
    }

    [Fact]
    public void Texts_that_are_not_UTF_8_are_quarantined_row_by_row()
    {
        var bytes = File.ReadAllBytes(Tables.PathOf("stream.arrow"));
        var at = bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes("answer 3.0"));
        bytes[at] = 0xFF;
        using var pool = Tables.Pool(_directory.Write("u.arrow", bytes));
        pool.Ledger.QuarantinedCount.ShouldBe(1);
        pool.Ledger[3].Reason!.ShouldStartWith("not valid UTF-8");
    }

    private static void ReadAll(string path)
    {
        using var table = Tables.Open(path);
        Tables.Rows(table);
    }

    private static bool IsWhole(string path)
    {
        try
        {
            ReadAll(path);
            return true;
        }
        catch (PursuitException)
        {
            return false;
        }
    }

    private static byte[] Mutated(byte[] seed, SeededRandom random)
    {
        var bytes = (byte[])seed.Clone();
        for (var changes = 1 + random.NextInt(4); changes > 0; changes--)
        {
            // Half of the changes are in the metadata at the end, where a few bytes decide on everything.
            var at = random.NextInt(2) == 0
                ? bytes.Length - 1 - random.NextInt(Math.Min(bytes.Length, 1500))
                : random.NextInt(bytes.Length);
            switch (random.NextInt(4))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.NextInt(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.NextInt(256);
                    break;
                case 2:
                    bytes[at] = 0xFF;
                    break;
                default:
                    var count = Math.Min(1 + random.NextInt(8), bytes.Length - at);
                    for (var i = 0; i < count; i++) bytes[at + i] = (byte)random.NextInt(256);
                    break;
            }
        }

        return random.NextInt(8) == 0 ? bytes[..random.NextInt(bytes.Length + 1)] : bytes;
    }
}
