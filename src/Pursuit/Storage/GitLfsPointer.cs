namespace Pursuit.Storage;

/// <summary>The few lines that replace a large file in a repository cloned without Git LFS.</summary>
internal static class GitLfsPointer
{
    /// <summary>No pointer is longer, in bytes.</summary>
    public const int LongestBytes = 1024;

    private static ReadOnlySpan<byte> FirstWords => "version https://git-lfs.github.com/spec/"u8;

    /// <summary>Refuses a file that is such a pointer.</summary>
    /// <param name="path">The file.</param>
    /// <param name="beginning">Its first bytes.</param>
    /// <exception cref="PursuitException">It is one.</exception>
    public static void Refuse(string path, ReadOnlySpan<byte> beginning)
    {
        if (beginning.StartsWith(FirstWords))
            throw PursuitException.At(
                path, "a Git LFS pointer, a few lines in place of the file", "the file itself",
                "Run 'git lfs pull' in its repository, or download the file.");
    }
}
