namespace Pursuit.Mpi;

/// <summary>A call of the MPI library failed: another process is gone, or the network is.</summary>
public sealed class MpiException : Exception
{
    /// <summary>Without a message.</summary>
    public MpiException()
    {
    }

    /// <summary>With what failed.</summary>
    public MpiException(string message)
        : base(message)
    {
    }

    /// <summary>With what failed and why.</summary>
    public MpiException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
