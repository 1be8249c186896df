using System.Diagnostics;
using System.Reflection;
using ILGPU.Runtime.Cuda;

namespace Pursuit.Cuda;

/// <summary>What a driver says of a kernel that it refuses; ILGPU only traces it.</summary>
internal sealed class KernelLog : TraceListener
{
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private readonly List<string> _lines = [];

    /// <summary>Loads a kernel; a refusal carries the driver's words.</summary>
    /// <exception cref="PursuitException">The driver refuses the kernel.</exception>
    public static Delegate Explained(MethodInfo kernel, Func<Delegate> load)
    {
        using var log = new KernelLog();
        Trace.Listeners.Add(log);
        try
        {
            return load();
        }
        catch (CudaException e)
        {
            throw PursuitException.At(
                $"kernel {kernel.DeclaringType?.Name}.{kernel.Name}",
                $"{e.Message}{string.Concat(log._lines.Select(line => $"; {line.Trim('\0', '\n', ' ')}"))}",
                "a kernel that the card's driver takes",
                "Compute on the processor (cpu), and report this message with the card's name and its driver's version.",
                e);
        }
        finally
        {
            Trace.Listeners.Remove(log);
        }
    }

    /// <inheritdoc/>
    public override void Write(string? message) => WriteLine(message);

    /// <inheritdoc/>
    public override void WriteLine(string? message)
    {
        if (message is not null && Environment.CurrentManagedThreadId == _thread) _lines.Add(message);
    }
}
