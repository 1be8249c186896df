using System.Diagnostics;

namespace Pursuit.Cli.Output;

/// <summary>
/// Shows long work on standard error with its rate and the time left: one line rewritten in place on a terminal, a line every
/// ten seconds elsewhere.
/// </summary>
internal sealed class ProgressPrinter : IProgress<WorkProgress>, IDisposable
{
    private readonly bool _inPlace = !System.Console.IsErrorRedirected;
    private readonly Lock _lock = new();
    private string? _work;
    private long _started;
    private long _lastPrinted;
    private double _firstDone;
    private int _width;

    /// <inheritdoc/>
    public void Report(WorkProgress value)
    {
        lock (_lock)
        {
            var now = Stopwatch.GetTimestamp();
            if (value.Work != _work)
            {
                EndLine();
                _work = value.Work;
                _started = now;
                _lastPrinted = now;
                _firstDone = value.Done; // work that a resumed run finds done says nothing of the rate
                return;
            }

            var pause = _inPlace ? 0.1 : 10;
            if (Stopwatch.GetElapsedTime(_lastPrinted, now).TotalSeconds < pause) return;
            _lastPrinted = now;
            Print(Describe(value, Stopwatch.GetElapsedTime(_started, now), _firstDone));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock) EndLine();
    }

    /// <summary>"reading: 12,000 of 60,000 examples (20%), 4,000/s, 12 s left".</summary>
    internal static string Describe(WorkProgress value, TimeSpan elapsed, double firstDone)
    {
        var rate = elapsed.TotalSeconds > 0 ? (value.Done - firstDone) / elapsed.TotalSeconds : 0;
        var text = value.Total > 0
            ? $"{value.Work}: {value.Done:N0} of {value.Total:N0} {value.Unit} ({value.Done / value.Total:0%})"
            : $"{value.Work}: {value.Done:N0} {value.Unit}";
        if (rate > 0)
        {
            text += rate >= 100 ? $", {rate:N0}/s" : $", {rate:0.0}/s";
            if (value.Total > value.Done) text += $", {Duration(TimeSpan.FromSeconds((value.Total - value.Done) / rate))} left";
        }

        return value.Note is null ? text : $"{text}, {value.Note}";
    }

    /// <summary>"12 s", "3 min 05 s" or "2 h 10 min".</summary>
    internal static string Duration(TimeSpan time) => time switch
    {
        { TotalSeconds: < 10 } => $"{time.TotalSeconds:0.0} s",
        { TotalSeconds: < 60 } => $"{time.TotalSeconds:0} s",
        { TotalHours: < 1 } => $"{(int)time.TotalMinutes} min {time.Seconds:00} s",
        _ => $"{(int)time.TotalHours} h {time.Minutes:00} min",
    };

    private void Print(string text)
    {
        if (!_inPlace)
        {
            Terminal.Line(text);
            return;
        }

        Terminal.Passing(text, _width);
        _width = text.Length;
    }

    private void EndLine()
    {
        if (_inPlace && _width > 0) Terminal.Passing("", _width);
        _width = 0;
        _work = null;
    }
}
