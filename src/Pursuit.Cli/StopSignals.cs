using System.Runtime.InteropServices;
using Pursuit.Cli.Output;
using Pursuit.Mpi;
using Pursuit.Runs;

namespace Pursuit.Cli;

/// <summary>
/// What SIGINT (Ctrl-C) and SIGTERM do to a command: the first asks it to stop at the next safe point, a second ends the process at
/// once. Processes that a launcher started are the launcher's to end, and end at once.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _registrations;
    private int _received;
    private bool _ended;

    private StopSignals()
    {
        _registrations = MpiLaunch.Current is null
            ?
            [
                PosixSignalRegistration.Create(PosixSignal.SIGINT, c => On(c, "SIGINT", 2)),
                PosixSignalRegistration.Create(PosixSignal.SIGTERM, c => On(c, "SIGTERM", 15)),
            ]
            : [];
    }

    /// <summary>The signal's name; null before there was one.</summary>
    public string? Name { get; private set; }

    /// <summary>What a process gives back that a signal stopped, as shells count: 128 and the signal's number.</summary>
    public int ExitCode => 128 + _received;

    /// <summary>Set by the first signal.</summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>Listens until it is disposed.</summary>
    public static StopSignals Listen() => new();

    /// <summary>True where an exception is nothing but the stop that was asked for.</summary>
    public bool IsStop(Exception exception) => Name is not null && exception switch
    {
        OperationCanceledException => true,
        AggregateException several => several.Flatten().InnerExceptions.All(e => e is OperationCanceledException),
        _ => false,
    };

    /// <summary>What a stopped command says: what is kept, and how to go on.</summary>
    /// <param name="run">The run's directory; null where the command has none.</param>
    public string Words(string? run)
    {
        var kept = run is null ? [] : RunDirectory.FinishedParts(run);
        return kept.Count > 0
            ? $"stopped by {Name}. Kept in {Terminal.Short(run!)}: {string.Join(", ", kept)}. The same command continues from there."
            : $"stopped by {Name}. No part of the work was finished; the same command starts again.";
    }

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
        lock (_registrations) _ended = true; // a signal on its way finds nothing to stop any more
        _stop.Dispose();
    }

    private void On(PosixSignalContext context, string name, int number)
    {
        if (Interlocked.CompareExchange(ref _received, number, 0) != 0) return; // the system's own way: the process ends
        context.Cancel = true;
        Name = name;
        lock (_registrations)
        {
            if (_ended) return;
            // First: the runtime's console lets nobody write to standard error while somebody waits to write to standard output.
            _stop.Cancel();
            Terminal.Line($"Stopping  {name}: the work ends at its next safe point; a second signal ends it at once.");
        }
    }
}
