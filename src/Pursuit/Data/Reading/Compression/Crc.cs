using System.Buffers.Binary;

namespace Pursuit.Data.Reading.Compression;

/// <summary>
/// Cyclic redundancy checks of 32 bits (IEEE 802.3, as zip and xz have it) and of 64 bits (ECMA-182, as xz has it), eight bytes at a step.
/// </summary>
internal static class Crc
{
    private static readonly ulong[][] Tables32 = Tables(0xEDB88320);
    private static readonly ulong[][] Tables64 = Tables(0xC96C5795D7870F42);

    /// <summary>Continues a check of 32 bits; 0 begins one.</summary>
    public static uint Add32(uint crc, ReadOnlySpan<byte> bytes) => ~(uint)Add(Tables32, ~crc, bytes);

    /// <summary>Continues a check of 64 bits; 0 begins one.</summary>
    public static ulong Add64(ulong crc, ReadOnlySpan<byte> bytes) => ~Add(Tables64, ~crc, bytes);

    private static ulong Add(ulong[][] tables, ulong crc, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            var word = crc ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            crc = tables[7][(byte)word] ^ tables[6][(byte)(word >> 8)] ^ tables[5][(byte)(word >> 16)] ^ tables[4][(byte)(word >> 24)]
                ^ tables[3][(byte)(word >> 32)] ^ tables[2][(byte)(word >> 40)] ^ tables[1][(byte)(word >> 48)] ^ tables[0][word >> 56];
        }

        foreach (var b in bytes) crc = tables[0][(byte)(crc ^ b)] ^ (crc >> 8);
        return crc;
    }

    private static ulong[][] Tables(ulong polynomial)
    {
        var tables = new ulong[8][];
        tables[0] = new ulong[256];
        for (var b = 0; b < 256; b++)
        {
            var crc = (ulong)b;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ polynomial : crc >> 1;
            tables[0][b] = crc;
        }

        for (var t = 1; t < tables.Length; t++)
            tables[t] = [.. tables[t - 1].Select(crc => tables[0][(byte)crc] ^ (crc >> 8))];
        return tables;
    }
}
