using Microsoft.Win32.SafeHandles;

namespace Pursuit.Data;

/// <summary>A file that lies as it is within another one, such as an archive's member.</summary>
/// <param name="name">What it is called in messages.</param>
/// <param name="file">The file that it lies in, open for reads at any offset.</param>
/// <param name="start">Its first byte there, from 0.</param>
/// <param name="length">Its bytes.</param>
/// <param name="leaveOpen">The table that is opened on it leaves <paramref name="file"/> open; else it is closed with the table.</param>
public sealed class FilePart(string name, SafeFileHandle file, long start, long length, bool leaveOpen)
{
    /// <summary>What it is called in messages.</summary>
    public string Name => name;

    /// <summary>The file that it lies in.</summary>
    public SafeFileHandle File => file;

    /// <summary>Its first byte in that file, from 0.</summary>
    public long Start => start;

    /// <summary>Its bytes.</summary>
    public long Length => length;

    /// <summary>The table that is opened on it leaves <see cref="File"/> open; else it is closed with the table.</summary>
    public bool LeaveOpen => leaveOpen;
}
