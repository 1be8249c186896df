using Microsoft.Win32.SafeHandles;

namespace Pursuit.Data.Reading.Archives;

/// <summary>A file within an archive.</summary>
/// <param name="Name">Its path there.</param>
/// <param name="Bytes">Its size, unpacked from the archive.</param>
internal abstract record ArchiveMember(string Name, long Bytes)
{
    /// <summary>Its first byte in the archive's file or in the spool, where it lies there as it is; null elsewhere.</summary>
    public virtual long? Start => null;

    /// <summary>What it lies in, instead of the archive's file: the spool; null elsewhere.</summary>
    public virtual SafeFileHandle? Spooled => null;

    /// <summary>Opens its bytes; their position tells the progress.</summary>
    /// <param name="archive">The archive's file.</param>
    /// <exception cref="PursuitException">The archive is damaged, or can't be read.</exception>
    public abstract Stream Open(SourceFile archive);
}
