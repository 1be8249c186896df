using System.Runtime.InteropServices;

namespace Pursuit.Selection.Distributed;

/// <summary>What rank 0 asks of the others.</summary>
internal enum Request : byte
{
    /// <summary>Make rows of the pool's features: construction. No answer.</summary>
    Open,

    /// <summary>Make the same rows less one: rows, mean. No answer.</summary>
    Minus,

    /// <summary>Products of all own rows: rows, right-hand sides. Answer: [own rows, count] doubles.</summary>
    Scan,

    /// <summary>Sums of own rows by group: rows, groups, unit. Answer: [groups, D] fixed-point numbers.</summary>
    Sums,

    /// <summary>Rows by position: rows, positions. Answer: those of them that are own, [n, D] floats.</summary>
    Gather,

    /// <summary>A pass that scores own rows and keeps the scores: rows, rule, right-hand sides, removed. No answer.</summary>
    Score,

    /// <summary>The best scores of the last pass: count, removed since. Answer: candidates.</summary>
    Best,

    /// <summary>Every own row's score at the last pass: chosen, barred. Answer: [own rows] floats.</summary>
    Gains,

    /// <summary>Pursue in parts of the pool: rows, question. Answer: what this process's parts gave, one after the other.</summary>
    Pursue,

    /// <summary>Nothing more will come.</summary>
    Done,
}

/// <summary>Arrays as messages carry them: their length, then their bytes (little-endian machines only, as the stores are).</summary>
internal static class Message
{
    /// <summary>A whole message.</summary>
    public static byte[] Of(Request request, Action<BinaryWriter> write) => Of((byte)request, write);

    /// <summary>A whole message to processes that share embeddings.</summary>
    public static byte[] Of(EmbeddingRequest request, Action<BinaryWriter> write) => Of((byte)request, write);

    /// <summary>An answer, or a message without its first byte.</summary>
    public static byte[] Of(Action<BinaryWriter> write)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        write(writer);
        writer.Flush();
        return stream.ToArray();
    }

    private static byte[] Of(byte request, Action<BinaryWriter> write) => Of(writer =>
    {
        writer.Write(request);
        write(writer);
    });

    /// <summary>Appends an array.</summary>
    public static void WriteArray<T>(this BinaryWriter writer, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        writer.Write(values.Length);
        writer.Write(MemoryMarshal.AsBytes(values));
    }

    /// <summary>Reads an array.</summary>
    public static T[] ReadArray<T>(this BinaryReader reader)
        where T : unmanaged
    {
        var values = new T[reader.ReadInt32()];
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}
