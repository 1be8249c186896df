namespace Pursuit.Engine.Kernels;

/// <summary>
/// The cause beneath a <see cref="PursuitException"/> that says what was asked of a device's memory: less at once may fit.
/// </summary>
internal sealed class DeviceMemoryException(Exception? cause = null) : Exception(cause?.Message ?? "out of memory", cause)
{
    /// <summary>Whether an exception is one of memory that a device hasn't.</summary>
    public static bool IsCauseOf(Exception exception) => exception.InnerException is DeviceMemoryException;
}
