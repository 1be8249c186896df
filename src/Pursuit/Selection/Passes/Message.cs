using System.Runtime.InteropServices;

namespace Pursuit.Selection.Passes;

/// <summary>Arrays as messages carry them: their length, then their bytes (little-endian machines only, as the stores are).</summary>
internal static class Message
{
    /// <summary>An answer, or a message without its first byte.</summary>
    public static byte[] Compose(Action<BinaryWriter> write)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        write(writer);
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>A whole message: the request's code, then what it says.</summary>
    public static byte[] Compose(byte request, Action<BinaryWriter> write) => Compose(writer =>
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

/// <summary>
/// Where each kind of request begins. A method that adds its own takes the next free span; a worker refuses a code that has a handler
/// already.
/// </summary>
internal static class RequestCodes
{
    /// <summary>Nothing more will come.</summary>
    public const byte Done = 0;

    /// <summary>Passes over gradient rows.</summary>
    public const byte Gradients = 1;

    /// <summary>Make rows of the pool's embeddings: unit, factor. No answer.</summary>
    public const byte OpenEmbeddings = 32;

    /// <summary>Searches for neighbours.</summary>
    public const byte Neighbours = 48;

    /// <summary><c>rds</c>.</summary>
    public const byte Rds = 64;

    /// <summary><c>kcenter</c>.</summary>
    public const byte KCenter = 80;

    /// <summary><c>gtp</c>.</summary>
    public const byte Gtp = 96;

    /// <summary><c>dsdm</c>.</summary>
    public const byte Dsdm = 112;
}
